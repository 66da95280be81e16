"""What protocols of landmarks share: numbers per face, states told against true, figures over all faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from models.evaluation.calibration import Reliability, rank_correlation
from models.evaluation.protocol import NAN, Column, Measured, Pooled, Rows, Sample
from models.evaluation.ranking import average_precision, f1, roc_auc
from models.evaluation.visibility import INNER, told_states
from models.evaluation.visibility_errors import WRONG_NME, told_error
from models.geometry.arrays import Bools, Doubles
from models.geometry.transforms import rotation_from_euler
from models.ground_truth.labelled import Labelled
from models.metrics.errors import box_size, geodesic_deg, nme3d_percent, nme_percent, pose_is_scored
from models.metrics.normalisers import outer_eye_distance
from models.reconstruction import SEEN_ABOVE, Reconstruction, State

NME_2D = Column("nme", "NME 2D, 68 points", "%")
NME_3D = Column("nme3d", "NME 3D, 68 points", "%")
NME_EYES = Column("nme_eyes", "NME 2D by outer eye corners", "%")
NME_INNER = Column("nme_inner", "NME 2D, inner 51 points", "%")
NME_SEEN = Column("nme_seen", "NME 2D, visible points", "%")
NME_COVERED = Column("nme_covered", "NME 2D, covered points", "%")
INNER_SEEN = Column("inner_seen", "NME 2D, visible inner points", "%")
INNER_COVERED = Column("inner_covered", "NME 2D, covered inner points", "%")
LIKELY = Column("likely", "likely error the method tells", "%")
POSE = (
    Column("pose", "head pose, mean of three", "°"),
    Column("pitch", "head pose, pitch", "°"),
    Column("yaw", "head pose, yaw", "°"),
    Column("roll", "head pose, roll", "°"),
    Column("geodesic", "head pose, geodesic", "°"),
)
POSE_NOTE = (
    "Head pose: AFLW2000 convention, exact angles, no wrap-around; faces with any |angle| above 99 degrees "
    "are "
    "left out, as in the published figures. Geodesic: the one turn from the told to the true rotation."
)
TELLS = {"told", "truth", "error"}


def pose_values(answer: Reconstruction, truth_deg: tuple[float, float, float]) -> dict[str, float]:
    """Absolute errors and the geodesic one, degrees; empty where the truth is not scored."""
    true = np.asarray(truth_deg, np.float64)
    if not pose_is_scored(true):
        return {}
    told = np.asarray(answer.pose_deg, np.float64)
    error = np.abs(told - true)
    turns = rotation_from_euler(torch.deg2rad(torch.from_numpy(np.stack([told, true])))).numpy()
    return {
        **dict(zip(("pitch", "yaw", "roll"), error.tolist(), strict=True)),
        "pose": float(error.mean()),
        "geodesic": float(geodesic_deg(turns[0], turns[1])),
    }


def landmark_values(
    answer: Reconstruction, face: Labelled, size: Callable[[Doubles], Doubles | float] = box_size
) -> Measured:
    """Errors of the 68 landmarks where people placed them, by state too, and what is told of states.

    Args:
        answer: In image px.
        face: 68 points; those not placed are left out of every mean. Points that people placed are compared
            with `landmarks_by_hand`.
        size: What the errors are divided by, of the placed points.
    """
    true = np.asarray(face.points, np.float64)[:, :2]
    placed = np.asarray(np.isfinite(true).all(1))
    own = np.asarray(answer.landmarks_by_hand if face.by_hand else answer.landmarks, np.float64)[:, :2]
    px = float(size(true[placed]))
    error = 100 * np.linalg.norm(own - true, axis=1) / px
    values = {
        "nme": _mean(error, placed),
        "nme_inner": _mean(error[INNER], placed[INNER]),
        "likely": told_error(answer),
    }
    if placed.all():
        values["nme_eyes"] = float(nme_percent(own, true, size=outer_eye_distance))
    if face.points.shape[1] == 3:
        values["nme3d"] = float(nme3d_percent(answer.landmarks, face.points))
    if face.pose_deg is not None:
        values |= pose_values(answer, face.pose_deg)
    if face.states is None:
        return Measured(values)
    seen, covered = face.states == State.SEEN, face.states == State.COVERED
    values |= {
        "nme_seen": _mean(error, placed & seen),
        "nme_covered": _mean(error, placed & covered),
        "inner_seen": _mean(error[INNER], (placed & seen)[INNER]),
        "inner_covered": _mean(error[INNER], (placed & covered)[INNER]),
    }
    told = np.asarray(told_states(answer), np.float32)
    return Measured(values, {"told": told, "truth": face.states, "error": error.astype(np.float32)})


def labelled_sample(face: Labelled) -> Sample:
    """A face asked about in its box and measured by `landmark_values`."""
    return Sample(
        name=face.name,
        image=face.image,
        measure=partial(_measure, face),
        box=face.box,
        yaw_deg=NAN if face.pose_deg is None else face.pose_deg[1],
        covered=covered_of(face.states),
        subsets=face.subsets,
        subject=face.subject,
        points=face.points,
    )


def _measure(face: Labelled, answer: Reconstruction) -> Measured:
    return landmark_values(answer, face)


def covered_of(states: NDArray[np.uint8] | None) -> float:
    """Of the landmarks that are seen or covered, the share that is covered; NaN where nobody says."""
    if states is None:
        return NAN
    either = np.isin(states, (State.SEEN, State.COVERED))
    return float((states[either] == State.COVERED).mean()) if either.any() else NAN


def _covered_against_seen(
    rows: Rows, of: Callable[[Doubles, Bools], float], points: slice = slice(None)
) -> float:
    told, truth = _states(rows, points)
    either = np.isin(truth, (State.SEEN, State.COVERED))
    return of(told[either][:, State.COVERED], truth[either] == State.COVERED)


def _hidden_against_seen(rows: Rows, points: slice) -> tuple[Doubles, Bools]:
    told, truth = _states(rows, points)
    known = np.isin(truth, tuple(State)) & np.isfinite(told[..., State.SEEN])
    return told[known][:, State.SEEN], truth[known] != State.SEEN


def _states(rows: Rows, points: slice = slice(None)) -> tuple[Doubles, NDArray[np.uint8]]:
    """[F, P, 3] told and [F, P] true, of the rows that have them."""
    some = [row for row in rows if set(row.arrays) >= TELLS]
    told = np.array([row.arrays["told"] for row in some], np.float64).reshape(-1, 68, 3)
    truth = np.array([row.arrays["truth"] for row in some], np.uint8).reshape(-1, 68)
    return told[:, points], truth[:, points]


def _hidden_auc(rows: Rows) -> float:
    p_seen, hidden = _hidden_against_seen(rows, slice(None))
    return roc_auc(1 - p_seen, hidden)


def _hidden_f1(rows: Rows) -> float:
    p_seen, hidden = _hidden_against_seen(rows, slice(None))
    return f1(p_seen <= SEEN_ABOVE, hidden)


def _called_hidden(rows: Rows, points: slice) -> float:
    p_seen, hidden = _hidden_against_seen(rows, points)
    return 100 * float((p_seen[~hidden] <= SEEN_ABOVE).mean()) if (~hidden).any() else NAN


def _reliability(rows: Rows) -> Reliability:
    p_seen, hidden = _hidden_against_seen(rows, slice(None))
    return Reliability.of(p_seen, ~hidden)


def landmark_reliability(rows: Rows) -> Mapping[str, Reliability]:
    """P(seen) of landmarks against what is true of them."""
    return {"P(seen) of landmarks": _reliability(rows)}


def _columns(rows: Rows, *keys: str) -> list[Doubles]:
    return [np.array([row.values.get(key, NAN) for row in rows], np.float64) for key in keys]


def _correlation(rows: Rows) -> float:
    nme, likely = _columns(rows, "nme", "likely")
    return rank_correlation(nme, likely)


def _wrong_auc(rows: Rows) -> float:
    nme, likely = _columns(rows, "nme", "likely")
    return roc_auc(likely, nme > WRONG_NME)


KNOWS_ERROR = (
    Pooled("likely error, rank correlation with NME 2D", "", _correlation),
    Pooled(f"likely error, ROC-AUC for an NME above {WRONG_NME:g} %", "", _wrong_auc),
)
STATES = (
    Pooled("covered against visible, ROC-AUC", "", lambda r: _covered_against_seen(r, roc_auc)),
    Pooled(
        "covered against visible, inner, ROC-AUC",
        "",
        partial(_covered_against_seen, of=roc_auc, points=INNER),
    ),
    Pooled("covered against visible, AP", "", lambda r: _covered_against_seen(r, average_precision)),
    Pooled("hidden against visible, ROC-AUC", "", _hidden_auc),
    Pooled("hidden against visible, F1", "", _hidden_f1),
    Pooled("visible called hidden", "%", lambda r: _called_hidden(r, slice(None))),
    Pooled("visible called hidden, inner 51 points", "%", lambda r: _called_hidden(r, INNER)),
    Pooled("P(seen), expected calibration error", "", lambda r: _reliability(r).error),
)
HAND_NOTE = (
    "The points were placed by people, who follow rules of their own: they are compared with the landmarks "
    "as people place them, where the method tells these beside those of 3D benchmarks."
)
STATES_NOTE = (
    "Hidden is covered or turned away. Covered against visible leaves the points turned away out; hidden "
    "is told "
    "where P(seen) is 0.5 or less. A method that does not tell states has no such figures."
)


def _mean(error: Doubles, of: Bools) -> float:
    return float(error[of].mean()) if of.any() else NAN
