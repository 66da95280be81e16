"""Round things as a height over the picture: joined cones, lit from the side."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats, Rng
from models.occlusion.canvas import PX_PER_UNIT, Canvas


class Relief:
    """The nearest surface of round cones over a canvas, seen from the front.

    Attributes:
        inside_px: [S, S] how far each pixel lies within the outline, canvas px; negative outside.
        height: [S, S] towards the viewer, face units; the lowest where there is nothing.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.inside_px = np.full((canvas.side, canvas.side), -9.0, np.float32)
        self.height = np.full((canvas.side, canvas.side), -9.0, np.float32)

    def cone(
        self, start: Floats, end: Floats, start_radius: float, end_radius: float, soft: float = 0
    ) -> None:
        """Add a cone with round ends.

        Args:
            start, end: [3] face units, the last towards the viewer.
            start_radius, end_radius: face units.
            soft: Heights closer than this to what is there flow into it.
        """
        radius = max(start_radius, end_radius)
        low = np.minimum(start, end)[:2] - radius
        high = np.maximum(start, end)[:2] + radius
        x0, y0 = np.floor(self._canvas.to_px(low)).astype(int).clip(0, self._canvas.side).tolist()
        x1, y1 = (np.ceil(self._canvas.to_px(high)).astype(int) + 2).clip(0, self._canvas.side).tolist()
        if x0 >= x1 or y0 >= y1:
            return
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        x, y = (x + 0.5) / PX_PER_UNIT - self._canvas.reach, (y + 0.5) / PX_PER_UNIT - self._canvas.reach
        along = np.asarray(end - start, np.float64)
        t = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(float(along[:2] @ along[:2]), 1e-9)
        t = t.clip(0, 1)
        here = start_radius + (end_radius - start_radius) * t
        away = np.hypot(x - start[0] - t * along[0], y - start[1] - t * along[1])
        bulge = np.sqrt((here**2 - away**2).clip(0)) + start[2] + t * along[2]
        height = np.where(away < here + 1.5 / PX_PER_UNIT, bulge, -9.0)
        part = (slice(y0, y1), slice(x0, x1))
        inside = (here - away) * PX_PER_UNIT
        self.inside_px[part] = np.maximum(self.inside_px[part], inside)
        self.height[part] = _joined(self.height[part], height, soft)

    @property
    def mask(self) -> NDArray[np.uint8]:
        """[S, S] 0..255: the outline, anti-aliased."""
        return np.asarray((self.inside_px + 0.5).clip(0, 1) * 255).astype(np.uint8)

    def light(self, towards: Floats, ambient: float, smooth_px: float = 1.5) -> Floats:
        """[S, S]: how bright each pixel is, about 0..1, lit from the direction `towards` [3]."""
        light = np.full(self.height.shape, ambient, np.float32)
        x0, y0, width, height = cv2.boundingRect((self.height > -5).astype(np.uint8))
        if not width:
            return light
        part = (slice(y0, y0 + height), slice(x0, x0 + width))
        ground = np.where(self.height[part] < -5, 0, self.height[part]) * PX_PER_UNIT
        ground = cv2.GaussianBlur(ground.astype(np.float32), (0, 0), smooth_px)
        down, across = np.gradient(ground)
        x, y, z = towards / np.linalg.norm(towards)
        facing = (z - across * x - down * y) / np.sqrt(across**2 + down**2 + 1)
        light[part] += (1 - ambient) * facing.clip(0, 1)
        return light


def lamp(rng: Rng) -> Floats:
    """[3]: where the light of a photo mostly comes from: above, to one side, from the front."""
    return np.array([rng.uniform(-0.6, 0.6), rng.uniform(-0.7, -0.2), 1.0])


def _joined(first: Floats, second: Floats, soft: float) -> Floats:
    """The higher of two heights; with `soft`, rounded where they meet."""
    higher = np.maximum(first, second)
    if soft <= 0:
        return higher
    near = (1 - np.abs(first - second) / soft).clip(0)
    return np.asarray(higher + 0.25 * soft * near**2)
