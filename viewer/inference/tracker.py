"""Where the faces of a frame are: followed from the last frame where that is safe, else looked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.sources.source import Frame
from viewer.state.shown import LOST, FoundBy, Search, Shown

if TYPE_CHECKING:
    from models.tracking.identity import Roster
    from models.tracking.smoothing import Steady

Detect = Callable[[NDArray[np.uint8]], list[Face]]

LONGEST_GAP_S = 1.5  # between two frames, for the second to go on from the first
LOOK_EVERY = 30  # frames; a new face is noticed at the latest then
LOOK_FOR_LOST_EVERY = 5  # frames, while a face that was lost is not forgotten
AWAY = "a face stays away"


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """Faces of a frame and how they were found."""

    faces: tuple[Face, ...]
    search: Search


class Tracker:
    """Remembers the last answer and decides, frame by frame, whether faces must be looked for.

    Following costs nothing and keeps a covered face that a detector would miss; looking costs more than the
    reconstruction. So faces are looked for only in the first frame, after a jump in time or scene, when one
    was lost and now and then while it stays away, while there is none, and every so many frames to notice new
    ones. It also keeps who is who, and what holding a face steady needs.
    """

    def __init__(self, detect: Detect, look_every: int = LOOK_EVERY) -> None:
        self._detect, self._look_every = detect, look_every
        self._last: tuple[int, Shown] | None = None
        self._roster: Roster | None = None
        self._merged = False  # two answers of the last frame were about one face
        self._steady: dict[int, Steady] = {}  # what the last frame leaves to the next, by face
        self._before: dict[int, Steady] = {}  # what it was left itself, should it be asked about again

    def find(self, frame: Frame, source: int) -> Placed:
        """The faces in a frame of the source of that number."""
        last = self._last[1] if self._last is not None and self._last[0] == source else None
        if last is None or frame.time_s <= last.frame.time_s:  # pictures of a folder have no time
            return Placed(tuple(self._detect(frame.image)), Search())
        if frame.time_s - last.frame.time_s > LONGEST_GAP_S:
            return self._look(frame, "too long after the last frame")
        from models.tracking.boxes import followed, jumped, reconciled  # brings OpenCV; worker thread only

        height, width = frame.image.shape[:2]
        if jumped(last.frame.image, frame.image):
            self._roster = None if self._roster is None else self._roster.forgotten()
            return self._look(frame, "the scene changed")
        faces = followed(last.answers, width, height)
        if not last.answers:
            return self._look(frame, "no face was there")
        if self._merged or len(faces) < len(last.answers):
            return self._look(frame, LOST, faces)
        before = last.search or Search()
        if before.frames + 1 >= LOOK_FOR_LOST_EVERY and self._away(last.frame.time_s):
            return self._look(frame, AWAY, faces)
        if before.frames + 1 >= self._look_every:
            found = reconciled(faces, self._detect(frame.image))
            return Placed(tuple(found), Search())
        return Placed(tuple(faces), Search(FoundBy.FOLLOWED, before.reason, before.frames + 1))

    def settle(
        self, frame: Frame, source: int, placed: Placed, answers: Sequence[Reconstruction], steady: bool
    ) -> tuple[tuple[Face, ...], tuple[Reconstruction, ...]]:
        """Who the faces are, and their answers, in a video held steady if that is wished.

        Of several answers about one face in a video, the first stays.
        """
        from models.tracking.boxes import distinct
        from models.tracking.identity import Roster, identified

        last = self._last[1].frame if self._last is not None and self._last[0] == source else None
        again = last is not None and (last.time_s, last.index, last.name) == _moment(frame)
        goes_on = last is not None and last.time_s < frame.time_s
        if self._roster is None or not (again or goes_on):
            self._roster, self._steady = Roster(), {}
        if not again:
            self._before = self._steady
        kept = distinct(answers) if goes_on else list(range(len(answers)))
        self._merged = len(kept) < len(answers)
        answers = [answers[i] for i in kept]
        self._roster, numbers = identified(self._roster, answers, frame.time_s)
        faces = tuple(replace(placed.faces[i], identity=n) for i, n in zip(kept, numbers, strict=True))
        return faces, self._steadied(frame, numbers, answers, steady)

    def forget(self) -> None:
        """Look for faces in the next frame, whatever was found before."""
        self._last = None

    def remember(self, shown: Shown, source: int) -> None:
        """What was answered about the frame looked at last."""
        self._last = (source, shown)

    def _steadied(
        self, frame: Frame, numbers: Sequence[int], answers: Sequence[Reconstruction], steady: bool
    ) -> tuple[Reconstruction, ...]:
        if not steady or frame.count == 1:
            self._steady = {}
            return tuple(answers)
        from models.tracking.smoothing import steadied

        pairs = [
            steadied(self._before.get(number), frame.image, frame.time_s, answer)
            for number, answer in zip(numbers, answers, strict=True)
        ]
        self._steady = {number: state for number, (state, _) in zip(numbers, pairs, strict=True)}
        return tuple(answer for _, answer in pairs)

    def _away(self, time_s: float) -> bool:
        """Whether a face known a moment ago was not in the frame of that time."""
        return self._roster is not None and self._roster.missing(time_s) > 0

    def _look(self, frame: Frame, reason: str, kept: Sequence[Face] = ()) -> Placed:
        from models.tracking.boxes import reconciled

        faces = reconciled(kept, self._detect(frame.image))
        return Placed(tuple(faces), Search(FoundBy.DETECTED, reason))


def _moment(frame: Frame) -> tuple[float, int, str]:
    return frame.time_s, frame.index, frame.name
