"""Where the faces of a frame are: followed from the last frame where that is safe, else looked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.reconstructor import Face
from viewer.sources.source import Frame
from viewer.state import LOST, Found, Search, Shown

Detect = Callable[[NDArray[np.uint8]], list[Face]]

LONGEST_GAP_S = 1.5  # between two frames, for the second to go on from the first
LOOK_EVERY = 30  # frames; a new face is noticed at the latest then


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """Faces of a frame and how they were found."""

    faces: tuple[Face, ...]
    search: Search


class Follower:
    """Remembers the last answer and decides, frame by frame, whether faces must be looked for.

    Following costs nothing and keeps a covered face that a detector would miss; looking costs more than the
    reconstruction. So faces are looked for only in the first frame, after a jump in time or scene, when one
    was lost, while there is none, and every so many frames to notice new ones.
    """

    def __init__(self, detect: Detect, look_every: int = LOOK_EVERY) -> None:
        self._detect, self._look_every = detect, look_every
        self._last: tuple[int, Shown] | None = None

    def find(self, frame: Frame, source: int) -> Placed:
        """The faces in a frame of the source of that number."""
        last = self._last[1] if self._last is not None and self._last[0] == source else None
        if last is None or frame.time_s <= last.frame.time_s:  # pictures of a folder have no time
            return Placed(tuple(self._detect(frame.image)), Search())
        if frame.time_s - last.frame.time_s > LONGEST_GAP_S:
            return self._look(frame, "too long after the last frame")
        from models.tracking import followed, jumped, reconciled  # brings OpenCV; worker thread only

        height, width = frame.image.shape[:2]
        if jumped(last.frame.image, frame.image):
            return self._look(frame, "the scene changed")
        faces = followed(last.answers, width, height)
        if not last.answers:
            return self._look(frame, "no face was there")
        if len(faces) < len(last.answers):
            return self._look(frame, LOST, faces)
        before = last.search or Search()
        if before.frames + 1 >= self._look_every:
            found = reconciled(faces, self._detect(frame.image))
            return Placed(tuple(found), Search())
        return Placed(tuple(faces), Search(Found.FOLLOWED, before.reason, before.frames + 1))

    def remember(self, shown: Shown, source: int) -> None:
        """What was answered about the frame looked at last."""
        self._last = (source, shown)

    def _look(self, frame: Frame, reason: str, kept: Sequence[Face] = ()) -> Placed:
        from models.tracking import reconciled

        faces = reconciled(kept, self._detect(frame.image))
        return Placed(tuple(faces), Search(Found.DETECTED, reason))


def drawn(faces: tuple[Face, ...], search: Search | None) -> Placed:
    """Faces that are known: by an earlier look at the same picture, or drawn by hand."""
    return Placed(faces, Search(Found.DRAWN) if search is None else replace(search))
