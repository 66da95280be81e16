"""PRNet and MGCNet at their published size: the network layer by layer as described, and as we run it."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from models.evaluation.reference.timing import Stage, median_ms
from models.evaluation.tables import table
from models.networks.blocks import fold_batch_norms
from models.networks.position_net import PositionForm, PositionNetwork
from models.networks.resnet import ResNet50

FURTHEST = 1e-4  # of the largest output: both must say the same


def peers_speed(repeats: int) -> str:
    """Both networks on one picture of their size, weights by chance; in float32."""
    torch.manual_seed(0)
    rows = [
        _stage("PRNet, 256 px", PositionNetwork(PositionForm()), torch.rand(1, 3, 256, 256), repeats),
        _stage("MGCNet, 224 px", ResNet50(), torch.rand(1, 3, 224, 224), repeats),
    ]
    title = (
        f"networks as published, weights by chance, {torch.get_num_threads()} threads, median of {repeats}"
    )
    return f"{title}\n\n" + table(
        ["ms", "original", "ours", "times"], [[row.name, row.original, row.ours, row.ratio] for row in rows]
    )


def _stage(name: str, network: nn.Module, picture: Tensor, repeats: int) -> Stage:
    """Batch norms apart and channels first, against batch norms folded and channels last."""
    plain = network.eval()
    ours = fold_batch_norms(deepcopy(network)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    last = picture.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        wanted, told = plain(picture), ours(last)
        assert (wanted - told).abs().max() <= FURTHEST * wanted.abs().max()
        original, quick = median_ms([lambda: plain(picture), lambda: ours(last)], repeats)
    return Stage(name, original, quick)
