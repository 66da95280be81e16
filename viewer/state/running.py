"""Something that takes a while. No Qt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Running:
    """What is under way.

    Attributes:
        title: What it does, or of what it is.
        done, total: Parts done so far, and in all; 0 in all while nobody knows.
        left_s: How long it will still take; None while nobody knows.
        stops: Whether it ends when it is asked to.
    """

    title: str
    done: int
    total: int
    left_s: float | None = None
    stops: bool = True
