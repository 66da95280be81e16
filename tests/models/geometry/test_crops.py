"""Squares around boxes, and their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.geometry.crops import crop_square, warp_crop


def affine(scale: float, angle: float, x: float, y: float) -> np.ndarray:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1]])


def ramp(height: int, width: int) -> np.ndarray:
    """[H, W, 3]: red = 2 x, green = 3 y, blue = x + y of the pixel's centre, so positions can be read off."""
    y, x = np.mgrid[:height, :width]
    return np.stack([2 * x, 3 * y, x + y], -1).astype(np.uint8)


def positions(T: np.ndarray, size: int) -> np.ndarray:
    """[S, S, 2]: where the centre of each crop pixel lies in the image."""
    rows, columns = np.mgrid[:size, :size]
    return (np.stack([columns, rows, np.ones_like(rows)], -1) @ T.T)[..., :2]


def bilinear(image: np.ndarray, x: float, y: float) -> np.ndarray:
    """One sample, by the book: the four pixels around, black desktop."""
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    total = np.zeros(3)
    for column, row, weight in [
        (x0, y0, (x0 + 1 - x) * (y0 + 1 - y)),
        (x0 + 1, y0, (x - x0) * (y0 + 1 - y)),
        (x0, y0 + 1, (x0 + 1 - x) * (y - y0)),
        (x0 + 1, y0 + 1, (x - x0) * (y - y0)),
    ]:
        if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
            total += weight * image[row, column]
    return total


@given(
    x0=st.floats(-500, 500), y0=st.floats(-500, 500), width=st.floats(1, 900), height=st.floats(1, 900),
    factor=st.floats(0.5, 3), size=st.integers(1, 256),
)  # fmt: skip
def test_the_outer_edges_of_a_square_lie_around_the_box(x0, y0, width, height, factor, size):
    T = crop_square((x0, y0, x0 + width, y0 + height), factor, size)
    corners = np.array([[-0.5, -0.5, 1], [size - 0.5, size - 0.5, 1]]) @ T.T
    half = factor * max(width, height) / 2
    centre = np.array([x0 + width / 2, y0 + height / 2])
    np.testing.assert_allclose(corners[0, :2], centre - half, atol=1e-6)
    np.testing.assert_allclose(corners[1, :2], centre + half, atol=1e-6)


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (5, 5, 1, 9), (0, 0, np.inf, 1), (np.nan, 0, 1, 1)])
def test_a_box_without_area_is_refused(box):
    with pytest.raises(ValueError, match="x0 < x1"):
        crop_square(box, 1.2, 64)


def test_the_identity_returns_the_picture_itself():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(warp_crop(image, np.eye(3), 32), image)


def test_a_shift_by_whole_pixels_is_exact_and_black_beyond_the_border():
    image = np.random.default_rng(0).integers(1, 256, (20, 30, 3), dtype=np.uint8)
    crop = warp_crop(image, affine(1, 0, -4, 7), 24)
    np.testing.assert_array_equal(crop[:13, 4:24], image[7:20, :20])
    assert not crop[:, :4].any()
    assert not crop[13:].any()


def test_enlarging_and_turning_samples_at_pixel_centres():
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    T = affine(0.37, 0.4, 11.3, 8.6)
    crop = warp_crop(image, T, 32)
    expected = [[bilinear(image, x, y) for x, y in row] for row in positions(T, 32)]
    # cv2 rounds positions to 1/32 px, which a step of 255 between neighbours turns into a few levels
    assert np.abs(crop - np.array(expected)).max() <= 255 / 32 + 1
    assert np.abs(crop - np.array(expected)).mean() < 2


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.3, 2.0, 2.7, 4.0, 5.5])
@pytest.mark.parametrize("angle", [0.0, 0.6])
def test_at_every_scale_a_ramp_is_read_at_the_centre_of_each_crop_pixel(scale, angle):
    image, size = ramp(84, 126), 12
    T = affine(scale, angle, 0, 0)
    T[:2, 2] = np.array([62.0, 41.0]) - T[:2, :2] @ np.full(2, (size - 1) / 2)
    at = positions(T, size)
    reach = 2 * scale
    inside = (at > reach).all(-1) & (at[..., 0] < 125 - reach) & (at[..., 1] < 83 - reach)
    assert inside.sum() > 20
    crop = warp_crop(image, T, size).astype(float)[inside]
    x, y = at[inside].T
    assert np.abs(crop - np.stack([2 * x, 3 * y, x + y], -1)).max() <= 1.6


def test_shrinking_averages_instead_of_picking_pixels():
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[::2] = 255
    for scale in (2.0, 3.0, 4.7, 8.0):
        crop = warp_crop(stripes, crop_square((64, 64, 64 + 32 * scale, 64 + 32 * scale), 1.0, 32), 32)
        assert np.abs(crop.astype(int) - 128).max() <= 50, scale
        assert abs(float(crop.mean()) - 127.5) <= 2, scale


def test_shrinking_by_a_whole_number_equals_the_mean_of_blocks():
    image = np.random.default_rng(2).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    T = crop_square((-0.5, -0.5, 95.5, 95.5), 1.0, 24)
    blocks = image.reshape(24, 4, 24, 4, 3).mean((1, 3))
    crop = warp_crop(image, T, 24)
    assert np.abs(crop - blocks).max() <= 1.01


def test_a_crop_wholly_outside_is_black():
    image = np.full((20, 20, 3), 200, np.uint8)
    for scale in (0.5, 1.0, 6.0):
        assert not warp_crop(image, affine(scale, 0.2, 500, -900), 16).any()


def test_one_pixel_is_picture_enough():
    crop = warp_crop(np.full((1, 1, 3), 77, np.uint8), affine(0.1, 0, -0.45, -0.45), 10)
    assert crop[5, 5, 0] in range(62, 78)


def test_the_picture_is_not_written_to():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    image.flags.writeable = False
    for scale in (0.5, 1.5, 3.0):
        warp_crop(image, affine(scale, 0.1, 2, 3), 16)


@pytest.mark.parametrize("T", [np.zeros((3, 3)), np.full((3, 3), np.nan)])
def test_a_transform_that_is_none_is_refused(T):
    with pytest.raises(ValueError, match="finite and invertible"):
        warp_crop(np.zeros((4, 4, 3), np.uint8), T, 8)
