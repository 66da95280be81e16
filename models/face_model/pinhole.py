"""MGCNet's camera, pose and light: five metres away, y down, and 27 numbers of spherical harmonics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from models.geometry.transforms import rotation_from_euler
from models.geometry.warping import similarity_2d

SIDE_PX = 224.0  # of the published picture
FOCAL_PX = 4700.0
TEMPLATE = (  # where the five points lie in the published picture, px
    (81.672401, 88.470589),
    (141.862671, 88.462921),
    (112.0, 132.863434),
    (87.397392, 153.562943),
    (136.007263, 153.552078),
)
PUBLISHED_REST = (0.0, 0.0, 3.141593, 0.17440447, 9.1053238, 4994.3359)
BASE_LIGHT = 0.8


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A square picture of a pinhole camera; the principal point is the published one.

    Attributes:
        size: Side, px.
        field_px: How much of the published picture it shows, about its middle.
    """

    size: int = 224
    field_px: float = SIDE_PX

    @property
    def zoom(self) -> float:
        """Px of this picture per px of the published one."""
        return self.size / self.field_px

    @property
    def focal_px(self) -> float:
        """Focal length."""
        return FOCAL_PX * self.zoom

    @property
    def centre_px(self) -> float:
        """Both coordinates of the principal point; 112 in the published picture."""
        return self.of_published(SIDE_PX / 2)

    def of_published(self, value: float) -> float:
        """An x or y of the published picture in this one; outer edges, not pixel centres, are scaled."""
        return (value + 0.5 - (SIDE_PX - self.field_px) / 2) * self.zoom - 0.5

    def template(self) -> Tensor:
        """[5, 2] px of this picture: both eyes, the nose's foot, both corners of the mouth."""
        return torch.tensor([[self.of_published(v) for v in point] for point in TEMPLATE])

    def project(self, points: Tensor) -> Tensor:
        """[..., 3] mm in camera space (y down, z away) -> [..., 2] px."""
        return self.focal_px * points[..., :2] / (points[..., 2:] + 1e-6) + self.centre_px

    def rays(self, cells: int) -> Tensor:
        """[cells, cells, 3]: camera space at depth one of the centres of equal cells over the picture."""
        px = (torch.arange(cells) + 0.5) * (self.size / cells) - 0.5
        x = (px - self.centre_px) / self.focal_px
        return torch.stack([*torch.meshgrid(x, x, indexing="xy"), torch.ones(cells, cells)], -1)


class Extrinsics(NamedTuple):
    """A point x goes to rotation x + translation: from model space to the camera's (mm, y down, z away).

    Attributes:
        rotation: [B, 3, 3]; translation: [B, 3].
    """

    rotation: Tensor
    translation: Tensor

    def apply(self, points: Tensor) -> Tensor:
        """[B, N, 3] or [N, 3] -> [B, N, 3]."""
        return points @ self.rotation.mT + self.translation[:, None]

    def after(self, other: Extrinsics) -> Extrinsics:
        """What this one does after the inverse of the other: from the other's camera to this one's."""
        rotation = self.rotation @ other.rotation.mT
        moved = (rotation @ other.translation[..., None])[..., 0]
        return Extrinsics(rotation, self.translation - moved)


def extrinsics(pose: Tensor) -> Extrinsics:
    """[B, 6] rz, ry, rx in radians, tx, ty, tz in mm: R = Rx Ry Rz with right-handed matrices."""
    return Extrinsics(rotation_from_euler(-pose[:, [2, 1, 0]]), pose[:, 3:])


def towards_viewer(rotation: Tensor) -> Tensor:
    """[B, 3, 3] from this camera's axes (y down, z away) to the house's (y up, z to the viewer), or back."""
    return rotation * rotation.new_tensor([1.0, -1.0, -1.0])[:, None]


def rest_pose(five_points: Tensor, camera: Pinhole) -> tuple[float, ...]:
    """The pose that puts the mean face's five points on the template: what the network's zero stands for.

    Args:
        five_points: [5, 3] mm, y up, of the mean face.
        camera: Whose template.
    """
    flat = five_points[:, :2] * five_points.new_tensor([1.0, -1.0])
    fit = similarity_2d(flat[None], camera.template()[None])[0]
    scale = math.hypot(float(fit[0, 0]), float(fit[1, 0]))
    x, y = ((float(fit[k, 2]) - camera.centre_px) / scale for k in range(2))
    return 0.0, 0.0, math.pi, x, y, camera.focal_px / scale + float(five_points[:, 2].mean())


def five_points(landmarks: Tensor) -> Tensor:
    """[..., 68, C] -> [..., 5, C]: middles of the eyes, foot of the nose, corners of the mouth."""
    eyes = [landmarks[..., k : k + 6, :].mean(-2) for k in (36, 42)]
    return torch.stack([*eyes, *(landmarks[..., k, :] for k in (33, 48, 54))], -2)


def shading(normals: Tensor, light: Tensor) -> Tensor:
    """Light that arrives, from the first nine spherical harmonics.

    Args:
        normals: [B, N, 3] unit, model space.
        light: [B, 27] as the network gives it: nine of red, of green, of blue; 0.8 is added to the first
            of each.

    Returns:
        [B, N, 3], to be multiplied with the albedo.
    """
    bands = light.unflatten(-1, (3, 9))
    base = torch.zeros_like(bands)
    base[..., 0] = BASE_LIGHT
    return harmonics(normals) @ (bands + base).mT


def harmonics(normals: Tensor) -> Tensor:
    """[..., 3] unit normals -> [..., 9], scaled by the clamped cosine's coefficients as in the release."""
    x, y, z = normals.unbind(-1)
    first = math.pi / math.sqrt(4 * math.pi)
    second = 2 * math.pi / math.sqrt(3) * math.sqrt(3) / math.sqrt(4 * math.pi)
    third = 2 * math.pi / math.sqrt(8) * 3 * math.sqrt(5) / math.sqrt(12 * math.pi)
    return torch.stack(
        [
            torch.full_like(x, first),
            -second * y,
            second * z,
            -second * x,
            third * x * y,
            -third * y * z,
            third * (3 * z * z - 1) / (2 * math.sqrt(3)),
            -third * x * z,
            third * (x * x - y * y) / 2,
        ],
        -1,
    )
