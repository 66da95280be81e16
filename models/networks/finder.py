"""Where faces are, at one glance: a small fully convolutional network without anchors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.geometry.transforms import mirrored_6d
from models.networks.blocks import ResidualBlock, UpBlock, convolution

STRIDES = (8, 16, 32)  # px of the picture per cell, finest level first
CELLS_PER_FACE = 5.0  # a face of this many strides is the one a level expects
LARGEST_LOG = 3.0
MOST_CHANNELS = 512
RARE = -4.6  # initial logit of the score: one cell in a hundred


@dataclass(frozen=True, slots=True)
class FinderForm:
    """How wide the finder is.

    Attributes:
        stem: Channels at strides 2 and 4.
        widths: Channels at strides 8, 16 and 32.
        blocks: Residual blocks at strides 8, 16 and 32.
    """

    stem: tuple[int, int] = (16, 32)
    widths: tuple[int, int, int] = (48, 96, 128)
    blocks: tuple[int, int, int] = (1, 1, 1)

    def __post_init__(self) -> None:
        sizes = (*self.stem, *self.widths, *self.blocks)
        if (len(self.stem), len(self.widths), len(self.blocks)) != (2, 3, 3):
            raise ValueError("a finder has two stem, three width and three block numbers")
        if any(type(n) is not int or not 0 <= n <= MOST_CHANNELS for n in sizes) or 0 in sizes[:5]:
            raise ValueError(f"a finder's sizes are whole numbers up to {MOST_CHANNELS}, not {sizes}")


class Sight(NamedTuple):
    """What the finder says of every cell of every level, all levels in one list of C cells.

    Attributes:
        score: [B, C] logit: how well a box of this cell fits a face.
        box: [B, C, 4] (x0, y0, x1, y1) picture px; (0, 0) is the centre of the top-left pixel.
        rotation: [B, C, 6] the first two columns of the head's rotation, not orthonormal yet.
    """

    score: Tensor
    box: Tensor
    rotation: Tensor


class FinderNetwork(nn.Module):
    """Three levels of a feature pyramid; every cell tells score, box and rotation of the face around it."""

    def __init__(self, form: FinderForm) -> None:
        super().__init__()
        self.form = form
        first, second = form.stem
        w8, w16, w32 = form.widths
        self.stem = nn.Sequential(convolution(3, first, stride=2), convolution(first, second, stride=2))
        self.down = nn.ModuleList(
            nn.Sequential(
                convolution(inputs, outputs, stride=2), *(ResidualBlock(outputs, outputs) for _ in range(n))
            )
            for inputs, outputs, n in zip((second, w8, w16), form.widths, form.blocks, strict=True)
        )
        self.up = nn.ModuleList([UpBlock(w16, w8), UpBlock(w32, w16)])
        self.heads = nn.ModuleList(nn.Conv2d(width, 11, 1) for width in form.widths)
        for head in self.heads:
            assert isinstance(head, nn.Conv2d)
            assert head.bias is not None
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
            nn.init.constant_(head.bias[:1], RARE)

    def forward(self, pictures: Tensor) -> Sight:
        """[B, 3, H, W] of 0..255, H and W multiples of 32 -> the sight of every cell."""
        fine = self.down[0](self.stem(pictures / 128 - 1))
        middle = self.down[1](fine)
        coarse = self.down[2](middle)
        middle = self.up[1](coarse, middle)
        fine = self.up[0](middle, fine)
        levels = [head(x) for head, x in zip(self.heads, (fine, middle, coarse), strict=True)]
        cells = torch.cat([level.flatten(2).mT for level in levels], 1).float()
        places, strides = cells_of(pictures.shape[-2], pictures.shape[-1], pictures.device)
        return Sight(cells[..., 0], decoded(cells[..., 1:5], places, strides), cells[..., 5:])


def see_both_ways(network: nn.Module, pictures: Tensor) -> Sight:
    """What the network says of pictures [B, 3, H, W] and of their mirror images, averaged cell by cell."""
    height, width = pictures.shape[-2:]
    sight = network(torch.cat((pictures, pictures.flip(-1))))
    (score, score_m), (box, box_m), (rotation, rotation_m) = (part.chunk(2) for part in sight)
    there = _mirrored_cells(height, width).to(pictures.device)
    x0, y0, x1, y1 = box_m[:, there].unbind(-1)
    return Sight(
        (score + score_m[:, there]) / 2,
        (box + torch.stack((width - 1 - x1, y0, width - 1 - x0, y1), -1)) / 2,
        (rotation + mirrored_6d(rotation_m[:, there])) / 2,
    )


def _mirrored_cells(height: int, width: int) -> Tensor:
    """[C]: which cell lies where each cell lies in the mirror."""
    cells, first = [], 0
    for stride in STRIDES:
        rows, columns = height // stride, width // stride
        cells.append(first + torch.arange(rows * columns).unflatten(0, (rows, columns)).flip(1).flatten())
        first += rows * columns
    return torch.cat(cells)


def cells_of(height: int, width: int, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Centres [C, 2] (x, y, px) and strides [C] of all cells over a picture of that size."""
    places, strides = [], []
    for stride in STRIDES:
        y, x = torch.meshgrid(
            torch.arange(height // stride, device=device),
            torch.arange(width // stride, device=device),
            indexing="ij",
        )
        centres = torch.stack([x, y], -1).flatten(0, 1).float() * stride + (stride - 1) / 2
        places.append(centres)
        strides.append(torch.full((len(centres),), float(stride), device=device))
    return torch.cat(places), torch.cat(strides)


def decoded(code: Tensor, places: Tensor, strides: Tensor) -> Tensor:
    """Boxes [..., C, 4] px of a code [..., C, 4]: offset of the centre in strides, log of the size."""
    centre = places + code[..., :2] * strides[:, None]
    size = CELLS_PER_FACE * strides[:, None] * code[..., 2:].clamp(-LARGEST_LOG, LARGEST_LOG).exp()
    return torch.cat([centre - size / 2, centre + size / 2], -1)


def encoded(boxes: Tensor, places: Tensor, strides: Tensor) -> Tensor:
    """The inverse of `decoded`."""
    centre, size = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    offset = (centre - places) / strides[:, None]
    return torch.cat([offset, (size / (CELLS_PER_FACE * strides[:, None])).log()], -1)


def suppressed(boxes: Tensor, scores: Tensor, iou: float, most: int) -> list[int]:
    """Indices of the boxes [C, 4] that stay, surest first: none overlaps a surer one by more than `iou`."""
    order: Sequence[int] = scores.argsort(descending=True, stable=True).tolist()
    area = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(-1)
    kept: list[int] = []
    for k in order:
        if len(kept) == most:
            break
        others = boxes[kept]
        overlap = torch.minimum(boxes[k, 2:], others[:, 2:]) - torch.maximum(boxes[k, :2], others[:, :2])
        shared = overlap.clamp(min=0).prod(-1)
        union = area[k] + area[kept] - shared
        if not bool((shared > iou * union).any()):
            kept.append(k)
    return kept
