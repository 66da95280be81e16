"""A video file: frames by index, with the times the file gives them."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from models.errors import InputError
from viewer.sources.source import Frame

AHEAD = 48  # frames; further on, jumping to a key frame beats decoding all between


class VideoReader:
    """A Reader over PyAV. Opening runs once through the packets, undecoded, for the times of all frames."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: av.container.InputContainer | None = None
        self._times: list[int] = []  # presentation times of all frames, in the stream's time base, ascending
        self._second = 1.0  # of the time base
        self._decoded: Iterator[av.VideoFrame] = iter(())
        self._at = -1  # index of the frame decoded last

    def open(self) -> int:
        """How many frames there are."""
        try:
            self._container = av.open(str(self._path))
            if not self._container.streams.video:
                raise InputError(f"{self._path.name} has sound but no picture. Open a video file.")
            stream = self._container.streams.video[0]
            stream.thread_type = "AUTO"
            self._second = float(stream.time_base or 1)
            self._times = sorted(
                {packet.pts for packet in self._container.demux(stream) if packet.pts is not None}
            )
            if not self._times:
                raise InputError(self._unreadable("no frame with a time in it"))
            self._rewind(0)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise InputError(self._unreadable(str(getattr(error, "strerror", None) or error))) from error
        return len(self._times)

    def read(self, index: int) -> Frame:
        """That frame, upright; where the file is damaged, the next one that can be decoded."""
        if not self._at < index <= self._at + AHEAD:
            self._rewind(index)
        found = self._decode_to(index)
        if found is None:
            raise InputError(
                f"Frame {index + 1} of {self._path.name} cannot be decoded. Go on to another, "
                "or convert the video anew."
            )
        self._at = max(index, bisect.bisect_right(self._times, found.pts) - 1)
        image = np.ascontiguousarray(np.rot90(found.to_ndarray(format="rgb24"), found.rotation // 90))
        image.flags.writeable = False
        return Frame(image, self._path.name, self.due_s(index), index, len(self._times))

    def due_s(self, index: int) -> float:
        """Its time in the file, from that of the first."""
        return (self._times[index] - self._times[0]) * self._second

    def close(self) -> None:
        """Close the file."""
        self._decoded = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def _rewind(self, index: int) -> None:
        """Put the decoder at the key frame before `index`."""
        assert self._container is not None
        stream = self._container.streams.video[0]
        try:
            self._container.seek(self._times[index], stream=stream, backward=True)
        except av.error.FFmpegError as error:
            raise InputError(self._unreadable("it cannot be rewound")) from error
        self._decoded = self._container.decode(stream)
        self._at = -1

    def _decode_to(self, index: int) -> av.VideoFrame | None:
        """Decode on to the first frame not before `index`; damaged packets are passed over."""
        while True:
            try:
                for frame in self._decoded:
                    if frame.pts is not None and frame.pts >= self._times[index]:
                        return frame
                return None
            except av.error.InvalidDataError:
                assert self._container is not None
                self._decoded = self._container.decode(self._container.streams.video[0])

    def _unreadable(self, reason: str) -> str:
        return (
            f"{self._path.name} is not a video that can be read ({reason}). "
            "Copy it again, or convert it to MP4 (H.264)."
        )
