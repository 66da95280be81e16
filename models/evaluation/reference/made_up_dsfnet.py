"""A published DSFNet nobody trained, with numbers of a face's size: to measure and to test."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from models.evaluation.reference.dsfnet import OFFSET_RATE, Tables
from models.networks.published import CAMERA_MEAN, PublishedChart, PublishedDSFNet, PublishedForm


def made_up(
    size: int = 256, shapes: int = 199, expressions: int = 29, seed: int = 0
) -> tuple[PublishedDSFNet, Tables]:
    """A network with random weights in evaluation mode, and the tables of its restatement.

    The face is half an ellipsoid, the basis smooth noise. Batch norms have statistics of their own, the
    camera lies near the mean of real ones. The last layers of the dense heads and of the fusion are fitted
    to a few of `picture`, so that pixels of its disc find their place on the chart, and the fusion answers
    with the model space's face: numbers as tame as trained ones.
    """
    torch.manual_seed(seed)
    mean, face = _egg(size)
    coarse = torch.randn(shapes + expressions, 3, 8, 8)
    fine = nn.functional.interpolate(coarse, size=size, mode="bicubic", align_corners=False)
    basis = (0.02 * fine).flatten(1)
    form = PublishedForm(size, shapes, expressions)
    nose = (size * 3 // 8, size // 2)
    network = PublishedDSFNet(form, PublishedChart(mean, basis, face, nose))
    _settle(network, size)
    network.eval()
    with torch.inference_mode():
        _fit_heads(network, picture(4, size, seed + 1))
        _fit_fusion(network, picture(1, size, seed + 2))
    rows = basis.unflatten(1, (3, -1)).permute(2, 1, 0).flatten(0, 1) / OFFSET_RATE
    scale = torch.linspace(0.5, 2.0, shapes + expressions)
    rows = rows / scale
    tables = Tables(
        network.state_dict(),
        rows[:, :shapes].contiguous(),
        rows[:, shapes:].contiguous(),
        scale[:shapes],
        scale[shapes:],
        face,
        nose,
    )
    return network, tables


def _egg(size: int) -> tuple[Tensor, Tensor]:
    line = (torch.arange(size) + 0.5) / size * 2 - 1
    v, u = torch.meshgrid(line, line, indexing="ij")
    mean = torch.stack((1.3 * torch.sin(1.5 * u), -0.25 - 1.6 * v, 1.9 * torch.cos(1.5 * u) * torch.cos(v)))
    return mean.contiguous(), u.square() + v.square() < 0.9


def _settle(network: PublishedDSFNet, size: int) -> None:
    for module in network.unet.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(module.weight)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            for values, low, high in (
                (module.running_mean, -0.1, 0.1),
                (module.running_var, 0.7, 1.3),
                (module.weight.data, 0.8, 1.2),
                (module.bias.data, -0.1, 0.1),
            ):
                assert values is not None
                values.uniform_(low, high)
    hrnet: Any = network.hrnet
    camera = torch.tensor(CAMERA_MEAN) * (size / 256)
    hrnet.fc_Tm_bn.bias.data.copy_(camera)
    hrnet.fc_Tm_bn.weight.data.copy_(0.05 * camera)


def picture(count: int, size: int, seed: int = 0) -> Tensor:
    """[B, 3, S, S] standardised: a bright disc on two ramps, and some coarse noise."""
    line = (torch.arange(size) + 0.5) / size * 2 - 1
    v, u = torch.meshgrid(line, line, indexing="ij")
    ramps = torch.stack((u, v, 1 - u.square() - v.square())).expand(count, -1, -1, -1)
    noise = torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    noise = nn.functional.interpolate(noise, size=size, mode="bicubic", align_corners=False)
    crops = ramps + 0.1 * noise
    variance, mean = torch.var_mean(crops, (2, 3), keepdim=True)
    return (crops - mean) / variance.sqrt()


def _fit_heads(network: PublishedDSFNet, crops: Tensor) -> None:
    """Least squares for the last convolutions of the dense heads: the disc is a face seen from the front."""
    hrnet: Any = network.hrnet
    size = crops.shape[-1]
    maps = hrnet.scales(crops)
    larger = [
        nn.functional.interpolate(x, size=maps[0].shape[-2:], mode="bilinear", align_corners=False)
        for x in maps[1:]
    ]
    features = torch.cat((maps[0], *larger), 1)
    line = (torch.arange(size // 2) + 0.5) / (size // 2) * 2 - 1
    v, u = torch.meshgrid(line, line, indexing="ij")
    face = (u / 0.6).square() + (v / 0.6).square()
    depth = 0.25 * (1 - face).clamp(min=0).sqrt()
    wanted = ((u / 0.6, v / 0.6), (3 * (1 - face), 2 * (1 - face)), (depth,))
    for head, targets in zip((hrnet.grid_head, hrnet.seg_head, hrnet.depth_head), wanted, strict=True):
        hidden = head[3](head[2](head[1](head[0](features))))
        design = torch.cat((hidden.movedim(1, -1).flatten(0, 2), torch.ones(hidden[:, 0].numel(), 1)), 1)
        values = torch.stack(targets, -1).expand(len(crops), -1, -1, -1).flatten(0, 2)
        damping = 1e-2 * len(design) * torch.eye(design.shape[1])
        solved = torch.linalg.solve(design.T @ design + damping, design.T @ values)
        head[5].weight.data.copy_(solved[:-1].T[..., None, None].expand(-1, -1, 3, 3) / 9)
        head[5].bias.data.copy_(solved[-1])


def _measure_norms(unet: nn.Module, maps: Tensor, feature: Tensor) -> None:
    """Give its batch norms the statistics of these maps, so that no channel is dead."""
    for module in unet.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the mean over the passes: of one
    unet.train()
    unet(maps, feature)
    unet.eval()


def _fit_fusion(network: PublishedDSFNet, crops: Tensor) -> None:
    """Least squares for the last 1 x 1 convolutions of both decoders."""
    answer, unet = network(crops), cast(Any, network.unet)
    image, model = answer.image_space, answer.model_space
    maps = torch.cat((image.face, model.face, image.offset, model.offset), 1).unflatten(2, crops.shape[2:])
    _measure_norms(unet, maps, answer.sight.feature)
    heads = [unet.offset_head, unet.kpt_head]
    last = [head[3] for head in heads]
    for head in heads:
        head[3] = nn.Identity()
    features = unet(maps, answer.sight.feature)
    for head, layer, x, wanted in zip(heads, last, features, (model.offset, model.face), strict=True):
        design = torch.cat((x[0].flatten(1), torch.ones(1, x[0, 0].numel())))
        solved = torch.linalg.lstsq(design.T, wanted[0].T).solution  # [17, 3]
        layer.weight.data.copy_(solved[:-1].T[..., None, None])
        layer.bias.data.copy_(solved[-1])
        head[3] = layer
