"""Metrics against independent sums and against what they must be invariant to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from models.metrics.errors import (
    area_under_curve,
    box_iou,
    box_size,
    delay_frames,
    disagreement,
    failure_share,
    followed,
    geodesic_deg,
    iou,
    jitter_percent,
    nme3d_percent,
    nme_percent,
    pose_is_scored,
    pose_mae_deg,
    reconstruction_error,
    signed_residual_percent,
)


def faces(seed: int, count: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 30, (count, 68, 3))


def turn(axis: list[float], angle_deg: float) -> np.ndarray:
    """Rodrigues' formula, written out here so that the metric is judged by something else."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = math.radians(angle_deg)
    return np.eye(3) + math.sin(a) * k + (1 - math.cos(a)) * k @ k


def test_nme_is_the_sum_written_out_by_hand():
    predicted, truth = faces(0), faces(1)
    for p, g, got in zip(predicted, truth, nme_percent(predicted, truth), strict=True):
        width = max(x for x, _, _ in g) - min(x for x, _, _ in g)
        height = max(y for _, y, _ in g) - min(y for _, y, _ in g)
        total = sum(math.hypot(a[0] - b[0], a[1] - b[1]) for a, b in zip(p, g, strict=True))
        assert got == pytest.approx(100 * total / 68 / math.sqrt(width * height))


def test_nme_in_space_is_the_sum_written_out_by_hand():
    predicted, truth = faces(0), faces(1)
    for p, g, got in zip(predicted, truth, nme3d_percent(predicted, truth), strict=True):
        p, g = p - [0, 0, p[:, 2].mean()], g - [0, 0, g[:, 2].mean()]
        total = sum(math.dist(a, b) for a, b in zip(p, g, strict=True))
        assert got == pytest.approx(100 * total / 68 / box_size(g))


def test_a_perfect_answer_has_no_error():
    truth = faces(3)
    assert (nme_percent(truth, truth) == 0).all()
    assert nme3d_percent(truth, truth) == pytest.approx(np.zeros(5))
    assert (signed_residual_percent(truth, truth) == 0).all()


@settings(max_examples=30)
@given(st.floats(0.1, 50), st.floats(-300, 300), st.integers(0, 50))
def test_nme_does_not_depend_on_the_size_of_the_face_or_where_it_is(scale, shift, seed):
    predicted, truth = faces(seed), faces(seed + 1)
    moved = nme_percent(predicted * scale + shift, truth * scale + shift)
    assert moved == pytest.approx(nme_percent(predicted, truth), rel=1e-6)


def test_depth_offset_does_not_matter_but_depth_does():
    truth = faces(4)
    assert nme3d_percent(truth + np.array([0, 0, 77]), truth) == pytest.approx(np.zeros(5), abs=1e-9)
    flat = truth * [1, 1, 0]
    assert (nme3d_percent(flat, truth) > 1).all()
    assert (nme_percent(flat, truth) == 0).all()


@pytest.mark.parametrize("error", [nme_percent, nme3d_percent])
def test_the_subsets_weighted_by_their_counts_make_up_the_whole(error):
    predicted, truth = faces(0), faces(1)
    visible = np.random.default_rng(2).random((5, 68)) < 0.6
    share = visible.mean(-1)
    parts = share * error(predicted, truth, visible) + (1 - share) * error(predicted, truth, ~visible)
    assert parts == pytest.approx(error(predicted, truth))


def test_points_that_are_not_selected_do_not_matter_in_the_plane():
    predicted, truth = faces(0), faces(1)
    visible = np.arange(68) < 40
    spoilt = predicted.copy()
    spoilt[:, 40:] = 1e6
    assert nme_percent(spoilt, truth, visible) == pytest.approx(nme_percent(predicted, truth, visible))


def test_an_empty_subset_has_no_figure():
    assert np.isnan(nme_percent(faces(0), faces(1), np.zeros(68, bool))).all()


def test_a_shift_shows_as_a_signed_residual_with_its_direction():
    truth = faces(5)
    residual = signed_residual_percent(truth + np.array([3, -2, 9]), truth)
    expected = 100 * np.array([3, -2]) / box_size(truth)[:, None]
    assert residual == pytest.approx(np.repeat(expected[:, None], 68, 1))


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"\(5, 67, 3\).*\(5, 68, 3\)"):
        nme_percent(faces(0)[:, 1:], faces(1))


def test_faces_turned_beyond_99_degrees_leave_the_pose_figure():
    truth = np.array([[0.0, 99.0, 0.0], [0.0, 99.1, 0.0], [-120.0, 0.0, 0.0], [10.0, 20.0, 30.0]])
    assert pose_is_scored(truth).tolist() == [True, False, False, True]
    predicted = truth + np.array([[1, 2, 3], [500, 500, 500], [500, 500, 500], [-3, 4, -5]])
    assert pose_mae_deg(predicted, truth) == pytest.approx([2, 3, 4])
    assert np.isnan(pose_mae_deg(predicted[1:3], truth[1:3])).all()


@pytest.mark.parametrize("angle", [0.0, 1e-6, 1.0, 45.0, 90.0, 179.0, 180.0])
def test_geodesic_error_is_the_angle_turned_by(angle):
    start = turn([1, 2, -1], 50)
    assert geodesic_deg(turn([0.3, -1, 2], angle) @ start, start) == pytest.approx(angle, abs=1e-5)


def test_geodesic_error_is_symmetric_and_obeys_the_triangle():
    a, b, c = turn([1, 0, 0], 20), turn([0, 1, 1], 70), turn([1, 1, 0], -40)
    assert geodesic_deg(a, b) == pytest.approx(geodesic_deg(b, a))
    assert geodesic_deg(a, c) <= geodesic_deg(a, b) + geodesic_deg(b, c)


def test_a_fusion_of_three_to_seven_is_found_to_be_one():
    first, second = faces(0), faces(1)
    alpha = followed(0.3 * first + 0.7 * second, first, second, least=1e-3)
    assert alpha == pytest.approx(np.full(alpha.shape, 0.3), abs=1e-6)


def test_what_lies_beside_the_line_between_two_answers_does_not_change_whom_the_fusion_followed():
    first, second = np.array([[2.0, 0, 0]]), np.array([[0.0, 0, 0]])
    assert followed(np.array([[0.5, 9.0, -4.0]]), first, second, least=0.1) == pytest.approx([0.25])
    assert followed(np.array([[3.0, 0, 0]]), first, second, least=0.1) == pytest.approx([1.5])


def test_where_two_answers_agree_nobody_can_say_whom_the_fusion_followed():
    first = np.array([[0.0, 0, 0], [0.0, 0, 1.0], [0.05, 0, 0]])
    alpha = followed(first, first, np.zeros((3, 3)), least=0.1)
    assert np.isnan(alpha).tolist() == [True, False, True]
    assert np.isnan(followed(first[:1], first[:1], first[:1], least=0.0)).all()


def test_disagreement_is_a_distance_per_point():
    first = faces(1)[0]
    assert disagreement(first, first + np.array([3, 4, 0])) == pytest.approx(np.full(68, 5.0))


def test_two_frames_cannot_jitter():
    assert math.isnan(jitter_percent(faces(0, 2)))


def test_jitter_of_white_noise_is_what_statistics_says():
    corners = np.array([[0.0, 0], [100, 0], [100, 100], [0, 100]])
    noise = np.random.default_rng(0).normal(0, 0.5, (400, 68, 2))
    track = np.resize(corners, (68, 2)) + noise
    expected = 100 * 0.5 * math.sqrt(6) * math.sqrt(math.pi / 2) / box_size(track).mean()
    assert jitter_percent(track) == pytest.approx(expected, rel=0.02)


def test_jitter_in_percent_is_measured_by_the_face_and_leaves_lost_frames_out():
    square = np.array([[0.0, 0, 0], [40, 0, 5], [40, 40, 0], [0, 40, 9]])
    track = square + np.arange(9.0)[:, None, None] * np.array([3.0, -1.0, 0.5])
    assert jitter_percent(track) == pytest.approx(0, abs=1e-9)
    track[4] += [0, 2, 7]  # depth does not count
    assert jitter_percent(track) == pytest.approx(100 * 8 / 7 / 40)
    assert jitter_percent(3 * track) == pytest.approx(jitter_percent(track))
    track[8] = np.nan
    assert jitter_percent(track) == pytest.approx(100 * 8 / 6 / 40)


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0, -1.25])
def test_a_delay_is_found_to_a_part_of_a_frame_whatever_the_offset(shift):
    def path(t: np.ndarray) -> np.ndarray:
        return np.stack([10 * np.sin(t / 7), 4 * np.cos(t / 5)], 1)

    times = np.arange(60.0)
    reference, track = path(times), path(times - shift) + np.array([3.0, -8.0])
    track[20] = np.nan
    assert delay_frames(reference, track) == pytest.approx(shift, abs=0.06)
    assert math.isnan(delay_frames(reference[:9], track[:9]))


def test_mask_overlap():
    a, b = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert iou(a, b) == 1
    a[:2], b[1:3] = True, True
    assert iou(a, b) == pytest.approx(1 / 3)


def test_box_overlap_of_all_pairs():
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [0, 0, 0, 0]], float)
    table = box_iou(boxes[:, None], boxes[None])
    assert np.diag(table).tolist() == [1, 1, 1, 0]
    assert table[0, 1] == pytest.approx(1 / 3)
    assert table[0, 2] == 0
    assert (table == table.T).all()


def test_failures_and_area_under_the_curve_count_lost_faces():
    errors = np.array([1.0, 2.0, 6.0, 12.0, np.nan])
    assert failure_share(errors, 10.0) == pytest.approx(2 / 5)
    steps = np.linspace(0, 10, 200_001)
    shares = (np.nan_to_num(errors, nan=1e9)[:, None] <= steps).mean(0)
    assert area_under_curve(errors, 10.0) == pytest.approx(np.trapezoid(shares, steps) / 10, abs=1e-4)
    assert area_under_curve(np.zeros(3), 10.0) == 1
    assert np.isnan(area_under_curve(np.zeros(0), 10.0))


def test_the_reconstruction_error_forgives_a_similarity_and_nothing_else():
    rng = np.random.default_rng(3)
    truth = rng.normal(0, 50, (200, 3))
    turn = Rotation.from_euler("xyz", (20, -35, 10), degrees=True)
    predicted = 2.5 * turn.apply(truth) + (4, 5, 6)
    assert reconstruction_error(predicted, truth, 90.0) == pytest.approx(0, abs=1e-9)
    noisy = predicted + rng.normal(0, 3, truth.shape)
    scale = np.linalg.norm(truth - truth[0], axis=1).sum() / np.linalg.norm(noisy - noisy[0], axis=1).sum()
    centred = scale * noisy - (scale * noisy).mean(0)
    best, _ = Rotation.align_vectors(truth - truth.mean(0), centred)
    wanted = np.linalg.norm(best.apply(centred) - (truth - truth.mean(0)), axis=1).mean() / 90
    assert reconstruction_error(noisy, truth, 90.0) == pytest.approx(wanted, rel=1e-6)
