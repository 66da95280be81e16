"""DSFNet's geometry as published: from pixels to the chart, and the fits between faces on it.

Points of a chart of S x S cells are [B, 3, S * S], cells row by row. Positions are *position-map units*: crop
px / 280, x right, y down, z towards the viewer. Shapes are in *shape units*: face model micrometres x 1.5e-5,
y up. So a fit from shape to picture is a mirror, as the original wants it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from models.geometry.transforms import Similarity, nearest_orthogonal
from models.networks.hrnet import Sight

PX_PER_UNIT = 280.0
SHAPE_UNITS_PER_MM = 0.015
POINTS = 2048  # the PointNet sees so many; the original fits to so many
_TINY = 1e-8

Parity = Literal["cuda17", "cpu"] | None
"""How looking up a pixel rounds: None not at all, "cuda17" and "cpu" as PyTorch 1.7.1 there."""


class Observed(NamedTuple):
    """What the pixels saw, on the chart.

    Attributes:
        positions: [B, 3, S * S] position-map units, zero where nothing is known.
        confidence: [B, S * S].
        present: [B, S * S] bool: a pixel of the visible face lies here.
        mask_was_empty: [B] bool: no pixel was called face, so all were taken.
    """

    positions: Tensor
    confidence: Tensor
    present: Tensor
    mask_was_empty: Tensor


class Draws(Protocol):
    """Which points a fit uses. Only parity with the original needs one: it draws them by chance."""

    def indices(self, present: Tensor) -> Tensor:
        """[B, N] bool -> [B, POINTS] of the N."""

    def jitter(self, count: int) -> None:
        """Passes over the numbers that the original adds to a fit of `count` faces (1e-8, without effect)."""


class SeededDraws:
    """The draws of the original from one generator, in its order: uniform, with replacement."""

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator

    def indices(self, present: Tensor) -> Tensor:
        """See Draws; the first cell again and again where none is present."""
        rows = []
        for row in present:
            cells = row.nonzero()[:, 0] if bool(row.any()) else row.new_zeros(1, dtype=torch.long)
            drawn = torch.randint(0, len(cells), (POINTS,), generator=self._generator)
            rows.append(cells[drawn.to(cells.device)])
        return torch.stack(rows)

    def jitter(self, count: int) -> None:
        """See Draws."""
        for _ in range(3):
            torch.rand(count, 1, 1, generator=self._generator)
        torch.rand(count, 3, 3, generator=self._generator)


def observe(sight: Sight, parity: Parity = None, use_mask: bool = True) -> Observed:
    """Carry every pixel of the visible face to its cell of the chart; the last one in reading order stays.

    In a parity mode the masked pixels, too, all write to the cell in the middle (landmark 51), as in the
    original; without one they do not write.
    """
    side = sight.grid.shape[-1]
    seen, confidence = sight.seen.flatten(2).unbind(1)
    is_face = seen > 0.5 if use_mask else torch.ones_like(seen, dtype=torch.bool)
    empty = ~is_face.any(1)
    is_face = is_face | empty[:, None]
    cell = _addresses(sight.grid.flatten(2) * is_face[:, None], side)
    pixel = torch.arange(side * side, device=cell.device).expand_as(cell)
    writer = pixel if parity else torch.where(is_face, pixel, -1)
    last = torch.full_like(cell, -1).scatter_reduce(1, cell, writer, "amax")
    read, known = _read(last, side, parity)
    masked = torch.stack((pixel % side / PX_PER_UNIT, pixel // side / PX_PER_UNIT, sight.depth.flatten(1)), 1)
    values = torch.cat((masked * is_face[:, None], confidence[:, None], is_face[:, None].to(masked.dtype)), 1)
    found = values.gather(2, read[:, None].expand(-1, 5, -1)) * known[:, None]
    return Observed(found[:, :3], found[:, 3], found[:, 4] > 0, empty)


def _addresses(grid: Tensor, side: int) -> Tensor:
    """[B, 2, P] column and row in -1..1 -> [B, P] flat cells. Truncates towards zero, then clamps."""
    column, row = ((grid.detach() + 1) / 2 * side).clamp(-1.0, side).long().clamp(0, side - 1).unbind(1)
    return row * side + column


def _read(last: Tensor, side: int, parity: Parity) -> tuple[Tensor, Tensor]:
    """[B, N] the last writer of each cell (-1: none) -> the pixel to read, and whether there is one.

    The original looks a pixel up by sampling exactly between two of them. PyTorch 1.7.1 on CUDA rounded away
    from zero: the right pixel, but row and column 0 fall outside, and with them the cells never written. On
    a CPU halves go to the even pixel, and cells never written read pixel (0, 0).
    """
    if parity is None:
        return last.clamp(min=0), last >= 0
    row, column = last.clamp(min=0) // side, last.clamp(min=0) % side
    if parity == "cuda17":
        return row * side + column, (row > 0) & (column > 0)
    return (row - row % 2) * side + column - column % 2, torch.ones_like(last, dtype=torch.bool)


def even_indices(present: Tensor) -> Tensor:
    """[B, N] bool -> [B, POINTS]: points spread evenly, row by row, over those present, if any."""
    passed = present.int().cumsum(1, dtype=torch.int32)
    step = torch.arange(POINTS, device=present.device)
    rank = (step * passed[:, -1:].long()) // POINTS + 1
    return torch.searchsorted(passed, rank.int()).clamp(max=present.shape[1] - 1)


def fit(source: Tensor, target: Tensor, weights: Tensor, present: Tensor) -> Similarity:
    """The similarity between two sets of points, mirrors allowed, as the original estimates it.

    Not the least-squares one: the scale is the ratio of the summed distances to the *weighted* centroids, the
    rotation comes from weighted products about the *unweighted* means, the translation from those means. The
    network was trained through this estimate, so it is part of the network.

    Args:
        source, target: [B, 3, N].
        weights: [B, N].
        present: [B, N] bool; the other points do not exist. None at all: the answer is finite.

    Returns:
        scale [B], orthogonal [B, 3, 3], translation [B, 3].
    """
    there = present[:, None].to(source.dtype)
    w = weights[:, None] * there
    mass, count = w.sum(2, keepdim=True) + _TINY, there.sum(2, keepdim=True).clamp(min=1)
    spread = [
        (_norm(points - (w * points).sum(2, keepdim=True) / mass) * there[:, 0]).sum(1) + _TINY
        for points in (source, target)
    ]
    scale = spread[1] / spread[0]
    moved = scale[:, None, None] * source
    from_mean, to_mean = ((points * there).sum(2, keepdim=True) / count for points in (moved, target))
    products = (w * (target - to_mean)) @ (moved - from_mean).mT
    rotation = nearest_orthogonal(products)
    return Similarity(scale, rotation, (to_mean - rotation @ from_mean)[..., 0])


def _norm(points: Tensor) -> Tensor:
    """[B, 3, N] -> [B, N], with a gradient at zero."""
    return (points.square().sum(1) + 1e-20).sqrt()


def rebuild(
    source: Tensor, target: Tensor, weights: Tensor, present: Tensor, draws: Draws | None
) -> tuple[Tensor, Similarity]:
    """All of `source` [B, 3, N] carried by the fit of its present points onto `target`, and that fit.

    Without `draws` every present point takes part.
    """
    if draws is None:
        placement = fit(source, target, weights, present)
    else:
        indices = draws.indices(present)
        draws.jitter(len(indices))
        some = present.any(1)[:, None]
        chosen = [pick(points, indices) * some[..., None] for points in (source, target)]
        weights = torch.where(some, weights.gather(1, indices), 1.0)
        placement = fit(chosen[0], chosen[1], weights, torch.ones_like(weights, dtype=torch.bool))
    return place(placement, source), placement


def place(placement: Similarity, points: Tensor) -> Tensor:
    """[B, 3, N] -> [B, 3, N]."""
    matrix = placement.scale[:, None, None] * placement.rotation
    return torch.baddbmm(placement.translation[..., None], matrix, points)


def pick(values: Tensor, indices: Tensor) -> Tensor:
    """[B, C, N], [B, P] -> [B, C, P]."""
    return values.gather(2, indices[:, None].expand(-1, values.shape[1], -1))
