"""A scan turned and drawn as a picture, and an answer about that picture brought back to the scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.geometry.arrays import Box, Doubles, Ints
from models.geometry.transforms import rotation_from_euler
from models.ground_truth.record import box_of

SIDE_PX, FACE_SHARE = 450, 0.5  # of the picture; what the face takes of it
BACKGROUND = 128
AMBIENT = 0.35
TWO_SIDED = -2  # as rasterise_cpu.rasterise has it


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """Orthographic, from the front of a scan that was turned.

    Attributes:
        R: [3, 3] scan to camera, y up in both; scale: px per mm; centre: [3] mm, what lies in the middle.
    """

    R: Doubles
    scale: float
    centre: Doubles

    def to_picture(self, points: Doubles) -> Doubles:
        """[P, 3] mm of the scan -> px: x right, y down, z to the camera."""
        turned = self.scale * (points - self.centre) @ self.R.T
        middle = (SIDE_PX - 1) / 2
        return np.stack([middle + turned[:, 0], middle - turned[:, 1], turned[:, 2]], 1)

    def to_scan(self, points: Doubles) -> Doubles:
        """The inverse of `to_picture`."""
        middle = (SIDE_PX - 1) / 2
        turned = np.stack([points[:, 0] - middle, middle - points[:, 1], points[:, 2]], 1)
        return np.asarray(turned @ self.R / self.scale + self.centre)


def view_of(points: Doubles, pitch_deg: float, yaw_deg: float) -> View:
    """The view in which a face [P, 3] mm, turned by so much, takes half of the picture.

    Args:
        points: Of the face, without neck and hair.
        pitch_deg, yaw_deg: AFLW2000 convention.
    """
    R = rotation_from_euler(
        torch.deg2rad(torch.tensor([pitch_deg, yaw_deg, 0.0], dtype=torch.float64))
    ).numpy()
    turned = points @ R.T
    low, high = turned.min(0), turned.max(0)
    scale = FACE_SHARE * SIDE_PX / float((high - low)[:2].max())
    return View(R, scale, R.T @ ((low + high) / 2))


def face_box(view: View, points: Doubles) -> Box:
    """(x0, y0, x1, y1): what a face [P, 3] mm spans in the picture, px."""
    return box_of(view.to_picture(points))


def drawn(view: View, vertices: Doubles, triangles: Ints, colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[S, S, 3] RGB: the scan with its colours [P, 3], lit from the camera.

    Raises:
        ImportError: What rasterises is not installed.
    """
    from models.synthetic.rasterise_cpu import rasterise

    screen = view.to_picture(vertices).astype(np.float32)
    count = len(triangles)
    raster = rasterise(
        screen,
        np.ones(len(screen), np.float32),
        np.ascontiguousarray(triangles, np.int32),
        np.full(count, TWO_SIDED, np.int16),
        np.zeros((len(screen), 2), np.float32),
        np.zeros((1, 256, 256), np.uint8),
        SIDE_PX,
    )
    shown = raster.triangle >= 0
    corners = triangles[raster.triangle[shown]]
    two = raster.weights[shown].astype(np.float64)
    weights = np.column_stack([1 - two.sum(1), two])[..., None]
    a, b, c = (screen[corners[:, k]].astype(np.float64) for k in range(3))
    normal = np.cross(b - a, c - a)
    facing = np.abs(normal[:, 2]) / np.maximum(np.linalg.norm(normal, axis=1), 1e-12)
    picture = np.full((SIDE_PX, SIDE_PX, 3), BACKGROUND, np.uint8)
    lit = (weights * colours[corners]).sum(1) * (AMBIENT + (1 - AMBIENT) * facing)[:, None]
    picture[shown] = lit.round().clip(0, 255).astype(np.uint8)
    return picture
