"""Painting by hand: strokes add to a cover, or take away from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.occlusion.cover import Cover

MOST_PX = 1024  # longer side of a canvas; a stroke over a large photo need not be finer
_SHIFT = 4  # cv2 takes 1/16 px
Points = Sequence[tuple[float, float]]


def blank(kind: str, height: int, width: int, colour: tuple[int, int, int]) -> Cover:
    """A clear canvas over a whole photo [height, width], to be painted in one colour (RGB)."""
    scale = max(1.0, max(height, width) / MOST_PX)
    rows, columns = max(1, round(height / scale)), max(1, round(width / scale))
    rgba = np.zeros((rows, columns, 4), np.uint8)
    rgba[..., :3] = colour
    x, y = width / columns, height / rows
    return Cover(kind, rgba, np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]]))


def painted(cover: Cover, points: Points, diameter_px: float) -> Cover:
    """The cover, opaque also along a line through points of the image, px."""
    return _with_alpha(cover, np.maximum(cover.rgba[..., 3], _line(cover, points, diameter_px)))


def erased(cover: Cover, points: Points, diameter_px: float) -> Cover:
    """The cover, clear along a line through points of the image, px."""
    return _with_alpha(cover, np.minimum(cover.rgba[..., 3], 255 - _line(cover, points, diameter_px)))


def _with_alpha(cover: Cover, alpha: NDArray[np.uint8]) -> Cover:
    return replace(cover, rgba=np.dstack([cover.rgba[..., :3], alpha]))


def _line(cover: Cover, points: Points, diameter_px: float) -> NDArray[np.uint8]:
    """[h, w] 0..255 in the cover's own pixels: round ends, one point is a dot."""
    T = np.linalg.inv(cover.T_image_cover)
    flat = np.concatenate([np.asarray(points, np.float64), np.ones((len(points), 1))], 1) @ T.T
    there = flat[:, :2] / flat[:, 2:]
    thick = diameter_px * float(np.sqrt(abs(np.linalg.det(T[:2, :2])))) / abs(float(T[2, 2]))
    mask = np.zeros(cover.rgba.shape[:2], np.uint8)
    fixed = np.rint(there.clip(-1e5, 1e5) * (1 << _SHIFT)).astype(np.int32)
    if len(fixed) == 1:
        fixed = np.repeat(fixed, 2, axis=0)
    cv2.polylines(mask, [fixed], False, 255, max(1, round(thick)), cv2.LINE_AA, _SHIFT)
    return mask
