"""The same function as DSFNet's published network, several times faster; only for inference.

Every step is exact algebra but for rounding: batch norms are folded; the first convolutions of the three
heads are one; a 3 x 3 convolution of a map doubled by repetition is four 2 x 2 convolutions of the map;
and the convolution of a map enlarged bilinearly is taken on the small map, its enlargement being two thin
matrices.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, pad
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.networks.hrnet import WIDTHS, HighResolutionNetwork, Sight
from models.networks.published import PublishedDSFNet
from models.networks.published_fusion import PublishedFusion
from models.networks.rounded import multiplies_bfloat16

FINE = WIDTHS[0] + WIDTHS[1]  # channels of the two larger maps, convolved directly
OUTPUTS = (2, 2, 1)  # of the grid, seen and depth heads


class Precision(NamedTuple):
    """In which type each part is computed."""

    backbone: torch.dtype = torch.float32
    heads: torch.dtype = torch.float32
    fusion: torch.dtype = torch.float32
    face_model: torch.dtype = torch.float32


def fast_precision(device: torch.device) -> Precision:
    """bfloat16 for the basis, whose reading it halves, where the machine multiplies it fast; else float32.

    Networks stay in float32: rounded to bfloat16, made-up ones moved the answer by 0.4 to 0.6 % of the face;
    the basis moves it by 0.005 %.
    """
    return Precision(face_model=torch.bfloat16 if multiplies_bfloat16(device) else torch.float32)


def quickened(network: PublishedDSFNet, precision: Precision) -> PublishedDSFNet:
    """The same answers, faster. Changes `network` in place; it must not be trained afterwards."""
    network.eval()
    assert isinstance(network.hrnet, HighResolutionNetwork)
    assert isinstance(network.unet, PublishedFusion)
    _fold(network)
    network.hrnet = FastHighResolutionNetwork(network.hrnet, precision)
    network.unet = _FastFusion(network.unet, precision.fusion)
    network.basis = network.basis.to(precision.face_model)
    return network


def _fold(network: nn.Module) -> None:
    """Merge every batch norm into the convolution before it: `bn1` into `conv1`, in a list its neighbour."""
    for module in list(network.modules()):
        children = dict(module.named_children())
        for name, child in children.items():
            if isinstance(module, nn.Sequential) and name.isdigit():
                norm = str(int(name) + 1)
            else:
                norm = name.replace("conv", "bn")
            after = children.get(norm)
            if isinstance(child, (nn.Conv1d, nn.Conv2d)) and isinstance(
                after, (nn.BatchNorm1d, nn.BatchNorm2d)
            ):
                setattr(module, name, fuse_conv_bn_eval(child, after))
                setattr(module, norm, nn.Identity())


class FastHighResolutionNetwork(nn.Module):
    """HighResolutionNetwork with its dense heads on the small maps; channels last."""

    def __init__(self, network: HighResolutionNetwork, precision: Precision) -> None:
        super().__init__()
        self.heads = _FastHeads(network, precision.heads)
        dtype = precision.backbone
        for unused in ("grid_head", "seg_head", "depth_head"):
            delattr(network, unused)
        self.network = network.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in (network.fc_shape, network.fc_exp, network.fc_Tm, network.fc_Tm_bn):
            layer.float()  # the camera's entries span six orders of magnitude
        network.model_space_decoder_head.float()
        network.para_collect.float()
        self._dtype = dtype

    def forward(self, crops: Tensor) -> Sight:
        """See HighResolutionNetwork."""
        return self.look(self.scales(crops))

    def scales(self, crops: Tensor) -> list[Tensor]:
        """The four maps of the backbone."""
        return self.network.scales(crops.to(dtype=self._dtype, memory_format=torch.channels_last))

    def look(self, maps: list[Tensor]) -> Sight:
        """What the heads make of them."""
        dense = self.heads([x.to(self.heads.dtype) for x in maps])
        return Sight(
            dense[:, :2], torch.sigmoid(dense[:, 2:4]), dense[:, 4:], *self.network.regress(maps[3].float())
        )


class _FastFusion(nn.Module):
    def __init__(self, network: PublishedFusion, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._dtype = dtype

    def forward(self, maps: Tensor, feature: Tensor) -> tuple[Tensor, Tensor]:
        """See PublishedFusion."""
        maps = maps.to(dtype=self._dtype, memory_format=torch.channels_last)
        return self.network(maps, feature.to(self._dtype))


class _FastHeads(nn.Module):
    """The three dense heads: four maps of the backbone, finest S/4 a side -> [B, 5, S, S] float32."""

    first: Tensor
    bias: Tensor
    last: Tensor
    last_bias: Tensor

    def __init__(self, network: HighResolutionNetwork, dtype: torch.dtype) -> None:
        super().__init__()
        heads: list[Any] = [network.grid_head, network.seg_head, network.depth_head]
        first, last = ([head[k] for head in heads] for k in (1, 5))
        weight = torch.cat([conv.weight.detach() for conv in first])  # [3 K, K, 3, 3], batch norms folded
        self.channels = len(weight) // 3
        self._buffer("bias", torch.cat([conv.bias.detach() for conv in first]).repeat(4).to(dtype))
        phases = _phases(weight[:, :FINE]).movedim((2, 3), (0, 1)).flatten(0, 2)  # [4 * 3 K, FINE, 2, 2]
        self._buffer("first", phases.to(dtype).contiguous(memory_format=torch.channels_last))
        starts = (FINE, FINE + WIDTHS[2], sum(WIDTHS))
        for k in (0, 1):
            taps = weight[:, starts[k] : starts[k + 1]].permute(1, 2, 3, 0).flatten(1)  # [C, 9 * 3 K]
            self._buffer(f"taps{k}", taps.to(dtype).contiguous())
        self.dtype = dtype
        columns = [_phases(conv.weight.detach()).permute(1, 2, 3, 4, 5, 0).flatten(1) for conv in last]
        self._buffer("last", torch.cat(columns, 1))  # [K, 16 * (2 + 2 + 1)]
        self._buffer("last_bias", torch.cat([conv.bias.detach() for conv in last]))

    def _buffer(self, name: str, values: Tensor) -> None:
        self.register_buffer(name, values, persistent=False)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """See the class."""
        hidden = self._coarse(maps[2:], 2 * maps[0].shape[-1])
        fine = interpolate(maps[1], size=maps[0].shape[-2:], mode="bilinear", align_corners=False)
        phases = conv2d(pad(torch.cat((maps[0], fine), 1), (1, 1, 1, 1)), self.first, self.bias)
        side = maps[0].shape[-1]
        spread = hidden.unflatten(1, (side, 2)).unflatten(3, (side, 2))
        for k, part in enumerate(phases.movedim(1, -1).chunk(4, -1)):
            a, b = divmod(k, 2)
            spread[:, :, a, :, b].add_(part[:, a : a + side, b : b + side])
        return self._outputs(hidden.relu_())

    def _coarse(self, maps: list[Tensor], side: int) -> Tensor:
        """What the two small maps add to the first convolutions: [B, side, side, 3 K].

        With E the enlargement of a line (bilinear, then each cell twice) and E_d the same shifted by tap d,
        sum_d,e W_de E_d x E_e^T is taken as W_de x first, on the small map, then the lines, then the columns.
        """
        rows, lines = [], []
        for k, x in enumerate(maps):
            small = x.shape[-1]
            enlarge = _enlargement(small, side, x)  # [3, side, small]
            taps = x.movedim(1, -1) @ getattr(self, f"taps{k}")  # [B, h, w, 9 * 3 K]
            taps = taps.unflatten(-1, (3, 3, -1)).permute(0, 3, 1, 4, 2, 5)  # [B, 3, h, 3, w, 3 K]
            taps = taps.flatten(3, 4).flatten(1, 2)
            along = enlarge.movedim(0, 1).flatten(1)  # [side, 3 * w]
            lines.append((along @ taps).flatten(2))  # [B, 3 * h, side * 3 K]
            rows.append(along)
        return (torch.cat(rows, 1) @ torch.cat(lines, 1)).unflatten(2, (side, -1))

    def _outputs(self, hidden: Tensor) -> Tensor:
        """The last convolutions, [B, side, side, 3 K] -> [B, 5, 2 side, 2 side]."""
        side, width, start = hidden.shape[1], self.channels, 0
        answers = []
        for k, outputs in enumerate(OUTPUTS):
            weight = self.last[:, start : start + 16 * outputs]
            start += 16 * outputs
            taps = hidden[..., k * width : (k + 1) * width].float() @ weight
            taps = pad(taps, (0, 0, 1, 1, 1, 1)).unflatten(-1, (2, 2, 2, 2, outputs))
            answer = taps.new_zeros(len(hidden), outputs, side, 2, side, 2)
            for n in range(16):
                a, b, r, s = n >> 3 & 1, n >> 2 & 1, n >> 1 & 1, n & 1
                part = taps[:, a + r : a + r + side, b + s : b + s + side, a, b, r, s]
                answer[:, :, :, a, :, b] += part.movedim(-1, 1)
            answers.append(answer.flatten(2, 3).flatten(3, 4))
        return torch.cat(answers, 1) + self.last_bias[:, None, None]


def _phases(weight: Tensor) -> Tensor:
    """[O, C, 3, 3] for a map with each cell twice -> [O, C, 2, 2, 2, 2] for the map: phase, tap.

    Row 2 i of the large map sees rows i - 1, i, i of the small one; row 2 i + 1 sees i, i, i + 1.
    """
    pairs = weight.new_tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]])  # [phase, tap, of three]
    return torch.einsum("ocyx,ary,bsx->ocabrs", weight, pairs, pairs)


def _enlargement(small: int, side: int, like: Tensor) -> Tensor:
    """[3, side, small]: a line of `small` cells to one of `side`, read one cell before, at, and one after.

    Bilinear to half of `side`, then each cell twice; zero beyond the ends.
    """
    line = torch.eye(small, device=like.device)[None]
    large = interpolate(line, size=side // 2, mode="linear", align_corners=False).repeat_interleave(2, 2)[0]
    padded = pad(large, (1, 1))
    return torch.stack([padded[:, d : d + side].T for d in range(3)]).to(like.dtype)
