"""Answers held against scans: what is known beforehand comes out, in mm."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.ground_truth.record import TrueMesh
from models.ground_truth.sets.realy import REGIONS
from models.metrics.nonrigid import Pulls, drawn_onto
from models.metrics.realy import ALIGNED_BY, DRAWN_BY, globally_placed, region_errors
from models.metrics.scans import (
    NOW_RADIUS,
    SEVEN_OF_68,
    Placed,
    by_seven,
    in_face_sphere,
    refined,
    rigidly_nearer,
    scan_distances,
    unit_mm,
)
from models.metrics.surface_distance import distance_to_surface
from models.reconstruction import frozen

MARKS = np.array(
    [[-45, 30, 0], [-15, 30, 8], [15, 30, 8], [45, 30, 0], [0, -15, 30], [-25, -45, 15], [25, -45, 15.0]]
)


def bulge(side: int = 17) -> tuple[np.ndarray, np.ndarray]:
    """A smooth face-sized surface without symmetries, mm."""
    x, y = np.meshgrid(np.linspace(-70, 70, side), np.linspace(-80, 80, side))
    z = 60 * np.exp(-((x / 60) ** 2) - (y / 75) ** 2)
    z += 14 * np.exp(-(((x - 3) / 12) ** 2) - ((y + 5) / 20) ** 2)
    z += 4 * np.sin(x / 17) + 3 * np.cos(y / 23)
    index = np.arange(side * side).reshape(side, side)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)]).reshape(-1, 3)
    return np.stack([x, y, z], -1).reshape(-1, 3), triangles


def moved(points: np.ndarray, scale: float = 0.31) -> np.ndarray:
    turn = Rotation.from_euler("xyz", (12, -25, 7), degrees=True)
    return scale * turn.apply(points) + (100, 40, -9)


def test_units_of_scans_are_told_from_the_eyes():
    assert [unit_mm(MARKS * scale) for scale in (1, 0.1, 0.001)] == [1, 10, 1000]
    with pytest.raises(ValueError, match="no unit"):
        unit_mm(MARKS * 7)


def test_the_sphere_is_that_of_the_benchmark():
    centre = np.array([0, -15 + 0.3 * 45, 30 + 0.3 * (8 - 30)])
    radius = NOW_RADIUS * (90 + np.hypot(45, 22)) / 2
    away = np.array([0.0, 0.6, 0.8])
    points = centre + np.array([[0.0], [radius - 0.01], [radius + 0.01]]) * away
    assert in_face_sphere(points, MARKS, NOW_RADIUS).tolist() == [True, True, False]


def test_seven_landmarks_undo_a_similarity():
    vertices, triangles = bulge()
    placed = by_seven(moved(vertices), triangles, moved(MARKS), MARKS)
    assert placed.vertices == pytest.approx(vertices, abs=1e-4)
    assert placed.scale == pytest.approx(1 / 0.31, rel=1e-6)


def test_wrong_landmarks_are_mended_by_the_surface():
    vertices, triangles = bulge()
    rng = np.random.default_rng(0)
    start = by_seven(moved(vertices), triangles, moved(MARKS) + rng.normal(0, 0.7, MARKS.shape), MARKS)
    points = vertices[::3]
    before, after = (scan_distances(placed, points).mean() for placed in (start, refined(start, points)))
    assert before > 0.4
    assert after < 0.02
    assert refined(start, points).scale == pytest.approx(1 / 0.31, rel=2e-3)


def test_distances_are_those_to_the_surface_not_to_its_vertices():
    triangle = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0.0]])
    points = np.array([[2, 2, 3], [-3, -4, 0], [8, 8, 0], [5, -2, 0.0]])
    wanted = [3, 5, np.hypot(3, 3), 2]
    assert distance_to_surface(points, triangle, np.array([[0, 1, 2]])) == pytest.approx(wanted)


def test_rigid_closest_points_never_scale():
    vertices, triangles = bulge()
    turn = Rotation.from_euler("xyz", (3, -2, 4), degrees=True)
    shift = np.array([3.0, -2, 1])
    start = Placed(turn.apply(vertices) + shift, triangles, 1.0)
    placed, marks = rigidly_nearer(start, turn.apply(MARKS) + shift, vertices[::2], MARKS, 10)
    assert placed.vertices == pytest.approx(vertices, abs=0.05)
    assert marks == pytest.approx(MARKS, abs=0.05)
    large = Placed(1.1 * vertices, triangles, 1.0)
    apart = rigidly_nearer(large, 1.1 * MARKS, vertices[::2], MARKS, 10)[0].vertices
    assert np.ptp(apart[:, 1]) == pytest.approx(1.1 * 160, rel=0.02)


def test_a_surface_is_drawn_onto_another_and_its_landmarks_to_their_places():
    vertices, triangles = bulge(13)
    target = vertices + np.array([0, 0, 3.0]) * np.exp(-np.square(vertices[:, :1] / 40))
    free = drawn_onto(vertices, triangles, target, None)
    assert (
        np.linalg.norm(free - target, axis=1).mean() < 0.6 * np.linalg.norm(vertices - target, axis=1).mean()
    )
    at = np.array([20, 84, 150])
    pulled = drawn_onto(vertices, triangles, target, Pulls(at, target[at]))
    assert np.linalg.norm(pulled[at] - target[at], axis=1).max() < 0.7


def test_what_is_drawn_moves_as_one_piece_if_all_is_shifted():
    vertices, triangles = bulge(11)
    shift = np.array([0.0, 0.0, 2.0])
    pulls = Pulls(np.array([12, 60, 100]), vertices[[12, 60, 100]] + shift)
    assert drawn_onto(vertices, triangles, vertices + shift, pulls) == pytest.approx(
        vertices + shift, abs=0.05
    )


@pytest.fixture(scope="module")
def person():
    """A mesh, its 85 keypoints as vertices of it, and the four regions of an equal scan."""
    vertices, triangles = bulge(15)
    rng = np.random.default_rng(4)
    at = rng.permutation(len(vertices))[:85]
    quarter = np.array_split(np.arange(len(triangles)), 4)
    regions = {}
    for name, rows in zip(REGIONS, quarter, strict=True):
        used, own = np.unique(triangles[rows], return_inverse=True)
        regions[name] = TrueMesh(frozen(vertices[used]), own.reshape(-1, 3).astype(np.int32))
        at[list(DRAWN_BY[name])] = rng.permutation(used)[: len(DRAWN_BY[name])]  # they lie on their region
    return vertices, triangles, at, regions


def test_realy_finds_no_error_in_the_scan_itself(person):
    vertices, triangles, at, regions = person
    placed, marks = globally_placed(moved(vertices), triangles, moved(vertices)[at], vertices[at])
    assert placed.scale == pytest.approx(1 / 0.31, rel=1e-6), "exact where the two are alike"
    errors = region_errors(placed, marks, vertices[at], regions)
    assert list(errors) == list(REGIONS)
    assert max(errors.values()) < 0.05


def test_realy_sees_a_dent_where_it_is(person):
    vertices, triangles, at, regions = person
    dent = 6 * np.exp(-np.square(vertices[:, 1:2] + 60) / 300) * np.array([0, 0, 1.0])
    placed, marks = globally_placed(vertices + dent, triangles, (vertices + dent)[at], vertices[at])
    errors = region_errors(placed, marks, vertices[at], regions)
    assert errors["nose"] > 3 * errors["cheek"], "the first quarter of the rows lies lowest"


def test_realy_does_with_68_landmarks(person):
    vertices, triangles, at, regions = person
    placed, marks = globally_placed(vertices, triangles, vertices[at[:68]], vertices[at])
    assert max(region_errors(placed, marks, vertices[at], regions).values()) < 0.05
    assert max(map(max, ALIGNED_BY.values())) < 85
    assert SEVEN_OF_68[4] == 33
