"""Which face alignment methods and finders there are and what they lack, without loading any of them."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from resources.needs import FINDERS, USUAL_FINDER, YUNET, finder_lacks, missing

__all__ = ["FINDERS", "USUAL_FINDER", "YUNET", "finder_lacks", "methods", "missing"]

GROUP = "unmask.methods"


def methods() -> dict[str, EntryPoint]:
    """Every installed method by name: ours and third parties', found the same way."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}
