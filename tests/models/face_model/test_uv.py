"""The chart of the face, and position maps over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import resources
from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable, rasterise

PATH = Path(resources.__file__).parent / "face_model" / "open_face.npz"


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.read(PATH)


@pytest.fixture(scope="module")
def table(model) -> PositionMapTable:
    return PositionMapTable(model.topology, 64)


def random_faces(model: FaceModel, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    identity = torch.randn(count, model.identity_count, generator=generator)
    return model.vertices(identity, model.expression_bank[:count])


def test_the_chart_lies_in_the_unit_square_and_is_exactly_symmetric(model):
    uv = model.topology.uv.astype(np.float64)
    assert uv.min() > 0
    assert uv.max() < 1
    assert np.abs(uv[model.topology.mirror] * (-1, 1) + (1, 0) - uv).max() < 1e-6


def test_no_triangle_is_turned_over_in_the_chart(model):
    uv = model.topology.uv.astype(np.float64)
    a, b, c = (uv[model.topology.triangles[:, k]] for k in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (turn < 0).all()  # v points down


def test_the_chin_has_larger_v_and_the_viewers_right_larger_u(model):
    places = (
        model.topology.landmark_weights[..., None] * model.topology.uv[model.topology.landmark_vertices]
    ).sum(1)
    assert places[8, 1] > places[30, 1] > places[27, 1]
    assert places[16, 0] > 0.5 > places[0, 0]


def test_areas_of_chart_and_surface_agree(model):
    uv, mean, t = (
        model.topology.uv.astype(np.float64),
        model.mean.numpy().astype(np.float64),
        model.topology.triangles,
    )
    first, second = uv[t[:, 1]] - uv[t[:, 0]], uv[t[:, 2]] - uv[t[:, 0]]
    flat = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    area = np.linalg.norm(np.cross(mean[t[:, 1]] - mean[t[:, 0]], mean[t[:, 2]] - mean[t[:, 0]]), axis=1)
    ratio = flat / area / (flat.sum() / area.sum())
    low, high = np.percentile(ratio, [5, 95])
    assert low > 0.6
    assert high < 1.3


@pytest.mark.parametrize("size", [64, 128])
def test_a_face_survives_its_position_map_to_half_a_millimetre(model, size):
    table = PositionMapTable(model.topology, size)
    faces = random_faces(model, 8)
    back = table.to_vertices(table.to_map(faces))
    assert (back - faces).norm(dim=-1).mean() < 0.5


def test_a_map_of_places_is_exact_at_every_cell(model, table):
    """Cell (r, c) shows u = (c + 0.5) / size, v = (r + 0.5) / size."""
    shown = table.to_map(torch.tensor(model.topology.uv)[None])[0]
    centre = (torch.arange(64) + 0.5) / 64
    assert (shown[0] - centre[None, :])[table.mask].abs().max() < 1e-5
    assert (shown[1] - centre[:, None])[table.mask].abs().max() < 1e-5
    assert (shown[:, ~table.mask] == 0).all()


def test_vertices_read_a_linear_map_exactly_even_at_borders(model, table):
    centre = (torch.arange(64) + 0.5) / 64
    grid = torch.stack([centre.expand(64, 64), centre[:, None].expand(64, 64)])[None]
    read = table.to_vertices(torch.where(table.mask, grid, 7.0))[0]  # nothing outside the mask is looked at
    missed = (read - torch.tensor(model.topology.uv)).norm(dim=1)
    assert missed.mean() < 2e-4
    assert missed.max() < 1 / 64


def test_the_mask_is_symmetric_and_has_holes_for_mouth_and_eyes(table):
    assert torch.equal(table.mask, table.mask.flip(1))
    rows = [row for row in table.mask.tolist() if any(row)]
    holes = sum(1 for row in rows if not all(row[row.index(True) : len(row) - row[::-1].index(True)]))
    assert holes >= 4


def test_batches_channels_and_nothing_at_all(model, table):
    values = torch.randn(3, len(model.mean), 5, generator=torch.Generator().manual_seed(1))
    together = table.to_map(values)
    assert together.shape == (3, 5, 64, 64)
    assert torch.equal(together[1:2], table.to_map(values[1:2]))
    assert table.to_vertices(together).shape == values.shape
    assert table.to_map(values[:0]).shape == (0, 5, 64, 64)
    assert table.to_vertices(together[:0]).shape == (0, len(model.mean), 5)


def test_gradients_flow_both_ways(model, table):
    values = torch.randn(1, len(model.mean), 1, requires_grad=True)
    table.to_map(values).square().sum().backward()
    assert values.grad is not None
    assert (values.grad != 0).float().mean() > 0.3
    grid = torch.zeros(1, 1, 64, 64, requires_grad=True)
    table.to_vertices(grid).sum().backward()
    assert grid.grad is not None
    assert (grid.grad[0, 0][~table.mask] == 0).all()
    assert (grid.grad[0, 0][table.mask] != 0).float().mean() > 0.9


def test_a_map_of_another_size_is_refused(table):
    with pytest.raises(ValueError, match="64 x 64"):
        table.to_vertices(torch.zeros(1, 3, 32, 32))


def test_a_tiny_map_is_refused(model):
    with pytest.raises(ValueError, match="at least 8"):
        PositionMapTable(model.topology, 4)


def test_each_cell_belongs_to_one_triangle_with_weights_that_hit_its_centre():
    points = np.array([(0.2, 0.1), (6.7, 0.6), (5.9, 6.8), (0.4, 6.1)])
    cells, triangle, weights = rasterise(points, np.array([(0, 1, 2), (0, 2, 3)]), 8)
    assert len(np.unique(cells)) == len(cells)
    corners = points[np.array([(0, 1, 2), (0, 2, 3)])[triangle]]
    assert np.allclose((weights[..., None] * corners).sum(1), np.stack([cells % 8, cells // 8], 1))
    assert len(cells) == 36


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_cpu(model, table):
    faces = random_faces(model, 2)
    there = table.to("cuda").to_map(faces.cuda())
    assert (there.cpu() - table.to_map(faces)).abs().max() < 1e-3
