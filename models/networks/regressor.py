"""Networks that turn a crop into the numbers of a face, and what they carry in training only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.networks.mobilenet import MobileNet
from models.networks.resnet22 import ResNet22

CAMERA = 12  # numbers of a 3 x 4 matrix, row by row
LANDMARKS = 68
LARGEST_CROP = 512
_HEADS = ("fc", "conv_param")
_KINDS: dict[str, type[MobileNet] | type[ResNet22]] = {"mobilenet": MobileNet, "resnet22": ResNet22}


@dataclass(frozen=True, slots=True)
class RegressorForm:
    """Which network, and what it answers. The defaults are `mb1` as published.

    Attributes:
        kind: "mobilenet" or "resnet22".
        width: Share of the published channels.
        size: Side of the crops, px.
        identity, expression: How many coefficients of each.
    """

    kind: str = "mobilenet"
    width: float = 1.0
    size: int = 120
    identity: int = 40
    expression: int = 10

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"a regressor is one of {sorted(_KINDS)}, not {self.kind!r}")
        counts = (self.size, self.identity, self.expression)
        if any(type(n) is not int or not 0 < n <= LARGEST_CROP for n in counts) or not 0 < self.width <= 2:
            raise ValueError(f"sizes of a regressor are out of range: {self}")

    @property
    def outputs(self) -> int:
        """P: camera, identity, expression."""
        return CAMERA + self.identity + self.expression

    def make(self) -> MobileNet | ResNet22:
        """An untrained network of this form: [B, 3, S, S] -> [B, P]."""
        return _KINDS[self.kind](self.width, self.outputs)


class Regressed(NamedTuple):
    """What a network in training says.

    Attributes:
        parameters: [B, P] whitened.
        landmarks: [B, 68, 2] in half crop sides, y up: the branch that is dropped afterwards.
    """

    parameters: Tensor
    landmarks: Tensor


class RegressorInTraining(nn.Module):
    """A network with the landmark branch `fc_lm` beside its last layer, and its whitening.

    Attributes:
        network: What is kept.
        mean, std: [P] of the parameters (half crop sides, 100 mm), stored with the weights.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, form: RegressorForm) -> None:
        super().__init__()
        self.network = form.make()
        self.fc_lm = nn.Linear(self.network.features, 2 * LANDMARKS)
        self.register_buffer("mean", torch.zeros(form.outputs))
        self.register_buffer("std", torch.ones(form.outputs))

    def forward(self, pictures: Tensor) -> Regressed:
        """[B, 3, S, S], (v - 127.5) / 128, BGR."""
        x = pictures
        features = x
        for name, module in self.network.named_children():
            if name in _HEADS:
                features = x.flatten(1)
            x = module(x)
        return Regressed(x.float(), self.fc_lm(features).float().unflatten(1, (LANDMARKS, 2)))
