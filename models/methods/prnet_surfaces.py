"""The surfaces PRNet's maps may lie over."""

from __future__ import annotations

import numpy as np
import torch

from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.methods.prnet import MOVABLE, Surface, depth_zero


def open_surface(face_model: FaceModel, size: int, device: str = "cpu") -> Surface:
    """The open face's own chart, `size` cells a side. Lips and jaw say nothing about the pose: they move."""
    topology = face_model.topology
    table = PositionMapTable(topology, size).to(device)
    movable = [topology.region_names.index(name) for name in MOVABLE]
    firm = torch.from_numpy(~np.isin(topology.regions, movable)).float()
    return Surface(
        topology, table.to_vertices, depth_zero(size), face_model.mean, lambda vertices: vertices, firm
    )
