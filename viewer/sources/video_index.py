"""Which frames a video holds, in the order in which they are shown, and from where each can be decoded."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import av
from av.video.frame import PictureType

from models.errors import InputError

TABLES = frozenset({"mov", "mp4", "matroska", "webm"})  # containers that give every frame its own time
HIDDEN_FRAMES = frozenset({"vp8"})  # codecs some of whose packets are never shown
# Bare streams: after a seek their times are guessed anew.
BARE = frozenset({"h264", "hevc", "vvc", "mjpeg", "m4v", "mpegvideo", "vc1", "obu", "dirac"})
MOST_DECODED = 30_000  # packets; a longer video is believed what its packets say
BAD_IN_A_ROW = 200  # packets that cannot be read before a file counts as ended


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """Where decoding can begin: its place in the order of showing, and the time to seek to."""

    index: int
    seek: int


@dataclass(frozen=True)
class VideoIndex:
    """The frames of a video.

    Attributes:
        keys: What tells each frame from all others, in the order of showing: its presentation time, or its
            place in the file where the container gives none.
        times: When each is shown, in the stream's time base, ascending.
        key_frames: Ascending; empty where frames can only be told by counting from the first.
    """

    keys: tuple[int, ...]
    times: tuple[int, ...]
    key_frames: tuple[KeyFrame, ...]

    @cached_property
    def places(self) -> dict[int, int]:
        """Key -> index; of keys that are not unique nothing."""
        return {key: index for index, key in enumerate(self.keys)} if self.key_frames else {}

    def key_frame_before(self, index: int, back: int = 0) -> KeyFrame | None:
        """The last key frame at or before that frame, or that many further back; None: there is none."""
        at = bisect.bisect_right(self.key_frames, index, key=lambda key_frame: key_frame.index) - 1 - back
        return self.key_frames[at] if at >= 0 else None


def open_container(path: Path) -> av.container.InputContainer:
    """The file and nothing but the file: a playlist in it may name neither others nor the network."""
    return av.open(str(path.absolute()), options={"protocol_whitelist": "file"}, metadata_errors="replace")


def packets(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet]:
    """Those that can be read; damaged ones are passed over.

    Each has its key as its presentation time, which the decoder hands on to the frame. AVI knows no such
    time, and counts its packets differently after a damage or a seek: there the key is the place in the file.
    """
    by_place = container.format.name == "avi"
    bad = 0
    demuxer = container.demux(stream)
    while bad < BAD_IN_A_ROW:
        try:
            for packet in demuxer:
                bad = 0
                if by_place and packet.size:
                    packet.pts = packet.pos
                elif packet.pts is None:
                    packet.pts = packet.dts
                yield packet
            return
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, IndexError):  # the latter: a packet of a stream nobody announced
            bad += 1
            demuxer = container.demux(stream)


def decoded(packets: Iterator[av.Packet], stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Their frames; what a packet breaks in the decoder ends with that packet."""
    return (frame for frame, _ in doubted(packets, stream))


def doubted(packets: Iterator[av.Packet], stream: av.VideoStream) -> Iterator[tuple[av.VideoFrame, bool]]:
    """Their frames, and of each whether one that it may be decoded from is damaged.

    A decoder tells of the frame that is damaged itself; what is decoded from it looks whole to it. That may
    be any frame up to the next key frame, and a B-frame also refers to what is shown after it.
    """
    doubtful = False
    between: list[av.VideoFrame] = []  # B-frames, held back until what follows them is known
    for packet in chain(packets, (None,)):
        try:
            for frame in stream.codec_context.decode(packet if packet is not None and packet.size else None):
                if frame.pict_type == PictureType.B:
                    between.append(frame)
                    continue
                doubtful = doubtful or any(other.is_corrupt for other in between)
                yield from ((other, doubtful or frame.is_corrupt) for other in between)
                doubtful, between = doubtful and not frame.key_frame, []
                yield frame, doubtful
                doubtful = doubtful or frame.is_corrupt
        except av.error.FFmpegError:
            doubtful = True
    yield from ((other, doubtful) for other in between)


def read_index(path: Path, stopped: Callable[[], bool] = lambda: False) -> VideoIndex:
    """Find all frames: by their packets where the container is exact about them, else by decoding once.

    Transport streams and AVI are not exact: a packet may hold half a frame or none, and AVI tells only the
    order of decoding.

    Args:
        path: Of the video.
        stopped: Asked between packets; ends the search early.

    Raises:
        InputError: There is no picture in it, or no frame.
        av.error.FFmpegError, OSError: It cannot be opened.
    """
    with open_container(path) as container:
        stream = picture_of(container, path)
        listed = _listed(packets(container, stream), stopped)
        formats, codec, step = set(container.format.name.split(",")), stream.codec_context.name, _step(stream)
    exact = formats & TABLES and codec not in HIDDEN_FRAMES and all(row.key is not None for row in listed)
    if exact or len(listed) > MOST_DECODED:
        shown = {row.key for row in listed if row.key is not None and not row.hidden}
        keys: Sequence[int | None] = sorted(shown)
    else:
        keys = _decoded_keys(path, stopped)
    if not keys:
        raise InputError(f"{path.name} holds no frame that can be shown. Convert it to MP4.")
    even = tuple(step * index for index in range(len(keys)))
    bare = any(name in BARE or name.endswith("_pipe") for name in formats)
    if bare or None in keys or len(set(keys)) < len(keys):
        return VideoIndex(even, even, ())
    known = [key for key in keys if key is not None]
    seeks = {row.key: row.seek for row in listed}
    times = sorted({seeks.get(key, 0) for key in known}) if "avi" in formats else sorted(known)
    return VideoIndex(
        tuple(known), tuple(times) if len(times) == len(known) else even, _key_frames(known, listed)
    )


def picture_of(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """The stream to show: the one FFmpeg's own programs would choose."""
    stream = container.streams.best("video")
    if stream is None:
        raise InputError(f"{path.name} has sound but no picture. Open a video file.")
    if stream.codec_context is None:
        raise InputError(f"{path.name} is damaged, or compressed in a way unknown here. Convert it to MP4.")
    return stream


@dataclass(frozen=True, slots=True)
class _Row:
    """Of a packet: its key, when it is decoded, whether decoding can begin there, whether it is hidden."""

    key: int | None
    seek: int
    begins: bool
    hidden: bool


def _listed(found: Iterator[av.Packet], stopped: Callable[[], bool]) -> list[_Row]:
    rows: list[_Row] = []
    for packet in found:
        if stopped():
            break
        if packet.size:
            seek = packet.pts if packet.dts is None else packet.dts
            rows.append(_Row(packet.pts, seek or 0, packet.is_keyframe, packet.is_discard))
    return rows


def _decoded_keys(path: Path, stopped: Callable[[], bool]) -> list[int | None]:
    """Keys of all frames in the order in which they come out of the decoder."""
    keys: list[int | None] = []
    with open_container(path) as container:
        stream = picture_of(container, path)
        for frame in decoded(packets(container, stream), stream):
            if stopped():
                break
            keys.append(frame.pts)
    return keys


def _key_frames(keys: list[int], listed: list[_Row]) -> tuple[KeyFrame, ...]:
    places = {key: index for index, key in enumerate(keys)}
    found = {places[row.key]: row.seek for row in listed if row.begins and row.key in places}
    return tuple(KeyFrame(index, seek) for index, seek in sorted(found.items()))


def _step(stream: av.VideoStream) -> int:
    rate = stream.average_rate or stream.guessed_rate or 25
    return max(1, round(1 / float(rate * (stream.time_base or 1))))
