"""A video in, a table out: a row for every face of every frame, faces followed from frame to frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.batch.rows import Makers, Seen, as_text, row
from models.errors import InputError, told
from models.geometry.arrays import Box
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.cli.inputs import check_box
from viewer.inference.tracker import Placed, Tracker
from viewer.sources.player import Reader
from viewer.sources.source import Frame
from viewer.state.shown import FoundBy, Search, Shown

COLUMNS = (
    *("frame", "time_s", "face", "x0", "y0", "x1", "y1", "pitch_deg", "yaw_deg", "roll_deg"),
    *("seen_percent", "turned_away_percent", "covered_percent", "likely_error_percent"),
    *("steadied", "alarms", "problem"),
)
"""Of those of every table of answers, see `models.batch.rows`."""

CsvRow = tuple[str, ...]
Ask = Callable[[NDArray[np.uint8], Sequence[Face]], tuple[list[Reconstruction], tuple[str, ...]]]
"""Answers in image space about faces of a picture, and what was done for them, see `Answering`."""


class Clip:
    """Answers about the frames of a video, one after the other.

    Args:
        ask: Who answers.
        detect: Who looks for faces.
        box: Where the face is in every frame, px; None looks for faces and follows them.
        watch: Is shown every answered frame.
        steady: Whether answers are smoothed over the frames before.
    """

    def __init__(
        self,
        ask: Ask,
        detect: Callable[[NDArray[np.uint8]], list[Face]],
        box: Box | None = None,
        watch: Callable[[Frame, Sequence[Reconstruction]], None] | None = None,
        steady: bool = True,
    ) -> None:
        self._ask, self._box, self._watch, self._steady = ask, box, watch, steady
        self._tracker = Tracker(detect)
        self.notices: dict[str, None] = {}
        self.problems: list[str] = []
        self.frames = 0

    def rows(self, reader: Reader, every: int = 1) -> Iterator[CsvRow]:
        """A row for each face of every so-many-th frame; one without a face where there is none.

        A frame that cannot be answered is a row that says why, and a problem.

        Raises:
            InputError: The video cannot be opened.
        """
        try:
            for index in range(0, reader.open(), every):
                self.frames += 1
                try:
                    frame = reader.read(index)
                    yield from self._answered(frame)
                except (Exception, SystemExit) as error:  # whatever one frame does, the others are answered
                    self.problems.append(f"frame {index}: {told(error)}")
                    self._tracker.forget()
                    yield _row(index, _due(reader, index), problem=told(error))
        finally:
            reader.close()

    def answers(self, reader: Reader) -> Iterator[tuple[Frame, tuple[Reconstruction, ...]]]:
        """Every frame with its answers, steadied; frames that cannot be answered are problems, and left out.

        Raises:
            InputError: The video cannot be opened.
        """
        try:
            for index in range(reader.open()):
                self.frames += 1
                try:
                    frame = reader.read(index)
                    _, kept = self.settled(frame)
                except (Exception, SystemExit) as error:
                    self.problems.append(f"frame {index}: {told(error)}")
                    self._tracker.forget()
                else:
                    yield frame, tuple(kept)
        finally:
            reader.close()

    def _answered(self, frame: Frame) -> list[CsvRow]:
        faces, kept = self.settled(frame)
        if not faces:
            return [_row(frame.index, frame.time_s)]
        return [_row(frame.index, frame.time_s, *pair) for pair in zip(faces, kept, strict=True)]

    def settled(self, frame: Frame) -> tuple[Sequence[Face], Sequence[Reconstruction]]:
        """The faces of the next frame and their answers, going on from the frames before.

        Raises:
            UnmaskError, ValueError, MemoryError: Whatever the frame does to who answers.
        """
        self.notices |= dict.fromkeys(frame.notices)
        if self._box is None:
            placed = self._tracker.find(frame, 0)
        else:
            check_box(self._box, frame.image.shape[1], frame.image.shape[0])
            placed = Placed((Face(self._box),), Search(FoundBy.DRAWN))
        answers, notices = self._ask(frame.image, placed.faces)
        self.notices |= dict.fromkeys(notices)
        faces, kept = self._tracker.settle(frame, 0, placed, answers, self._steady)
        self._tracker.remember(Shown(frame, faces, kept, 0.0, 0.0, placed.search), 0)
        if self._watch is not None:
            self._watch(frame, kept)
        return faces, kept


def as_line(row: CsvRow) -> str:
    """A row of a CSV table; the first is `COLUMNS`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()


def reader_of(path: Path) -> Reader:
    """The frames of a video by index."""
    from viewer.sources.still import first_bytes
    from viewer.sources.video import VideoReader

    first_bytes(path)  # says what is wrong with a file that is none
    return VideoReader(path)


def _row(
    index: int,
    time_s: float | None,
    face: Face | None = None,
    answer: Reconstruction | None = None,
    problem: str = "",
) -> CsvRow:
    number = None if face is None else face.identity
    method = "" if answer is None else answer.method
    cells = row(answer, face, Seen("", index, time_s), Makers("", method), number, problem=problem)
    return tuple(as_text(name, cells[name]) for name in COLUMNS)


def _due(reader: Reader, index: int) -> float | None:
    try:
        return reader.due_s(index)
    except (InputError, IndexError, ValueError):
        return None
