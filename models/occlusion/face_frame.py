"""A coordinate system that lies on a face: what is drawn in it follows the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles

EARS = {-1: 0, 1: 16}  # the end of the jaw line on the viewer's left (-1) and right (1) of a frontal face
NOSE_BRIDGE = 27
_TINY = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class FaceFrame:
    """A face in face units: 1 is the longer side of its landmarks' upright box, (0, 0) the middle of it.

    Attributes:
        points: [68, 2] landmarks in face units, x to the viewer's right on an upright face, y to the chin.
        T_image_face: [3, 3], face units -> image px, a similarity.
    """

    points: Doubles
    T_image_face: Doubles

    @property
    def looks(self) -> int:
        """-1: the nose points to the viewer's left, and the left side of the face is the far one; else 1."""
        return -1 if self.points[30, 0] < self.points[[0, 16], 0].mean() else 1

    def shows(self, side: int) -> bool:
        """Whether the ear of that side (-1: the viewer's left on a frontal face) lies beside the nose."""
        return bool(side * (self.points[EARS[side], 0] - self.points[NOSE_BRIDGE, 0]) > 0.1)


def face_frame(landmarks: NDArray[np.floating]) -> FaceFrame:
    """The frame that moves, turns and grows with 68 landmarks [68, D >= 2], image px.

    "Up" runs from the mouth to the eyes, which a turn to the side leaves alone.

    Raises:
        ValueError: Not 68 finite points, or all in one place.
    """
    points = np.asarray(landmarks, np.float64)
    if points.ndim != 2 or points.shape[0] != 68 or points.shape[1] < 2 or not np.isfinite(points).all():
        raise ValueError(f"a face is told by 68 finite points [68, 2], not {list(points.shape)}")
    points = points[:, :2]
    down = points[48:].mean(0) - points[36:48].mean(0)
    length = float(np.linalg.norm(down))
    spread = float(np.ptp(points, axis=0).max())
    if spread < _TINY:
        raise ValueError("the 68 points of a face lie in one place")
    down = down / length if length > _TINY * spread else np.array([0.0, 1.0])
    axes = np.stack([[down[1], -down[0]], down], 1)  # columns: the face's x and y in the image
    upright = points @ axes
    low, high = upright.min(0), upright.max(0)
    unit = float((high - low).max())
    middle = (low + high) / 2
    T = np.eye(3)
    T[:2, :2], T[:2, 2] = unit * axes, axes @ middle
    return FaceFrame((upright - middle) / unit, T)
