"""A published DSFNet nobody trained, with numbers of a face's size: to measure and to test."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from models.evaluation.restatements.dsfnet import OFFSET_RATE, Tables
from models.networks.published import PublishedChart, PublishedDSFNet, PublishedForm

CAMERA = (  # mean of the original's training faces: micrometres to px of a 256 px crop
    *(9.46855698e-4, -1.8166175e-5, -1.90654214e-5, 129.716286),
    *(-1.70941182e-5, -1.16374731e-3, 9.80010077e-5, 100.798236),
    *(2.0477034e-5, 7.35584376e-5, 9.53255586e-4, 60.9017688),
)


def made_up(
    size: int = 256, shapes: int = 199, expressions: int = 29, seed: int = 0
) -> tuple[PublishedDSFNet, Tables]:
    """A network with random weights in evaluation mode, and the tables of its restatement.

    The face is half an ellipsoid, the basis smooth noise. Batch norms have statistics of their own, the
    camera lies near the mean of real ones, the grid fills the chart, and the fusion's last layers are fitted
    to one picture so that it answers with the model space's face.
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
        crops = torch.randn(1, 3, size, size)
        _fill_chart(network, crops)
        _fit_fusion(network, crops)
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
    camera = torch.tensor(CAMERA) * (size / 256)
    hrnet.fc_Tm_bn.bias.data.copy_(camera)
    hrnet.fc_Tm_bn.weight.data.copy_(0.05 * camera)


def _fill_chart(network: PublishedDSFNet, crops: Tensor) -> None:
    """Give the dense heads the spread they have on faces: all over the chart, face and not, some depth."""
    hrnet: Any = network.hrnet
    sight = hrnet(crops)
    wanted = ((hrnet.grid_head, sight.grid, 0.5), (hrnet.seg_head, sight.seen.logit(), 1.0))
    for head, values, spread in (*wanted, (hrnet.depth_head, sight.depth, 0.1)):
        deviation, mean = torch.std_mean(values, (0, 2, 3))
        gain = spread / deviation
        head[5].weight.data.mul_(gain[:, None, None, None])
        head[5].bias.data.sub_(mean).mul_(gain)


def _fit_fusion(network: PublishedDSFNet, crops: Tensor) -> None:
    """Least squares for the last 1 x 1 convolutions of both decoders."""
    answer, unet = network(crops), cast(Any, network.unet)
    image, model = answer.image_space, answer.model_space
    maps = torch.cat((image.face, model.face, image.offset, model.offset), 1).unflatten(2, crops.shape[2:])
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
