"""Crops of pictures: which square, and its pixels. (0, 0) is the centre of the top-left pixel throughout."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

_FINEST = 4  # a crop that shrinks more than twice this much is taken from block averages, to bound the work


def crop_square(box: tuple[float, float, float, float], factor: float, size: int) -> NDArray[np.float64]:
    """The upright square around a box: same centre, its side `factor` times the longer side of the box.

    The square's outer edges, half a pixel beyond the centres of the outermost crop pixels, meet that side.

    Args:
        box: (x0, y0, x1, y1), image px.
        factor: 1 touches the box.
        size: Side of the crop, px.

    Returns:
        T_image_crop [3, 3]: carries crop px to image px.

    Raises:
        ValueError: An empty or non-finite box.
    """
    x0, y0, x1, y1 = box
    side = factor * max(x1 - x0, y1 - y0)
    if not (math.isfinite(side) and side > 0 and x1 > x0 and y1 > y0):
        raise ValueError(f"a box needs x0 < x1 and y0 < y1, got {box}")
    scale = side / size
    offset = scale * (size - 1) / 2
    return np.array(
        [[scale, 0, (x0 + x1) / 2 - offset], [0, scale, (y0 + y1) / 2 - offset], [0, 0, 1]], np.float64
    )


def untilted(box: tuple[float, float, float, float], angle: float) -> tuple[float, float, float, float]:
    """About the box that a thing whose turned outline fills `box` would fill upright: same centre.

    At quarter turns the sides change places; in between they are mixed (exact where the outline is round).

    Args:
        box: (x0, y0, x1, y1), image px.
        angle: By which it is turned, radians, clockwise as seen.
    """
    x0, y0, x1, y1 = box
    share = math.cos(angle) ** 2
    half_x = (share * (x1 - x0) + (1 - share) * (y1 - y0)) / 2
    half_y = (share * (y1 - y0) + (1 - share) * (x1 - x0)) / 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - half_x, y - half_y, x + half_x, y + half_y


def about(box: tuple[float, float, float, float], angle: float) -> NDArray[np.float64]:
    """[3, 3]: turns points about the centre of a box, by radians, clockwise as seen."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y], [0, 0, 1]])


def warp_crop(image: NDArray[np.uint8], T_image_crop: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """The pixels of a crop, black where it reaches beyond the picture.

    Bilinear where the crop enlarges; where it shrinks, pixels are averaged over about the area each crop
    pixel covers, so that fine texture does not turn into noise.

    Args:
        image: [H, W, 3] RGB.
        T_image_crop: [3, 3] affine, carries crop px to image px.
        size: S, px.

    Returns:
        [S, S, 3].
    """
    if not np.isfinite(T_image_crop).all() or np.linalg.det(T_image_crop[:2, :2]) == 0:
        raise ValueError("T_image_crop must be finite and invertible")
    shrink = math.sqrt(abs(float(np.linalg.det(T_image_crop[:2, :2]))))
    block = max(1, math.floor(shrink / _FINEST))
    fine = max(1, math.ceil(shrink / block - 1e-6))  # samples per crop pixel and axis, at most one px apart
    image, T_image_block = _averaged(image, T_image_crop, size, block)
    T_block_fine = np.linalg.inv(T_image_block) @ T_image_crop @ _finer(fine)
    warped = cv2.warpAffine(
        image,
        T_block_fine[:2],
        (size * fine, size * fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    if fine > 1:
        warped = cv2.resize(warped, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(warped, np.uint8)


def check_image(image: object) -> None:
    """ValueError, with what it is, for anything but a picture: uint8 [H, W, 3]."""
    if not isinstance(image, np.ndarray):
        raise ValueError(f"an image is a uint8 array [H, W, 3], not a {type(image).__name__}")
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"an image is uint8 [H, W, 3] RGB, not {image.dtype} {list(image.shape)}")


def _finer(times: int) -> NDArray[np.float64]:
    """[3, 3]: carries px of a grid `times` finer to px of the grid, outer edges together."""
    shift = 0.5 / times - 0.5
    return np.array([[1 / times, 0, shift], [0, 1 / times, shift], [0, 0, 1]], np.float64)


def _averaged(
    image: NDArray[np.uint8], T_image_crop: NDArray[np.float64], size: int, block: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of `image` a crop sees, averaged over block x block px, and the T_image_block of that."""
    if block == 1:
        return image, np.eye(3)
    height, width = image.shape[:2]
    corners = np.array([[-1, -1, 1], [size, -1, 1], [-1, size, 1], [size, size, 1]], np.float64)
    seen = (corners @ T_image_crop.T)[:, :2]
    x0, y0 = np.clip(np.floor(seen.min(0)).astype(int) - block, 0, (width - 1, height - 1)).tolist()
    x1, y1 = np.clip(np.ceil(seen.max(0)).astype(int) + block + 1, (x0 + 1, y0 + 1), (width, height)).tolist()
    part = image[y0:y1, x0:x1]
    rows, columns = -(-(y1 - y0) // block), -(-(x1 - x0) // block)
    part = cv2.copyMakeBorder(
        part, 0, rows * block - (y1 - y0), 0, columns * block - (x1 - x0), cv2.BORDER_CONSTANT
    )
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    shift = (block - 1) / 2
    T_image_block = np.array([[block, 0, x0 + shift], [0, block, y0 + shift], [0, 0, 1]], np.float64)
    return np.asarray(small, np.uint8), T_image_block
