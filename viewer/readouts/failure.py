"""Why the shown answer is off, in sentences and figures. No Qt."""

from __future__ import annotations

from models.metrics.failure import EXPRESSION, REST, SHAPE, Failure, failure
from models.metrics.normalisers import normaliser
from models.metrics.states import landmark_states
from viewer.state.state import State

LOW_IOU = 0.7  # under which a box lies elsewhere than the face
ORDER = "One after the other, each on top of those before."
IN_TURN = (
    f"{ORDER} Shape and expression are those of the open face model fitted to both; marking is the rest: "
    "where the two put a landmark on one and the same face."
)
FLAT = (
    f"{ORDER} The truth has no depth: only the rotation in the picture plane is replaced, and shape and "
    "expression cannot be told apart."
)
NOT_FITTED = (
    f"{ORDER} The face model could not be fitted to these landmarks: shape and expression are not told apart."
)
SMALL_PERCENT = 3.0  # an NME below this is what these methods make on easy faces


def failure_of(state: State) -> Failure | None:
    """The error of the selected answer, split; None without true landmarks."""
    answer, judgement = state.answer, state.judgement
    if answer is None or judgement is None:
        return None
    return failure(judgement, normaliser(state.normaliser), answer.box, landmark_states(answer))


def reason(split: Failure) -> str:
    """What the error mostly is."""
    worst = max(split.causes, key=lambda cause: cause.percent)
    part = max(split.parts, key=lambda part: part.fitted_percent)
    taken = f"takes {worst.percent:.1f} of {split.percent:.1f} % away"
    if worst.name == split.rest:
        told = f"Mostly {worst.name}, most of all at the {part.name}."
    elif worst.name in (SHAPE, EXPRESSION):
        told = f"Mostly {worst.name}, most of all at the {part.name}: the true one {taken}."
    else:
        told = f"Mostly {worst.name}: the true one {taken}."
    return f"The error is small. {told}" if split.percent < SMALL_PERCENT else told


def method_told(split: Failure) -> str:
    """How the causes were told apart, or why some were not."""
    if split.in_plane:
        return FLAT
    return NOT_FITTED if split.rest == REST else IN_TURN


def box_told(split: Failure, state: State) -> str:
    """How well the box that was looked at fits, and what the true one made of the error."""
    trial = state.box_trial
    tried = trial is not None and (trial.frame, trial.normaliser) == (state.frame, state.normaliser)
    if trial is not None and tried and not state.stale:
        change = split.percent - trial.percent
        verdict = "The box was not the cause."
        if change < -0.1 * trial.percent:
            verdict = "The box was part of the cause."
        return f"With the true box {split.percent:.2f} % instead of {trial.percent:.2f} %. {verdict}"
    if split.box_iou is None:
        return "It is not known which box was looked at."
    fits = "it lies elsewhere than the face" if split.box_iou < LOW_IOU else "it fits"
    return f"The box overlaps the true one by {split.box_iou:.2f} (IoU): {fits}."
