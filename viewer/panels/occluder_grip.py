"""An occluder in the hand: where it goes while what was gripped is dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from viewer.occlusion.selectors import bounds
from viewer.state.occlusion import Matrix

if TYPE_CHECKING:
    from models.occlusion.occluder import Occluder

SNAP_DEG = 15.0  # with Shift


class Grip:
    """An occluder held by the hand: at its body, a corner, or the handle that turns it."""

    def __init__(self, name: str, at: QPointF, occluder: Occluder) -> None:
        self._name, self._at, self._T = name, np.array([at.x(), at.y()]), occluder.T_image_occluder
        self._middle = middle_of(occluder)

    def dragged_to(self, at: QPointF, snap: bool) -> Matrix:
        """[3, 3]: the occluder's px to image px, when what was gripped is here."""
        now = np.array([at.x(), at.y()])
        if self._name == "move":
            T = np.eye(3)
            T[:2, 2] = now - self._at
            return np.asarray(T @ self._T)
        before, after = self._at - self._middle, now - self._middle
        if self._name == "turn":
            angle = float(np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0]))
            if snap:
                step = np.deg2rad(SNAP_DEG)
                angle = round(angle / step) * step
            return np.asarray(about(self._middle, 1.0, angle) @ self._T)
        length = max(float(np.linalg.norm(before)), 1e-6)
        factor = max(float(np.linalg.norm(after)) / length, 0.02)
        return np.asarray(about(self._middle, factor, 0.0) @ self._T)


def middle_of(occluder: Occluder) -> NDArray[np.float64]:
    """[2]: of what it hides, image px."""
    return bounds(occluder).mean(0)


def about(middle: NDArray[np.float64], factor: float, angle_rad: float) -> Matrix:
    """[3, 3]: a turn and a change of size that leave a point of the image alone."""
    cos, sin = factor * np.cos(angle_rad), factor * np.sin(angle_rad)
    linear = np.array([[cos, -sin], [sin, cos]])
    T = np.eye(3)
    T[:2, :2], T[:2, 2] = linear, middle - linear @ middle
    return T
