"""The report judged by answers whose faults are known beforehand."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models.evaluation.expression import against_hand, against_truth, views
from models.evaluation.scoring import Answers, View
from models.ground_truth.hand_labels import HandLabels
from models.metrics.expression import LOWER_LID, LOWER_LIP, MEASURES, UPPER_LID, UPPER_LIP
from models.reconstruction import State

COUNT = 12


@pytest.fixture
def truth() -> np.ndarray:
    """[F, 68, 3] px: points by chance in a face of 200 px, lips and lids more and more open."""
    rng = np.random.default_rng(5)
    points = np.repeat(rng.uniform(0, 200, (1, 68, 3)), COUNT, 0)
    points[:, 0], points[:, 16] = (0, 0, 0), (200, 200, 0)
    for upper, lower in ((UPPER_LIP, LOWER_LIP), (UPPER_LID, LOWER_LID)):
        points[:, lower] = points[:, upper]
        points[:, lower, 1] += np.arange(COUNT)[:, None]
    return points


def faces(truth):
    return [SimpleNamespace(name=f"f{k}", landmarks=points) for k, points in enumerate(truth)]


def answers(points) -> Answers:
    return Answers(View("fused"), points, np.zeros((COUNT, 3)), np.zeros(COUNT))


def hand(truth, states) -> HandLabels:
    return HandLabels(Path(), {f"f{k}": k for k in range(COUNT)}, truth[..., :2].astype(np.float32), states)


def half_open(truth):
    points = truth.copy()
    points[:, LOWER_LIP, 1] -= np.arange(COUNT)[:, None] / 2
    return points


def test_a_mouth_that_opens_half_has_a_slope_of_one_half(truth):
    rows = {row[0]: row[2:] for row in against_truth(faces(truth), [answers(half_open(truth))])}
    assert set(rows) == set(MEASURES)
    assert rows["lip gap"] == pytest.approx((1, 0.5, -100 * np.arange(COUNT).mean() / 2 / 200))
    assert rows["eye opening"] == pytest.approx((1, 1, 0))


def test_hand_labels_count_only_where_all_points_concerned_were_seen(truth):
    states = np.full((COUNT, 68), State.SEEN, np.uint8)
    points = half_open(truth)
    points[:3, LOWER_LIP, 1] += 90
    states[:3, LOWER_LIP[0]] = State.COVERED
    rows = against_hand(faces(truth), [answers(points)], hand(truth, states))
    assert [row[0] for row in rows] == list(MEASURES)
    assert rows[0][2:4] == pytest.approx((1, 0.5), abs=1e-4)


def test_what_turns_a_corner_of_the_mouth_away_leaves_its_width_and_lift_out(truth):
    states = np.full((COUNT, 68), State.SEEN, np.uint8)
    truth[:, 54, :2] += np.arange(COUNT)[:, None]
    points = truth.copy()
    points[:3, 54, :2] += (40, -30)
    states[:3, 54] = State.TURNED_AWAY
    rows = {row[0]: row[2:4] for row in against_hand(faces(truth), [answers(points)], hand(truth, states))}
    assert rows["mouth width"] == pytest.approx((1, 1), abs=1e-4)
    assert rows["corner lift"] == pytest.approx((1, 1), abs=1e-4)


def test_methods_without_branches_have_one_view():
    assert [view.name for view in views(SimpleNamespace(switches=("confidence",)))] == ["answer"]
    both = views(SimpleNamespace(switches=("image space", "model space", "confidence")))
    assert [(view.name, view.layer) for view in both][1:] == [("image space",) * 2, ("model space",) * 2]
