"""The residual network that 3DDFA-V2 offers beside MobileNet: 22 layers, a small picture to numbers."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

STAGES = ((128, 3), (256, 4), (512, 3))  # channels at width 1, blocks; each halves the side once


class ResNet22(nn.Sequential):
    """[B, 3, S, S] -> [B, outputs]; modules are named as in the published state dict.

    Args:
        width: Share of the published channels.
        outputs: Numbers to regress; 62 as published.

    Attributes:
        features: Channels before the last layer.
    """

    def __init__(self, width: float = 1.0, outputs: int = 62) -> None:
        first, channels = round(32 * width), round(64 * width)
        parts: OrderedDict[str, nn.Module] = OrderedDict(
            conv1=nn.Conv2d(3, first, 5, 2, 2, bias=False),
            bn1=nn.BatchNorm2d(first),
            relu1=nn.ReLU(inplace=True),
            conv2=nn.Conv2d(first, channels, 3, 1, 1, bias=False),
            bn2=nn.BatchNorm2d(channels),
            relu2=nn.ReLU(inplace=True),
        )
        for number, (full, count) in enumerate(STAGES, 1):
            outer = round(full * width)
            blocks = [_Block(channels if k == 0 else outer, outer, 2 if k == 0 else 1) for k in range(count)]
            parts[f"layer{number}"] = nn.Sequential(*blocks)
            channels = outer
        # Published as 1 x 1 convolution, then the mean over all places; the same the other way round.
        parts |= {
            "avgpool": nn.AdaptiveAvgPool2d(1),
            "conv_param": nn.Conv2d(channels, outputs, 1),
            "flat": nn.Flatten(),
        }
        super().__init__(parts)
        self.features = channels


class _Block(nn.Sequential):
    """Two 3 x 3 convolutions and a way around them: [B, inputs, H, W] -> [B, outputs, H / s, W / s]."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(
            OrderedDict(
                conv1=nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
                bn1=nn.BatchNorm2d(outputs),
                relu=nn.ReLU(inplace=True),
                conv2=nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
                bn2=nn.BatchNorm2d(outputs),
            )
        )
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = x
        for name, module in self.named_children():
            y = y if name == "downsample" else module(y)
        return (y + (x if self.downsample is None else self.downsample(x))).relu()
