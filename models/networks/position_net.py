"""PRNet's network: an encoder and a decoder from a picture to a map of positions."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

EPSILON = 0.001  # of the batch norms
DECAY = 0.001  # of their running statistics, in PyTorch's sense
TOLD_SIDES = 1.1  # a map as published can say positions from 0 to this many sides of the picture
ENTRY = 16
DOWN = (32, 32, 64, 64, 128, 128, 256, 256, 512, 512)  # every other one halves the map, from the first on
UP = (512, 256, 256, 256, 128, 128, 128, 64, 64, 64, 32, 32, 16, 16)
DOUBLING = (1, 4, 7, 10, 12)  # which of UP double the map
LANDMARKS = 68
BESIDE = "beside."  # how the keys of the branch in training begin
LAST = 3  # layers of three channels at the end
ABOVE = 2.0  # standard deviations: where those channels begin above the ReLU's edge


@dataclass(frozen=True, slots=True)
class PositionForm:
    """Sizes of the network; as published unless said otherwise.

    Attributes:
        size: S, side of the picture and of the map, px; divisible by 32.
        width: Channels, as a multiple of the published ones.
        beyond: How much farther a map can say positions, at either end, in sides of the picture.
    """

    size: int = 256
    width: float = 1.0
    beyond: float = 0.0

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 32:
            raise ValueError(f"the side must be a multiple of 32 px, not {self.size}")
        if not 1 / ENTRY <= self.width <= 4:
            raise ValueError(f"the width must lie between {1 / ENTRY} and 4, not {self.width}")
        if not 0 <= self.beyond <= 1:
            raise ValueError(f"a map can say up to a side beyond the picture, not {self.beyond}")

    @property
    def told(self) -> tuple[float, float]:
        """The least and the greatest a map can say, px."""
        return -self.beyond * self.size, (TOLD_SIDES + self.beyond) * self.size

    def channels(self, published: int) -> int:
        """As many of this form's as `published` are of the published one; even."""
        return 2 * max(1, round(self.width * published / 2))


class PositionNetwork(nn.Module):
    """ResFCN-256 (Feng et al. 2018): pictures [B, 3, S, S] in 0..1 -> positions [B, 3, S, S] in px.

    A 4 x 4 convolution, ten residual blocks down to S / 32, seventeen transposed 4 x 4 convolutions back up.
    No convolution has a bias; batch norm and ReLU follow each, a sigmoid the last. Paddings are those
    TensorFlow calls SAME.
    """

    def __init__(self, form: PositionForm) -> None:
        super().__init__()
        self.form = form
        down = [form.channels(n) for n in (ENTRY, *DOWN)]
        self.enter = _Layer(_Padded(3, down[0], 4), down[0])
        self.blocks = nn.ModuleList(
            _Block(a, b, 2 if k % 2 == 0 else 1) for k, (a, b) in enumerate(pairwise(down))
        )
        up = [down[-1], *(form.channels(n) for n in UP), *[3] * LAST]
        layers = [
            _Layer(_Transposed(a, b, 2 if k in DOUBLING else 1), b) for k, (a, b) in enumerate(pairwise(up))
        ]
        layers[-1].act = nn.Sigmoid()
        for layer in layers[1 - LAST :]:
            _pass_on(layer.conv)
        for layer in layers[-LAST:-1]:
            nn.init.constant_(layer.norm.bias, ABOVE)
        self.ups = nn.ModuleList(layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        return self.decoded(self.encoded(pictures))

    def encoded(self, pictures: Tensor) -> Tensor:
        """[B, 3, S, S] -> [B, C, S / 32, S / 32]: everything the decoder is told."""
        x = self.enter(pictures)
        for block in self.blocks:
            x = block(x)
        return x

    def decoded(self, x: Tensor) -> Tensor:
        """[B, C, S / 32, S / 32] -> [B, 3, S, S] px."""
        for up in self.ups[:-LAST]:
            x = up(x)
        with torch.autocast(x.device.type, enabled=False):  # eight bits would round positions to whole px
            x = x.float()
            for up in self.ups[-LAST:]:
                x = up(x)
        low, high = self.form.told
        return low + (high - low) * x


def _pass_on(convolution: nn.Module) -> None:
    """Begin with each channel as it came, so that positions can be learnt before the last layers are."""
    assert isinstance(convolution, _Transposed)
    with torch.no_grad():
        convolution.weight.mul_(0.1)
        for channel in range(len(convolution.weight)):
            convolution.weight[channel, channel, 1, 1] = 1.0


class PositionNetworkInTraining(PositionNetwork):
    """The network with a branch beside its decoder that says the landmarks at once; dropped afterwards.

    A decoder of seventeen layers takes long to tell its encoder what matters; this branch does at once.

    pictures -> positions [B, 3, S, S] px, landmarks [B, 68, 2] in half sides from the middle.
    """

    def __init__(self, form: PositionForm) -> None:
        super().__init__(form)
        cells = (form.size // 32) ** 2
        self.beside = nn.Linear(form.channels(DOWN[-1]) * cells, 2 * LANDMARKS)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """See the class."""
        code = self.encoded(pictures)
        return self.decoded(code), self.beside(code.flatten(1)).float().unflatten(1, (LANDMARKS, 2))


class _Layer(nn.Sequential):
    """A convolution, its batch norm, and what follows."""

    conv: nn.Module
    norm: nn.BatchNorm2d
    act: nn.Module

    def __init__(self, convolution: nn.Module, outputs: int) -> None:
        norm = nn.BatchNorm2d(outputs, EPSILON, DECAY)
        super().__init__(OrderedDict(conv=convolution, norm=norm, act=nn.ReLU(inplace=True)))


class _Block(nn.Module):
    """Narrow, look around, widen, and a way around it: [B, a, H, W] -> [B, b, H / stride, W / stride].

    The widening and the way around are summed before the one batch norm of both.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        half = outputs // 2
        self.narrow = _Layer(nn.Conv2d(inputs, half, 1, bias=False), half)
        self.look = _Layer(_Padded(half, half, 4, stride), half)
        self.widen = nn.Conv2d(half, outputs, 1, bias=False)
        self.around: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.around = nn.Conv2d(inputs, outputs, 1, bias=False)
        self._stride = stride
        self.norm = nn.BatchNorm2d(outputs, EPSILON, DECAY)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        kept = x[..., :: self._stride, :: self._stride]  # in place of a stride, which crashes oneDNN in bf16
        return torch.relu(self.norm(self.widen(self.look(self.narrow(x))) + self.around(kept)))


class _Padded(nn.Conv2d):
    """A convolution that keeps the side (over its stride): of the missing rows, the odd one goes below.

    size 4: stride 1 pads 1 above and 2 below, stride 2 pads 1 and 1.
    """

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, size, stride, bias=False)
        before = (size - stride) // 2
        self._pads = (before, size - stride - before) * 2

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return super().forward(nn.functional.pad(x, self._pads))


class _Transposed(nn.ConvTranspose2d):
    """A transposed 4 x 4 convolution: [B, a, H, W] -> [B, b, stride H, stride W]."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(inputs, outputs, 4, stride, padding=1, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """See the class. With stride 1 there is one row and one column too many at the end."""
        rows, columns = (self.stride[0] * side for side in x.shape[-2:])
        return super().forward(x, output_size)[..., :rows, :columns]
