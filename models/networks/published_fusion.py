"""The two networks on the UV chart of DSFNet as published: completion of what was seen, and fusion.

Module names are those of the published checkpoint, so that a state dict fits key by key.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

WIDTHS = (16, 32, 64, 128, 256)


class CompletionNetwork(nn.Module):
    """PointNet without transformers (Qi et al. 2017): seen points -> coefficients of the whole face.

    points [B, 6, P] (x, y, z, confidence, row, column) -> shape [B, I], expression [B, E]. `conv6_Tm` is in
    the published checkpoint and read by nobody.
    """

    def __init__(self, shapes: int = 199, expressions: int = 29) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(6, 64, 1)
        self.conv2 = nn.Conv1d(64, 64, 1)
        self.conv3 = nn.Conv1d(64, 64, 1)
        self.conv4 = nn.Conv1d(64, 128, 1)
        self.conv5 = nn.Conv1d(128, 1024, 1)
        self.conv6_Tm = nn.Conv1d(1024, 12, 1)
        self.conv6_shape = nn.Conv1d(1024, shapes, 1)
        self.conv6_exp = nn.Conv1d(1024, expressions, 1)
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm1d(64), nn.BatchNorm1d(64), nn.BatchNorm1d(64)
        self.bn4, self.bn5 = nn.BatchNorm1d(128), nn.BatchNorm1d(1024)
        self.bn6_shape, self.bn6_exp = nn.BatchNorm1d(shapes), nn.BatchNorm1d(expressions)

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = torch.relu(self.bn1(self.conv1(points)))
        x = torch.relu(self.bn2(self.conv2(x)))
        x = torch.relu(self.bn3(self.conv3(x)))
        x = torch.relu(self.bn4(self.conv4(x)))
        x = torch.relu(self.bn5(self.conv5(x))).amax(2, keepdim=True)
        shape = self.bn6_shape(self.conv6_shape(x))
        return shape[..., 0], self.bn6_exp(self.conv6_exp(x))[..., 0]


class DoubleConvolution(nn.Module):
    """Twice 3 x 3 convolution and ReLU, with batch norms between or without."""

    def __init__(self, inputs: int, outputs: int, norm: bool = True) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, outputs, norm)
        self.conv2 = _convolution(outputs, outputs, norm)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H, W]."""
        return self.conv2(self.conv1(x))


def _convolution(inputs: int, outputs: int, norm: bool) -> nn.Sequential:
    between = [nn.BatchNorm2d(outputs)] if norm else []
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), *between, nn.ReLU(inplace=True))


class UpConcatenation(nn.Module):
    """Doubles the side of a coarse map, sets the finer one behind it, convolves both."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv = DoubleConvolution(2 * outputs, outputs, norm=False)
        self.up = nn.ConvTranspose2d(2 * outputs, outputs, 2, 2)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """[B, 2 C, H, W], [B, C, 2H, 2W] -> [B, C, 2H, 2W]."""
        return self.conv(torch.cat((self.up(coarse), fine), 1))


class PublishedFusion(nn.Module):
    """U-Net with one encoder and two decoders: two whole faces and their shapes -> the fused ones.

    maps [B, 12, S, S] (face and offset of both spaces), feature [B, 72, h, w] -> offset, kpt [B, 3, S, S].
    S is divisible by 16.
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d, e = WIDTHS
        self.conv1 = DoubleConvolution(12, a)
        self.conv2 = DoubleConvolution(a, b)
        self.conv3 = DoubleConvolution(b, c)
        self.conv4 = DoubleConvolution(c, d)
        self.center = DoubleConvolution(d, e)
        self.fuse_with_feature = DoubleConvolution(e + 72, e)
        self.up_concat4_offset, self.up_concat3_offset = UpConcatenation(d), UpConcatenation(c)
        self.up_concat2_offset, self.up_concat1_offset = UpConcatenation(b), UpConcatenation(a)
        self.up_concat4_kpt, self.up_concat3_kpt = UpConcatenation(d), UpConcatenation(c)
        self.up_concat2_kpt, self.up_concat1_kpt = UpConcatenation(b), UpConcatenation(a)
        self.offset_head, self.kpt_head = _out(a), _out(a)

    def forward(self, maps: Tensor, feature: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        first = self.conv1(maps)
        second = self.conv2(max_pool2d(first, 2))
        third = self.conv3(max_pool2d(second, 2))
        fourth = self.conv4(max_pool2d(third, 2))
        centre = self.center(max_pool2d(fourth, 2))
        feature = interpolate(feature, size=centre.shape[-2:], mode="bilinear", align_corners=False)
        centre = self.fuse_with_feature(torch.cat((centre, feature), 1))

        offset = self.up_concat4_offset(centre, fourth)
        offset = self.up_concat3_offset(offset, third)
        offset = self.up_concat2_offset(offset, second)
        offset = self.up_concat1_offset(offset, first)
        kpt = self.up_concat4_kpt(centre, fourth)
        kpt = self.up_concat3_kpt(kpt, third)
        kpt = self.up_concat2_kpt(kpt, second)
        kpt = self.up_concat1_kpt(kpt, first)
        return self.offset_head(offset), self.kpt_head(kpt)


def _out(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, 3, 1),
    )
