"""What 3DDFA-V2 learns from: crops of rendered faces, their parameters, and the same a moment later."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from models.face_model.morphable import FaceModel
from models.geometry.units import MM_PER_UNIT
from models.synthetic.bank import Bank
from models.synthetic.camera import project
from models.training.augment import vary_colours
from models.training.recipes import TDDFARecipe
from models.training.short_video import halfway, picture_motion, small_moves, small_turns
from models.training.squares import (
    Jitter,
    Squares,
    Stills,
    mirrored_where,
    one_view_each,
    seen_landmarks,
    squares_around,
)
from models.training.tddfa_losses import Shapes, Whitening

LANDMARK_SQUARE = 2**0.5  # side of the crop over the longer side of the landmarks' box, as published
HELD_OUT = 20  # every twentieth scene judges the look-ahead
RANDOM_POINTS = 132  # beside the landmarks, as published
FITTED_POINTS = 256  # to which the weak-perspective camera of the truth is fitted
MEASURED = 512  # faces the whitening is measured on


class Sample(NamedTuple):
    """What one step learns from: S stills, then M of them a moment later.

    Attributes:
        pictures: [S + M, 3, size, size], (v - 127.5) / 128, BGR.
        parameters: [S + M, P], in half crop sides and 100 mm, y up.
        seen: [S + M, K, 3] the truth of the points of `shapes`, half crop sides, y up.
        shapes: 68 landmarks and random points.
        moved: M.
    """

    pictures: Tensor
    parameters: Tensor
    seen: Tensor
    shapes: Shapes
    moved: int


class Samples:
    """Draws samples from a bank as a recipe wants them; colours follow torch's own chance."""

    def __init__(self, recipe: TDDFARecipe, face_model: FaceModel, bank: Bank) -> None:
        self._recipe, self._form = recipe, recipe.form
        self._bank, self._face_model = bank, face_model
        kept = (face_model.identity[: self._form.identity], face_model.expression[: self._form.expression])
        self._shape = Shapes(face_model.mean / MM_PER_UNIT, torch.cat(kept) / MM_PER_UNIT)
        marks = (face_model.landmarks(part) for part in (self._shape.mean[None], self._shape.basis))
        mean, basis = marks
        self._landmarks = Shapes(mean[0], basis)
        self._spread = torch.linspace(0, len(face_model.mean) - 1, FITTED_POINTS).round().long()
        self.seed(0)

    def seed(self, *numbers: int) -> None:
        """Start the chance anew."""
        self._rng = np.random.default_rng(numbers)
        self._generator = torch.Generator().manual_seed(int(self._rng.integers(1 << 31)))

    @torch.no_grad()
    def whitening(self) -> Whitening:
        """Mean and spread of the parameters over crops as they will be drawn."""
        shapes = self._points()
        rows = []
        for _ in range(MEASURED // 256):
            stills = self._stills(256, held_out=False)
            rows.append(self._labels(stills, self._squares(stills), shapes)[0])
        values = torch.cat(rows)
        return Whitening(values.mean(0).half().float(), values.std(0).clamp(min=1e-3).half().float())

    @torch.no_grad()
    def draw(self, count: int, held_out: bool = False) -> Sample:
        """`count` stills and the recipe's share of them a moment later, with all labels."""
        size = self._form.size
        stills, shapes = self._stills(count, held_out), self._points()
        squares = self._squares(stills)
        pictures, labels = [squares.cut(stills.images, size)], [self._labels(stills, squares, shapes)]
        moved = round(self._recipe.moving * count)
        if moved:
            first = Stills(*(getattr(stills, name)[:moved] for name in Stills.__slots__))
            later, square, picture = self._moment_later(first, Squares(*(part[:moved] for part in squares)))
            pictures.append(picture)
            labels.append(self._labels(later, square, shapes))
        colours = vary_colours(torch.cat(pictures))
        parameters, seen = (torch.cat(part) for part in zip(*labels, strict=True))
        normal = ((colours.flip(1) - 127.5) / 128).contiguous(memory_format=torch.channels_last)
        return Sample(normal, parameters, seen, shapes, moved)

    def _stills(self, count: int, held_out: bool) -> Stills:
        groups = max(len(self._bank) // HELD_OUT, 1)
        rows = HELD_OUT * self._rng.integers(groups, size=count)
        if not held_out:
            rows += self._rng.integers(1, HELD_OUT, size=count)
        rows %= len(self._bank)
        stills = one_view_each(self._bank.at(np.sort(rows)), self._generator)
        half = torch.rand(count, generator=self._generator) < 0.5
        return mirrored_where(stills, half, self._face_model)

    def _squares(self, stills: Stills) -> Squares:
        r = self._recipe
        jitter = Jitter(r.shift, r.scale, r.roll_rad)
        marks = seen_landmarks(stills, self._face_model)
        return squares_around(marks, LANDMARK_SQUARE, jitter, self._generator)

    def _points(self) -> Shapes:
        """The landmarks, and vertices by chance; then those the truth's camera is fitted to."""
        count = len(self._shape.mean)
        chosen = torch.randint(count, (RANDOM_POINTS,), generator=self._generator)
        return Shapes(
            torch.cat((self._landmarks.mean, self._shape.mean[chosen])),
            torch.cat((self._landmarks.basis, self._shape.basis[:, chosen]), 1),
        )

    def _labels(self, stills: Stills, squares: Squares, shapes: Shapes) -> tuple[Tensor, Tensor]:
        """Parameters [B, P], and where the points of `shapes` are seen [B, K, 3]."""
        spread = self._shape.mean[self._spread], self._shape.basis[:, self._spread]
        mean, basis = (torch.cat(pair, -2) for pair in zip(shapes, spread, strict=True))
        form = self._form
        kept = torch.cat((stills.identity[:, : form.identity], stills.expression[:, : form.expression]), 1)
        model = torch.addmm(mean.reshape(1, -1), kept, basis.flatten(1)).unflatten(1, (-1, 3))
        seen = self._seen(model, stills, squares)
        ones = torch.ones_like(model[..., :1])
        places = torch.cat((model, ones), -1).double()
        normal = places.mT @ places
        camera = torch.linalg.solve(normal, places.mT @ seen.double()).mT.float()
        return torch.cat((camera.flatten(1), kept), 1), seen[:, : len(shapes.mean)]

    def _seen(self, model: Tensor, stills: Stills, squares: Squares) -> Tensor:
        """[B, K, 3] half crop sides, y up, of points [B, K, 3] of the model, 100 mm."""
        size = self._form.size
        crop = squares.into(project(model * MM_PER_UNIT, stills.rotation, stills.camera), size)
        centre = crop.new_tensor([(size - 1) / 2, (size - 1) / 2, 0])
        return (crop - centre) * crop.new_tensor((1.0, -1.0, 1.0)) * (2 / size)

    def _moment_later(self, stills: Stills, squares: Squares) -> tuple[Stills, Squares, Tensor]:
        """The same faces a moment later, with their squares, and their pictures blurred by the motion."""
        r, size = self._recipe, self._form.size
        turned = small_turns(len(stills), r.turn_rad, self._generator) @ stills.rotation
        values = {name: getattr(stills, name) for name in Stills.__slots__}
        later = Stills(**(values | {"rotation": turned}))
        square = small_moves(squares, r.move_shift, r.move_scale, r.move_roll_rad, self._generator)
        chosen = torch.randperm(len(self._shape.mean), generator=self._generator)[:1200]
        coefficients = stills.coefficients[:, : len(self._shape.basis)]
        shape = Shapes(self._shape.mean[chosen], self._shape.basis[:, chosen])
        flat = torch.addmm(shape.mean.reshape(1, -1), coefficients, shape.basis.flatten(1))
        model = flat.unflatten(1, (-1, 3)) * MM_PER_UNIT
        before, after = (
            square.into(project(model, face.rotation, face.camera), size) for face in (stills, later)
        )
        motion = picture_motion(before, after, stills.visibility[:, chosen], size)
        middle = halfway(squares, square).cut(stills.images, size, motion / 2)
        blur = 0.5 * torch.rand(len(stills), 1, 1, 1, generator=self._generator)
        return later, square, (1 - blur) * square.cut(stills.images, size, motion) + blur * middle
