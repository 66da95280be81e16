"""What draws the 3D panels. No Qt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Driver:
    """An OpenGL driver, as it names itself; all empty until a panel has a context."""

    vendor: str = ""
    renderer: str = ""
    version: str = ""
