"""The same z-buffer in plain torch: for any device, and the reference for the compiled one.

Every triangle lists the pixels of its bounding box; what covers a pixel centre competes there by depth, ties
go to the triangle that comes first. Long lists are worked off in pieces, so memory stays bounded.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

NEAREST, EDGE = 8.0, 1e-6  # as in rasterise_cpu
MAX_PAIRS = 4_000_000  # pixel-triangle pairs worked on at once


class RasterBatch(NamedTuple):
    """As `rasterise_cpu.Raster`, for B pictures.

    Attributes:
        triangle: [B, H, W] int64, -1 where nothing is; weights: [B, H, W, 2].
        depth: [B, H, W], 0 where nothing is.
    """

    triangle: Tensor
    weights: Tensor
    depth: Tensor


def rasterise(
    screen: Tensor, nearness: Tensor, triangles: Tensor, two_sided: Tensor, size: int
) -> RasterBatch:
    """Draw one topology at B poses.

    Args:
        screen: [B, P, 3] raster px (y down, (0, 0) = centre of the top-left pixel), z towards the camera.
        nearness: [B, P], 1 / distance up to a factor (all ones without perspective).
        triangles: [T, 3] int64.
        two_sided: [T] bool: whether the back is drawn too.
        size: Side of the raster, px.
    """
    frames = [_one(screen[b], nearness[b], triangles, two_sided, size) for b in range(len(screen))]
    return RasterBatch(*(torch.stack(parts) for parts in zip(*frames, strict=True)))


def _one(
    screen: Tensor, nearness: Tensor, triangles: Tensor, two_sided: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    corners, near = screen[triangles], nearness[triangles]
    low = corners[..., :2].amin(1).ceil().clamp(min=0).long()
    high = corners[..., :2].amax(1).floor().clamp(max=size - 1).long()
    span = (high - low + 1).clamp(min=0)
    a, b, c = corners.unbind(1)
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    good = (near.amin(1) > 0) & (near.amax(1) <= NEAREST) & (area != 0) & ((area < 0) | two_sided)
    pairs = span.prod(1) * good
    depth = torch.full((size * size,), -torch.inf, device=screen.device)
    best = torch.full((size * size,), len(triangles), device=screen.device)
    weights = torch.zeros(size * size, 2, device=screen.device)
    for piece in _pieces(pairs):
        pixel, triangle, z, wb, wc = _covered(piece, pairs[piece], low, span, corners, near, area, size)
        before = depth.clone()
        depth.scatter_reduce_(0, pixel, z, "amax")
        best[depth > before] = len(triangles)
        wins = z == depth[pixel]
        best.scatter_reduce_(0, pixel[wins], triangle[wins], "amin")
        chosen = triangle == best[pixel]
        chosen &= wins
        weights[pixel[chosen]] = torch.stack([wb[chosen], wc[chosen]], 1)
    hit = best < len(triangles)
    shape = (size, size)
    return (
        torch.where(hit, best, -1).view(shape),
        (weights * hit[:, None]).view(*shape, 2),
        torch.where(hit, depth, 0.0).view(shape),
    )


def _pieces(pairs: Tensor) -> list[Tensor]:
    """Triangles with any pixels, in order, in groups of at most MAX_PAIRS pairs (or one triangle)."""
    ids = pairs.nonzero()[:, 0]
    if len(ids) == 0:
        return []
    group = pairs[ids].cumsum(0) // MAX_PAIRS
    return list(ids.split(group.unique_consecutive(return_counts=True)[1].tolist()))


def _covered(
    ids: Tensor,
    pairs: Tensor,
    low: Tensor,
    span: Tensor,
    corners: Tensor,
    near: Tensor,
    area: Tensor,
    size: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Pixel, triangle, depth and two weights of every covered pixel centre of these triangles."""
    triangle = ids.repeat_interleave(pairs)
    first = pairs.cumsum(0) - pairs
    inside = torch.arange(len(triangle), device=ids.device) - first.repeat_interleave(pairs)
    width = span[triangle, 0]
    x = low[triangle, 0] + inside % width
    y = low[triangle, 1] + inside // width
    a, b, c = corners[triangle].unbind(1)
    px, py = x.to(a.dtype), y.to(a.dtype)
    inverse = 1.0 / area[triangle]
    wb = ((px - a[:, 0]) * (c[:, 1] - a[:, 1]) - (py - a[:, 1]) * (c[:, 0] - a[:, 0])) * inverse
    wc = ((b[:, 0] - a[:, 0]) * (py - a[:, 1]) - (b[:, 1] - a[:, 1]) * (px - a[:, 0])) * inverse
    wa = 1.0 - wb - wc
    on = (wa >= -EDGE) & (wb >= -EDGE) & (wc >= -EDGE)
    n = near[triangle]
    total = 1.0 / (wa * n[:, 0] + wb * n[:, 1] + wc * n[:, 2])
    wb, wc = wb * n[:, 1] * total, wc * n[:, 2] * total
    z = a[:, 2] + wb * (b[:, 2] - a[:, 2]) + wc * (c[:, 2] - a[:, 2])
    return (y * size + x)[on], triangle[on], z[on], wb[on], wc[on]
