"""Exact variations of rendered faces, so that a sample drawn again is not the same again."""

from __future__ import annotations

import torch
from torch import Tensor

from models.face_model.morphable import FaceModel
from models.geometry.landmarks import MIRROR
from models.synthetic.dataset import FaceBatch


def mirrored(batch: FaceBatch, face_model: FaceModel) -> FaceBatch:
    """The same faces seen in a mirror: pictures, maps, coefficients, pose, camera and visibility."""
    signs = torch.where(face_model.symmetric, 1.0, -1.0).to(batch.identity.device)
    count = batch.identity.shape[1]
    uv = batch.uv.flip(-1).clone()
    uv[:, 0] = (1 - uv[:, 0]) * (batch.mask.flip(-1) == 1)
    camera = batch.camera.clone()
    camera[:, 1] = batch.images.shape[-1] - 1 - camera[:, 1]
    placed = batch.placed[:, torch.from_numpy(MIRROR)].clone()
    placed[..., 0] = batch.images.shape[-1] - 1 - placed[..., 0]
    flip = torch.tensor([-1.0, 1.0, 1.0], device=batch.rotation.device)
    mirror = torch.tensor(face_model.topology.mirror, device=batch.visibility.device).long()
    return FaceBatch(
        images=batch.images.flip(-1),
        mask=batch.mask.flip(-1),
        uv=uv,
        depth=batch.depth.flip(-1),
        identity=batch.identity * signs[:count],
        expression=batch.expression * signs[count:],
        rotation=flip[:, None] * batch.rotation * flip,
        camera=camera,
        visibility=batch.visibility[:, mirror],
        states=batch.states[:, mirror],
        landmark_states=batch.landmark_states[:, torch.from_numpy(MIRROR)],
        placed=placed,
    )


def vary_colours(images: Tensor) -> Tensor:
    """[B, 3, S, S] uint8 -> float of 0..255: gain and gamma per channel, and noise."""
    count = len(images)
    draw = torch.rand(3, count, 3, 1, 1, device=images.device)
    values = (images.float() / 255).clamp(min=1e-3)
    gamma = 2 ** (0.5 * (draw[0, :, :1] - 0.5) + 0.2 * (draw[1] - 0.5))
    noise = 0.02 * torch.rand(count, 1, 1, 1, device=images.device) * torch.randn_like(values)
    return 255 * (values**gamma * (0.8 + 0.4 * draw[2]) + noise).clamp(0, 1)
