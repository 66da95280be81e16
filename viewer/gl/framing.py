"""From an answer's space to the panels' common world: face radii about the face's centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Space


@dataclass(frozen=True, slots=True)
class Framing:
    """One centre and one scale for all that is drawn of an answer, so that panels compare side by side.

    Attributes:
        centre: Of the face's bounding box, in the space of its vertices.
        radius: From there to the farthest vertex.
    """

    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 1.0

    @classmethod
    def of(cls, vertices: NDArray[np.float32]) -> Framing:
        """The framing of a whole face [N, 3]; of nothing, or of nonsense, the trivial one."""
        if len(vertices) == 0 or not np.isfinite(vertices).all():
            return cls()
        centre = (vertices.min(0) + vertices.max(0)) / 2
        offsets = vertices - centre
        radius = float(np.sqrt(np.einsum("nc,nc->n", offsets, offsets).max()))
        x, y, z = (float(part) for part in centre)
        return cls((x, y, z), radius if radius > 0 else 1.0)

    def world(self, vertices: NDArray[np.float32], space: Space) -> NDArray[np.float32]:
        """[N, 3] in face radii: x right, y up, z to the viewer. Pixel spaces have y down: flipped."""
        up = 1.0 if space is Space.MODEL else -1.0
        scale = np.array([1, up, 1], np.float32) / np.float32(self.radius)
        return np.asarray((vertices - np.asarray(self.centre, np.float32)) * scale, np.float32)


def reach_of(*clouds: NDArray[np.float32]) -> float:
    """How far the farthest point of clouds [N, 3] lies from the origin; NaN does not count."""
    squares = [np.einsum("nc,nc->n", cloud, cloud) for cloud in clouds if len(cloud)]
    farthest = max((float(np.nanmax(square, initial=0.0)) for square in squares), default=0.0)
    return float(np.sqrt(farthest)) if np.isfinite(farthest) else 0.0
