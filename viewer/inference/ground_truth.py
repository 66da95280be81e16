"""Finds the ground truth of a picture and holds the answers against it; worker thread only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError
from models.geometry.rescaling import Size
from models.geometry.turning import UPRIGHT, Turn
from viewer.state.shown import Shown

if TYPE_CHECKING:
    from models.ground_truth.record import GroundTruth
    from models.metrics.ground_truth_errors import Judgement
    from models.reconstruction import Reconstruction


class Judge:
    """Keeps the truth it read last, so that a picture asked about again does not read its file again."""

    def __init__(self) -> None:
        self._read: tuple[tuple[Path, float, Size, Size, Turn], GroundTruth] | None = None

    def __call__(self, shown: Shown, opened: Path | None) -> Shown:
        """The same, its answers knowing their errors where there is truth.

        Args:
            shown: A frame and its answers.
            opened: A file the user named; None looks for one beside the picture.
        """
        from models.ground_truth.readers import beside

        path = opened
        if path is None and shown.frame.path is not None:
            path = beside(shown.frame.path)
        if path is None:
            return shown
        try:
            return _judged(shown, self._truth(path, shown))
        except InputError as error:
            return replace(shown, truth_problem=str(error))

    def _truth(self, path: Path, shown: Shown) -> GroundTruth:
        from models.ground_truth.readers import read_truth
        from models.ground_truth.turned import turned_truth

        turn = shown.frame.turn  # a quarter turn taken back gives the size that one more does
        size, written = turn.size(shown.frame.shown_size), turn.size(shown.frame.full_size)
        key = (path, path.stat().st_mtime if path.is_file() else 0.0, size, written, turn)
        if self._read is None or self._read[0] != key:
            truth = read_truth(path, size, written)
            self._read = (key, truth if turn == UPRIGHT else turned_truth(truth, turn, size))
        return self._read[1]


def _judged(shown: Shown, truth: GroundTruth) -> Shown:
    from models.face_model.lacking import told_apart
    from models.loading import load_face_model
    from models.metrics.ground_truth_errors import concerned, judged, with_errors

    face = concerned(shown.answers, truth)
    if face is None:
        return shown
    judgement = told_apart(judged(shown.answers[face], truth, face), load_face_model())
    answers = list(shown.answers)
    answers[face] = with_errors(answers[face], judgement)
    return replace(shown, answers=tuple(answers), judgement=judgement)


def judged_too(
    answers: tuple[Reconstruction, ...], judgement: Judgement | None
) -> tuple[Reconstruction, ...]:
    """Somebody else's answers about the same faces, the judged one knowing its error too."""
    if judgement is None:
        return answers
    from models.metrics.ground_truth_errors import judged, with_errors

    mine = answers[judgement.face]
    told = with_errors(mine, judged(mine, judgement.truth, judgement.face))
    return tuple(told if index == judgement.face else answer for index, answer in enumerate(answers))
