"""MobileNet-V1 (Howard et al. 2017) as 3DDFA-V2 has it: a small picture to a row of numbers."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

# Block -> channels it gives at width 1, stride.
BLOCKS = {
    "dw2_1": (64, 1),
    "dw2_2": (128, 2),
    "dw3_1": (128, 1),
    "dw3_2": (256, 2),
    "dw4_1": (256, 1),
    "dw4_2": (512, 2),
    **{f"dw5_{k}": (512, 1) for k in range(1, 6)},
    "dw5_6": (1024, 2),
    "dw6": (1024, 1),
}


class MobileNet(nn.Sequential):
    """[B, 3, S, S] -> [B, outputs]; modules are named as in the published state dict.

    Args:
        width: Share of the published channels: 1 is `mb1`, 0.5 is `mb05`.
        outputs: Numbers to regress; 62 as published.

    Attributes:
        features: Channels before the last layer.
    """

    def __init__(self, width: float = 1.0, outputs: int = 62) -> None:
        channels = round(32 * width)
        parts: OrderedDict[str, nn.Module] = OrderedDict(
            conv1=nn.Conv2d(3, channels, 3, 2, 1, bias=False),
            bn1=nn.BatchNorm2d(channels),
            relu=nn.ReLU(inplace=True),
        )
        for name, (full, stride) in BLOCKS.items():
            parts[name] = _separable(channels, round(full * width), stride)
            channels = round(full * width)
        parts |= {"pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten(), "fc": nn.Linear(channels, outputs)}
        super().__init__(parts)
        self.features = channels


class _Depthwise(nn.Conv2d):
    """A convolution of each channel by itself.

    Where it halves the side it is taken in single precision: in bfloat16 its gradient is ten times slower.
    """

    def forward(self, input: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H / stride, W / stride]."""
        if self.stride[0] == 1:
            return super().forward(input)
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.to(self.weight.dtype))


def _separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A 3 x 3 convolution of each channel by itself, then a 1 x 1 convolution across them."""
    return nn.Sequential(
        OrderedDict(
            conv_dw=_Depthwise(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
            bn_dw=nn.BatchNorm2d(inputs),
            relu_dw=nn.ReLU(inplace=True),
            conv_sep=nn.Conv2d(inputs, outputs, 1, bias=False),
            bn_sep=nn.BatchNorm2d(outputs),
            relu_sep=nn.ReLU(inplace=True),
        )
    )
