"""The terms by which MGCNet's views must agree: gradients, and the cases in which they must vanish."""

import math

import numpy as np
import pytest
import torch

from models.face_model.pinhole import Extrinsics, Pinhole, extrinsics
from models.loading import load_face_model
from models.training.mgcnet import landmark_error
from models.training.multiview import (
    Surface,
    covisible,
    depth_error,
    epipolar_error,
    over_flagged,
    pixel_error,
    ssim_error,
    surface,
    warp,
)
from models.training.outlines import shown_triangles

CAMERA = Pinhole(24, 200.0)
QUAD = torch.tensor([[0, 2, 1], [1, 2, 3]])


def poses(*yaws: float, depth: float = 4700.0) -> Extrinsics:
    rows = [[0.02, yaw, math.pi + 0.03, 3.0, -5.0, depth] for yaw in yaws]
    return extrinsics(torch.tensor(rows, dtype=torch.float64))


def sheet(depth: float = 4700.0, tilt: float = 300.0) -> torch.Tensor:
    """[1, 4, 3] mm in camera space: a tilted square that fills most of the picture."""
    x = torch.tensor([-80.0, 80.0, -80.0, 80.0], dtype=torch.float64)
    y = torch.tensor([-80.0, -80.0, 80.0, 80.0], dtype=torch.float64)
    return torch.stack([x, y, depth + tilt * x / 80], -1)[None]


def whole(points: torch.Tensor, cells: int = 12) -> Surface:
    """The sheet with every cell told which half of it it shows."""
    column, row = np.meshgrid(np.arange(cells), np.arange(cells))
    triangle = torch.from_numpy((column + row >= cells).astype(np.int64))[None].expand(len(points), -1, -1)
    return surface(points, QUAD, triangle.clone(), CAMERA)


def test_depth_of_a_plane_is_that_of_the_plane_under_each_ray():
    points = sheet()
    view = whole(points)
    x = CAMERA.rays(12)[..., 0].double()
    expected = 4700.0 / (1 - 300.0 / 80.0 * x)  # z = d + k x with x = z ray_x
    assert torch.allclose(view.depth[0], expected, rtol=1e-9)


def test_weights_of_a_cell_sum_to_one_and_carry_positions_to_its_ray():
    points = sheet()
    view = whole(points)
    there = view.spread(points)[0]  # [3, R, R]
    rays = CAMERA.rays(12).double().movedim(-1, 0)
    assert torch.allclose(view.weights.sum(-1), torch.ones(144, dtype=torch.float64))
    assert torch.allclose(there, rays * there[2], atol=1e-6)


def test_depth_moves_with_the_vertices_as_its_gradient_says():
    points = sheet().requires_grad_()
    assert torch.autograd.gradcheck(lambda p: whole(p / 100).depth, (points,), eps=1e-3, atol=1e-5)


def test_relative_pose_carries_one_camera_to_the_other():
    here, there = poses(0.1), poses(-0.4)
    points = torch.randn(1, 30, 3, dtype=torch.float64) * 50
    assert torch.allclose(there.after(here).apply(here.apply(points)), there.apply(points), atol=1e-9)


def test_a_point_of_the_target_lands_on_itself_in_the_source():
    here, there = poses(0.1), poses(0.25)
    points = here.apply(torch.tensor([[[-80.0, 80, 0], [80, 80, 9], [-80, -80, 0], [80, -80, 5]]]).double())
    view = whole(points)
    at = warp(view, there.after(here), CAMERA)
    cells = view.spread(points).flatten(2).mT  # [1, R R, 3] camera space of the target
    moved = there.after(here).apply(cells)
    expected = ((CAMERA.project(moved) + 0.5) * 2 / CAMERA.size - 1).unflatten(1, (12, 12))
    assert torch.allclose(at.grid, expected, atol=1e-9)
    assert torch.allclose(at.depth.flatten(1), moved[..., 2])


def test_the_warp_moves_with_depth_and_pose_as_its_gradient_says():
    points = sheet().requires_grad_()
    pose = torch.tensor([[0.02, 0.2, 0.05, 3.0, -5.0, 40.0]], dtype=torch.float64, requires_grad=True)
    check = torch.autograd.gradcheck
    assert check(lambda p, q: warp(whole(p), extrinsics(q), CAMERA).grid, (points, pose), eps=1e-4, atol=1e-5)


def pictures(seed: int, grad: bool = True) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.rand(2, 3, 6, 6, dtype=torch.float64).requires_grad_(grad)


MASK = torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(5)) > 0.1


@pytest.mark.parametrize("error", [pixel_error, ssim_error])
def test_picture_terms_follow_their_gradients(error):
    mask = torch.ones_like(MASK) if error is ssim_error else MASK
    assert torch.autograd.gradcheck(lambda a: error(a, pictures(1, False), mask), (pictures(0),), atol=1e-6)


def test_pixels_outside_the_mask_do_not_matter():
    a, b = pictures(0, False), pictures(1, False)
    changed = torch.where(MASK[:, None], a, a + 7)
    assert torch.allclose(pixel_error(changed, b, MASK), pixel_error(a, b, MASK))
    assert torch.allclose(ssim_error(changed, b, MASK), ssim_error(a, b, MASK), atol=1e-12)


def test_a_picture_is_most_similar_to_itself():
    a = pictures(0, False)
    everywhere = torch.ones_like(MASK)
    assert torch.allclose(ssim_error(a, a, everywhere), torch.zeros(2, dtype=torch.float64), atol=1e-12)
    assert (ssim_error(a, 1 - a, everywhere) > 0.2).all()


def test_depths_of_one_rigid_face_agree_and_a_dent_is_seen():
    here, there = poses(0.1), poses(0.25)
    model = torch.tensor([[[-90.0, 90, 0], [90, 90, 20], [-90, -90, 0], [90, -90, 20]]]).double()
    target, source = whole(here.apply(model)), whole(there.apply(model))
    at = warp(target, there.after(here), CAMERA)
    mask = at.inside
    assert float(depth_error(at, source, mask)) < 0.5
    bent = model.clone()
    bent[0, 0, 2] += 60
    other = whole(there.apply(bent))
    assert float(depth_error(at, other, mask)) > 3


def test_the_depth_term_follows_its_gradient():
    here, there = poses(0.1), poses(0.25)
    model = torch.tensor([[[-90.0, 90, 0], [90, 90, 20], [-90, -90, 0], [90, -90, 20]]]).double()
    model[0, 0, 2] += 15
    model.requires_grad_()

    def error(points: torch.Tensor) -> torch.Tensor:
        target, source = whole(here.apply(points)), whole(there.apply(points * 1.01))
        at = warp(target, there.after(here), CAMERA)
        return depth_error(at, source, at.inside)

    assert torch.autograd.gradcheck(error, (model,), eps=1e-3, atol=1e-4)


def fundamental(relative: Extrinsics) -> torch.Tensor:
    """K^-T [t]x R K^-1, written out."""
    K = torch.tensor(
        [[CAMERA.focal_px, 0, CAMERA.centre_px], [0, CAMERA.focal_px, CAMERA.centre_px], [0, 0, 1]]
    )
    x, y, z = relative.translation[0].tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    inverse = torch.linalg.inv(K.double())
    return inverse.T @ cross @ relative.rotation[0] @ inverse


def test_epipolar_distances_are_those_of_the_written_out_fundamental_matrix():
    relative = poses(0.5).after(poses(0.1))
    torch.manual_seed(0)
    p, q = torch.rand(2, 1, 9, 2, dtype=torch.float64) * 24
    one = torch.ones(1, 9, 1, dtype=torch.float64)
    lines = torch.cat([p, one], -1)[0] @ fundamental(relative).T
    off = (lines * torch.cat([q, one], -1)[0]).sum(-1).abs() / lines[:, :2].norm(dim=-1)
    assert torch.allclose(epipolar_error(relative, p, q, CAMERA)[0], off.mean(), rtol=1e-4)


def test_points_of_a_rigid_face_lie_on_their_epipolar_lines():
    here, there = poses(0.1), poses(0.6)
    model = torch.randn(1, 20, 3, dtype=torch.float64) * 50
    p, q = CAMERA.project(here.apply(model)), CAMERA.project(there.apply(model))
    assert float(epipolar_error(there.after(here), p, q, CAMERA)) < 1e-5
    assert float(epipolar_error(there.after(here), p, q + torch.randn_like(q), CAMERA)) > 0.1


def test_the_epipolar_term_follows_its_gradient():
    pose = torch.tensor([[0.02, 0.4, 0.05, 30.0, -5.0, 40.0]], dtype=torch.float64, requires_grad=True)
    torch.manual_seed(0)
    p, q = torch.rand(2, 1, 5, 2, dtype=torch.float64) * 24
    assert torch.autograd.gradcheck(lambda e: epipolar_error(extrinsics(e), p, q, CAMERA), (pose,), atol=1e-4)


def test_the_landmark_term_follows_its_gradient():
    torch.manual_seed(0)
    marks, truth = torch.rand(2, 2, 68, 2, dtype=torch.float64) * 100
    marks.requires_grad_()
    assert torch.autograd.gradcheck(lambda m: landmark_error(m, truth, 5.0), (marks,), atol=1e-6)


def test_a_sample_without_a_flag_counts_for_nothing_and_the_others_in_full():
    errors = torch.tensor([1.0, 50.0, 3.0])
    assert float(over_flagged(errors, torch.tensor([True, False, True]))) == 2.0
    assert float(over_flagged(errors, torch.zeros(3, dtype=torch.bool))) == 0.0


def test_the_hidden_side_of_a_turned_head_is_not_covisible():
    face_model = load_face_model()
    camera = Pinhole(112, 184.0)
    triangles = torch.tensor(face_model.topology.triangles).long()
    rows = [[0.0, yaw, math.pi, 0.0, -25.0, 4730.0] for yaw in (0.0, 1.2)]
    points = extrinsics(torch.tensor(rows)).apply(face_model.mean)
    shown = shown_triangles(points, face_model.topology, camera, 56)
    front, side = (surface(points[k : k + 1], triangles, shown[k : k + 1], camera) for k in range(2))
    free = torch.ones(1, len(face_model.mean), dtype=torch.bool)
    mask = covisible(front, side, triangles, free)[0]
    left, right = int(mask[:, :28].sum()), int(mask[:, 28:].sum())
    assert min(left, right) < 0.35 * max(left, right)
    assert not (mask & ~front.covered[0]).any()
    assert covisible(front, front, triangles, free)[0].sum() == front.covered.sum()
    assert not covisible(front, side, triangles, ~free).any()
