"""Frames as a video file: MP4 (H.264, else MPEG-4) or WebM (VP9, else VP8)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np

from models.errors import InputError
from models.export.drawing import Pose
from models.geometry.arrays import Photo

CODECS = {".mp4": ("mp4", ("libx264", "h264", "mpeg4")), ".webm": ("webm", ("libvpx-vp9", "libvpx"))}
VIDEO_SUFFIXES = tuple(CODECS)


def video_bytes(frames: Iterable[Photo], suffix: str, frames_per_s: float = 25.0) -> bytes:
    """[H, W, 3] frames of one size as a video; a last odd row or column is left out, as codecs demand.

    Raises:
        InputError: No frames, another ending, or no codec for it on this machine.
    """
    if suffix not in CODECS:
        raise InputError(f"A video is written as one of {', '.join(CODECS)}, not as {suffix!r}.")
    form, codecs = CODECS[suffix]
    codec = next((name for name in codecs if name in av.codecs_available), None)
    if codec is None:
        raise InputError(f"This machine has no codec for {suffix}. Choose the other of {', '.join(CODECS)}.")
    pieces = iter(frames)
    first = next(pieces, None)
    if first is None:
        raise InputError("There are no frames to write.")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=Fraction(frames_per_s).limit_denominator(1001))
        stream.height, stream.width = (side // 2 * 2 for side in first.shape[:2])
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = max(1_000_000, stream.width * stream.height * 5)
        for picture in _with_first(first, pieces):
            even = np.ascontiguousarray(picture[: stream.height, : stream.width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def turn_table(pose: Pose, frames: int, widest_deg: float = 60.0) -> Iterator[Pose]:
    """A face turned to one side, back, to the other and back: its back is not there to be shown."""
    for share in np.arange(frames) / frames:
        yield pose.turned(pose.yaw_deg + widest_deg * float(np.sin(2 * np.pi * share)))


def _with_first(first: Photo, others: Iterator[Photo]) -> Iterator[Photo]:
    yield first
    yield from others
