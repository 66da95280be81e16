"""Convolutions whose weights lie as the processor's library wants them, the ReLU after them done on the way.

PyTorch lays weights anew in every call, which for small maps takes as long as the convolution itself. Those
of 1 x 1 are left alone: there is little to lay, and for some inputs the library wants them otherwise and then
takes twenty times as long.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from models.networks.blocks import ResidualBlock

PICTURES, SIDE = 2, 32  # of the inputs that weights are packed for: others are hardly slower


class PackedConvolution(nn.Module):
    """A convolution on the processor, for inference: [B, C, H, W] -> the same that `plain` answers."""

    def __init__(self, plain: nn.Conv2d, relu: bool) -> None:
        """Keep the convolution, and whether a ReLU follows."""
        super().__init__()
        self.plain = plain
        self._then = "relu" if relu else "none"
        self._packed: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return torch.ops.mkldnn._convolution_pointwise(
            x, self._weight(), self.plain.bias, *self._form(), self._then, [], ""
        )

    def upon(self, x: Tensor, other: Tensor) -> Tensor:
        """The ReLU of the convolution of x plus other [B, outputs, H, W]."""
        return torch.ops.mkldnn._convolution_pointwise.binary(
            *(x, other, self._weight(), self.plain.bias), *self._form(), "add", 1.0, "relu", [], ""
        )

    def _weight(self) -> Tensor:
        """Packed at the first call, and not for its input: so no answer depends on earlier ones."""
        if self._packed is None:
            plain = self.plain.weight.detach().to_mkldnn()
            size = (PICTURES, self.plain.in_channels, SIDE, SIDE)
            self._packed = torch.ops.aten.mkldnn_reorder_conv2d_weight(plain, *self._form(), size)
        return self._packed

    def _form(self) -> tuple[Any, Any, Any, int]:
        return self.plain.padding, self.plain.stride, self.plain.dilation, self.plain.groups

    def __getstate__(self) -> dict[str, Any]:
        """Without the packed weights, which cannot be copied."""
        return {**self.__dict__, "_packed": None}


class PackedResidual(nn.Module):
    """A residual block whose second convolution adds what goes around it, rounded once, not twice."""

    def __init__(self, first: nn.Module, second: PackedConvolution, shortcut: nn.Module) -> None:
        super().__init__()
        self.first, self.second, self.shortcut = first, second, shortcut

    def forward(self, x: Tensor) -> Tensor:
        """As `ResidualBlock`."""
        return self.second.upon(self.first(x), self.shortcut(x))


def packed(network: nn.Module) -> nn.Module:
    """`network` with every wider convolution packed, changed in place; it can no longer be trained.

    As it is where that cannot be: off the processor, or where PyTorch is built without oneDNN.
    """
    parameter = next(network.parameters(), None)
    if parameter is None or parameter.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return network
    return _packed(network)


def _packed(network: nn.Module) -> nn.Module:
    if type(network) is nn.Conv2d and network.kernel_size != (1, 1):
        return PackedConvolution(network, relu=False)
    if isinstance(network, nn.Sequential):
        return nn.Sequential(*_chain([part for part in network if not isinstance(part, nn.Identity)]))
    for name, part in list(network.named_children()):
        network.set_submodule(name, _packed(part))
    if isinstance(network, ResidualBlock) and len(network.second) == 1:  # its batch norm is folded
        second = network.second[0]
        assert isinstance(second, PackedConvolution)
        return PackedResidual(network.first, second, network.shortcut)
    return network


def _chain(parts: list[nn.Module]) -> list[nn.Module]:
    """Parts that follow each other, each ReLU taken into the convolution before it."""
    chain: list[nn.Module] = []
    for part in parts:
        before = chain[-1] if chain else None
        if isinstance(part, nn.ReLU) and isinstance(before, PackedConvolution):
            chain[-1] = PackedConvolution(before.plain, relu=True)
        else:
            chain.append(_packed(part))
    return chain
