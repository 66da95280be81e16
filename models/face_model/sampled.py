"""A face model sampled on the cells of its UV chart: what networks that work on the chart need of it."""

from __future__ import annotations

import torch

from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.geometry.units import MM_PER_UNIT
from models.networks.dual_space import Chart


def sample_chart(face_model: FaceModel, table: PositionMapTable) -> Chart:
    """The face model on the cells of `table`, in units of 100 mm."""

    def on_cells(values: torch.Tensor) -> torch.Tensor:
        return table.to_map(values).flatten(2).mT / MM_PER_UNIT

    return Chart(
        mean=on_cells(face_model.mean[None])[0],
        identity=on_cells(face_model.identity),
        expression=on_cells(face_model.expression),
        inside=table.mask.flatten().float(),
    )


def landmark_weights(face_model: FaceModel, table: PositionMapTable) -> torch.Tensor:
    """[68, G * G]: weights that read the 68 landmarks off any map. A second of work; for training."""
    size = table.size
    one_cell = torch.eye(size * size).reshape(-1, size, size)
    corners = torch.tensor(face_model.topology.landmark_vertices).long()
    weights = torch.tensor(face_model.topology.landmark_weights)
    rows = []
    for part in one_cell.split(256):  # in parts: one row per cell would be large at once
        at_vertices = table.to_vertices(part[None])[0]  # [N, part]
        rows.append((at_vertices[corners] * weights[..., None]).sum(1))
    return torch.cat(rows, 1)
