"""The contract of everything frames come from. No Qt here: a callback may emit a signal, a source cannot.

A source reads on a thread of its own, so a slow disk or camera never holds the window:

    source = open_path("clip.mp4")          # raises InputError when there is nothing to open
    source.start(deliver, fail)             # both are called on the source's thread
    ...
    source.stop()                           # joins the thread; nothing is delivered afterwards

What a session knows of a source it learns from its frames: `Frame.index` and `Frame.count`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.geometry.arrays import Box
from models.geometry.rescaling import Size, moved_box, rescaling
from models.geometry.turning import UPRIGHT, Turn, carried_box

DOUBTFUL = "A frame that this one was decoded from is damaged, so this picture may be wrong."


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """A picture with its time.

    Attributes:
        image: [H, W, 3] uint8 RGB, upright, read-only.
        name: What the user calls it: the file's name, or the camera's.
        time_s: Since the beginning of the video, or since the camera was opened; 0 for a still.
        index: Which frame of its source, from 0.
        count: How many frames the source has; 0 if nobody knows (a camera).
        path: The file the picture is; None for a frame of a video or camera.
        file_size: Width and height of the picture in its file, upright, px; None if it is shown as it is.
        turn: How the user turned it; size and file_size are those of the turned picture.
        notices: Sentences on what was done to the file, e.g. "Only the first of 12 frames is shown."
    """

    image: NDArray[np.uint8]
    name: str
    time_s: float = 0.0
    index: int = 0
    count: int = 1
    notices: tuple[str, ...] = ()
    path: Path | None = None
    file_size: Size | None = None
    turn: Turn = UPRIGHT

    @property
    def shown_size(self) -> Size:
        """Width and height of `image`, px."""
        return self.image.shape[1], self.image.shape[0]

    @property
    def full_size(self) -> Size:
        """Width and height of the picture in its file, upright, px."""
        return self.file_size or self.shown_size

    def shown_box(self, box: Box) -> Box:
        """(x0, y0, x1, y1) of the file, px, in `image`."""
        return moved_box(box, self.T_shown_file)

    def file_box(self, box: Box) -> Box:
        """(x0, y0, x1, y1) of `image`, px, in the file."""
        return moved_box(box, self.T_file_shown)

    def bare_box(self, box: Box) -> Box:
        """(x0, y0, x1, y1) of `image`, px, in the file as it was before the user turned it."""
        bare = self.turn.size(self.full_size)  # a quarter swaps width and height back as well
        return carried_box(self.file_box(box), np.asarray(np.linalg.inv(self.turn.matrix(bare)), np.float64))

    @property
    def T_shown_file(self) -> NDArray[np.float64]:
        """[3, 3]: px of the upright file to px of `image`."""
        return rescaling(self.full_size, self.shown_size)

    @property
    def T_file_shown(self) -> NDArray[np.float64]:
        """[3, 3]: px of `image` to px of the upright file."""
        return rescaling(self.shown_size, self.full_size)


def turned(bare: Frame, turn: Turn) -> Frame:
    """A frame as its source gave it, turned; its name then says so."""
    if turn == UPRIGHT:
        return bare
    size = None if bare.file_size is None else turn.size(bare.file_size)
    name = f"{bare.name} ({turn.words})"
    return replace(bare, image=turn.image(bare.image), name=name, file_size=size, turn=turn)


def same_picture(first: Frame, second: Frame) -> bool:
    """Whether two frames are one picture of one source, though perhaps read twice or covered by something."""
    return first is second or (first.name, first.index, first.time_s, first.path) == (
        second.name,
        second.index,
        second.time_s,
        second.path,
    )


class PausedError(InputError):
    """A source delivers nothing for now; it tries again by itself until it is stopped."""


Deliver = Callable[[Frame], None]
Fail = Callable[[InputError], None]


class Source(Protocol):
    """Delivers frames from a thread of its own between `start` and `stop`."""

    @property
    def name(self) -> str:
        """What the user calls it: the file's, folder's or camera's name."""

    @property
    def live(self) -> bool:
        """True for a camera: frames come by themselves and only the newest counts."""

    def start(self, deliver: Deliver, fail: Fail) -> None:
        """Begin; the first frame comes without asking. Both callbacks run on the source's thread.

        `fail` reports one picture that cannot be read; the source goes on with the others. A camera that
        fails has ended, unless with a PausedError; `start` it again to try again.
        """

    def stop(self) -> None:
        """End and join the thread; nothing is delivered after this returns. Harmless when not started."""


@runtime_checkable
class Recording(Source, Protocol):
    """A source one can move about in: a still (one frame), a folder, a video. Starts paused on frame 0.

    All verbs return at once; the frame follows through `deliver`.
    """

    @property
    def playing(self) -> bool:
        """Whether frames follow each other by themselves now; turns False at the end of its span."""

    def play(self) -> None:
        """Go on from here; from the beginning of the span if at its end, or outside of it."""

    def pause(self) -> None:
        """Stay at the frame delivered last."""

    def seek(self, index: int) -> None:
        """Deliver that frame, clamped to those there are; of several waiting wishes the newest wins."""

    def step(self, by: int) -> None:
        """`seek` relative to the newest wish or the frame delivered last; pauses."""

    def pace(self, speed: float, loop: bool, span: tuple[int, int] | None) -> None:
        """Play like this from now on.

        Args:
            speed: Times its own speed, above 0.
            loop: From the end of the span it goes on at its beginning.
            span: Indices of the first and the last frame that are played; None for all.
        """
