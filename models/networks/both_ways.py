"""A second look in the mirror: a face is the same seen both ways, and two guesses err less than one."""

from __future__ import annotations

import torch
from torch import Tensor

from models.geometry.transforms import mirrored_6d
from models.networks.dual_space import DensePrediction, DualSpaceNetwork, Look, Percept


def perceive_both_ways(network: DualSpaceNetwork, crops: Tensor, symmetric: Tensor) -> tuple[Percept, Tensor]:
    """What `network` reads off crops and off their mirror images, averaged.

    The features are the crops' own; beside them lie those of the mirror, for the states.

    Args:
        network: Of a face model and a chart that are symmetric.
        crops: [B, 3, S, S] standardised.
        symmetric: [I + E] bool: which coefficients mean the same in the mirror; the others change their sign.

    Returns:
        The percept, and how far the two looks lie apart [B, 3]: root mean square of the coefficients
        (standard deviations), of the other numbers (see `Percept.numbers`), mean of the masks (0..1).
    """
    percept = network.perceive(torch.cat((crops, crops.flip(-1))), read=crops.shape[0])
    own, others = slice(None, crops.shape[0]), slice(crops.shape[0], None)
    straight, mirrored = (DensePrediction(*(part[half] for part in percept.dense)) for half in (own, others))
    numbers, other_numbers = percept.numbers[own], _unmirrored_numbers(percept.numbers[others], symmetric)
    both = DensePrediction(*((a + b) / 2 for a, b in zip(straight, _unmirrored(mirrored), strict=True)))
    together = Percept(
        both,
        (numbers + other_numbers) / 2,
        percept.sampled[own],
        percept.summary[own],
        torch.cat((both.mask, percept.evidence[own][:, 1:]), 1),
        Look(mirrored, percept.summary[others], percept.evidence[others]),
        percept.landmark_features,
    )
    off = (numbers - other_numbers).square().split((len(symmetric), numbers.shape[1] - len(symmetric)), 1)
    masks = (torch.sigmoid(straight.mask) - torch.sigmoid(mirrored.mask.flip(-1))).abs().mean((1, 2, 3))
    return together, torch.stack((*(part.mean(1).sqrt() for part in off), masks), 1)


def _unmirrored(dense: DensePrediction) -> DensePrediction:
    mask, uv, depth, confidence = (part.flip(-1) for part in dense)
    u, v = uv.split(1, 1)
    return DensePrediction(mask, torch.cat((1 - u, v), 1), depth, confidence)


def _unmirrored_numbers(numbers: Tensor, symmetric: Tensor) -> Tensor:
    coefficients, six, scale, x, y = numbers.split((len(symmetric), 6, 1, 1, 1), 1)
    signs = torch.where(symmetric, 1.0, -1.0).to(numbers.device)
    return torch.cat((signs * coefficients, mirrored_6d(six), scale, -x, y), 1)
