"""The regression that tells an answer's probable error."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.methods.dsfnet.likely_error import KEYS, MOST_PERCENT, PREFIX, SIGNS, LikelyError, taken_from
from models.training.likely_error import fitted, shifted, varied


@pytest.fixture(scope="module")
def known():
    """Signs of which two decide the error, and the regression taught on them."""
    rng = np.random.default_rng(0)
    signs = rng.normal(size=(3000, len(SIGNS))).astype(np.float32)
    errors = np.exp(1.2 + 0.5 * signs[:, 0] - 0.4 * signs[:, 3] + 0.2 * rng.normal(size=len(signs)))
    return signs, errors, LikelyError(fitted(signs[:2000], errors[:2000]))


def test_it_learns_which_signs_tell_the_error(known):
    signs, errors, likely = known
    told = np.array([likely(row).percent for row in signs[2000:]])
    off = np.abs(np.log(told / errors[2000:]))
    assert off.mean() < 0.22  # the noise alone gives 0.16
    assert np.corrcoef(np.log(told), np.log(errors[2000:]))[0, 1] > 0.93


def test_half_of_all_errors_lie_in_its_range(known):
    signs, errors, likely = known
    told = [likely(row) for row in signs[2000:]]
    inside = np.mean([t.low <= e <= t.high for t, e in zip(told, errors[2000:], strict=True)])
    assert 0.4 < inside < 0.6


def test_signs_that_are_no_numbers_still_give_an_error(known):
    likely = known[2]
    told = likely(np.full(len(SIGNS), np.nan, np.float32))
    assert 0 < told.low <= told.percent <= told.high <= MOST_PERCENT
    told = likely(np.full(len(SIGNS), np.inf, np.float32))
    assert told.high <= MOST_PERCENT


def test_it_is_taken_out_of_the_weights_and_weights_without_it_tell_none():
    tensors = {PREFIX + key: torch.zeros(shape) + 1 for key, shape in KEYS.items()} | {"other": torch.ones(1)}
    assert taken_from(tensors) is not None
    assert list(tensors) == ["other"]
    assert taken_from(tensors) is None


def test_a_misshapen_tensor_is_named():
    tensors = {PREFIX + key: torch.ones(shape) for key, shape in KEYS.items()}
    tensors[PREFIX + "first bias"] = torch.ones(3)
    with pytest.raises(ValueError, match="first bias"):
        taken_from(tensors)


def test_shifted_boxes_lie_off_the_face_as_far_as_they_should():
    rng, low, high = np.random.default_rng(1), np.array([10.0, 20.0]), np.array([110.0, 120.0])
    off = []
    for _ in range(200):
        new_low, new_high = shifted(low, high, rng)
        off.append(np.linalg.norm((new_low + new_high) / 2 - (low + high) / 2) / 100)
        assert 0.75 < (new_high - new_low)[0] / 100 < 1.3
    assert 0.05 <= min(off) < 0.08
    assert 0.4 < max(off) <= 0.45


def test_a_question_keeps_the_true_landmarks():
    rng = np.random.default_rng(2)
    marks = np.random.default_rng(3).uniform(30, 90, (68, 3))
    question = varied(np.zeros((120, 120, 3), np.uint8), marks, rng)
    np.testing.assert_array_equal(question.landmarks, marks[:, :2])
