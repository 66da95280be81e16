"""A face with colours: what MGCNet's coefficients are coefficients of."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from models.reconstruction import Topology


class Coefficients(NamedTuple):
    """One answer of the encoder, in parts.

    Attributes:
        identity: [B, I]; albedo: [B, A]; expression: [B, E]: standard deviations.
        pose: [B, 6] rz, ry, rx in radians, translation in mm, both beyond the pose at rest.
        light: [B, 27].
    """

    identity: Tensor
    albedo: Tensor
    expression: Tensor
    pose: Tensor
    light: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class ReflectiveFace:
    """Linear shape and linear albedo. Movements are per standard deviation; mm, MODEL space, y up.

    Attributes:
        topology: Triangles and landmarks.
        mean: [N, 3]; identity: [I, N, 3]; expression: [E, N, 3].
        albedo_mean: [N, 3] in 0..1, as displayed; albedo: [A, N, 3].
    """

    topology: Topology
    mean: Tensor
    identity: Tensor
    expression: Tensor
    albedo_mean: Tensor
    albedo: Tensor

    def split(self, values: Tensor) -> Coefficients:
        """[B, I + A + E + 33] in the published order."""
        sizes = (len(self.identity), len(self.albedo), len(self.expression), 6, 27)
        return Coefficients(*values.split(sizes, 1))

    def shape(self, c: Coefficients) -> Tensor:
        """[B, N, 3] mm."""
        basis = torch.cat([self.identity, self.expression]).flatten(1)
        both = torch.cat([c.identity, c.expression], 1)
        return torch.addmm(self.mean.reshape(1, -1), both, basis).unflatten(1, (-1, 3))

    def colours(self, c: Coefficients) -> Tensor:
        """[B, N, 3] in 0..1."""
        mean = self.albedo_mean.reshape(1, -1)
        return torch.addmm(mean, c.albedo, self.albedo.flatten(1)).unflatten(1, (-1, 3)).clamp(0, 1)

    def to(self, device: torch.device | str) -> ReflectiveFace:
        """The same on another device."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {k: v.to(device) for k, v in values.items() if isinstance(v, Tensor)}
        return replace(self, **moved)
