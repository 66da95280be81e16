"""3DDFA's losses on camera and coefficients, as published (first version's code, ECCV 2020 paper).

Parameters p [P] are a 3 x 4 camera row by row, then the coefficients; whitened: x = (p - mean) / std.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from models.networks.regressor import CAMERA

DEPTH_SHIFT = 11  # number of t_z in the parameters: a crop says nothing of it
_LEAST = 1e-6


class Whitening(NamedTuple):
    """Mean and standard deviation [P] of the parameters."""

    mean: Tensor
    std: Tensor

    def off(self, whitened: Tensor) -> Tensor:
        """[B, P] whitened -> parameters."""
        return whitened * self.std + self.mean

    def on(self, parameters: Tensor) -> Tensor:
        """[B, P] parameters -> whitened."""
        return (parameters - self.mean) / self.std


class Shapes(NamedTuple):
    """A linear face at K points: mean [K, 3] and basis [C, K, 3], in the camera's model unit."""

    mean: Tensor
    basis: Tensor

    def of(self, parameters: Tensor) -> Tensor:
        """[B, P] -> [B, K, 3] before the camera."""
        coefficients = parameters[:, CAMERA:]
        flat = torch.addmm(self.mean.reshape(1, -1), coefficients, self.basis.flatten(1))
        return flat.unflatten(1, (-1, 3))

    def seen(self, parameters: Tensor) -> Tensor:
        """[B, P] -> [B, K, 3]: A (u + W c) + t."""
        camera = parameters[:, :CAMERA].unflatten(1, (3, 4))
        return self.of(parameters) @ camera[..., :3].mT + camera[:, None, :, 3]


def parameter_weights(
    prediction: Tensor, target: Tensor, whitening: Whitening, shapes: Shapes, scale: float
) -> Tensor:
    """Weights of fWPDC [B, P]: how far each wrong parameter alone moves the points, at most 1; no gradient.

    With d = |p - p*|: camera entries of the model's x, y and z axis weigh d times the norm of the points'
    coordinates on it, t_x and t_y d sqrt(K), t_z nothing, coefficients `scale` d times the norm of their
    movement. All but t_z plus 1e-6; each face's largest becomes one. The points are those of the target
    (V2, issue 65).

    Args:
        prediction, target: [B, P] whitened.
        whitening: Of them.
        shapes: The K points that count.
        scale: Of the camera on average; published: 5.7339936e-4 px per unit.
    """
    with torch.no_grad():
        p_target = whitening.off(target)
        apart = (whitening.off(prediction) - p_target).abs()
        points = shapes.of(p_target)
        axes = points.norm(dim=1)  # [B, 3]
        ones = torch.full_like(axes[:, :1], points.shape[1] ** 0.5)
        camera = torch.cat((axes, ones), 1).repeat(1, 3)
        moved = scale * shapes.basis.flatten(1).norm(dim=1)
        weights = apart * torch.cat((camera, moved.expand(len(apart), -1)), 1) + _LEAST
        weights[:, DEPTH_SHIFT] = 0
        return weights / weights.amax(1, keepdim=True)


def fwpdc(prediction: Tensor, target: Tensor, whitening: Whitening, shapes: Shapes, scale: float) -> Tensor:
    """Fast weighted parameter distance: mean of w (x - x*)^2. Arguments as in `parameter_weights`."""
    weights = parameter_weights(prediction, target, whitening, shapes, scale)
    return (weights * (prediction - target).square()).mean()


def vertices_apart(
    prediction: Tensor, target: Tensor, seen: Tensor, whitening: Whitening, shapes: Shapes
) -> Tensor:
    """[B, K, 3] by how much the predicted points miss, with the target's t_z.

    Args:
        prediction, target: [B, P] whitened.
        seen: [B, K, 3] where the points are.
        whitening, shapes: Of both.
    """
    depth = torch.zeros_like(prediction, dtype=torch.bool)
    depth[:, DEPTH_SHIFT] = True
    return shapes.seen(whitening.off(torch.where(depth, target, prediction))) - seen


def mean_distance(apart: Tensor) -> Tensor:
    """What an NME counts: mean length of [B, K, 3], depth counted half: pictures tell x and y better.

    Stands where the published vertex distance cost (VDC) has a mean square, in which the few worst rule.
    """
    return ((apart * apart.new_tensor((1.0, 1.0, 0.5))).square().sum(-1) + 1e-8).sqrt().mean()
