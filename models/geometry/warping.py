"""Pictures and points under similarities of the plane: batched, differentiable."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def similarity_2d(source: Tensor, target: Tensor) -> Tensor:
    """The similarity of least squares in the plane, without mirroring (Umeyama 1991).

    [B, K, 2], [B, K, 2] -> [B, 2, 3] that carries points of `source` to those of `target`.
    """
    from_, to = source.mean(1, keepdim=True), target.mean(1, keepdim=True)
    p, q = source - from_, target - to
    spread = p.square().sum((1, 2)).clamp(min=1e-9)
    a = (p * q).sum((1, 2)) / spread
    b = (p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0]).sum(1) / spread
    turn = torch.stack([torch.stack([a, -b], -1), torch.stack([b, a], -1)], -2)
    return torch.cat([turn, to.mT - turn @ from_.mT], -1)


def resampled(images: Tensor, T_new_old: Tensor, size: int) -> Tensor:
    """The pixels of new crops, bilinear; beyond the old picture its border goes on.

    Args:
        images: [B, C, H, W], any kind.
        T_new_old: [B, 2, 3], carries px of the old picture to px of the new one.
        size: Side of the new one, px.

    Returns:
        [B, C, size, size] float.
    """
    px = torch.arange(size, device=images.device, dtype=torch.float32)
    new = torch.stack(torch.meshgrid(px, px, indexing="xy"), -1).reshape(1, -1, 2)
    back = _inverse(T_new_old[:, :, :2])
    old = (new - T_new_old[:, None, :, 2]) @ back.mT
    sides = old.new_tensor([images.shape[-1], images.shape[-2]])
    grid = ((old + 0.5) * (2 / sides) - 1).unflatten(1, (size, size))
    return grid_sample(images.float(), grid, padding_mode="border", align_corners=False)


def moved_points(points: Tensor, T_new_old: Tensor) -> Tensor:
    """[B, K, 2] px of the old picture -> [B, K, 2] px of the new one."""
    return points @ T_new_old[:, :, :2].mT + T_new_old[:, None, :, 2]


def inverse_2d(T: Tensor) -> Tensor:
    """[B, 2, 3] -> [B, 2, 3]: what undoes it."""
    back = _inverse(T[:, :, :2])
    return torch.cat([back, -back @ T[:, :, 2:]], -1)


def _inverse(matrix: Tensor) -> Tensor:
    """[B, 2, 2] -> [B, 2, 2], in closed form: exported networks have no `linalg.inv`."""
    (a, b), (c, d) = (row.unbind(-1) for row in matrix.unbind(-2))
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-c, a], -1)], -2)
    return adjugate / (a * d - b * c)[:, None, None]


def jittered(T_new_old: Tensor, middle_px: float, shift_px: float, scale: float, turn_rad: float) -> Tensor:
    """A similarity followed by a random one about the middle of the new picture; spreads are normal."""
    count = len(T_new_old)
    noise = torch.randn(4, count, device=T_new_old.device)
    stretch, angle = torch.exp(scale * noise[0]), turn_rad * noise[1]
    c, s = stretch * angle.cos(), stretch * angle.sin()
    turn = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
    shift = shift_px * noise[2:].mT
    moved = turn @ (T_new_old[:, :, 2:] - middle_px) + middle_px + shift[..., None]
    return torch.cat([turn @ T_new_old[:, :, :2], moved], -1)
