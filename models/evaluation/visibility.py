"""Whether a method tells truly which landmarks were seen, against people's or the renderer's word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.evaluation.calibration import Reliability
from models.evaluation.ranking import average_precision, f1, roc_auc
from models.evaluation.rendered import ask_about_square
from models.evaluation.scoring import GROUPS
from models.geometry.arrays import Bools, Box, Doubles
from models.pipeline import outside_the_picture, reconstruct
from models.reconstruction import SEEN_ABOVE, Array, Reconstruction, State
from models.reconstructor import Face, Reconstructor

INNER = slice(17, 68)  # all but the outline, which people draw elsewhere than a mesh does


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One face to ask about, and what is known of its landmarks.

    Attributes:
        name: Tells it from the others of its set.
        image: Reads [H, W, 3] RGB.
        box: Where to look, image px; None: all of a square picture.
        states: [68] uint8, a `State` or `labelled.UNKNOWN`.
        points: [68, 2] image px, NaN where nobody placed the point.
        size_px: What errors are measured by: sqrt(w h) of the box of the true landmarks.
        by_hand: People placed the points; else they are landmarks of the model.
    """

    name: str
    image: Callable[[], NDArray[np.uint8]]
    box: Box | None
    states: NDArray[np.uint8]
    points: Array
    size_px: float
    by_hand: bool = True


@dataclass(frozen=True, eq=False)
class Told:
    """What a method said of the landmarks of F faces, beside what is known of them.

    Attributes:
        title: Of the set, e.g. "photos".
        names: [F] of the faces.
        states: [F, 68, 3] probabilities of seen, turned away, covered; NaN where the method says nothing.
        truth: [F, 68] uint8, a `State` or `labelled.UNKNOWN`.
        error_percent: [F, 68] distance to the true place, % of the face; NaN where nobody placed the point.
    """

    title: str
    names: tuple[str, ...]
    states: Doubles
    truth: NDArray[np.uint8]
    error_percent: Doubles

    @cached_property
    def seen(self) -> Bools:
        """[F, 68]."""
        return np.asarray(self.truth == State.SEEN)

    @cached_property
    def covered(self) -> Bools:
        """[F, 68]."""
        return np.asarray(self.truth == State.COVERED)

    @cached_property
    def hidden(self) -> Bools:
        """[F, 68]: covered or turned away."""
        return np.isin(self.truth, (State.TURNED_AWAY, State.COVERED))

    @property
    def reliability(self) -> Reliability:
        """Of the probability of being seen."""
        known = self.seen | self.hidden
        return Reliability.of(self.states[known][:, State.SEEN], self.seen[known])


@dataclass(frozen=True, slots=True)
class Truthfulness:
    """How well some landmarks are told apart. Shares 0..1, errors in %; NaN where a class is missing.

    Attributes:
        covered_share: Of the points that are covered or seen, those covered.
        covered_auc, covered_ap: P(covered) for covered against seen; those turned away are left out.
        hidden_auc: 1 - P(seen) for hidden against seen.
        hidden_f1: Of calling hidden what has a P(seen) of 0.5 or less.
        called_hidden: Share of the seen points called so.
        error_seen, error_covered: Mean distance to the true place over the seen, over the covered points.
    """

    covered_share: float
    covered_auc: float
    covered_ap: float
    hidden_auc: float
    hidden_f1: float
    called_hidden: float
    error_seen: float
    error_covered: float


def tell(title: str, cases: Iterable[Case], method: Reconstructor) -> Told:
    """Ask the method about every case."""
    names, states, truth, errors = [], [], [], []
    for case in cases:
        answer = _ask(case, method)
        placed = answer.landmarks_by_hand if case.by_hand else answer.landmarks
        distance = np.linalg.norm(placed[:, :2].astype(np.float64) - case.points, axis=-1)
        names.append(case.name)
        states.append(told_states(answer))
        truth.append(case.states)
        errors.append(100 * distance / case.size_px)
    return Told(
        title,
        tuple(names),
        np.array(states, np.float64).reshape(-1, 68, 3),
        np.array(truth, np.uint8).reshape(-1, 68),
        np.array(errors, np.float64).reshape(-1, 68),
    )


def told_states(answer: Reconstruction) -> Array:
    """[68, 3]: how likely each landmark is seen, turned away, covered, as far as the answer says it.

    Where it does not say it of landmarks, its vertices' "visibility" v is read there: hidden is then as
    likely turned away as covered. A method that only knows what is turned "towards camera" never says
    covered. NaN where it says neither.
    """
    if answer.landmark_states is not None:
        return answer.landmark_states
    scalars = {scalar.name: scalar.values for scalar in answer.scalars}
    if "visibility" in scalars:
        seen = _at_landmarks(answer, scalars["visibility"])
        return np.stack([seen, (1 - seen) / 2, (1 - seen) / 2], -1)
    if "towards camera" in scalars:
        seen = _at_landmarks(answer, scalars["towards camera"])
        return np.stack([seen, 1 - seen, np.zeros_like(seen)], -1)
    return np.full((68, 3), np.nan, np.float32)


def truthfulness(told: Told, points: slice = slice(None)) -> Truthfulness:
    """The figures of some of the 68 points of a set."""
    states, error = told.states[:, points], told.error_percent[:, points]
    seen, covered, hidden = (which[:, points] for which in (told.seen, told.covered, told.hidden))
    either, known = seen | covered, seen | hidden
    said = known & np.isfinite(states[..., State.SEEN])
    called = states[..., State.SEEN] <= SEEN_ABOVE
    return Truthfulness(
        covered_share=mean(covered[either]),
        covered_auc=roc_auc(states[either][:, State.COVERED], covered[either]),
        covered_ap=average_precision(states[either][:, State.COVERED], covered[either]),
        hidden_auc=roc_auc(1 - states[known][:, State.SEEN], hidden[known]),
        hidden_f1=f1(called[said], hidden[said]),
        called_hidden=mean(called[seen & said]),
        error_seen=mean(error[seen]),
        error_covered=mean(error[covered]),
    )


def by_part(told: Told) -> dict[str, Truthfulness]:
    """Of jaw, brows, nose, eyes, mouth."""
    return {name: truthfulness(told, points) for name, points in GROUPS.items()}


def mean(values: NDArray[np.floating] | Bools) -> float:
    """Of what is known; NaN of nothing."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else float("nan")


def _ask(case: Case, method: Reconstructor) -> Reconstruction:
    if case.box is None:
        square = case.image()
        return outside_the_picture(ask_about_square(square, method), *square.shape[:2])
    (answer,) = reconstruct(case.image(), [Face(case.box)], method)
    return answer


def _at_landmarks(answer: Reconstruction, values: Array) -> Array:
    """[N] per vertex -> [68], 0..1."""
    topology = answer.topology
    read = (topology.landmark_weights * values[topology.landmark_vertices]).sum(1)
    return np.asarray(read.clip(0, 1), np.float32)
