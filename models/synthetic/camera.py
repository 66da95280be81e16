"""From head space to crop pixels, and which square is cropped."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from models.geometry.arrays import Floats
from models.synthetic.scene import Framing


def rotation(pitch: float, yaw: float, roll: float) -> Floats:
    """[3, 3] R = Rx(-pitch) Ry(-yaw) Rz(-roll), head space to camera space, both y up; radians."""
    (cx, cy, cz), (sx, sy, sz) = np.cos([-pitch, -yaw, -roll]), np.sin([-pitch, -yaw, -roll])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z, np.float32)


def euler(turn: Floats) -> tuple[float, float, float]:
    """Pitch, yaw, roll in radians of a rotation [3, 3]; the inverse of `rotation`."""
    yaw = -np.arcsin(np.clip(turn[0, 2], -1, 1))
    return float(np.arctan2(turn[1, 2], turn[2, 2])), float(yaw), float(np.arctan2(turn[0, 1], turn[0, 0]))


def project(model_vertices: Tensor, rotation: Tensor, camera: Tensor) -> Tensor:
    """Where points of the model land in the crop.

    With p = R v: k = s / (1 - q p_z); x = tx + k p_x; y = ty - k p_y; z = s p_z.

    Args:
        model_vertices: [B, N, 3] mm, y up.
        rotation: [B, 3, 3] model to camera, y up in both.
        camera: [B, 4] s (crop px per mm at the model origin), tx, ty (crop px), q (1/mm, 0 = orthographic).

    Returns:
        [B, N, 3] crop px: x right, y down, z towards the camera.
    """
    p = model_vertices @ rotation.mT
    s, tx, ty, q = (c[:, None] for c in camera.unbind(-1))
    k = s / (1 - q * p[..., 2])
    return torch.stack([tx + k * p[..., 0], ty - k * p[..., 1], s * p[..., 2]], -1)


def project_points(points: Floats, camera: Floats) -> Floats:
    """[P, 3] crop px of points already in camera space [P, 3]; camera [4] as in `project`."""
    s, tx, ty, q = camera
    k = s / (1 - q * points[:, 2])
    return np.stack([tx + k * points[:, 0], ty - k * points[:, 1], s * points[:, 2]], 1).astype(np.float32)


def crop_camera(landmarks: Floats, framing: Framing, size: int) -> Floats:
    """[4] the camera whose crop of `size` px frames 68 landmarks [68, 3] given in camera space, mm.

    The square lies around the centre of the landmarks' box, its side `margin` times the box's larger side.
    """
    q = 0.0 if framing.distance_mm is None else 1.0 / framing.distance_mm
    flat = project_points(landmarks, np.array([1.0, 0.0, 0.0, q], np.float32))[:, :2]
    low, high = flat.min(0), flat.max(0)
    side = framing.margin * float((high - low).max())
    scale = size / side
    middle = (low + high) / 2 + np.array(framing.shift) * side
    offset = (size - 1) / 2 - scale * middle
    return np.array([scale, offset[0], offset[1], q], np.float32)
