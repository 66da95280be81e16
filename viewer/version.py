"""Which version of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The installed version; "unknown" when run from a bare checkout."""
    try:
        return version("unmask")
    except PackageNotFoundError:
        return "unknown"
