"""What a painted area is filled with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.occlusion.occluder import Occluder

FILLINGS: tuple[str, ...] = ("colour", "noise", "blur", "patch")


@dataclass(frozen=True, slots=True)
class Filling:
    """What hides the painted area.

    Attributes:
        kind: One of `FILLINGS`: a plain colour; grains of random colour; the photo out of focus; the photo
            from elsewhere, mirrored at its edges.
        colour: RGB 0..255, for "colour".
        size_px: Size of the grains of "noise"; standard deviation of the "blur".
        offset_px: (right, down): where the "patch" is copied from, seen from the painted area.
    """

    kind: str = "colour"
    colour: tuple[int, int, int] = (127, 127, 127)
    size_px: float = 12.0
    offset_px: tuple[int, int] = (0, -100)

    def __post_init__(self) -> None:
        if self.kind not in FILLINGS:
            raise ValueError(f"there is no filling {self.kind!r}; there are {list(FILLINGS)}")
        if len(self.colour) != 3 or not all(0 <= c <= 255 for c in self.colour):
            raise ValueError(f"a colour is three numbers from 0 to 255, not {self.colour}")
        if not (math.isfinite(self.size_px) and self.size_px > 0):
            raise ValueError(f"size_px must be above 0, not {self.size_px}")


def fill(
    photo: NDArray[np.uint8],
    area: NDArray[np.floating] | NDArray[np.bool_],
    filling: Filling,
    seed: int = 0,
) -> Occluder:
    """An occluder that hides exactly the painted area of that photo.

    Args:
        photo: [H, W, 3] RGB.
        area: [H, W] bool or 0..1: how much to hide.
        filling: What with.
        seed: For the grains of "noise".

    Returns:
        Cut to the bounds of the area, in its place; one clear pixel if the area is empty.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(f"a photo is uint8 [H, W, 3], not {photo.dtype} {list(photo.shape)}")
    if area.shape != photo.shape[:2]:
        raise ValueError(
            f"the painted area {list(area.shape)} must be as large as the photo {photo.shape[:2]}"
        )
    alpha = np.rint(np.asarray(area, np.float32).clip(0, 1) * 255).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(alpha)
    if not width:
        return Occluder(filling.kind, np.zeros((1, 1, 4), np.uint8), np.eye(3))
    window = (slice(y, y + height), slice(x, x + width))
    rgba = np.dstack([_colours(photo, window, filling, seed), alpha[window]])
    return Occluder(filling.kind, rgba, np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64))


def _colours(
    photo: NDArray[np.uint8], window: tuple[slice, slice], filling: Filling, seed: int
) -> NDArray[np.uint8]:
    """[h, w, 3] of the window."""
    height, width = (part.stop - part.start for part in window)
    match filling.kind:
        case "noise":
            cells = (math.ceil(height / filling.size_px), math.ceil(width / filling.size_px))
            grains = np.random.default_rng(seed).integers(0, 256, (*cells, 3), np.uint8)
            return np.asarray(cv2.resize(grains, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
        case "blur":
            return _blurred(photo, window, filling.size_px)
        case "patch":
            right, down = filling.offset_px
            rows = _mirrored(np.arange(window[0].start, window[0].stop) + down, photo.shape[0])
            columns = _mirrored(np.arange(window[1].start, window[1].stop) + right, photo.shape[1])
            return photo[np.ix_(rows, columns)]
        case _:
            return np.full((height, width, 3), filling.colour, np.uint8)


def _blurred(photo: NDArray[np.uint8], window: tuple[slice, slice], size_px: float) -> NDArray[np.uint8]:
    """The window of the blurred photo; only the part that decides it is blurred."""
    margin = math.ceil(4 * size_px) + 2  # cv2 cuts the bell off at three standard deviations for 8 bits
    y, x = max(window[0].start - margin, 0), max(window[1].start - margin, 0)
    part = photo[y : window[0].stop + margin, x : window[1].stop + margin]
    inside = (
        slice(window[0].start - y, window[0].stop - y),
        slice(window[1].start - x, window[1].stop - x),
    )
    return np.asarray(cv2.GaussianBlur(part, (0, 0), size_px)[inside], np.uint8)


def _mirrored(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Indices beyond the edges turned back into 0..size - 1."""
    folded = index % (2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded)
