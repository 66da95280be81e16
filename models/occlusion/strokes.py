"""Painting by hand: strokes add to an occluder, or take away from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.occlusion.occluder import Occluder

MOST_PX = 1024  # longer side of a canvas; a stroke over a large photo need not be finer
_SHIFT = 4  # cv2 takes 1/16 px
Points = Sequence[tuple[float, float]]


def blank(kind: str, height: int, width: int, colour: tuple[int, int, int]) -> Occluder:
    """A clear canvas over a whole photo [height, width], to be painted in one colour (RGB)."""
    scale = max(1.0, max(height, width) / MOST_PX)
    rows, columns = max(1, round(height / scale)), max(1, round(width / scale))
    rgba = np.zeros((rows, columns, 4), np.uint8)
    rgba[..., :3] = colour
    x, y = width / columns, height / rows
    return Occluder(kind, rgba, np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]]))


def painted(occluder: Occluder, points: Points, diameter_px: float) -> Occluder:
    """The occluder, opaque also along a line through points of the image, px."""
    return _with_alpha(occluder, np.maximum(occluder.rgba[..., 3], _line(occluder, points, diameter_px)))


def erased(occluder: Occluder, points: Points, diameter_px: float) -> Occluder:
    """The occluder, clear along a line through points of the image, px."""
    return _with_alpha(
        occluder, np.minimum(occluder.rgba[..., 3], 255 - _line(occluder, points, diameter_px))
    )


def _with_alpha(occluder: Occluder, alpha: NDArray[np.uint8]) -> Occluder:
    return replace(occluder, rgba=np.dstack([occluder.rgba[..., :3], alpha]))


def _line(occluder: Occluder, points: Points, diameter_px: float) -> NDArray[np.uint8]:
    """[h, w] 0..255 in the occluder's own pixels: round ends, one point is a dot."""
    T = np.linalg.inv(occluder.T_image_occluder)
    flat = np.concatenate([np.asarray(points, np.float64), np.ones((len(points), 1))], 1) @ T.T
    there = flat[:, :2] / flat[:, 2:]
    thick = diameter_px * float(np.sqrt(abs(np.linalg.det(T[:2, :2])))) / abs(float(T[2, 2]))
    mask = np.zeros(occluder.rgba.shape[:2], np.uint8)
    fixed = np.rint(there.clip(-1e5, 1e5) * (1 << _SHIFT)).astype(np.int32)
    if len(fixed) == 1:
        fixed = np.repeat(fixed, 2, axis=0)
    cv2.polylines(mask, [fixed], False, 255, max(1, round(thick)), cv2.LINE_AA, _SHIFT)
    return mask
