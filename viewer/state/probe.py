"""The vertex that was picked. No Qt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """One vertex of the selected answer, picked by the user.

    Attributes:
        vertex: Index into the answer's vertices.
        position: In image px, z towards the viewer.
        region: Name of the part of the face it belongs to.
        readings: (name, value with its unit) of every scalar known there.
    """

    vertex: int
    position: tuple[float, float, float]
    region: str
    readings: tuple[tuple[str, str], ...] = ()
