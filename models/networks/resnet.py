"""MGCNet's encoder: ResNet-50 as TensorFlow-slim builds it without batch norms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

BLOCKS = ((3, 64, 2), (4, 128, 2), (6, 256, 2), (3, 512, 1))  # units, bottleneck width, stride
WIDENING = 4  # output channels of a unit over its bottleneck's


@dataclass(frozen=True, slots=True)
class ResNetForm:
    """Sizes of the encoder; the defaults are the published ones.

    Attributes:
        size: Side of the picture it looks at, px.
        field_px: How much of the published 224 px picture that is, about its middle.
        width: Channels over the published ones.
        identity, albedo, expression: Coefficients of each kind.
        pose_units: What one of each of the six numbers of pose stands for: radians, mm.
        normed: Whether a batch norm follows each convolution while it is trained. It is then merged into that
            convolution before use (`blocks.fold_batch_norms`), which leaves the published network.
    """

    size: int = 224
    field_px: float = 224.0
    width: float = 1.0
    identity: int = 80
    albedo: int = 80
    expression: int = 64
    pose_units: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    normed: bool = False

    @property
    def outputs(self) -> int:
        """Coefficients, six of pose, 27 of light."""
        return self.identity + self.albedo + self.expression + 6 + 27


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions and a way around them; the stride sits in the 3 x 3.

    [B, inputs, H, W] -> [B, outputs, ceil(H / stride), ceil(W / stride)].
    """

    def __init__(
        self, inputs: int, middle: int, outputs: int, stride: int, first: bool, normed: bool
    ) -> None:
        super().__init__()
        self.stride = stride
        self.shortcut: nn.Module = _convolution(inputs, outputs, 1, 1, normed) if first else nn.Identity()
        self.conv1 = _convolution(inputs, middle, 1, 1, normed)
        self.conv2 = _convolution(middle, middle, 3, stride, normed)
        self.conv3 = _convolution(middle, outputs, 1, 1, normed)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        around = self.shortcut(x)
        if self.stride > 1:
            around = around[:, :, :: self.stride, :: self.stride]
        inner = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        return torch.relu(self.conv3(inner) + around)


class ResNet50(nn.Module):
    """slim's `resnet_v1_50` called outside its argument scope, as MGCNet's release calls it.

    [B, 3, S, S] of 0..1 -> [B, outputs]. Every convolution has a bias; the pooling after the first one has no
    padding; the stride is in the last unit of a block. 24,008,065 parameters in the published form.
    """

    def __init__(self, form: ResNetForm = ResNetForm()) -> None:
        super().__init__()
        self.form = form

        def scaled(channels: int) -> int:
            return max(8, round(channels * form.width / 8) * 8)

        inputs = scaled(64)
        self.conv1 = _convolution(3, inputs, 7, 2, form.normed)
        blocks = []
        for units, middle, stride in BLOCKS:
            outputs = scaled(WIDENING * middle)
            parts = []
            for k in range(units):
                last = stride if k == units - 1 else 1
                parts.append(
                    Bottleneck(
                        inputs if k == 0 else outputs, scaled(middle), outputs, last, k == 0, form.normed
                    )
                )
            blocks.append(nn.Sequential(*parts))
            inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.logits = nn.Conv2d(inputs, form.outputs, 1)
        self._start()

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        x = nn.functional.max_pool2d(torch.relu(self.conv1(pictures)), 3, 2)
        for block in self.blocks:
            x = block(x)
        return self.logits(x.mean((2, 3), keepdim=True))[:, :, 0, 0]

    def _start(self) -> None:
        """Each unit begins as its shortcut, so that the depth does not blow up or stifle what passes.

        As in Fixup (Zhang et al. 2019): the last convolution of a branch is zero, those before it are scaled
        by units^(-1/4). The coefficients begin near the mean face.
        """
        units = sum(count for count, _, _ in BLOCKS)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Bottleneck):
                for part in (module.conv1, module.conv2):
                    _kernel(part).mul_(units**-0.25)
                _last(module.conv3)
        nn.init.normal_(self.logits.weight, std=1e-3)


def variable_names(form: ResNetForm = ResNetForm()) -> dict[str, str]:
    """Key of this network -> name of the variable in a TensorFlow checkpoint of MGCNet's release."""
    network = ResNet50(form)
    names = {}
    for key in network.state_dict():
        place, _, kind = key.rpartition(".")
        parts = place.split(".")
        if parts[0] == "blocks":
            block, unit = int(parts[1]) + 1, int(parts[2]) + 1
            place = f"block{block}/unit_{unit}/bottleneck_v1/{parts[3]}"
        names[key] = f"resnet_v1_50/{place}/{'weights' if kind == 'weight' else 'biases'}"
    return names


def _convolution(inputs: int, outputs: int, size: int, stride: int, normed: bool) -> nn.Module:
    layer = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=not normed)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs)) if normed else layer


def _kernel(part: nn.Module) -> Tensor:
    layer = part[0] if isinstance(part, nn.Sequential) else part
    assert isinstance(layer, nn.Conv2d)
    return layer.weight.data


def _last(part: nn.Module) -> None:
    """Zero what comes last in a branch: the norm's gain where there is one, else the kernel."""
    if isinstance(part, nn.Sequential):
        nn.init.zeros_(part[1].get_parameter("weight"))
    else:
        _kernel(part).zero_()
