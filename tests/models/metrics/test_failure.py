# The truth is the answer's own landmarks with one thing changed: that thing is then found to be the cause.
from types import SimpleNamespace

import numpy as np
import pytest

from models.ground_truth.record import GroundTruth
from models.metrics.failure import REST, failure, share_below
from models.metrics.ground_truth_errors import Judgement
from models.metrics.normalisers import normaliser

BOX = normaliser("box")


def face(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(68, 3)) * (40, 50, 20) + (200, 150, 0)


def judgement(own: np.ndarray, true: np.ndarray, has_depth: bool = True) -> Judgement:
    truth = GroundTruth("truth.json", "", landmarks=true.astype(np.float32))
    branch = SimpleNamespace(branch="fused", landmarks=own)
    return Judgement(truth, 0, true, has_depth, None, None, "", (branch,), None, "", 1.0)  # type: ignore[arg-type]


def split(own: np.ndarray, true: np.ndarray, **how):
    return failure(judgement(own, true, how.pop("has_depth", True)), BOX, **how)


def turned(points: np.ndarray, deg: float, axes: tuple[int, int]) -> np.ndarray:
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    R = np.eye(3)
    a, b = axes
    R[a, a], R[a, b], R[b, a], R[b, b] = c, -s, s, c
    return (points - points.mean(0)) @ R.T + points.mean(0)


@pytest.mark.parametrize(
    ("cause", "change"),
    [
        ("place", lambda p: p + np.array((25, -10, 0))),
        ("size", lambda p: (p - p.mean(0)) * 1.3 + p.mean(0)),
        ("rotation", lambda p: turned(p, 25, (0, 2))),
    ],
)
def test_what_alone_is_wrong_takes_the_whole_error(cause, change):
    true = face()
    told = split(change(true), true)
    share = {one.name: one.percent for one in told.causes}
    assert told.percent > 2
    assert share[cause] == pytest.approx(told.percent, rel=1e-6)
    assert max(abs(value) for name, value in share.items() if name != cause) < 1e-6
    assert not told.in_plane


def test_the_parts_of_an_error_add_up_and_name_the_worst_part_of_the_face():
    true = face()
    own = true + np.array((5, 0, 0))
    own[48:] += np.random.default_rng(1).normal(size=(20, 3)) * 12
    told = split(own, true)
    assert sum(one.percent for one in told.causes) == pytest.approx(told.percent)
    assert [one.name for one in told.causes] == ["place", "size", "rotation", REST]
    assert told.parts[0].name == "mouth"
    assert [part.percent for part in told.parts] == sorted(
        (part.percent for part in told.parts), reverse=True
    )
    weighted = sum(part.count * part.percent for part in told.parts) / 68
    assert weighted == pytest.approx(told.percent)


def test_without_depth_only_the_rotation_in_the_plane_is_replaced():
    true = face()
    true[:, 2] = 0
    leaning, nodding = turned(true, 20, (0, 1)), turned(true + face(3) * (0, 0, 1), 20, (1, 2))
    lean, nod = split(leaning, true, has_depth=False), split(nodding, true, has_depth=False)
    assert lean.in_plane
    assert lean.causes[2].percent == pytest.approx(lean.percent, rel=1e-6)
    assert nod.causes[2].percent < 0.5 * nod.percent


def test_states_are_told_apart_and_the_box_is_held_against_the_true_one():
    true = face()
    states = np.zeros(68, np.uint8)
    states[:10], states[10:14] = 2, 1
    own = true.copy()
    own[:10] += (10, 0, 0)
    x0, y0 = true[:, :2].min(0)
    x1, y1 = true[:, :2].max(0)
    told = split(own, true, box=(x0, y0, x0 + (x1 - x0) / 2, y1), states=states)
    assert {(one.name, one.count) for one in told.states} == {
        ("seen", 54),
        ("covered", 10),
        ("turned away", 4),
    }
    percent = {one.name: one.percent for one in told.states}
    assert percent["seen"] == percent["turned away"] == 0 < percent["covered"]
    assert told.box_iou == pytest.approx(0.5, abs=1e-3)


def test_without_true_landmarks_nothing_is_split():
    assert (
        failure(Judgement(GroundTruth("m", ""), 0, None, False, None, None, "", (), None, "", 1.0), BOX)
        is None
    )


def test_the_share_of_frames_that_are_no_worse():
    assert share_below([1, 2, float("nan"), 4], 2) == pytest.approx(2 / 3)
    assert np.isnan(share_below([], 2))
