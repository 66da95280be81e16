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


def test_the_same_pixels_are_found_as_by_asking_every_triangle_about_every_pixel():
    """Also of triangles thin as a needle, flat along a row, larger than the picture, and half outside."""
    rng, (width, height) = np.random.default_rng(0), (31, 23)
    middle = rng.uniform(-4, 34, (200, 1, 2))
    size = rng.choice([0.3, 3.0, 40.0], (200, 1, 1)) * rng.choice([1.0, 1e-3], (200, 1, 2), p=[0.8, 0.2])
    corners = np.concatenate(
        [middle + size * rng.normal(size=(200, 3, 2)), rng.uniform(0, 1, (200, 3, 1))], 2
    )
    corners[:20, :, :2] = corners[:20, :, :2].round()  # with corners and sides right on pixels
    triangles = np.arange(600).reshape(200, 3)
    found = fragments(corners.reshape(-1, 3), triangles, width, height)
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(width), np.arange(height)))
    nearest, owner = np.full(x.size, -np.inf), np.full(x.size, -1)
    for number, (a, b, c) in enumerate(corners):
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-12:
            continue
        second = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        third = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        inside = np.minimum(np.minimum(second, third), 1 - second - third) > -1e-9
        z = a[2] * (1 - second - third) + b[2] * second + c[2] * third
        ahead = inside & (z > nearest)
        nearest[ahead], owner[ahead] = z[ahead], number
    assert (found.shown.ravel() == (owner >= 0)).all()
    assert (found.triangle == owner[owner >= 0]).all()
