"""What several views of one face must agree on: MGCNet's geometry consistency, occlusions left out.

Shang et al., "Self-Supervised Monocular 3D Face Reconstruction by Occlusion-Aware Multi-view Geometry
Consistency", ECCV 2020. Three faults of the release are corrected here: the fundamental matrix has the cross
product before the rotation; a sample's flag counts for that sample alone; the depth is compared where both
views see the face, once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from models.face_model.pinhole import Extrinsics, Pinhole

_SOFT = 1e-6


class Surface(NamedTuple):
    """B faces as R x R cells see them.

    Attributes:
        triangle: [B, R, R] int64, -1 where there is none.
        corners: [K, 3] vertices under each of the K cells that show a face, in order.
        weights: [K, 3] perspective-correct, differentiable in the vertices.
        depth: [B, R, R] mm along the camera's axis; zero where there is none.
    """

    triangle: Tensor
    corners: Tensor
    weights: Tensor
    depth: Tensor

    @property
    def covered(self) -> Tensor:
        """[B, R, R] bool."""
        return self.triangle >= 0

    @property
    def picture(self) -> Tensor:
        """[K] which face each cell belongs to."""
        return self.covered.nonzero()[:, 0]

    def spread(self, values: Tensor) -> Tensor:
        """[B, N, C] per vertex -> [B, C, R, R], zero where no face is."""
        taken = values[self.picture[:, None], self.corners]  # [K, 3, C]
        cells = (self.weights[..., None] * taken).sum(1)
        out = cells.new_zeros(*self.triangle.shape, values.shape[-1])
        return out.masked_scatter(self.covered[..., None], cells).movedim(-1, 1)


def surface(points: Tensor, triangles: Tensor, triangle: Tensor, camera: Pinhole) -> Surface:
    """Depth and weights of cells whose triangle is known.

    Args:
        points: [B, N, 3] mm in camera space.
        triangles: [T, 3].
        triangle: [B, R, R], which of them each cell shows; -1: none.
        camera: Whose picture the cells divide.
    """
    cells = triangle.shape[-1]
    picture, row, column = (triangle >= 0).nonzero().unbind(1)
    corners = triangles[triangle[picture, row, column]]
    at = points[picture[:, None], corners]  # [K, 3, 3]
    rays = camera.rays(cells).to(points)[row, column]
    off = at[..., :2] / at[..., 2:] - rays[:, None, :2]  # of each corner from the cell, at depth one
    u, v = off.unbind(-1)
    areas = torch.stack([u[:, i] * v[:, j] - u[:, j] * v[:, i] for i, j in ((1, 2), (2, 0), (0, 1))], -1)
    weights = areas / at[..., 2]
    weights = weights / weights.sum(-1, keepdim=True)
    depth = points.new_zeros(triangle.shape).masked_scatter(triangle >= 0, (weights * at[..., 2]).sum(-1))
    return Surface(triangle, corners, weights, depth)


def seen_vertices(view: Surface, count: int) -> Tensor:
    """[B, count] bool: vertices of the triangles that some cell shows."""
    seen = torch.zeros(len(view.triangle), count, dtype=torch.bool, device=view.triangle.device)
    seen[view.picture[:, None], view.corners] = True
    return seen


def covisible(target: Surface, source: Surface, triangles: Tensor, free: Tensor) -> Tensor:
    """[B, R, R] bool over the target's cells: triangles around a vertex that both views show.

    Args:
        target, source: Of the same B faces.
        triangles: [T, 3].
        free: [B, N] bool, vertices nothing foreign covers in either view.
    """
    count = free.shape[1]
    both = seen_vertices(target, count) & seen_vertices(source, count) & free
    around = both[:, triangles].any(-1)
    picked = around.gather(1, target.triangle.clamp(min=0).flatten(1)).view_as(target.triangle)
    return picked & target.covered


class Warp(NamedTuple):
    """Where the target's cells lie in the source.

    Attributes:
        grid: [B, R, R, 2], -1..1 over the source picture.
        depth: [B, R, R] mm, of the target's points in the source camera.
        inside: [B, R, R] bool, within the source picture.
    """

    grid: Tensor
    depth: Tensor
    inside: Tensor


def warp(target: Surface, relative: Extrinsics, camera: Pinhole) -> Warp:
    """The map x = K T (D K^-1 p) for every cell; `relative` goes from the target's camera to the source's."""
    cells = target.depth.shape[-1]
    points = target.depth[..., None] * camera.rays(cells).to(target.depth)
    moved = relative.apply(points.flatten(1, 2))
    safe = torch.cat([moved[..., :2], moved[..., 2:].clamp(min=1.0)], -1)
    grid = ((camera.project(safe) + 0.5) * (2 / camera.size) - 1).unflatten(1, (cells, cells))
    inside = (grid.abs() < 1 - 1 / cells).all(-1) & target.covered
    return Warp(grid, moved[..., 2].unflatten(1, (cells, cells)), inside)


def pixel_error(a: Tensor, b: Tensor, mask: Tensor) -> Tensor:
    """[B, 3, R, R] twice, weights [B, R, R] -> [B]: mean colour distance where the mask is."""
    distance = ((a - b).square().sum(1) + _SOFT).sqrt()
    return _masked_mean(distance, mask)


def ssim_error(a: Tensor, b: Tensor, mask: Tensor) -> Tensor:
    """[B]: mean of (1 - SSIM) / 2 in 3 x 3 windows wholly under the mask (Wang et al. 2004)."""
    whole = (avg_pool2d(mask[:, None].to(a), 3, 1) > 0.999)[:, 0]
    mean_a, mean_b = avg_pool2d(a, 3, 1), avg_pool2d(b, 3, 1)
    var_a = avg_pool2d(a * a, 3, 1) - mean_a.square()
    var_b = avg_pool2d(b * b, 3, 1) - mean_b.square()
    both = avg_pool2d(a * b, 3, 1) - mean_a * mean_b
    above = (2 * mean_a * mean_b + 1e-4) * (2 * both + 9e-4)
    below = (mean_a.square() + mean_b.square() + 1e-4) * (var_a + var_b + 9e-4)
    return _masked_mean(((1 - above / below) / 2).clamp(0, 1).mean(1), whole)


def depth_error(at: Warp, source: Surface, mask: Tensor) -> Tensor:
    """[B] mm: the target's points against the source's own depth there, but for their ratio of means."""
    known = source.covered[:, None].to(source.depth)
    under = grid_sample(torch.cat([source.depth[:, None], known], 1), at.grid, align_corners=False)
    mask = mask & (under[:, 1] > 0.999)
    theirs = under[:, 0]
    ratio = _masked_mean(at.depth, mask) / _masked_mean(theirs, mask).clamp(min=1.0)
    return _masked_mean((ratio[:, None, None] * theirs - at.depth).abs(), mask)


def epipolar_error(relative: Extrinsics, target: Tensor, source: Tensor, camera: Pinhole) -> Tensor:
    """[B] px: distance of points in the source to the epipolar lines of the same points in the target.

    The line of p is F p with F = K^-T [t]x R K^-1.

    Args:
        relative: From the target's camera to the source's.
        target, source: [B, K, 2] px.
        camera: Of both.
    """
    p, q = (_normalised(points, camera) for points in (target, source))
    t = torch.nn.functional.normalize(relative.translation, dim=-1)
    lines = torch.linalg.cross(t[:, None].expand_as(p), p @ relative.rotation.mT)
    off = (lines * q).sum(-1) / (lines[..., :2].square().sum(-1) + 1e-8).sqrt()
    return camera.focal_px * off.abs().mean(-1)


def over_flagged(errors: Tensor, flags: Tensor) -> Tensor:
    """Mean of errors [B] over the samples flagged [B]; zero if none is."""
    flags = flags.to(errors)
    return (errors * flags).sum() / flags.sum().clamp(min=1.0)


def _normalised(points: Tensor, camera: Pinhole) -> Tensor:
    flat = (points - camera.centre_px) / camera.focal_px
    return torch.cat([flat, torch.ones_like(flat[..., :1])], -1)


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    weights = mask.to(values)
    return (weights * values).sum((-2, -1)) / (weights.sum((-2, -1)) + _SOFT)
