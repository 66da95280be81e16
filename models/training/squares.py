"""Faces of a bank cut anew: another square of the rendered picture, mirrored or not, labels along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from models.face_model.morphable import FaceModel
from models.synthetic.bank import Views
from models.synthetic.camera import project


@dataclass(frozen=True, eq=False, slots=True)
class Stills:
    """B faces, each seen once. Attributes as in `bank.Views`, without V.

    Attributes:
        images: [B, 3, S, S] uint8 RGB.
        identity, expression: [B, I], [B, E].
        rotation: [B, 3, 3]; camera: [B, 4].
        visibility: [B, N] bool.
    """

    images: Tensor
    identity: Tensor
    expression: Tensor
    rotation: Tensor
    camera: Tensor
    visibility: Tensor

    def __len__(self) -> int:
        return len(self.images)

    @property
    def coefficients(self) -> Tensor:
        """[B, I + E], identity first."""
        return torch.cat((self.identity, self.expression), 1)


class Jitter(NamedTuple):
    """How far a square strays from the method's own: the largest of a triangle-shaped chance each.

    Attributes:
        shift: Of the side, right and down.
        scale: Log of the side.
        roll_rad: Turn.
    """

    shift: float = 0.08
    scale: float = 0.16
    roll_rad: float = 0.5


class Squares(NamedTuple):
    """Where B squares lie in the pictures they are cut from.

    Attributes:
        centre: [B, 2] picture px.
        side: [B] picture px, outer edge to outer edge.
        roll: [B] rad, x towards y: how far the square is turned clockwise, so that the face turns back.
    """

    centre: Tensor
    side: Tensor
    roll: Tensor

    def axes(self, size: int) -> Tensor:
        """[B, 2, 2]: columns are the steps of one crop px to the right and down, picture px."""
        step = self.side / size
        cos, sin = step * self.roll.cos(), step * self.roll.sin()
        return torch.stack((torch.stack((cos, -sin), -1), torch.stack((sin, cos), -1)), -2)

    def into(self, points: Tensor, size: int) -> Tensor:
        """[B, K, 3] picture px -> crop px (0, 0: centre of the first); z is scaled along."""
        back = torch.linalg.inv(self.axes(size))
        flat = (points[..., :2] - self.centre[:, None]) @ back.mT + (size - 1) / 2
        return torch.cat((flat, points[..., 2:] * (size / self.side)[:, None, None]), -1)

    def cut(self, images: Tensor, size: int, moved: Tensor | None = None, padding: str = "zeros") -> Tensor:
        """[B, 3, size, size] float of pictures [B, 3, S, S], bilinear.

        Args:
            images: uint8 or float.
            size: Side of the crop, px.
            moved: [B, size, size, 2] crop px added to where each crop px is read.
            padding: What is seen outside: "zeros" (black), "border" or "reflection", see `grid_sample`.
        """
        steps = torch.arange(size, device=images.device) - (size - 1) / 2
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        places = torch.stack((x, y), -1).expand(len(images), -1, -1, -1)
        if moved is not None:
            places = places + moved
        places = torch.einsum("bij,bhwj->bhwi", self.axes(size), places) + self.centre[:, None, None]
        grid = (places + 0.5) * (2 / images.shape[-1]) - 1
        return grid_sample(images.float(), grid, padding_mode=padding, align_corners=False)


def one_view_each(views: Views, generator: torch.Generator) -> Stills:
    """A view of every scene, by chance."""
    count, among = views.images.shape[:2]
    row, view = torch.arange(count), torch.randint(among, (count,), generator=generator)
    return Stills(
        views.images[row, view],
        views.identity[row, view],
        views.expression[row, view],
        views.rotation[row, view],
        views.camera[row, view],
        views.visibility[row, view],
    )


def mirrored_where(stills: Stills, which: Tensor, face_model: FaceModel) -> Stills:
    """The same with some of the faces [B] bool seen in a mirror, labels along."""
    signs = torch.where(face_model.symmetric, 1.0, -1.0)
    signs = torch.where(which[:, None], signs, torch.ones_like(signs))
    count = stills.identity.shape[1]
    turned = stills.rotation * stills.rotation.new_tensor([[1, -1, -1], [-1, 1, 1], [-1, 1, 1]])
    camera = stills.camera.clone()
    camera[:, 1] = stills.images.shape[-1] - 1 - camera[:, 1]
    mirror = torch.tensor(face_model.topology.mirror).long()
    return Stills(
        images=torch.where(which[:, None, None, None], stills.images.flip(-1), stills.images),
        identity=stills.identity * signs[:, :count],
        expression=stills.expression * signs[:, count:],
        rotation=torch.where(which[:, None, None], turned, stills.rotation),
        camera=torch.where(which[:, None], camera, stills.camera),
        visibility=torch.where(which[:, None], stills.visibility[:, mirror], stills.visibility),
    )


def squares_around(landmarks: Tensor, factor: float, jitter: Jitter, generator: torch.Generator) -> Squares:
    """Squares of `factor` x the longer side of the box around [B, 68, >= 2] picture px, strayed by chance."""
    low, high = landmarks[..., :2].amin(1), landmarks[..., :2].amax(1)
    two = torch.rand(2, len(landmarks), 4, generator=generator)
    chance = two[0] - two[1]  # -1..1, most often near 0
    side = factor * (high - low).amax(1) * (jitter.scale * chance[:, 0]).exp()
    centre = (low + high) / 2 + jitter.shift * chance[:, 1:3] * side[:, None]
    return Squares(centre, side, jitter.roll_rad * chance[:, 3])


def seen_landmarks(stills: Stills, face_model: FaceModel) -> Tensor:
    """[B, 68, 3] picture px of the rendered faces."""
    marks = face_model.landmarks(face_model.mean[None])[0]
    basis = face_model.landmarks(face_model.basis)
    shape = torch.addmm(marks.reshape(1, -1), stills.coefficients, basis.flatten(1)).unflatten(1, (-1, 3))
    return project(shape, stills.rotation, stills.camera)
