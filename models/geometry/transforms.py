"""Similarities, rotations and normals: batched, differentiable, deterministic."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

_TINY = 1e-8


class Similarity(NamedTuple):
    """x -> scale R x + translation.

    Attributes:
        scale: [B].
        rotation: [B, 3, 3].
        translation: [B, 3], in the target's unit.
    """

    scale: Tensor
    rotation: Tensor
    translation: Tensor

    def apply(self, points: Tensor) -> Tensor:
        """[B, N, 3] -> [B, N, 3]."""
        return self.scale[:, None, None] * (points @ self.rotation.mT) + self.translation[:, None]

    def inverse(self) -> Similarity:
        """The similarity that undoes this one."""
        rotation = self.rotation.mT
        scale = 1 / self.scale
        return Similarity(scale, rotation, -scale[:, None] * (rotation @ self.translation[..., None])[..., 0])


def weighted_procrustes(source: Tensor, target: Tensor, weights: Tensor) -> Similarity:
    """The similarity that best carries `source` onto `target`.

    Minimises sum_n w_n |s R x_n + t - y_n|^2 in closed form (Umeyama 1991, eqs. 40-42, with weights).
    Never mirrors: det R = +1. Deterministic, unlike DSFNet's release, which samples points and adds noise.
    The rotation comes from the largest eigenvector of Horn's 4 x 4 matrix (Horn 1987), whose gradient stays
    finite where two singular values meet.

    Args:
        source: [B, N, 3], any unit.
        target: [B, N, 3], the unit of the translation.
        weights: [B, N], >= 0; need not sum to one. A zero leaves the point out. All zero: the answer
            is finite, scale near zero.

    Returns:
        scale [B], rotation [B, 3, 3], translation [B, 3].
    """
    w = weights[..., None] / (weights.sum(-1)[:, None, None] + _TINY)
    source_mean = (w * source).sum(1, keepdim=True)
    target_mean = (w * target).sum(1, keepdim=True)
    x, y = source - source_mean, target - target_mean
    covariance = (w * y).mT @ x
    rotation = nearest_rotation(covariance)
    scale = (rotation * covariance).sum((1, 2)) / ((w * x.square()).sum((1, 2)) + _TINY)
    translation = target_mean[:, 0] - scale[:, None] * (rotation @ source_mean.mT)[..., 0]
    return Similarity(scale, rotation, translation)


def nearest_rotation(matrix: Tensor) -> Tensor:
    """The rotation R that maximises trace(R^T M), det R = +1.

    [B, 3, 3] -> [B, 3, 3]. Horn 1987: its quaternion is the dominant eigenvector of a symmetric 4 x 4 matrix.
    """
    scale = matrix.square().sum((1, 2), keepdim=True).sqrt() + _TINY
    m = (matrix / scale).float()
    xx, xy, xz = m[:, 0, 0], m[:, 0, 1], m[:, 0, 2]
    yx, yy, yz = m[:, 1, 0], m[:, 1, 1], m[:, 1, 2]
    zx, zy, zz = m[:, 2, 0], m[:, 2, 1], m[:, 2, 2]
    rows = [
        [xx + yy + zz, zy - yz, xz - zx, yx - xy],
        [zy - yz, xx - yy - zz, xy + yx, xz + zx],
        [xz - zx, xy + yx, yy - xx - zz, yz + zy],
        [yx - xy, xz + zx, yz + zy, zz - xx - yy],
    ]
    horn = torch.stack([torch.stack(row, -1) for row in rows], -2)
    return rotation_from_quaternion(_dominant_eigenvector(horn)).to(matrix.dtype)


def _dominant_eigenvector(symmetric: Tensor) -> Tensor:
    """[B, 4, 4] -> [B, 4]: unit eigenvector of the largest eigenvalue.

    Found by `eigh` in double precision without a gradient; the gradient of first-order perturbation is then
    attached through the pseudo-inverse, which needs a gap to the second eigenvalue only.
    """
    with torch.no_grad():
        values, vectors = torch.linalg.eigh(symmetric.double())
        vector = vectors[..., -1].to(symmetric.dtype)
        if not symmetric.requires_grad:
            return vector
        gap = (values[:, -1:] - values[:, :-1]).clamp(min=1e-4)
        others = vectors[..., :-1]
        response = ((others / gap[:, None]) @ others.mT).to(symmetric.dtype)
    residual = (symmetric - symmetric.detach()) @ vector[..., None]
    return vector + (response @ residual)[..., 0]


def rotation_from_quaternion(quaternion: Tensor) -> Tensor:
    """[..., 4] (w, x, y, z), any length > 0 -> [..., 3, 3]."""
    w, x, y, z = torch.nn.functional.normalize(quaternion, dim=-1).unbind(-1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def rotation_from_6d(six: Tensor) -> Tensor:
    """[..., 6] -> [..., 3, 3]: Gram-Schmidt of two columns (Zhou et al. 2019, eq. 15)."""
    a, b = six[..., :3], six[..., 3:]
    x = torch.nn.functional.normalize(a, dim=-1)
    y = torch.nn.functional.normalize(b - (x * b).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack((x, y, torch.linalg.cross(x, y)), -1)


def mirrored_6d(six: Tensor) -> Tensor:
    """[..., 6] two columns of a rotation R -> those of M R M, M = diag(-1, 1, 1): the head in a mirror."""
    return six * six.new_tensor((1.0, -1.0, -1.0, -1.0, 1.0, 1.0))


def rotation_from_euler(pitch_yaw_roll_rad: Tensor) -> Tensor:
    """[..., 3] -> [..., 3, 3], y up, z to the viewer: R = Rx(-pitch) Ry(-yaw) Rz(-roll).

    The convention of AFLW2000-3D's Pose_Para and of 3DDFA.
    """
    pitch, yaw, roll = (-pitch_yaw_roll_rad).unbind(-1)
    one, zero = torch.ones_like(pitch), torch.zeros_like(pitch)

    def matrix(*entries: Tensor) -> Tensor:
        return torch.stack(entries, -1).reshape(*entries[0].shape, 3, 3)

    c, s = pitch.cos(), pitch.sin()
    about_x = matrix(one, zero, zero, zero, c, -s, zero, s, c)
    c, s = yaw.cos(), yaw.sin()
    about_y = matrix(c, zero, s, zero, one, zero, -s, zero, c)
    c, s = roll.cos(), roll.sin()
    about_z = matrix(c, -s, zero, s, c, zero, zero, zero, one)
    return about_x @ about_y @ about_z


def euler_from_rotation(rotation: Tensor) -> Tensor:
    """[..., 3, 3] -> [..., 3]: pitch, yaw, roll in radians, the exact inverse of `rotation_from_euler`.

    pitch = atan2(R12, R22), yaw = -asin(R02), roll = atan2(R01, R00), 0-based, |yaw| <= 90 degrees.
    """
    pitch = torch.atan2(rotation[..., 1, 2], rotation[..., 2, 2])
    yaw = -torch.asin(rotation[..., 0, 2].clamp(-1, 1))
    roll = torch.atan2(rotation[..., 0, 1], rotation[..., 0, 0])
    return torch.stack((pitch, yaw, roll), -1)


def vertex_normals(vertices: Tensor, triangles: Tensor) -> Tensor:
    """[B, N, 3], [T, 3] -> [B, N, 3]: unit normals, the area-weighted mean of the triangles around a vertex.

    Outward for triangles that run counter-clockwise seen from outside in a right-handed space. A vertex of no
    triangle gets zero.
    """
    a, b, c = (vertices[:, triangles[:, k]] for k in range(3))
    face = torch.linalg.cross(b - a, c - a)
    normals = torch.zeros_like(vertices)
    for k in range(3):
        normals.index_add_(1, triangles[:, k], face)
    return torch.nn.functional.normalize(normals, dim=-1)


def towards_camera(vertices: Tensor, triangles: Tensor) -> Tensor:
    """[B, N, 3], [T, 3] -> [B, N] bool: whether the normal of `vertex_normals` has z > 0.

    Only needs the area each triangle shows to a camera on the z axis: several times faster.
    """
    a, b, c = (vertices[:, triangles[:, k], :2] for k in range(3))
    (ux, uy), (vx, vy) = (b - a).unbind(-1), (c - a).unbind(-1)
    area = ux * vy - uy * vx
    shown = torch.zeros_like(vertices[..., 0])
    for k in range(3):
        shown.index_add_(1, triangles[:, k], area)
    return shown > 0


def nearest_orthogonal(matrix: Tensor) -> Tensor:
    """The orthogonal R that maximises trace(R^T M); a mirror where that is nearer (det R = -1).

    [B, 3, 3] -> [B, 3, 3]: the polar factor U V^T of M = U S V^T. Its gradient needs only that no two
    singular values vanish together, unlike that of the singular vectors.
    """
    return _Polar.apply(matrix)  # type: ignore[no-untyped-call]


class _Polar(torch.autograd.Function):
    """dR = U (K / (s_i + s_j)) V^T, K = U^T dM V - V^T dM^T U: from R^T R = 1 and R^T M = M^T R."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        u, s, vt = torch.linalg.svd(matrix.double())
        ctx.save_for_backward(u, s, vt)
        return (u @ vt).to(matrix.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        u, s, vt = ctx.saved_tensors
        inner = u.mT @ gradient.double() @ vt.mT
        sums = (s[:, :, None] + s[:, None]).clamp(min=_TINY)
        return (u @ ((inner - inner.mT) / sums) @ vt).to(gradient.dtype)
