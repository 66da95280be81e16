"""Short videos from stills (3DDFA-V2, section 3.3): what a face looks like a moment later.

The camera moves in the plane by another square; the head turns a little out of the plane, and the picture
follows as its visible surface does.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from models.geometry.transforms import rotation_from_euler
from models.training.squares import Squares

CELLS = 15  # the motion of the picture is told on so many cells each way
_SPREAD = 0.05  # weight of standing still, against one vertex: how the motion fades away from the face


def small_turns(count: int, most_rad: float, generator: torch.Generator) -> Tensor:
    """[count, 3, 3]: head turns, up to `most_rad` in yaw, half of it in pitch."""
    chance = 2 * torch.rand(count, 3, generator=generator) - 1
    return rotation_from_euler(chance * most_rad * chance.new_tensor((0.5, 1.0, 0.0)))


def small_moves(
    squares: Squares, shift: float, scale: float, roll_rad: float, generator: torch.Generator
) -> Squares:
    """The squares a moment later: shares of the side, log of the side, turn; at most so much each."""
    chance = 2 * torch.rand(len(squares.side), 4, generator=generator) - 1
    return Squares(
        squares.centre + shift * chance[:, :2] * squares.side[:, None],
        squares.side * (scale * chance[:, 2]).exp(),
        squares.roll + roll_rad * chance[:, 3],
    )


def halfway(before: Squares, after: Squares) -> Squares:
    """Between two squares."""
    return Squares(*((a + b) / 2 for a, b in zip(before, after, strict=True)))


def picture_motion(before: Tensor, after: Tensor, visible: Tensor, size: int) -> Tensor:
    """[B, size, size, 2] crop px: from each pixel of the later picture, the way back to where it was.

    Vertices tell the cells around them, weighted; away from the face the picture stands still.

    Args:
        before, after: [B, K, >= 2] crop px of the same points, in the same square.
        visible: [B, K] bool: the others say nothing.
        size: Side of the crop, px.
    """
    count = len(before)
    place = ((after[..., :2] + 0.5) * (CELLS / size) - 0.5).clamp(0, CELLS - 1)
    low = place.floor().clamp(max=CELLS - 2)
    share = place - low
    told = before.new_zeros(count, CELLS * CELLS, 3)
    values = torch.cat((before[..., :2] - after[..., :2], torch.ones_like(before[..., :1])), -1)
    for right, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = (share[..., 0] if right else 1 - share[..., 0]) * (
            share[..., 1] if down else 1 - share[..., 1]
        )
        cell = ((low[..., 1] + down) * CELLS + low[..., 0] + right).long()
        told.scatter_add_(1, cell[..., None].expand(-1, -1, 3), values * (weight * visible)[..., None])
    grid = told.mT.unflatten(2, (CELLS, CELLS))
    grid = avg_pool2d(grid, 3, 1, 1)
    motion = grid[:, :2] / (grid[:, 2:] + _SPREAD)
    return interpolate(motion, (size, size), mode="bilinear", align_corners=False).movedim(1, -1)
