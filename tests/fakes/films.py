"""Videos whose frames tell their number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIDE = 64
COUNT = 40


def numbered(index: int) -> np.ndarray:
    """[64, 64, 3]: a bar code of six bits above a grey ramp that moves."""
    image = np.empty((SIDE, SIDE, 3), np.uint8)
    image[:] = ((np.arange(SIDE) * 2 + index * 5) % 200)[None, :, None]
    for bit in range(6):
        image[:32, 10 * bit : 10 * bit + 10] = 235 if index >> bit & 1 else 20
    return image


def number(image: np.ndarray) -> int:
    return sum(1 << bit for bit in range(6) if image[4:28, 10 * bit + 3 : 10 * bit + 7].mean() > 128)


def film(
    path: Path,
    codec: str = "mpeg4",
    *,
    count: int = COUNT,
    b_frames: int = 2,
    pixels: str = "yuv420p",
    pixel_aspect: Fraction | None = None,
    matrix: tuple[int, ...] | None = None,
    images: list[np.ndarray] | None = None,
    **settings: object,
) -> Path:
    """Frames of `numbered`, a key frame every ten."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, pixels
        stream.codec_context.gop_size = 10
        stream.codec_context.max_b_frames = b_frames
        stream.codec_context.bit_rate = 2_000_000
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        if matrix is not None:
            stream.set_display_matrix(matrix)
        for index in range(count):
            picture = numbered(index) if images is None else images[index]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
