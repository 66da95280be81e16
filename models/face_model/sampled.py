"""A face model sampled on the cells of its UV chart: what networks that work on the chart need of it."""

from __future__ import annotations

import torch

from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.geometry.units import MM_PER_UNIT
from models.networks.dual_space import Chart
from models.networks.refining import Marks


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
    """[68, G * G]: weights that read the 68 landmarks off any map."""
    corners = torch.tensor(face_model.topology.landmark_vertices).long()
    weights = torch.tensor(face_model.topology.landmark_weights)
    return torch.einsum("kvg,kv->kg", table.rows(corners), weights)


def chart_marks(
    face_model: FaceModel,
    table: PositionMapTable,
    chart: Chart,
    correction: torch.Tensor | None = None,
    counted: bool = True,
) -> Marks:
    """The landmarks of a face model, in units of 100 mm.

    Args:
        face_model: Whose.
        table: Of the chart.
        chart: Its basis.
        correction: [N, 3] mm to be added to the mean face, so that it lies right in photos.
        counted: Whether readings were taught with that; those taught on rendered faces were not.
    """
    weights = landmark_weights(face_model, table)
    basis = torch.cat((chart.identity, chart.expression))
    plain = face_model.topology.landmarks(face_model.mean.cpu().numpy())
    mean = torch.from_numpy(plain).float() / MM_PER_UNIT
    looked = mean
    if correction is not None:
        moved = face_model.topology.landmarks(correction.cpu().numpy())
        looked = mean + torch.from_numpy(moved).float() / MM_PER_UNIT
    return Marks(looked if counted else mean, looked, weights, torch.einsum("kg,cgj->ckj", weights, basis))
