"""Pictures inside a case file: PNG, with all colours kept, and read without trust. No Qt."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from models.geometry.arrays import Photo

THUMBNAIL_PX = 160
LARGEST_PNG_PIXELS = 48_000_000


def thumbnail(image: Photo) -> Photo:
    """[h, w, 3]: the picture, at most THUMBNAIL_PX a side; each pixel is the mean of those it covers."""
    height, width = image.shape[:2]
    shrink = max(1.0, max(height, width) / THUMBNAIL_PX)
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX), np.uint8)


def png(image: NDArray[np.uint8]) -> bytes:
    """[H, W, 3 or 4] as PNG; colours under clear pixels are kept."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(data: bytes, channels: int) -> NDArray[np.uint8]:
    """[H, W, channels] of a PNG; ValueError if it is none, damaged, of other channels, or too large."""
    try:
        picture = PngImagePlugin.PngImageFile(io.BytesIO(data))
        width, height = picture.size
        if width * height > LARGEST_PNG_PIXELS:
            raise ValueError(f"it is {width} x {height} px, which is too large")
        if picture.mode != {3: "RGB", 4: "RGBA"}[channels]:
            raise ValueError(f"its pixels are {picture.mode}")
        return np.array(picture, np.uint8)
    except Exception as error:  # a damaged file can break a decoder in any way at all
        raise ValueError(
            f"the PNG cannot be read ({' '.join(str(error).split()) or type(error).__name__})"
        ) from error
