"""How often states are told, set to how often people tell them."""

from __future__ import annotations

import numpy as np

from models.training.shares import biases

SHARES = np.array([0.77, 0.13, 0.10])


def told(seed: int) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, 2, (40, 68, 3)) + np.array([2.0, 0.5, -1.0])
    values = np.exp(logits)
    return values / values.sum(-1, keepdims=True)


def test_the_biases_make_the_mean_probabilities_those_wanted():
    states = told(0)
    added = biases(states, SHARES)
    values = states * np.exp(added)
    np.testing.assert_allclose((values / values.sum(-1, keepdims=True)).mean((0, 1)), SHARES, atol=1e-3)
    assert added[0] == 0


def test_shares_that_are_right_already_need_nothing():
    states = told(1)
    np.testing.assert_allclose(biases(states, states.mean((0, 1))), 0, atol=1e-6)


def test_points_keep_their_order_of_being_covered_against_seen():
    states = told(2)
    values = states * np.exp(biases(states, SHARES))
    before, after = (np.log(p[..., 2] / p[..., 0]).ravel() for p in (states, values))
    np.testing.assert_array_equal(np.argsort(before), np.argsort(after))
