"""Lips and lids meet; they do not pass through each other."""

from __future__ import annotations

import torch
from torch import Tensor

SWEEPS = 12
EXTRA = 0.02  # mm a correction goes past contact, so that a few sweeps end on the right side


def gaps(upper_lower: Tensor, vertices: Tensor) -> Tensor:
    """[B, G] mm: how far each upper vertex lies above its lower partner.

    Args:
        upper_lower: [G, 2] vertex ids.
        vertices: [B, N, 3] mm, y up.
    """
    height = vertices[..., 1]
    return height[:, upper_lower[:, 0]] - height[:, upper_lower[:, 1]]


def settled(expression: Tensor, start: Tensor, effect: Tensor, slack: Tensor) -> Tensor:
    """The expression nearest to `expression` whose lips and lids at most touch.

    Projects onto the half spaces gap_g >= -slack_g in turn (Kaczmarz, for inequalities). Expressions that
    are fine stay as they are.

    Args:
        expression: [B, E] standard deviations.
        start: [B, G] mm, the gaps of each face at rest; negative ones are allowed to stay as they are.
        effect: [E, G] mm that each component opens each gap by.
        slack: [G] mm of overlap that does no harm: a lid may slide a little over the other.

    Returns:
        [B, E].
    """
    floor = start.clamp(max=0).minimum(-slack)
    length = effect.square().sum(0).clamp(min=1e-6)
    result = expression
    for _ in range(SWEEPS):
        for g in range(effect.shape[1]):
            missing = floor[:, g] - start[:, g] - result @ effect[:, g]
            push = torch.where(missing > 0, missing + EXTRA, torch.zeros_like(missing)) / length[g]
            result = result + push[:, None] * effect[:, g]
    return result
