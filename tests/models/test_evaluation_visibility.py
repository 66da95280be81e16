"""Whether a method tells what was seen and knows when it is wrong, of methods that are right or wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.evaluation.ranking import average_precision, f1, roc_auc


def bools(*values: int) -> np.ndarray:
    return np.array(values, bool)


@pytest.mark.parametrize(
    ("score", "positive", "area"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([1, 2, 3, 4], [1, 1, 0, 0], 0.0),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([5, 5, 5, 5], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 3.5 / 4),  # one tie in four pairs
        ([1, 2, math.nan, 3], [0, 1, 0, 1], 1.0),
    ],
)
def test_the_area_is_the_share_of_pairs_in_the_right_order(score, positive, area):
    assert roc_auc(np.array(score, float), bools(*positive)) == pytest.approx(area)


@pytest.mark.parametrize(
    ("score", "positive", "precision"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], (1 + 2 / 3) / 2),
        ([5, 5, 5, 5], [0, 1, 0, 0], 0.25),  # all are called at once
        ([3, 2, 2, 1], [1, 0, 1, 0], (1 + 2 / 3) / 2),
        ([4, 3, 2, 1], [0, 0, 1, 1], (1 / 3 + 2 / 4) / 2),
    ],
)
def test_average_precision_steps_from_threshold_to_threshold(score, positive, precision):
    for order in (np.arange(4), np.arange(4)[::-1]):
        told = average_precision(np.array(score, float)[order], bools(*positive)[order])
        assert told == pytest.approx(precision)


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    called, positive = bools(1, 1, 1, 0, 0), bools(1, 1, 0, 1, 0)
    assert f1(called, positive) == pytest.approx(2 / 3)
    assert f1(bools(0, 0), bools(1, 0)) == 0
    assert f1(bools(1, 0), bools(1, 0)) == 1


def test_one_class_alone_cannot_be_told_from_another():
    for positive in (bools(1, 1), bools(0, 0)):
        assert math.isnan(roc_auc(np.array([1.0, 2.0]), positive))
        assert math.isnan(average_precision(np.array([1.0, 2.0]), positive))
    assert math.isnan(roc_auc(np.zeros(0), np.zeros(0, bool)))
    assert math.isnan(f1(bools(1, 0), bools(0, 0)))
    with pytest.raises(ValueError, match="as many"):
        roc_auc(np.zeros(3), bools(1, 0))
