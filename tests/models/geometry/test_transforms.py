import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from torch import Tensor

from models.geometry.transforms import (
    Similarity,
    euler_from_rotation,
    rotation_from_6d,
    rotation_from_euler,
    rotation_from_quaternion,
    towards_camera,
    vertex_normals,
    weighted_procrustes,
)


def random_similarity(seed: int, count: int = 3) -> Similarity:
    generator = torch.Generator().manual_seed(seed)
    rotation = rotation_from_quaternion(torch.randn(count, 4, generator=generator))
    return Similarity(
        torch.rand(count, generator=generator) + 0.5, rotation, torch.randn(count, 3, generator=generator)
    )


def random_points(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def assert_similar(a: Similarity, b: Similarity, tolerance: float = 1e-4) -> None:
    for got, want in zip(a, b, strict=True):
        torch.testing.assert_close(got, want, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("seed", range(5))
def test_a_known_similarity_is_found_again(seed):
    truth, source = random_similarity(seed), random_points(seed + 9, 3, 40, 3)
    assert_similar(weighted_procrustes(source, truth.apply(source), torch.ones(3, 40)), truth)


def test_points_of_zero_weight_do_not_matter():
    truth, source = random_similarity(seed=0), random_points(1, 3, 50, 3)
    target, weights = truth.apply(source), torch.rand(3, 50)
    target[:, :10] += 1e3
    weights[:, :10] = 0
    assert_similar(weighted_procrustes(source, target, weights), truth, 1e-3)


def test_a_mirrored_target_is_never_matched_by_a_mirror():
    source = random_points(2, 4, 30, 3)
    fit = weighted_procrustes(source, source * torch.tensor([1.0, -1.0, 1.0]), torch.ones(4, 30))
    torch.testing.assert_close(torch.linalg.det(fit.rotation), torch.ones(4), atol=1e-5, rtol=0)


def test_the_fit_is_the_best_among_its_neighbours():
    source, target = random_points(3, 1, 60, 3), random_points(4, 1, 60, 3)
    weights = torch.rand(1, 60, generator=torch.Generator().manual_seed(5))
    best = weighted_procrustes(source, target, weights)

    def cost(fit: Similarity) -> float:
        return float((weights[..., None] * (fit.apply(source) - target).square()).sum())

    for k in range(20):
        turn = rotation_from_euler(0.05 * random_points(100 + k, 1, 3))
        assert cost(best) <= cost(best._replace(rotation=turn @ best.rotation)) + 1e-6
    assert cost(best) <= cost(best._replace(scale=best.scale * 1.01)) + 1e-6
    assert cost(best) <= cost(best._replace(translation=best.translation + 0.01)) + 1e-6


def test_procrustes_agrees_with_the_singular_value_solution():
    source, target = random_points(6, 5, 20, 3), random_points(7, 5, 20, 3)
    fit = weighted_procrustes(source, target, torch.ones(5, 20))
    for k in range(5):
        x = source[k].double().numpy() - source[k].double().numpy().mean(0)
        y = target[k].double().numpy() - target[k].double().numpy().mean(0)
        u, _, vt = np.linalg.svd(y.T @ x)
        d = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
        np.testing.assert_allclose(fit.rotation[k].numpy(), u @ d @ vt, atol=1e-4)


def test_the_gradient_of_procrustes_is_the_numerical_one():
    source, target = random_points(8, 2, 12, 3), random_points(9, 2, 12, 3) + random_points(8, 2, 12, 3)
    weights = torch.rand(2, 12) + 0.1
    direction = random_points(10, 2, 12, 3)

    def outcome(moved: Tensor) -> Tensor:
        return weighted_procrustes(source, moved, weights).apply(source).square().sum()

    moved = target.clone().requires_grad_()
    outcome(moved).backward()
    assert moved.grad is not None
    step = 1e-2
    numeric = (outcome(target + step * direction) - outcome(target - step * direction)) / (2 * step)
    analytic = (moved.grad * direction).sum()
    torch.testing.assert_close(analytic, numeric, atol=0.05, rtol=0.02)


def test_no_weight_at_all_still_gives_finite_numbers():
    fit = weighted_procrustes(random_points(1, 2, 9, 3), random_points(2, 2, 9, 3), torch.zeros(2, 9))
    assert all(bool(part.isfinite().all()) for part in fit)


def test_an_empty_batch_of_fits_is_empty():
    fit = weighted_procrustes(torch.zeros(0, 5, 3), torch.zeros(0, 5, 3), torch.zeros(0, 5))
    assert fit.rotation.shape == (0, 3, 3)


def test_inverse_undoes_a_similarity():
    truth, points = random_similarity(11), random_points(12, 3, 7, 3)
    torch.testing.assert_close(truth.inverse().apply(truth.apply(points)), points, atol=1e-4, rtol=1e-4)


angle = st.floats(-1.5, 1.5)


@settings(max_examples=50)
@given(pitch=angle, yaw=angle, roll=angle)
def test_euler_angles_survive_the_round_trip(pitch, yaw, roll):
    angles = torch.tensor([pitch, yaw, roll], dtype=torch.float64)
    torch.testing.assert_close(euler_from_rotation(rotation_from_euler(angles)), angles, atol=1e-6, rtol=0)


def test_euler_angles_follow_the_matrices_of_aflw2000():
    # The benchmark's own matrices, written out entry by entry: R = Rx Ry Rz on y-up coordinates.
    p, y, r = 0.3, -0.7, 0.2
    rx = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    ry = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    rz = np.array([[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]])
    got = rotation_from_euler(torch.tensor([p, y, r], dtype=torch.float64)).numpy()
    np.testing.assert_allclose(got, rx @ ry @ rz, atol=1e-12)


def test_six_numbers_give_a_rotation_whatever_they_are():
    rotation = rotation_from_6d(random_points(13, 50, 6))
    eye = torch.eye(3).expand(50, 3, 3)
    torch.testing.assert_close(rotation @ rotation.mT, eye, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(50), atol=1e-5, rtol=0)


def sphere(seed: int) -> tuple[Tensor, Tensor]:
    """Random points of the unit sphere and its triangles, counter-clockwise seen from desktop."""
    points = torch.nn.functional.normalize(random_points(seed, 400, 3), dim=-1)
    triangles = torch.tensor(ConvexHull(points.double().numpy()).simplices, dtype=torch.long)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    inward = (torch.linalg.cross(b - a, c - a) * a).sum(-1) < 0
    triangles[inward] = triangles[inward][:, [0, 2, 1]]
    return points, triangles


def test_normals_of_a_sphere_point_outwards():
    points, triangles = sphere(seed=0)
    assert float((vertex_normals(points[None], triangles)[0] * points).sum(-1).min()) > 0.9


def test_the_half_of_a_sphere_that_faces_the_camera_is_told_as_by_its_normals():
    points, triangles = sphere(seed=1)
    told = towards_camera(points[None], triangles)[0]
    assert torch.equal(told, vertex_normals(points[None], triangles)[0, :, 2] > 0)
    assert bool(told[points[:, 2] > 0.3].all())
    assert not bool(told[points[:, 2] < -0.3].any())
