"""DSFNet's losses as published: ten terms, summed with the authors' weights."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, binary_cross_entropy

from models.networks.published import CAMERA_DEVIATION, PublishedAnswer
from models.training.recipes import PublishedLossWeights

_TINY = 1e-8
_SHARPNESS = 0.05  # of the confidence


class PublishedTruth(NamedTuple):
    """What the answer is compared with, in its units.

    Attributes:
        seen: [B, 1, M, M] 0 or 1; M divides the side S of the heads, which are averaged to it.
        grid: [B, 2, M, M] column and row, -1..1; depth: [B, 1, M, M] position-map units, 0 at the nose's tip.
        shape, expression: [B, I], [B, E] standard deviations.
        camera: [B, 12] micrometres to crop px.
        offset: [B, 3, S, S] shape units; kpt: [B, 3, S, S] position-map units.
    """

    seen: Tensor
    grid: Tensor
    depth: Tensor
    shape: Tensor
    expression: Tensor
    camera: Tensor
    offset: Tensor
    kpt: Tensor


def published_loss(
    answer: PublishedAnswer, truth: PublishedTruth, importance: Tensor, face: Tensor, w: PublishedLossWeights
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum, and its terms by name (detached, for the log).

    Args:
        answer: Of a network in training, both branches on.
        truth: The truth.
        importance: [S, S] how much each cell of the kpt map counts.
        face: [S, S] 0 or 1.
        w: How much each term counts.
    """
    assert answer.fused is not None
    assert answer.kpt is not None
    sight, every = answer.sight, answer.sight.grid.shape[-1] // truth.seen.shape[-1]
    seen, grid, depth = (avg_pool2d(part, every) for part in (sight.seen, sight.grid, sight.depth))
    wanted = confidence_truth(grid - truth.grid, depth - truth.depth, truth.seen)
    deviation = truth.camera.new_tensor(CAMERA_DEVIATION)
    offset = answer.fused.offset.unflatten(2, truth.offset.shape[2:])
    terms = {
        "shape": w.shape * root_mean_square(sight.shape - truth.shape),
        "expression": w.expression * root_mean_square(sight.expression - truth.expression),
        "camera": w.camera * root_mean_square((sight.camera - truth.camera) / deviation),
        "grid": w.grid * masked(grid - truth.grid, truth.seen),
        "seen": w.seen * binary_cross_entropy(seen[:, :1].clamp(0, 1), truth.seen),
        "depth": w.depth * masked(depth - truth.depth, truth.seen),
        "confidence": w.confidence * masked(seen[:, 1:] - wanted, truth.seen),
        "kpt": w.kpt * on_face((answer.kpt - truth.kpt), face * importance, face),
        "offset": w.offset * on_face(offset - truth.offset, face, face),
    }
    return torch.stack(list(terms.values())).sum(), {name: term.detach() for name, term in terms.items()}


def root_mean_square(difference: Tensor) -> Tensor:
    """[B, K]: per face the root of the mean square, then the mean over faces."""
    return (difference.square().mean(1) + _TINY).sqrt().mean()


def distance(difference: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, 1, H, W], with a gradient at zero."""
    return (difference.square().sum(1, keepdim=True) + _TINY).sqrt()


def masked(difference: Tensor, seen: Tensor) -> Tensor:
    """Mean distance of [B, C, M, M] over the pixels of [B, 1, M, M] `seen`, each face counting alike."""
    share = seen.mean((1, 2, 3), keepdim=True).clamp(min=1e-4)  # where next to nothing is seen, little counts
    return (distance(difference) * seen / share).mean()


def on_face(difference: Tensor, weights: Tensor, face: Tensor) -> Tensor:
    """Mean distance of [B, 3, S, S] over the cells of `face` [S, S], each times its weight."""
    return (distance(difference) * weights).mean() / face.mean()


def confidence_truth(grid_error: Tensor, depth_error: Tensor, seen: Tensor) -> Tensor:
    """[B, 1, M, M]: 1 where both heads are right, towards 0 as they go wrong; 0 off the face. No gradient."""
    error = (distance(grid_error) + distance(depth_error)).detach()
    return ((-error / _SHARPNESS).exp() + _TINY).sqrt() * seen
