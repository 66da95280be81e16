"""Which triangle of a predicted face shows where: the z-buffer over a batch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from models.face_model.pinhole import Pinhole
from models.reconstruction import Topology
from models.synthetic.rasterise_cpu import rasterise
from models.synthetic.textures import texture_bank


def shown_triangles(points: Tensor, topology: Topology, camera: Pinhole, cells: int) -> Tensor:
    """[B, cells, cells] int64, -1 where there is none.

    Args:
        points: [B, N, 3] mm in camera space (y down, z away), on the CPU.
        topology: Whose triangles.
        camera: Whose picture is divided.
        cells: A side.
    """
    depth = points[..., 2:]
    flat = (camera.project(points) + 0.5) * (cells / camera.size) - 0.5
    screens = torch.cat([flat, -depth], -1).float().numpy()
    near = (depth.mean(1, keepdim=True) / depth.clamp(min=1.0))[..., 0].float().numpy()
    triangles = np.array(topology.triangles, np.int32)
    closed, unused = np.full(len(triangles), -1, np.int16), np.zeros((points.shape[1], 2), np.float32)
    rows = [
        rasterise(
            np.ascontiguousarray(screen),
            np.ascontiguousarray(n),
            triangles,
            closed,
            unused,
            texture_bank(),
            cells,
        ).triangle
        for screen, n in zip(screens, near, strict=True)
    ]
    return torch.from_numpy(np.stack(rows)).long()
