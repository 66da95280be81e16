"""What is known to be true of a face in a picture, from whichever file it came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box
from models.reconstruction import Array


@dataclass(frozen=True, eq=False, slots=True)
class TrueMesh:
    """A measured surface, in the coordinates of its file.

    Attributes:
        vertices: [P, 3] float32; px of the picture, or any unit of a scan with y up.
        triangles: [T, 3] int32; empty for a cloud of points.
    """

    vertices: Array
    triangles: NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class GroundTruth:
    """The truth about one face. At least one of landmarks and mesh is there.

    Attributes:
        name: The file's name.
        convention: What was done to its numbers, e.g. "counted from 1: 1 px taken from x and y".
        landmarks: [68, 2 or 3] float32, iBUG order, image px, 0-based, y down; z towards the camera from an
            arbitrary zero.
        visible: [68] which landmarks the file says are seen; None if it does not say.
        pose_deg: Pitch, yaw, roll, AFLW2000 convention.
        mesh: A surface.
        size: Width and height of the picture it is about, px; None if the file was read without one.
    """

    name: str
    convention: str
    landmarks: Array | None = None
    visible: NDArray[np.bool_] | None = None
    pose_deg: tuple[float, float, float] | None = None
    mesh: TrueMesh | None = None
    size: tuple[int, int] | None = None

    @property
    def box(self) -> Box | None:
        """(x0, y0, x1, y1): what the true landmarks span, px; None without any."""
        return None if self.landmarks is None else box_of(self.landmarks)


def box_of(points: NDArray[np.floating]) -> Box:
    """(x0, y0, x1, y1): what points [K, D >= 2] span in x and y."""
    (x0, y0), (x1, y1) = points[:, :2].min(0).tolist(), points[:, :2].max(0).tolist()
    return x0, y0, x1, y1
