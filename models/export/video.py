"""Frames as a video file: MP4 (H.264, else MPEG-4) or WebM (VP9, else VP8)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np

from models.errors import InputError
from models.geometry.arrays import Photo

CODECS = {".mp4": ("mp4", ("libx264", "h264", "mpeg4")), ".webm": ("webm", ("libvpx-vp9", "libvpx"))}
VIDEO_SUFFIXES = tuple(CODECS)


class VideoWriter:
    """Frames become a video one by one; a last odd row or column is left out, as codecs demand.

    Args:
        suffix: One of VIDEO_SUFFIXES.
        frames_per_s: How fast it plays.

    Raises:
        InputError: Another ending, or no codec for it on this machine.
    """

    def __init__(self, suffix: str, frames_per_s: float = 25.0) -> None:
        if suffix not in CODECS:
            raise InputError(f"A video is written as one of {', '.join(CODECS)}, not as {suffix!r}.")
        form, codecs = CODECS[suffix]
        codec = next((name for name in codecs if name in av.codecs_available), None)
        if codec is None:
            known = ", ".join(CODECS)
            raise InputError(f"This machine has no codec for {suffix}. Choose the other of {known}.")
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format=form)
        self._stream = self._container.add_stream(codec, rate=Fraction(frames_per_s).limit_denominator(1001))
        self._begun = False

    def add(self, picture: Photo) -> None:
        """[H, W, 3], of the size of the first."""
        stream = self._stream
        if not self._begun:
            stream.height, stream.width = (side // 2 * 2 for side in picture.shape[:2])
            stream.pix_fmt = "yuv420p"
            stream.bit_rate = max(1_000_000, stream.width * stream.height * 5)
            self._begun = True
        even = np.ascontiguousarray(picture[: stream.height, : stream.width])
        self._container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))

    def done(self) -> bytes:
        """The file; InputError if no frame was added."""
        if not self._begun:
            raise InputError("There are no frames to write.")
        self._container.mux(self._stream.encode())
        self._container.close()
        return self._buffer.getvalue()


def video_bytes(frames: Iterable[Photo], suffix: str, frames_per_s: float = 25.0) -> bytes:
    """[H, W, 3] frames of one size as a video; see `VideoWriter`."""
    writer = VideoWriter(suffix, frames_per_s)
    for picture in frames:
        writer.add(picture)
    return writer.done()
