"""Answers that are nothing but 68 landmarks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Reconstruction, Space, Topology, frozen

LANDMARKS_ONLY = Topology(
    name="landmarks",
    triangles=np.array([[0, 1, 2]], np.int32),
    uv=np.zeros((68, 2), np.float32),
    landmark_vertices=np.repeat(np.arange(68, dtype=np.int32)[:, None], 3, 1),
    landmark_weights=np.tile(np.array([1, 0, 0], np.float32), (68, 1)),
    mirror=np.arange(68, dtype=np.int32),
    regions=np.zeros(68, np.uint8),
    region_names=("face",),
)


def marked(points: NDArray[np.floating]) -> Reconstruction:
    """An answer in image space with these landmarks [68, 3], asked about the box they span."""
    answer = Reconstruction("fake", Space.IMAGE, LANDMARKS_ONLY, frozen(points), (0.0, 0.0, 0.0))
    (x0, y0), (x1, y1) = points[:, :2].min(0).tolist(), points[:, :2].max(0).tolist()
    return replace(answer, box=(x0, y0, x1, y1))
