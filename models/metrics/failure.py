"""Why an answer is off: its error split by what is wrong with it, by parts of the face, by state and by box.

The truth replaces place, size and rotation of the answer's landmarks one after the other, by the fit of least
squares onto the true ones; then shape and expression, by what the face model fitted to both says the answer
lacks of them (models/face_model), each time fitted onto the truth anew. What remains is how the two mark a
landmark, and what the face model cannot say. Each step keeps those before, so that the parts add up. A truth
without depth does not tell a turned face from another shape: there the rest stays one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box, Doubles
from models.geometry.landmarks import BROWS, EYES, JAW, LIPS, NOSE
from models.metrics.errors import box_iou, nme_percent
from models.metrics.normalisers import Normaliser
from models.reconstruction import State

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement, Lacking

PARTS = (("jaw", JAW), ("brows", BROWS), ("nose", NOSE), ("eyes", EYES), ("mouth", LIPS))
STATE_WORDS = ((State.SEEN, "seen"), (State.COVERED, "covered"), (State.TURNED_AWAY, "turned away"))
SHAPE, EXPRESSION, MARKING = "shape", "expression", "marking"
REST = "shape and expression"  # where the truth does not tell them apart, with marking


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can be wrong with a face.

    Attributes:
        name: e.g. "rotation".
        percent: By how much the NME falls once the truth has replaced it; below 0 where it rises, since the
            fit is one of squares.
        left_percent: The NME that is left then.
    """

    name: str
    percent: float
    left_percent: float


@dataclass(frozen=True, slots=True)
class Share:
    """The error of some of the landmarks.

    Attributes:
        name: e.g. "mouth" or "covered".
        count: How many landmarks.
        percent: Their NME.
        fitted_percent: The same with place, size and rotation from the truth.
    """

    name: str
    count: int
    percent: float
    fitted_percent: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Where the error of one answer comes from, NME 2D of the fused face's landmarks.

    Attributes:
        percent: The whole error.
        causes: Place, size, rotation, shape, expression and marking, in this order, or the last three as one;
            their percents add up to the whole.
        parts: Parts of the face, worst first.
        states: Landmarks that were seen, covered and turned away, those there are; empty if nobody knows.
        box_iou: Overlap of the box that was looked at and the true landmarks' box; None if no box is known.
        in_plane: Only the rotation in the picture plane could be replaced: the truth has no depth.
    """

    percent: float
    causes: tuple[Cause, ...]
    parts: tuple[Share, ...]
    states: tuple[Share, ...]
    box_iou: float | None
    in_plane: bool

    @property
    def rest(self) -> str:
        """What is left in the end: MARKING, or REST where shape and expression are not told apart."""
        return self.causes[-1].name


def failure(
    judgement: Judgement,
    normaliser: Normaliser,
    box: Box | None = None,
    states: NDArray[np.uint8] | None = None,
) -> Failure | None:
    """Split the error of the fused face; None if the truth has no landmarks.

    Args:
        judgement: The answer against the truth.
        normaliser: What errors are divided by.
        box: (x0, y0, x1, y1) that was looked at, image px.
        states: [68] models.reconstruction.State of each landmark; None if nobody knows.
    """
    true = judgement.landmarks
    if true is None:
        return None
    dimensions = 3 if judgement.has_depth else 2
    own = _flat(judgement.branches[0].landmarks, dimensions)
    rigid = _replaced(own, _flat(true, dimensions))
    steps = rigid + _completed(rigid[-1][1], _flat(true, dimensions), judgement.lacking)
    errors = [float(nme_percent(points, true, None, normaliser.size)) for _, points in steps]
    falls = [before - after for before, after in pairwise(errors)]
    causes = [
        Cause(name, fall, left) for (name, _), fall, left in zip(steps[1:], falls, errors[1:], strict=True)
    ]
    causes.append(Cause(REST if steps[-1] is rigid[-1] else MARKING, errors[-1], 0.0))

    def share(name: str, select: NDArray[np.bool_]) -> Share:
        first, last = (
            float(nme_percent(points, true, select, normaliser.size)) for points in (own, rigid[-1][1])
        )
        return Share(name, int(select.sum()), first, last)

    parts = [share(name, np.isin(np.arange(68), indices)) for name, indices in PARTS]
    known = [] if states is None else [share(word, states == state.value) for state, word in STATE_WORDS]
    overlap = None
    if box is not None and judgement.truth.box is not None:
        overlap = float(box_iou(np.array(box), np.array(judgement.truth.box)))
    return Failure(
        percent=errors[0],
        causes=tuple(causes),
        parts=tuple(sorted(parts, key=lambda part: -part.percent)),
        states=tuple(part for part in known if part.count),
        box_iou=overlap,
        in_plane=not judgement.has_depth,
    )


def share_below(values: Sequence[float], percent: float) -> float:
    """Share of the known errors `values` that are no larger than `percent`, 0..1; NaN without any."""
    known = np.array([value for value in values if np.isfinite(value)])
    return float((known <= percent).mean()) if len(known) else float("nan")


def _flat(points: NDArray[np.floating], dimensions: int) -> Doubles:
    """[68, 3]; z is 0 where it is not to count."""
    result = np.array(points, np.float64)
    if dimensions == 2:
        result[:, 2] = 0
    return result


def _replaced(own: Doubles, true: Doubles) -> list[tuple[str, Doubles]]:
    """The landmarks [68, 3] as answered, then with place, size and rotation from the truth."""
    from models.metrics.surface_distance import similarity  # torch: an answer to split has brought it

    placed = own - own.mean(0) + true.mean(0)
    spread = [float(np.sqrt(np.square(points - points.mean(0)).sum())) for points in (true, own)]
    sized = (placed - true.mean(0)) * (spread[0] / spread[1] if spread[1] else 1.0) + true.mean(0)
    turned = similarity(own, true, own)
    return [("as answered", own), ("place", placed), ("size", sized), ("rotation", turned)]


def _completed(points: Doubles, true: Doubles, lacks: Lacking | None) -> list[tuple[str, Doubles]]:
    """Fitted landmarks [68, 3] with the true shape, then with the true expression too; none if unknown."""
    from models.metrics.surface_distance import similarity  # as above

    steps: list[tuple[str, Doubles]] = []
    for name, change in () if lacks is None else ((SHAPE, lacks.shape), (EXPRESSION, lacks.expression)):
        moved = points + change
        points = similarity(moved, true, moved)
        steps.append((name, points))
    return steps
