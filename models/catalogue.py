"""Which face alignment methods are installed, without loading any of them."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

GROUP = "unmask.methods"


def methods() -> dict[str, EntryPoint]:
    """Every installed method by name: ours and third parties', found the same way."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}
