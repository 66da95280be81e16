"""Anti-aliased drawing in face units, on clear ground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.occlusion.cover import Cover
from models.occlusion.face_frame import FaceFrame

Floats = NDArray[np.floating]
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
        mask = self._clear()
        cv2.fillPoly(mask, [self._fixed(points)], 255, cv2.LINE_AA, _SHIFT)
        self.paint(mask, colour, opacity)

    def stroke(
        self, points: Floats, width: float, colour: Floats, opacity: float = 1.0, closed: bool = False
    ) -> None:
        """Draw along [P, 2], `width` face units thick."""
        mask = self._clear()
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
        rows, columns = _samples(px, 0), _samples(px, 1)
        dense = cv2.resize(px.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
        colours = cv2.resize(np.asarray(texture, np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
        if not near_right:
            dense, colours = dense[:, ::-1], colours[:, ::-1]
        x, y = np.rint(dense).astype(int).transpose(2, 1, 0).reshape(2, -1)
        colours = colours.transpose(1, 0, 2).reshape(-1, 3)
        kept = (x >= 0) & (x < self.side) & (y >= 0) & (y < self.side)
        cloth = np.zeros((self.side, self.side, 4), np.float32)
        cloth[y[kept], x[kept]] = np.pad(colours[kept], ((0, 0), (0, 1)), constant_values=1)  # the last stays
        cloth = np.asarray(cv2.GaussianBlur(cloth, (3, 3), 0.6), np.float32)
        self.paint(cloth[..., 3] * 255, cloth[..., :3] / np.maximum(cloth[..., 3:], 1e-3))

    def paint(self, mask: Floats | NDArray[np.uint8], colour: Floats, opacity: float = 1.0) -> None:
        """Lay colour where the mask [S, S] 0..255 says."""
        x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
        if not width:
            return
        window = (slice(y, y + height), slice(x, x + width))
        alpha = (mask[window].astype(np.float32) * (opacity / 255))[..., None]
        rgb = np.asarray(colour, np.float32)
        rgb = rgb[window] if rgb.ndim == 3 else rgb
        part = self._pixels[window]
        part *= 1 - alpha
        part[..., :3] += alpha * rgb.clip(0, 255)
        part[..., 3:] += alpha

    def cover(self, kind: str, frame: FaceFrame) -> Cover:
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
        return Cover(kind, np.rint(rgba).clip(0, 255).astype(np.uint8), frame.T_image_face @ T_face_cover)

    def _clear(self) -> NDArray[np.uint8]:
        return np.zeros((self.side, self.side), np.uint8)

    def _fixed(self, points: Floats) -> NDArray[np.int32]:
        return np.rint(self.to_px(points) * (1 << _SHIFT)).astype(np.int32)


def _samples(px: Floats, axis: int) -> int:
    """How many samples along that axis of a grid [R, C, 2] leave no hole between them."""
    longest = float(np.linalg.norm(np.diff(px, axis=axis), axis=-1).max())
    return min(max(2, round(1.3 * px.shape[axis] * longest)), _MOST_SAMPLES)
