import numpy as np
import pytest

from models.metrics.expression import MEASURES, agreement, expression_measures


def face() -> np.ndarray:
    """A flat face, y up, made so that every measure can be read off by eye."""
    x = np.zeros((68, 3))
    x[36], x[45] = (-45, 30, 0), (45, 30, 0)
    x[27], x[33] = (0, 30, 0), (0, 0, 0)
    x[48], x[54] = (-25, -28, 0), (25, -32, 0)  # corners at -30 on average
    x[[51, 57, 62, 66]] = [(0, -20, 0), (0, -48, 0), (0, -30, 0), (0, -38, 0)]  # the middle at -34
    x[61], x[67] = (-8, -31, 0), (-8, -37, 0)
    x[63], x[65] = (8, -31, 0), (8, -38, 0)
    for upper, lower, opening in ((37, 41, 8), (38, 40, 10), (43, 47, 12), (44, 46, 6)):
        x[lower, :2] = (upper, 26)
        x[upper, :2] = (upper, 26 + opening)
    return x


def test_measures_are_those_read_off_by_eye():
    wanted = {
        "lip gap": (6 + 8 + 7) / 3,
        "mouth width": (50**2 + 4**2) ** 0.5,
        "corner lift": 4,
        "eye opening": 9,
    }
    assert dict(zip(MEASURES, expression_measures(face()), strict=True)) == pytest.approx(wanted)


def test_measures_do_not_depend_on_how_the_head_is_turned():
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    placed = 2.5 * face() @ turn.T + (100, 20, 7)
    np.testing.assert_allclose(expression_measures(placed), 2.5 * expression_measures(face()))


def test_a_flat_face_reads_the_same_without_depth_and_upside_down():
    flipped = face()[:, :2] * (1, -1)
    both = expression_measures(np.stack([face()[:, :2], flipped]))
    np.testing.assert_allclose(both[0], both[1])
    np.testing.assert_allclose(both[0], expression_measures(face()))


def test_agreement_is_that_of_a_line_fitted_to_the_faces():
    rng = np.random.default_rng(1)
    true = rng.normal(4, 2, 200)
    told = 0.5 * true + 1 + rng.normal(0, 0.3, 200)
    r, slope, off = agreement(told, true)
    assert r == pytest.approx(np.corrcoef(told, true)[0, 1])
    assert slope == pytest.approx(np.polyfit(true, told, 1)[0])
    assert off == pytest.approx((told - true).mean())


def test_faces_nobody_answered_are_left_out_and_too_few_say_nothing():
    true = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    told = np.array([2.0, 4.0, 6.0, np.nan, 9.0])
    assert agreement(told, true) == pytest.approx((1, 2, 2))
    assert np.isnan(agreement(told[2:], true[2:])).all()
    assert np.isnan(agreement(told, np.ones(5))).all()
