"""What became of each place of the face - seen, turned away or covered - and which pixels show face.

A light second decoder looks at every level of the image network; what it finds under each cell of the placed
face, with what the image space says there, how the surface is turned and how far the branches lie apart,
goes through a U-Net on the chart, so that each cell knows its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.networks.blocks import UpBlock
from models.networks.refining import within
from models.networks.unet import FusionNetwork

STATES = 3
PLACE = 16  # numbers a cell has besides the evidence under it, see `Places`


class Places(NamedTuple):
    """What is known of each cell of a placed face before looking again, all in the network's units.

    Attributes:
        face: [B, G * G, 3] camera coordinates.
        uv_off: [B, 2, G, G] and depth_off: [B, 1, G, G]: what the pixel there claims, less the cell's.
        confidence: [B, 1, G, G] logit of that pixel.
        weight, share, apart: [B, G * G]: how much fell there, how much of it the fusion took, how far the
            branches lie apart.
    """

    face: Tensor
    uv_off: Tensor
    depth_off: Tensor
    confidence: Tensor
    weight: Tensor
    share: Tensor
    apart: Tensor


class EvidenceNetwork(nn.Module):
    """Levels of the image network, finest first -> [B, channels, S/2, S/2]; the first is the mask's logit."""

    def __init__(self, widths: tuple[int, ...], channels: int) -> None:
        super().__init__()
        inner = [channels, 32, 48, 64, 64][: len(widths)] + [64] * (len(widths) - 5)
        self.enter = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(widths, inner, strict=True))
        self.ups = nn.ModuleList(UpBlock(coarse, fine) for fine, coarse in reversed(list(pairwise(inner))))
        self.decoded = nn.Conv2d(widths[0], channels, 1)
        self.leave = nn.Conv2d(channels, channels, 1)

    def forward(self, levels: Sequence[Tensor], fine: Tensor) -> Tensor:
        """`levels` as the encoder left them, `fine` [B, widths[0], S/2, S/2] as its own decoder did."""
        entered = [enter(level) for enter, level in zip(self.enter, levels, strict=True)]
        entered[0] = entered[0] + self.decoded(fine)
        x = entered.pop()
        for up in self.ups:
            x = up(x, entered.pop())
        return self.leave(x)


class StatesNetwork(nn.Module):
    """Evidence under each cell and what is known of it -> [B, 6, G, G] logits.

    Three are the states of the surface, three those that people give a landmark which lies there: for them a
    point of the jaw is the visible outline near it.
    """

    def __init__(self, channels: int, summary: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.judge = FusionNetwork(channels + PLACE, 2 * STATES, summary, widths)

    def forward(
        self, evidence: Tensor, places: Places, chart: Tensor, inside: Tensor, summary: Tensor
    ) -> Tensor:
        """See the class.

        Args:
            evidence: [B, channels, M, M].
            places: Of the face that is told about.
            chart: [3, G, G]: the mean face, which tells the cells apart.
            inside: [G * G], 1 where a cell belongs to the face.
            summary: [B, summary] of the image network.
        """
        side = chart.shape[-1]
        grid = (places.face[..., :2] * places.face.new_tensor((1.0, -1.0))).unflatten(1, (side, side))
        under = nn.functional.grid_sample(evidence, within(grid), align_corners=False, padding_mode="border")
        beyond = (grid.abs().amax(-1) - 1).clamp(-0.1, 0.1)[:, None] * 10
        per_cell = torch.stack((places.weight, places.share, places.apart * 10), 1)
        known = torch.cat(
            (
                (places.uv_off * 8).clamp(-2, 2),
                (places.depth_off * 5).clamp(-2, 2),
                places.confidence / 4,
                surface_normals(places.face, side),
                beyond,
                per_cell.unflatten(2, (side, side)),
                chart.expand(len(under), -1, -1, -1),
                inside.view(1, 1, side, side).expand(len(under), -1, -1, -1),
                (places.uv_off * 8).square().sum(1, keepdim=True).clamp(max=4).neg().exp(),
            ),
            1,
        )
        return self.judge(torch.cat((under, known), 1) * inside.view(1, 1, side, side), summary)


def surface_normals(face: Tensor, side: int) -> Tensor:
    """[B, 3, G, G] unit normals of a face on its chart [B, G * G, 3], y up; z > 0 towards the viewer."""
    grid = face.mT.unflatten(2, (side, side))
    along_u = nn.functional.pad(grid[..., 2:] - grid[..., :-2], (1, 1, 0, 0), mode="replicate")
    along_v = nn.functional.pad(grid[..., 2:, :] - grid[..., :-2, :], (0, 0, 1, 1), mode="replicate")
    normal = torch.linalg.cross(along_v, along_u, dim=1)
    return normal / normal.square().sum(1, keepdim=True).add(1e-12).sqrt()
