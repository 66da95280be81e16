"""Something flat that hides part of a photo, and how it is laid on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles, Photo


@dataclass(frozen=True, eq=False, slots=True)
class Occluder:
    """Something flat that hides part of a photo. Arrays are read-only.

    Attributes:
        kind: Name shown to the user.
        rgba: [h, w, 4] uint8, straight alpha.
        T_image_occluder: [3, 3] float64, its px -> image px: similarity, affinity or homography. (0, 0)
            is the centre of the top-left pixel in both.
    """

    kind: str
    rgba: NDArray[np.uint8]
    T_image_occluder: Doubles

    def __post_init__(self) -> None:
        rgba = np.asarray(self.rgba)
        if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8 or rgba.size == 0:
            raise ValueError(f"an occluder is uint8 [h, w, 4], not {rgba.dtype} {list(rgba.shape)}")
        T = np.asarray(self.T_image_occluder, np.float64)
        if T.shape != (3, 3) or not np.isfinite(T).all() or np.linalg.det(T) == 0:
            raise ValueError(f"T_image_occluder must be [3, 3], finite and invertible, not {T.tolist()}")
        object.__setattr__(self, "rgba", _read_only(rgba))
        object.__setattr__(self, "T_image_occluder", _read_only(T))

    @property
    def middle(self) -> tuple[float, float]:
        """(x, y): where the middle of its rectangle lies, image px."""
        height, width = self.rgba.shape[:2]
        x, y = _carried(self.T_image_occluder, np.array([[(width - 1) / 2, (height - 1) / 2]]))[0].tolist()
        return x, y

    @property
    def corners(self) -> Doubles:
        """[4, 2]: its outer corners in image px, clockwise from the top left one."""
        height, width = self.rgba.shape[:2]
        x, y = width - 0.5, height - 0.5
        return _carried(self.T_image_occluder, np.array([[-0.5, -0.5], [x, -0.5], [x, y], [-0.5, y]]))


def lay(photo: Photo, occluders: Sequence[Occluder]) -> tuple[Photo, NDArray[np.float32]]:
    """The photo with the occluders on it, later ones above earlier ones.

    Each occluder is resampled once (averaged where it shrinks, bilinear where it grows, colours weighted by
    alpha) and laid by round(photo (1 - a) + colour a). Where every alpha is 0 the photo stays as it is, byte
    for byte; an occluder that lies on whole pixels is laid exactly.

    Args:
        photo: [H, W, 3] RGB; it is not changed.
        occluders: From the bottom up; parts beyond the photo are cut off.

    Returns:
        The photo [H, W, 3], and how much of each pixel is hidden [H, W] 0..1: 1 - prod(1 - a).

    Raises:
        ValueError: No RGB photo, or an occluder tilted so far that it reaches its own horizon.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(f"a photo is uint8 [H, W, 3], not {photo.dtype} {list(photo.shape)}")
    laid = np.array(photo)
    through = np.ones(photo.shape[:2], np.float32)
    for occluder in occluders:
        seen = _resampled(occluder, photo.shape[0], photo.shape[1])
        if seen is None:
            continue
        part, alpha = laid[seen.window], seen.pixels[..., 3:]
        mixed = np.rint(part * (1 - alpha) + seen.pixels[..., :3]).clip(0, 255).astype(np.uint8)
        laid[seen.window] = np.where(alpha > 0, mixed, part)
        through[seen.window] *= 1 - alpha[..., 0]
    return laid, 1 - through


def placed(occluder: Occluder, T: Doubles) -> Occluder:
    """The occluder carried by T [3, 3], image px -> image px."""
    return replace(occluder, T_image_occluder=T @ occluder.T_image_occluder)


def moved(occluder: Occluder, right_px: float, down_px: float) -> Occluder:
    """The occluder shifted in the image."""
    return placed(occluder, np.array([[1, 0, right_px], [0, 1, down_px], [0, 0, 1]], np.float64))


def turned(occluder: Occluder, angle_rad: float, about: tuple[float, float] | None = None) -> Occluder:
    """The occluder turned clockwise as seen, about a point of the image (its own middle if None)."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return _about(occluder, np.array([[cos, -sin], [sin, cos]]), about)


def scaled(occluder: Occluder, factor: float, about: tuple[float, float] | None = None) -> Occluder:
    """The occluder `factor` > 0 times as large, about a point of the image (its own middle if None)."""
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(f"an occluder is scaled by a factor above 0, not {factor}")
    return _about(occluder, factor * np.eye(2), about)


def _about(occluder: Occluder, linear: Doubles, about: tuple[float, float] | None) -> Occluder:
    centre = np.array(occluder.middle if about is None else about, np.float64)
    T = np.eye(3)
    T[:2, :2], T[:2, 2] = linear, centre - linear @ centre
    return placed(occluder, T)


class _Seen(NamedTuple):
    """A part of the image and the occluder's pixels there: colour times alpha (0..255), alpha (0..1)."""

    window: tuple[slice, slice]
    pixels: NDArray[np.float32]


def _resampled(occluder: Occluder, height: int, width: int) -> _Seen | None:
    """None: it lies beyond the image."""
    corners = occluder.corners
    x0, y0 = np.floor(corners.min(0)).astype(int).clip(0).tolist()
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (width, height)).tolist()
    if x0 >= x1 or y0 >= y1:
        return None
    pixels = occluder.rgba.astype(np.float32)
    pixels[..., 3] /= 255
    pixels[..., :3] *= pixels[..., 3:]
    pixels, T = _shrunk(pixels, occluder.T_image_occluder)
    T = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]]) @ T
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_CONSTANT
    if (T[2, :2] == 0).all():
        there = cv2.warpAffine(pixels, T[:2] / T[2, 2], (x1 - x0, y1 - y0), flags=flags, borderMode=border)
    else:
        there = cv2.warpPerspective(pixels, T, (x1 - x0, y1 - y0), flags=flags, borderMode=border)
    return _Seen((slice(y0, y1), slice(x0, x1)), np.asarray(there, np.float32))


def _shrunk(pixels: NDArray[np.float32], T: Doubles) -> tuple[NDArray[np.float32], Doubles]:
    """Averaged to about the resolution of the image, and the T_image_occluder that then holds."""
    height, width = pixels.shape[:2]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    steps = _carried(T, middle + np.array([[0, 0], [1, 0], [0, 1]]))
    reach = np.linalg.norm(steps[1:] - steps[0], axis=1)
    columns, rows = (
        max(1, round(size * min(float(scale), 1.0)))
        for size, scale in zip((width, height), reach, strict=True)
    )
    if (columns, rows) == (width, height):
        return pixels, T
    x, y = width / columns, height / rows
    T_occluder_small = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    small = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32), T @ T_occluder_small


def _carried(T: Doubles, points: Doubles) -> Doubles:
    """[P, 2] -> [P, 2]."""
    flat = np.concatenate([points, np.ones((len(points), 1))], 1) @ T.T
    if (np.sign(flat[:, 2]) != np.sign(T[2, 2])).any() or (np.abs(flat[:, 2]) < 1e-9).any():
        raise ValueError("an occluder must lie wholly before its own horizon; tilt it less")
    return np.asarray(flat[:, :2] / flat[:, 2:], np.float64)


def _read_only(array: NDArray[np.generic]) -> NDArray[np.generic]:
    if array.flags.writeable or array.base is not None:
        array = array.copy()
        array.flags.writeable = False
    return array
