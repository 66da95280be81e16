"""A second look in the mirror: a face is the same seen both ways, and two guesses err less than one."""

from __future__ import annotations

import torch
from torch import Tensor

from models.geometry.transforms import mirrored_6d
from models.networks.dual_space import DensePrediction, DualSpaceNetwork, Percept


def perceive_both_ways(network: DualSpaceNetwork, crops: Tensor, symmetric: Tensor) -> Percept:
    """What `network` reads off crops and off their mirror images, averaged; the features are the crops' own.

    Args:
        network: Of a face model and a chart that are symmetric.
        crops: [B, 3, S, S] standardised.
        symmetric: [I + E] bool: which coefficients mean the same in the mirror; the others change their sign.
    """
    percept = network.perceive(torch.cat((crops, crops.flip(-1))))
    dense = [part.chunk(2) for part in percept.dense]
    straight, mirrored = (DensePrediction(*parts) for parts in zip(*dense, strict=True))
    numbers, mirrored_numbers = percept.numbers.chunk(2)
    return Percept(
        DensePrediction(*((a + b) / 2 for a, b in zip(straight, _unmirrored(mirrored), strict=True))),
        (numbers + _unmirrored_numbers(mirrored_numbers, symmetric)) / 2,
        percept.sampled.chunk(2)[0],
        percept.summary.chunk(2)[0],
    )


def _unmirrored(dense: DensePrediction) -> DensePrediction:
    mask, uv, depth, confidence = (part.flip(-1) for part in dense)
    u, v = uv.split(1, 1)
    return DensePrediction(mask, torch.cat((1 - u, v), 1), depth, confidence)


def _unmirrored_numbers(numbers: Tensor, symmetric: Tensor) -> Tensor:
    coefficients, six, scale, x, y = numbers.split((len(symmetric), 6, 1, 1, 1), 1)
    signs = torch.where(symmetric, 1.0, -1.0).to(numbers.device)
    return torch.cat((signs * coefficients, mirrored_6d(six), scale, -x, y), 1)
