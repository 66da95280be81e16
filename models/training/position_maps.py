"""PRNet's pictures and truths: faces of a bank cut anew, patched with noise, and their position maps."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.methods.prnet.method import CROP_FACTOR, depth_zero
from models.reconstruction import Topology
from models.synthetic.bank import Bank, Views
from models.synthetic.camera import project
from models.training.augment import vary_colours
from models.training.recipes import PRNetRecipe
from models.training.squares import Squares, mirrored_where, one_view_each

LANDMARK, FEATURE, OTHER = 16.0, 4.0, 3.0  # how much a cell counts (Feng et al. 2018, fig. 4); the neck: 0
FEATURES = ("brows", "eyes", "nose", "lips")
COARSE, FINE = 6, 48  # cells a side of the two noises in a patch
BEYOND = {
    "reflection": 0.5,
    "border": 0.3,
    "zeros": 0.2,
}  # what is seen beyond a rendered picture, and how often


class Mapped(NamedTuple):
    """B faces as the network wants them.

    Attributes:
        pictures: [B, 3, S, S] in 0..1.
        positions: [B, 3, S, S] crop px as the network says them (z from `depth_zero`); 0 off the chart.
        landmarks: [B, 68, 2] half sides from the middle of the crop.
    """

    pictures: Tensor
    positions: Tensor
    landmarks: Tensor


class Samples:
    """Draws from a bank: each scene in one of its views, mirrored half of the time."""

    def __init__(
        self, recipe: PRNetRecipe, face_model: FaceModel, table: PositionMapTable, bank: Bank
    ) -> None:
        self._recipe, self._face_model, self._table, self._bank = recipe, face_model, table, bank
        self._rng, self._chance = np.random.default_rng(), torch.Generator()

    def seed(self, *numbers: int) -> None:
        """Begin a stream of chance."""
        self._rng = np.random.default_rng(numbers)
        self._chance.manual_seed(int(self._rng.integers(2**62)))

    def draw(self) -> Mapped:
        """A batch."""
        return self.of(self._bank.draw(self._recipe.batch, self._rng))

    def of(self, views: Views) -> Mapped:
        """Those scenes."""
        recipe, size, chance = self._recipe, self._recipe.form.size, self._chance
        stills = one_view_each(views, chance)
        stills = mirrored_where(stills, torch.rand(len(stills), generator=chance) < 0.5, self._face_model)
        shape = self._face_model.vertices(stills.identity, stills.expression)
        seen = project(shape, stills.rotation, stills.camera)
        marks = self._face_model.landmarks(seen)
        squares = strayed_squares(marks, recipe, chance)
        placed = squares.into(seen, size) + torch.tensor((0.0, 0.0, depth_zero(size)))
        beyond = str(self._rng.choice(list(BEYOND), p=list(BEYOND.values())))
        pictures = vary_colours(squares.cut(stills.images, size, padding=beyond))
        pictures = patched(pictures / 255, recipe.patched, chance)
        return Mapped(
            pictures.to(memory_format=torch.channels_last),
            self._table.to_map(placed),
            (squares.into(marks, size)[..., :2] - (size - 1) / 2) * (2 / size),
        )


def strayed_squares(landmarks: Tensor, recipe: PRNetRecipe, chance: torch.Generator) -> Squares:
    """PRNet's squares around landmarks [B, 68, >= 2] picture px, turned, shifted and scaled by chance.

    The box is that of the face as the turned square shows it.
    """
    size = recipe.form.size
    two = torch.rand(2, len(landmarks), 4, generator=chance)
    by = two[0] - two[1]  # -1..1, most often near 0
    none = torch.zeros(len(landmarks), 2)
    turn = Squares(none, torch.ones(len(landmarks)), math.radians(recipe.roll_deg) * by[:, 0])
    flat = turn.into(landmarks, 1)[..., :2]
    low, high = flat.amin(1), flat.amax(1)
    side = CROP_FACTOR * (high - low).mean(1) * (recipe.scale * by[:, 1]).exp()
    centre = (low + high) / 2 + recipe.shift * by[:, 2:] * side[:, None]
    back = (turn.axes(1) @ centre[..., None])[..., 0]
    return Squares(back, side * size / (size - 1), turn.roll)


def patched(pictures: Tensor, share: float, chance: torch.Generator) -> Tensor:
    """Pictures [B, 3, S, S] in 0..1, that `share` of them covered by a patch of noise, round or square."""
    count, size = len(pictures), pictures.shape[-1]
    u = torch.rand(7, count, 1, 1, generator=chance)
    angle, sharp = math.pi * u[0], torch.where(u[1] < 0.5, 2.0, 12.0)
    half = 0.06 + 0.24 * u[2:4]
    y, x = torch.meshgrid(*[torch.linspace(0, 1, size)] * 2, indexing="ij")
    off_x, off_y = x - 0.15 - 0.7 * u[4], y - 0.15 - 0.7 * u[5]
    along = (off_x * angle.cos() + off_y * angle.sin()) / half[0]
    across = (off_y * angle.cos() - off_x * angle.sin()) / half[1]
    inside = (along.abs() ** sharp + across.abs() ** sharp < 1) & (u[6] < share)
    noises = [
        interpolate(torch.rand(count, 3, n, n, generator=chance), size=(size, size), mode="bilinear")
        for n in (COARSE, FINE)
    ]
    grain = torch.rand(count, 1, 1, 1, generator=chance)
    return torch.where(inside[:, None], noises[0] + grain * (noises[1] - noises[0]), pictures)


def cell_weights(topology: Topology, table: PositionMapTable) -> Tensor:
    """[S, S]: how much each cell of the chart counts; between regions it fades, off the chart it is 0."""
    features = [topology.region_names.index(name) for name in FEATURES]
    by_vertex = np.where(np.isin(topology.regions, features), FEATURE, OTHER).astype(np.float32)
    weights = table.to_map(torch.from_numpy(by_vertex)[None, :, None])[0, 0]
    marks = torch.from_numpy(topology.landmarks(topology.uv)) * table.size - 0.5
    cells = table.mask.nonzero()  # row, column
    nearest = torch.cdist(marks, cells.flip(1).float()).argmin(1)  # some landmarks lie on a rim
    weights[tuple(cells[nearest].T)] = LANDMARK
    return weights * table.mask


def position_loss(answer: Tensor, truth: Tensor, weights: Tensor, depth: float, squared: bool) -> Tensor:
    """The weighted mean over cells of how far positions are off, in half sides.

    Args:
        answer, truth: [B, 2 or 3, S, S] px.
        weights: [S, S] >= 0.
        depth: How much z counts, as a length.
        squared: As published; else the distance itself, which heeds what is hidden less.
    """
    half = answer.shape[-1] / 2
    by = answer.new_tensor((1.0, 1.0, depth))[: answer.shape[1], None, None] / half
    apart = (by * (answer - truth)).square().sum(1)
    if not squared:
        apart = (apart + 1e-8).sqrt()
    return (weights * apart).sum() / (weights.sum() * len(answer))
