"""Pieces the networks are made of."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU: [B, inputs, H, W] -> [B, outputs, H / stride, W / stride]."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions and a way around them (He et al. 2016, basic block).

    [B, inputs, H, W] -> [B, outputs, H / stride, W / stride].
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride=stride)
        self.second = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return (self.second(self.first(x)) + self.shortcut(x)).relu_()


class UpBlock(nn.Module):
    """Doubles the side of a coarse map and adds it to the finer one beside it (a U-Net that sums its skips).

    coarse [B, inputs, H, W], fine [B, outputs, 2H, 2W] -> [B, outputs, 2H, 2W].
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(inputs, outputs, 1)
        self.join = convolution(outputs, outputs)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """See the class."""
        return self.join(nn.functional.interpolate(self.reduce(coarse), scale_factor=2.0) + fine)


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """The same function of `network` in evaluation mode, with every batch norm merged into what precedes it.

    Changes `network` in place and returns it; it must not be trained afterwards.
    """
    network.eval()
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            _fold_pairs(module)
    return network


def _fold_pairs(sequence: nn.Sequential) -> None:
    for k in range(len(sequence) - 1):
        layer, norm = sequence[k], sequence[k + 1]
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and isinstance(norm, nn.BatchNorm2d):
            sequence[k] = fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d))
            sequence[k + 1] = nn.Identity()
        elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
            sequence[k] = fuse_linear_bn_eval(layer, norm)
            sequence[k + 1] = nn.Identity()
