"""How an answer places its face in the picture: a scaled orthographic camera, exact by definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.geometry.arrays import Doubles, Floats
from models.reconstruction import Reconstruction


@dataclass(frozen=True, eq=False, slots=True)
class Camera:
    """px = px_per_mm R X + t, both sides with y up: a pixel (x, y, z) is (x, -y, z) there.

    Attributes:
        px_per_mm: Scale.
        rotation: [3, 3] R, from MODEL space; of the answer's pose.
        translation_px: [3] t: where the face model's origin lies.
    """

    px_per_mm: float
    rotation: Doubles
    translation_px: Doubles

    def project(self, model: Floats) -> Doubles:
        """[K, 3] MODEL space, mm -> [K, 3] px of the picture, y down."""
        upright = self.px_per_mm * model.astype(np.float64) @ self.rotation.T + self.translation_px
        return upright * (1, -1, 1)

    def model(self, px: Floats) -> Doubles:
        """[K, 3] px of the picture -> [K, 3] MODEL space, mm: the inverse of `project`."""
        upright = px.astype(np.float64) * (1, -1, 1)
        return (upright - self.translation_px) @ self.rotation / self.px_per_mm


def camera_of(answer: Reconstruction) -> Camera:
    """The camera of an answer: its pose and scale, the origin where the mean face would have it.

    The face's centre is held to be that of the mean face, as far as the topology has one. What a network
    believes of a perspective is in the vertices, not here.
    """
    import torch  # the window draws overlays, and does not wait for torch

    from models.geometry.transforms import rotation_from_euler

    angles = torch.tensor(answer.pose_deg, dtype=torch.float64).deg2rad()
    rotation = rotation_from_euler(angles).numpy()
    mean = answer.topology.mean
    middle = np.zeros(3) if mean is None or not len(mean) else mean.mean(0, dtype=np.float64)
    centre = answer.vertices.mean(0, dtype=np.float64) * (1, -1, 1)
    scale = 1 / answer.mm_per_px
    return Camera(scale, rotation, centre - scale * rotation @ middle)
