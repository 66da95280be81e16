"""Ground truth about a picture that was turned or mirrored by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from models.errors import InputError
from models.geometry.rescaling import Size
from models.geometry.transforms import euler_from_rotation, rotation_from_euler
from models.geometry.turning import OTHER_SIDE, Turn, carried
from models.ground_truth.record import GroundTruth

Pose = tuple[float, float, float]


def turned_truth(truth: GroundTruth, turn: Turn, bare: Size) -> GroundTruth:
    """The truth in px of the turned picture; `bare` is (width, height) before. A mesh is left out.

    In a mirror the landmarks change sides: the right eye becomes the left one.

    Raises:
        InputError: There is nothing but a mesh.
    """
    if truth.landmarks is None:
        raise InputError(
            f"{truth.name} is a mesh, which does not turn with the picture. Turn the picture back."
        )
    order = OTHER_SIDE if turn.mirrored else np.arange(len(OTHER_SIDE))
    landmarks = carried(truth.landmarks, turn.matrix(bare))[order].astype(np.float32)
    landmarks.flags.writeable = False
    return replace(
        truth,
        convention=f"{truth.convention}; {turn.words}, as the picture",
        landmarks=landmarks,
        visible=None if truth.visible is None else truth.visible[order],
        pose_deg=None if truth.pose_deg is None else turned_pose(truth.pose_deg, turn),
        mesh=None,
        size=None if truth.size is None else turn.size(truth.size),
    )


def turned_pose(pose_deg: Pose, turn: Turn) -> Pose:
    """Pitch, yaw, roll of the head in the turned picture."""
    R = rotation_from_euler(torch.deg2rad(torch.tensor(pose_deg, dtype=torch.float64)))
    angle = torch.tensor(-np.pi / 2 * turn.quarters, dtype=torch.float64)  # clockwise, y up
    c, s = angle.cos().item(), angle.sin().item()
    R = R.new_tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ R
    if turn.mirrored:
        mirror = torch.diag(R.new_tensor([-1.0, 1, 1]))
        R = mirror @ R @ mirror
    pitch, yaw, roll = torch.rad2deg(euler_from_rotation(R)).tolist()
    return pitch, yaw, roll
