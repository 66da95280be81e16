"""Each alarm where it is produced: on evidence that deserves it, and not on evidence that does not."""

from __future__ import annotations

import numpy as np
import pytest

from models.methods.dsfnet.alarms import Evidence, alarms, square_iou

FINE = Evidence(
    likely_percent=3.0,
    box_iou=0.85,
    pose_deg=(5.0, 20.0, -10.0),
    apart=0.02,
    own=0.01,
    outside=0.0,
    finite=True,
    vertices=1000,
)
WRONG = {
    "not-finite": {"finite": False},
    "no-face": {"likely_percent": 45.0},
    "box-misplaced": {"box_iou": 0.3},
    "upside-down": {"pose_deg": (0.0, 0.0, 170.0)},
    "on-its-side": {"pose_deg": (0.0, 0.0, -88.0)},
    "extreme-pose": {"pose_deg": (0.0, 84.0, 0.0)},
    "crop-border": {"outside": 0.2},
    "branches-apart": {"apart": 0.15},
    "own-correction": {"own": 0.1},
}


def codes(evidence: Evidence) -> list[str]:
    return [alarm.code for alarm in alarms(evidence)]


def test_an_answer_without_fault_raises_none():
    assert codes(FINE) == []


@pytest.mark.parametrize("code", WRONG)
def test_each_fault_raises_its_alarm_alone(code):
    assert codes(FINE._replace(**WRONG[code])) == [code]


def test_a_profile_that_nods_is_turned_far_and_does_not_lie_on_its_side():
    (alarm,) = alarms(FINE._replace(pose_deg=(-102.0, -70.0, 91.0)))
    assert alarm.code == "extreme-pose"
    assert "(94 degrees aside, 20 down)" in alarm.text
    assert codes(FINE._replace(pose_deg=(-10.0, -70.0, 4.0))) == []


def test_what_is_not_known_alarms_nobody():
    nothing = {name: float("nan") for name in ("likely_percent", "apart", "own")}
    assert codes(FINE._replace(**nothing)) == []


def test_where_no_face_is_its_box_is_not_called_misplaced():
    assert codes(FINE._replace(likely_percent=60.0, box_iou=0.1)) == ["no-face"]


def test_a_box_that_lies_off_counts_as_misplaced_sooner_where_the_answer_is_doubtful():
    assert codes(FINE._replace(box_iou=0.6)) == []
    assert codes(FINE._replace(box_iou=0.6, likely_percent=10.0)) == ["box-misplaced"]


def test_numbers_in_the_text_are_those_of_the_answer():
    (alarm,) = alarms(FINE._replace(outside=0.25))
    assert "25%" in alarm.text
    assert alarm.count == 250


def test_overlap_of_squares():
    low, high = np.array([22.0, 32.0]), np.array([106.0, 96.0])  # 84 wide, made square about (64, 64)
    assert square_iou(low, high, 84.0, 64.0) == pytest.approx(1)
    assert square_iou(low + 42, high + 42, 84.0, 64.0) == pytest.approx(0.25 / 1.75)
    assert square_iou(low, high, 168.0, 64.0) == pytest.approx(0.25)
    assert square_iou(low, low, 84.0, 64.0) == 0
