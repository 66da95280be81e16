"""The z-buffers: against each other and against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.synthetic.rasterise_cpu import depth_only, rasterise, vertex_normals_cpu
from models.synthetic.rasterise_torch import rasterise as rasterise_torch

SIZE = 64
NO_BANK = np.zeros((1, 256, 256), np.uint8)


def soup(seed, count=60, q=0.002):
    """Random triangles in front of a camera: screen, nearness, triangles, cutout."""
    rng = np.random.default_rng(seed)
    points = rng.uniform([-5, -5, -40], [SIZE + 5, SIZE + 5, 40], (3 * count, 3)).astype(np.float32)
    nearness = (1 / (1 - q * points[:, 2])).astype(np.float32)
    triangles = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    cutout = rng.choice([-1, -2], count).astype(np.int16)
    return points, nearness, triangles, cutout


def drawn(points, nearness, triangles, cutout, bank=NO_BANK, uv=None):
    uv = np.zeros((len(points), 2), np.float32) if uv is None else uv
    return rasterise(points, nearness, triangles, cutout, uv, bank, SIZE)


def drawn_with_torch(points, nearness, triangles, cutout, device="cpu"):
    answer = rasterise_torch(
        torch.from_numpy(points)[None].to(device),
        torch.from_numpy(nearness)[None].to(device),
        torch.from_numpy(triangles).long().to(device),
        torch.from_numpy(cutout != -1).to(device),
        SIZE,
    )
    return [part[0].cpu().numpy() for part in answer]


def nearest_by_rays(points, nearness, triangles, cutout, x, y):
    """The triangle one pixel centre sees and its depth, in double precision, by solving for weights."""
    best = (-1, -np.inf)
    for t, corner in enumerate(triangles):
        p, n = points[corner].astype(np.float64), nearness[corner].astype(np.float64)
        system = np.stack([p[:, 0], p[:, 1], np.ones(3)])
        area = np.linalg.det(system)
        if abs(area) < 1e-9 or (area > 0 and cutout[t] == -1):
            continue
        w = np.linalg.solve(system, [x, y, 1.0])
        if (w < 0).any():
            continue
        z = (w * n) @ p[:, 2] / (w @ n)
        if z > best[1]:
            best = (t, z)
    return best


@pytest.mark.parametrize("seed", range(3))
def test_each_pixel_shows_the_nearest_triangle_a_ray_meets(seed):
    scene = soup(seed)
    answer = drawn(*scene)
    rng = np.random.default_rng(seed)
    for x, y in rng.integers(0, SIZE, (60, 2)):
        triangle, z = nearest_by_rays(*scene, x, y)
        assert answer.triangle[y, x] == triangle
        if triangle >= 0:
            assert answer.depth[y, x] == pytest.approx(z, abs=1e-2)


@pytest.mark.parametrize("seed", range(3))
def test_both_rasterisers_draw_the_same(seed):
    scene = soup(seed, count=200)
    compiled, (triangle, weights, depth) = drawn(*scene), drawn_with_torch(*scene)
    same = compiled.triangle == triangle
    assert same.mean() > 0.999
    hit = same & (triangle >= 0)
    np.testing.assert_allclose(compiled.weights[hit], weights[hit], atol=1e-3)
    np.testing.assert_allclose(compiled.depth[hit], depth[hit], atol=2e-2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_draws_what_the_cpu_draws():
    scene = soup(7, count=200)
    (here, _, depth), (there, _, depth_there) = drawn_with_torch(*scene), drawn_with_torch(*scene, "cuda")
    assert (here == there).mean() > 0.999
    np.testing.assert_allclose(depth[here == there], depth_there[here == there], atol=2e-2)


def test_back_faces_of_closed_surfaces_are_left_out():
    points = np.array([[10, 10, 0], [50, 10, 0], [10, 50, 0]], np.float32)
    ones = np.ones(3, np.float32)
    front, back = np.array([[0, 2, 1]], np.int32), np.array([[0, 1, 2]], np.int32)
    closed, sheet = np.array([-1], np.int16), np.array([-2], np.int16)
    assert drawn(points, ones, front, closed).triangle.max() == 0
    assert drawn(points, ones, back, closed).triangle.max() == -1
    assert drawn(points, ones, back, sheet).triangle.max() == 0


def test_what_lies_behind_the_camera_is_not_drawn():
    points = np.array([[10, 10, 0], [10, 50, 0], [50, 10, 0]], np.float32)
    nearness = np.array([1, 1, -0.5], np.float32)
    answer = drawn(points, nearness, np.array([[0, 1, 2]], np.int32), np.array([-2], np.int16))
    assert answer.triangle.max() == -1


def test_a_cutout_shows_what_lies_behind_its_gaps():
    points = np.array(
        [[0, 0, 5], [0, 63, 5], [63, 0, 5], [63, 63, 5], [0, 0, 0], [0, 63, 0], [63, 0, 0], [63, 63, 0]]
    )
    triangles = np.array([[0, 1, 2], [2, 1, 3], [4, 5, 6], [6, 5, 7]], np.int32)
    bank = np.zeros((1, 256, 256), np.uint8)
    bank[0, :, :128] = 255  # strands in the left half of the tile
    uv = (points[:, :2] / 64).astype(np.float32) * [1, 0.5]
    cutout = np.array([0, 0, -2, -2], np.int16)
    answer = drawn(
        points.astype(np.float32), np.ones(8, np.float32), triangles, cutout, bank, uv.astype(np.float32)
    )
    assert (answer.triangle[:, :30] < 2).all()
    assert (answer.triangle[:, 34:] >= 2).all()


def test_a_light_sees_the_nearest_surface_from_both_sides():
    points, _, triangles, _ = soup(3)
    flat, two_sided = np.ones(len(points), np.float32), np.full(len(triangles), -2, np.int16)
    answer = drawn(points, flat, triangles, two_sided)
    depth = depth_only(points, triangles, two_sided, np.zeros((len(points), 2), np.float32), NO_BANK, SIZE)
    np.testing.assert_allclose(depth, answer.depth, atol=2e-2)


def test_normals_of_a_ball_point_outwards():
    rng = np.random.default_rng(0)
    from scipy.spatial import ConvexHull

    points = rng.normal(size=(300, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    hull = ConvexHull(points)
    corners = points[hull.simplices]
    inwards = (
        np.einsum(
            "ij,ij->i", np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), corners[:, 0]
        )
        < 0
    )
    triangles = hull.simplices.astype(np.int32)
    triangles[inwards] = triangles[inwards][:, ::-1]
    normals = vertex_normals_cpu(points.astype(np.float32), triangles)
    assert (normals * points).sum(1).min() > 0.9
