"""Two U-Nets: one looks at the photo, one fuses two complete faces on the UV chart."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.networks.blocks import ResidualBlock, UpBlock, convolution


class ImageFeatures(NamedTuple):
    """What the image network passes on.

    Attributes:
        fine: [B, widths[0], S/2, S/2].
        summary: [B, summary]: the deepest features, flattened and mixed.
        levels: Of the encoder, finest first: [B, widths[k], S / 2^(k + 1), S / 2^(k + 1)].
    """

    fine: Tensor
    summary: Tensor
    levels: tuple[Tensor, ...]


class ImageNetwork(nn.Module):
    """Residual encoder to S/32 and a light decoder back to S/2.

    crops [B, 3, S, S], standardised -> ImageFeatures.
    """

    def __init__(self, size: int, widths: tuple[int, ...], summary: int) -> None:
        super().__init__()
        w = widths
        self.stem = convolution(3, w[0], stride=2)
        self.levels = nn.ModuleList(
            [ResidualBlock(w[0], w[0])]
            + [nn.Sequential(ResidualBlock(a, b, stride=2), ResidualBlock(b, b)) for a, b in pairwise(w[:-1])]
            + [ResidualBlock(w[-2], w[-1], stride=2)]
        )
        self.ups = nn.ModuleList(UpBlock(a, b) for b, a in reversed(list(pairwise(w))))
        side = size // 2 ** len(w)
        self.summary = nn.Sequential(
            nn.Conv2d(w[-1], 64, 1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(64 * side * side, summary),
            nn.ReLU(inplace=True),
        )

    def forward(self, crops: Tensor) -> ImageFeatures:
        """See the class."""
        x = self.stem(crops)
        skips = []
        for level in self.levels:
            x = level(x)
            skips.append(x)
        summary = self.summary(x)
        for up, skip in zip(self.ups, reversed(skips[:-1]), strict=True):
            x = up(x, skip)
        return ImageFeatures(x, summary, tuple(skips))


class FusionNetwork(nn.Module):
    """U-Net on the UV chart; the image summary enters at its centre (DSFNet, sec. 3.3).

    maps [B, inputs, G, G], summary [B, summary] -> [B, outputs, G, G]. G is divisible by 8.
    """

    def __init__(self, inputs: int, outputs: int, summary: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        a, b, c, d = widths
        self.enter = nn.Sequential(convolution(inputs, a, size=1), convolution(a, a))
        self.downs = nn.ModuleList(ResidualBlock(i, o, stride=2) for i, o in ((a, b), (b, c), (c, d)))
        self.context = nn.Linear(summary, d)
        self.centre = convolution(2 * d, d)
        self.ups = nn.ModuleList((UpBlock(d, c), UpBlock(c, b), UpBlock(b, a)))
        self.leave = nn.Conv2d(a, outputs, 1)
        nn.init.normal_(self.leave.weight, std=1e-3)

    def forward(self, maps: Tensor, summary: Tensor) -> Tensor:
        """See the class."""
        skips = [self.enter(maps)]
        for down in self.downs:
            skips.append(down(skips[-1]))
        x = skips.pop()
        context = self.context(summary)[..., None, None].expand(-1, -1, *x.shape[2:])
        x = self.centre(torch.cat((x, context), 1))
        for up in self.ups:
            x = up(x, skips.pop())
        return self.leave(x)
