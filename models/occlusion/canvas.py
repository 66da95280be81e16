"""Anti-aliased drawing in face units, on clear ground."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats
from models.occlusion.face_frame import FaceFrame
from models.occlusion.occluder import Occluder

Window = tuple[slice, slice]
PX_PER_UNIT = 200
_SHIFT = 4  # cv2 takes 1/16 px
_MOST_SAMPLES = 2048


class Canvas:
    """A picture over the square of face units from -reach to reach, painted from the bottom up.

    Colours are 0..255, one [3] or one per pixel [S, S, 3].
    """

    def __init__(self, reach: float = 1.25) -> None:
        self.reach = reach
        self.side = round(2 * reach * PX_PER_UNIT)
        self._pixels = np.zeros((self.side, self.side, 4), np.float32)  # colour times alpha, alpha

    def to_px(self, points: Floats) -> Floats:
        """[..., 2] face units -> canvas px."""
        return np.asarray((np.asarray(points, np.float64) + self.reach) * PX_PER_UNIT - 0.5)

    @property
    def alpha(self) -> Floats:
        """[S, S] 0..1: how much is painted so far."""
        return self._pixels[..., 3]

    def polygon(self, points: Floats, colour: Floats, opacity: float = 1.0) -> None:
        """Fill the outline [P, 2]."""
        self.paint(self.outline(points), colour, opacity)

    def outline(self, points: Floats) -> NDArray[np.uint8]:
        """[S, S] 0..255: what lies within [P, 2]."""
        mask = np.zeros((self.side, self.side), np.uint8)
        cv2.fillPoly(mask, [self._fixed(points)], 255, cv2.LINE_AA, _SHIFT)
        return mask

    def stroke(
        self, points: Floats, width: float, colour: Floats, opacity: float = 1.0, closed: bool = False
    ) -> None:
        """Draw along [P, 2], `width` face units thick."""
        mask = np.zeros((self.side, self.side), np.uint8)
        thick = max(1, round(width * PX_PER_UNIT))
        cv2.polylines(mask, [self._fixed(points)], closed, 255, thick, cv2.LINE_AA, _SHIFT)
        self.paint(mask, colour, opacity)

    def surface(self, grid: Floats, texture: Floats, near_right: bool) -> None:
        """Lay cloth: a texture over a curved grid that may fold over itself.

        Args:
            grid: [R, C, 2] face units, smooth: where texture rows and columns lie.
            texture: [r, c, 3] any size, stretched over the whole grid.
            near_right: The right columns lie above the left ones where they overlap.
        """
        px = self.to_px(grid)
        low = np.floor(px.min((0, 1))).clip(0, self.side - 1).astype(int)
        width, height = (np.ceil(px.max((0, 1))).clip(0, self.side - 1).astype(int) - low + 1).tolist()
        rows, columns = _samples(px, 0), _samples(px, 1)
        size = (
            rows,
            columns,
        )  # transposed: of several samples of a pixel the last stays, so columns go outside
        dense = cv2.resize((px - low).transpose(1, 0, 2).astype(np.float32), size)
        colours = cv2.resize(np.asarray(texture, np.float32).transpose(1, 0, 2), size)
        if not near_right:
            dense, colours = dense[::-1], colours[::-1]
        x, y = np.rint(dense[..., 0]).astype(np.int32), np.rint(dense[..., 1]).astype(np.int32)
        kept = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        cloth = np.zeros((height * width, 4), np.float32)
        cloth[(y * width + x)[kept]] = np.pad(colours[kept], ((0, 0), (0, 1)), constant_values=1)
        cloth = np.asarray(cv2.GaussianBlur(cloth.reshape(height, width, 4), (3, 3), 0.6), np.float32)
        window = (slice(low[1], low[1] + height), slice(low[0], low[0] + width))
        self._over(window, cloth[..., 3:], cloth[..., :3] / np.maximum(cloth[..., 3:], 1e-3))

    def paint(
        self,
        mask: Floats | NDArray[np.uint8],
        colour: Floats | Callable[[Window], Floats],
        opacity: float = 1.0,
    ) -> None:
        """Lay colour where the mask [S, S] 0..255 says; a function is asked for the part that is needed."""
        x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
        if not width:
            return
        window = (slice(y, y + height), slice(x, x + width))
        rgb = np.asarray(colour(window) if callable(colour) else colour, np.float32)
        if rgb.shape[:2] == (self.side, self.side):
            rgb = rgb[window]
        self._over(window, (mask[window].astype(np.float32) * (opacity / 255))[..., None], rgb)

    def _over(self, window: Window, alpha: NDArray[np.float32], rgb: NDArray[np.float32]) -> None:
        part = self._pixels[window]
        part *= 1 - alpha
        part[..., :3] += alpha * rgb.clip(0, 255)
        part[..., 3:] += alpha

    def occluder(self, kind: str, frame: FaceFrame) -> Occluder:
        """What was painted, cut to its bounds, on the face."""
        x, y, width, height = cv2.boundingRect((self.alpha > 0.002).astype(np.uint8))
        part = self._pixels[y : y + height, x : x + width] if width else self._pixels[:1, :1]
        alpha = part[..., 3:]
        rgba = np.concatenate([part[..., :3] / np.maximum(alpha, 1e-6), alpha * 255], 2)
        scale = 1 / PX_PER_UNIT
        T_face_cover = np.array(
            [
                [scale, 0, (x + 0.5) * scale - self.reach],
                [0, scale, (y + 0.5) * scale - self.reach],
                [0, 0, 1],
            ]
        )
        return Occluder(kind, np.rint(rgba).clip(0, 255).astype(np.uint8), frame.T_image_face @ T_face_cover)

    def _fixed(self, points: Floats) -> NDArray[np.int32]:
        return np.rint(self.to_px(points) * (1 << _SHIFT)).astype(np.int32)


def _samples(px: Floats, axis: int) -> int:
    """How many samples along that axis of a grid [R, C, 2] leave no hole between them."""
    longest = float(np.linalg.norm(np.diff(px, axis=axis), axis=-1).max())
    return min(max(2, round(1.3 * px.shape[axis] * longest)), _MOST_SAMPLES)
