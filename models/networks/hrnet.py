"""HRNet-W18 (Sun et al. 2019, Wang et al. 2021) with the heads of DSFNet as published.

Module names are those of the public checkpoints, so that a state dict fits key by key.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

WIDTHS = (18, 36, 72, 144)
MOMENTUM = 0.01  # of every batch norm but that of the camera


class Sight(NamedTuple):
    """What the network says of a crop, before any geometry.

    Attributes:
        grid: [B, 2, S, S] per pixel the chart's column, then row, nominally -1..1.
        seen: [B, 2, S, S] in 0..1: visible face, confidence.
        depth: [B, 1, S, S] position-map units, towards the viewer.
        feature: [B, 72, S/32, S/32] for the fusion.
        shape, expression: [B, I], [B, E] coefficients in standard deviations.
        camera: [B, 12] row-major 3 x 4, face model units to crop px.
    """

    grid: Tensor
    seen: Tensor
    depth: Tensor
    feature: Tensor
    shape: Tensor
    expression: Tensor
    camera: Tensor


def _conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, momentum=MOMENTUM)


def _shortcut(inputs: int, outputs: int) -> nn.Sequential | None:
    return None if inputs == outputs else nn.Sequential(_conv(inputs, outputs, 1), _norm(outputs))


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a way around them: [B, inputs, H, W] -> [B, outputs, H, W]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(inputs, outputs, 3), _norm(outputs)
        self.conv2, self.bn2 = _conv(outputs, outputs, 3), _norm(outputs)
        self.downsample = _shortcut(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        around = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + around)


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 and a way around them: [B, inputs, H, W] -> [B, 4 * narrow, H, W]."""

    def __init__(self, inputs: int, narrow: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(inputs, narrow, 1), _norm(narrow)
        self.conv2, self.bn2 = _conv(narrow, narrow, 3), _norm(narrow)
        self.conv3, self.bn3 = _conv(narrow, 4 * narrow, 1), _norm(4 * narrow)
        self.downsample = _shortcut(inputs, 4 * narrow)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        around = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + around)


class HighResolutionModule(nn.Module):
    """Branches at several scales, four blocks each; then every scale takes from every other."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(width, width) for _ in range(4))) for width in widths
        )
        count = range(len(widths))
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_exchange(widths, to, origin) for origin in count) for to in count
        )

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """One map per scale, finest first -> as many of the same shapes."""
        maps = [branch(x) for branch, x in zip(self.branches, maps, strict=True)]
        answers = []
        for to, row in enumerate(self.fuse_layers):
            assert isinstance(row, nn.ModuleList)
            side = maps[to].shape[-2:]
            total: Tensor | None = None
            for layer, x in zip(row, maps, strict=True):
                y = layer(x)
                if y.shape[-2:] != side:
                    y = interpolate(y, size=side, mode="bilinear", align_corners=False)
                total = y if total is None else total + y
            assert total is not None
            answers.append(torch.relu(total))
        return answers


def _exchange(widths: tuple[int, ...], to: int, origin: int) -> nn.Module:
    """From scale `origin` to scale `to`: 1 x 1 before an enlargement, strided 3 x 3 on the way down."""
    if origin == to:
        return nn.Identity()
    if origin > to:
        return nn.Sequential(_conv(widths[origin], widths[to], 1), _norm(widths[to]))
    steps: list[nn.Module] = []
    for k in range(to - origin):
        last = k == to - origin - 1
        outputs = widths[to] if last else widths[origin]
        layers = [_conv(widths[origin], outputs, 3, 2), _norm(outputs)]
        steps.append(nn.Sequential(*layers, *([] if last else [nn.ReLU(inplace=True)])))
    return nn.Sequential(*steps)


def _enter(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs, 3, stride), _norm(outputs), nn.ReLU(inplace=True))


def _head(channels: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2),
        nn.Conv2d(channels, channels, 3, padding=1),
        _norm(channels),
        nn.ReLU(inplace=True),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(channels, outputs, 3, padding=1),
    )


class HighResolutionNetwork(nn.Module):
    """Backbone, three dense heads and the regression of coefficients and camera.

    crops [B, 3, S, S] standardised, S divisible by 32 -> Sight. As published: S = 256, 199 shape and 29
    expression coefficients, 5,730,857 parameters. The original runs `transition3` twice and throws the first
    result away; here it runs once, so a training updates its running statistics once a step.
    """

    def __init__(self, size: int = 256, shapes: int = 199, expressions: int = 29) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(3, 64, 3, 2), _norm(64)
        self.conv2, self.bn2 = _conv(64, 64, 3, 2), _norm(64)
        self.layer1 = nn.Sequential(Bottleneck(64, 64), *(Bottleneck(256, 64) for _ in range(3)))
        w = WIDTHS
        self.transition1 = nn.ModuleList([_enter(256, w[0], 1), nn.Sequential(_enter(256, w[1], 2))])
        self.stage2 = nn.Sequential(HighResolutionModule(w[:2]))
        self.transition2 = _one_scale_more(w[:3])
        self.stage3 = nn.Sequential(HighResolutionModule(w[:3]))
        self.transition3 = _one_scale_more(w)
        self.stage4 = nn.Sequential(HighResolutionModule(w))
        self.grid_head = _head(sum(w), 2)
        self.seg_head = nn.Sequential(*_head(sum(w), 2), nn.Sigmoid())
        self.depth_head = _head(sum(w), 1)
        self.model_space_decoder_head = BasicBlock(w[3], 72)
        self.para_collect = BasicBlock(72, 8)
        flat = 8 * (size // 32) ** 2
        self.fc_shape = nn.Linear(flat, shapes)
        self.fc_exp = nn.Linear(flat, expressions)
        self.fc_Tm = nn.Linear(flat, 12)
        self.fc_Tm_bn = nn.BatchNorm1d(12)

    def forward(self, crops: Tensor) -> Sight:
        """See the class."""
        maps = self.scales(crops)
        side = maps[0].shape[-2:]
        larger = [interpolate(x, size=side, mode="bilinear", align_corners=False) for x in maps[1:]]
        features = torch.cat((maps[0], *larger), 1)
        grid, seen, depth = self.grid_head(features), self.seg_head(features), self.depth_head(features)
        return Sight(grid, seen, depth, *self.regress(maps[3]))

    def scales(self, crops: Tensor) -> list[Tensor]:
        """The four maps of the backbone, S/4 to S/32 a side."""
        x = torch.relu(self.bn1(self.conv1(crops)))
        x = self.layer1(torch.relu(self.bn2(self.conv2(x))))
        maps = self.stage2([enter(x) for enter in self.transition1])
        maps = self.stage3([*maps, self.transition2[2](maps[-1])])
        return self.stage4([*maps, self.transition3[3](maps[-1])])

    def regress(self, deepest: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """[B, 144, S/32, S/32] -> feature, shape, expression, camera; see Sight."""
        feature = self.model_space_decoder_head(deepest)
        flat = self.para_collect(feature).flatten(1)
        return feature, self.fc_shape(flat), self.fc_exp(flat), self.fc_Tm_bn(self.fc_Tm(flat))


def _one_scale_more(widths: tuple[int, ...]) -> nn.ModuleList:
    """A coarser scale out of the coarsest there is; the others stay."""
    same = [nn.Identity() for _ in widths[:-1]]
    return nn.ModuleList([*same, nn.Sequential(_enter(widths[-2], widths[-1], 2))])
