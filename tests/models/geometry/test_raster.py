"""Which triangle shows at a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from models.geometry import raster
from models.geometry.raster import fragments

SQUARE = np.array([(0, 0), (8, 0), (8, 8), (0, 8)], np.float64)
HALVES = np.array([(0, 1, 2), (0, 2, 3)])


def test_the_nearer_triangle_hides_the_farther_whatever_their_order():
    near = np.concatenate([SQUARE, np.full((4, 1), 5.0)], 1)
    far = np.concatenate([SQUARE, np.full((4, 1), -5.0)], 1)
    points = np.concatenate([near, far])
    for triangles in (np.concatenate([HALVES, HALVES + 4]), np.concatenate([HALVES + 4, HALVES])):
        shown = fragments(points, triangles, 6, 6)
        assert (shown.corners < 4).all()
        assert shown.shown.all()


def test_values_are_carried_linearly_and_nothing_is_said_elsewhere():
    picture = fragments(SQUARE, HALVES, 12, 10).picture(SQUARE)
    rows, columns = np.mgrid[:9, :9]
    np.testing.assert_allclose(picture[:9, :9], np.stack([columns, rows], -1), atol=1e-5)
    assert np.isnan(picture[9:]).all()
    assert np.isnan(picture[:, 9:]).all()


def test_two_triangles_that_cross_share_the_picture_where_they_cross():
    tilted = np.array([(0, 0, 0), (8, 0, 8), (8, 8, 8), (0, 8, 0)], np.float64)
    flat = np.concatenate([SQUARE, np.full((4, 1), 4.5)], 1)
    shown = fragments(np.concatenate([tilted, flat]), np.concatenate([HALVES, HALVES + 4]), 9, 9)
    wins = (shown.corners < 4).all(1).reshape(9, 9)
    assert (wins == (np.arange(9) > 4.5)).all()


@pytest.mark.parametrize("at_once", [7, 2_000_000])
def test_looking_at_few_pairs_at_a_time_changes_nothing(monkeypatch, at_once):
    rng = np.random.default_rng(0)
    points, triangles = rng.normal(20, 9, (90, 3)), rng.integers(0, 90, (60, 3))
    expected = fragments(points, triangles, 40, 30)
    monkeypatch.setattr(raster, "AT_ONCE", at_once)
    again = fragments(points, triangles, 40, 30)
    np.testing.assert_array_equal(again.triangle, expected.triangle)
    np.testing.assert_array_equal(again.weights, expected.weights)


def test_what_lies_outside_or_nowhere_is_not_drawn():
    lost = SQUARE.copy()
    lost[2] = np.nan
    assert not fragments(lost, HALVES, 9, 9).shown.any()
    assert not fragments(SQUARE + 100, HALVES, 9, 9).shown.any()
    assert fragments(SQUARE - 4, HALVES, 9, 9).shown.sum() == 25
    assert not fragments(SQUARE * (1, 0), HALVES, 9, 9).shown.any(), "no area"
