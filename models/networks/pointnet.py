"""PointNet: an unordered set of seen points -> the coefficients of the whole face."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


class PointNetwork(nn.Module):
    """Shared perceptron, maximum over the points that are there, linear read-out (Qi et al. 2017).

    points [B, P, inputs], present [B, P] bool -> [B, outputs]. Where nothing is present all points are taken.
    """

    def __init__(self, inputs: int, outputs: int, widths: tuple[int, int, int] = (48, 96, 192)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in pairwise((inputs, *widths)):
            layers += [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU(inplace=True)]
        self.points = nn.Sequential(*layers)
        self.read = nn.Sequential(
            nn.Linear(widths[-1], widths[-1]), nn.ReLU(inplace=True), nn.Linear(widths[-1], outputs)
        )

    def forward(self, points: Tensor, present: Tensor) -> Tensor:
        """See the class."""
        first = present.int().argmax(1)
        stand_in = points[torch.arange(len(points), device=points.device), first]
        points = torch.where(
            present[..., None], points, stand_in[:, None]
        )  # a point twice changes no maximum
        features = self.points(points.flatten(0, 1)).unflatten(0, present.shape)
        return self.read(features.amax(1))
