"""A video file: frames by index, exact in whatever order they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from models.errors import InputError
from viewer.sources.source import DOUBTFUL, Frame
from viewer.sources.video_index import (
    KeyFrame,
    VideoIndex,
    doubted,
    open_container,
    packets,
    picture_of,
    read_index,
)
from viewer.sources.video_picture import picture_of_frame

AHEAD = 48  # frames; further on, jumping to a key frame beats decoding all between
TRIES = (0, 1, 3)  # key frames to go back before the frame, until its time is met

Placed = tuple[int, av.VideoFrame, bool]  # its index, and whether it was decoded from a damaged one


class VideoReader:
    """A Reader over PyAV.

    A seek only says where to begin: containers land late, so what comes is told by its time stamp, and
    decoding begins further back, in the end at the first packet, until the frame is met.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: av.container.InputContainer | None = None
        self._index = VideoIndex((), (), ())
        self._second = 1.0  # of the time base
        self._frames: Iterator[Placed] = iter(())
        self._at = -1  # index of the frame decoded last
        self._doubtful = False  # whether that one was decoded from a damaged one
        self._ahead: Placed | None = None  # decoded, and after the one asked for
        self._closed = threading.Event()

    def open(self) -> int:
        """How many frames there are."""
        self._closed.clear()
        try:
            self._index = read_index(self._path, self._closed.is_set)
            self._begin(None)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise InputError(self._unreadable(str(getattr(error, "strerror", None) or error))) from error
        return len(self._index.times)

    def read(self, index: int) -> Frame:
        """That frame, as a player shows it; one that is decoded from a damaged one says so.

        Raises:
            InputError: That very frame is damaged or missing; others may not be.
        """
        try:
            found = self._found(index)
            if found is None or found.is_corrupt:
                raise InputError(self._missing(index))
            image, notices = picture_of_frame(found, self._pixel_aspect())
            notices += (DOUBTFUL,) * self._doubtful
        except (OSError, ValueError, av.error.FFmpegError, MemoryError) as error:
            self._frames, self._at, self._ahead = iter(()), len(self._index.times), None
            raise InputError(self._missing(index)) from error
        image.flags.writeable = False
        return Frame(
            image, self._path.name, self.due_s(index), index, len(self._index.times), notices=notices
        )

    def due_s(self, index: int) -> float:
        """Its time in the file, from that of the first."""
        return (self._index.times[index] - self._index.times[0]) * self._second

    def close(self) -> None:
        """Close the file."""
        self._closed.set()
        self._frames, self._ahead = iter(()), None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _found(self, index: int) -> av.VideoFrame | None:
        """The frame decoded from here on, or from a key frame before it, or from the very beginning."""
        if self._at < index <= self._at + AHEAD:
            found = self._decode_to(index)
            if found is not None:
                return found
        for back in TRIES:
            start = self._index.key_frame_before(index, back)
            if start is None:
                break
            self._begin(start)
            found = self._decode_to(index)
            if found is not None:
                return found
        if self._index.key_frames and index - self._index.key_frames[0].index > 20 * AHEAD:
            return None  # gone; to decode all before it again would take too long
        self._begin(None)
        return self._decode_to(index)

    def _begin(self, start: KeyFrame | None) -> None:
        """Put the decoder at a key frame; None opens the file anew."""
        self._at, self._ahead = -1, None
        if start is None:
            if self._container is not None:
                self._container.close()
            self._container = open_container(self._path)
            stream = picture_of(self._container, self._path)
            self._second = float(stream.time_base or 1)
            coming = enumerate(doubted(packets(self._container, stream), stream))
            self._frames = ((place, *told) for place, told in coming)
            if self._index.key_frames:
                self._frames = self._placed(stream, first=-1)
            return
        assert self._container is not None
        stream = picture_of(self._container, self._path)
        self._container.seek(start.seek, stream=stream, backward=True)
        self._frames = self._placed(stream, first=start.index)

    def _placed(self, stream: av.VideoStream, first: int) -> Iterator[Placed]:
        """What the index knows of what comes; none if decoding would begin after frame `first`.

        What is shown before the key frame at which decoding began lacks what it refers to: left out.
        """
        assert self._container is not None
        coming = packets(self._container, stream)
        begun = -1
        if first >= 0:
            opening = next((packet for packet in coming if packet.is_keyframe and packet.size), None)
            begun = -1 if opening is None else self._index.places.get(opening.pts, -1)
            if opening is None or not 0 <= begun <= first:
                return
            coming = _again(opening, coming)
        for frame, doubtful in doubted(coming, stream):
            place = self._index.places.get(frame.pts, -1)
            if place >= max(begun, 0):
                yield place, frame, doubtful

    def _decode_to(self, index: int) -> av.VideoFrame | None:
        """Decode on to that frame; None if it does not come, and what came instead is kept."""
        while True:
            place, frame, doubtful = self._ahead or next(self._frames, (-1, None, False))
            self._ahead = None
            if frame is None:
                return None
            if place > index:
                self._ahead = (place, frame, doubtful)
                return None
            self._at, self._doubtful = place, doubtful
            if place == index:
                return frame

    def _pixel_aspect(self) -> Fraction | None:
        assert self._container is not None
        return picture_of(self._container, self._path).sample_aspect_ratio

    def _missing(self, index: int) -> str:
        return (
            f"Frame {index + 1} of {self._path.name} is damaged or missing. Go on to another, "
            "or convert the video anew."
        )

    def _unreadable(self, reason: str) -> str:
        return (
            f"{self._path.name} is not a video that can be read ({reason}). "
            "Copy it again, or convert it to MP4 (H.264)."
        )


def _again(first: av.Packet, others: Iterator[av.Packet]) -> Iterator[av.Packet]:
    yield first
    yield from others
