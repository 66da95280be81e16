"""Position maps: what is known per vertex, laid out on the face's chart as a small picture, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from models.geometry.arrays import Bools, Doubles, Ints
from models.geometry.raster import fragments
from models.reconstruction import Topology

WINDOW = 5  # side of the square of cells that a vertex near the border is extrapolated from
NEARBY = 0.6  # cells: how fast those count less with distance


@dataclass(frozen=True, eq=False, slots=True)
class _Weights:
    """The constant sums behind both directions.

    Attributes:
        cells: [P] flat index of every valid cell.
        corners, corner_weights: [P, 3] the triangle under each valid cell's centre.
        around, around_weights: [S] the cells that each vertex is summed from, one vertex after another.
        starts: [N] where those of each vertex begin.
    """

    cells: Tensor
    corners: Tensor
    corner_weights: Tensor
    around: Tensor
    around_weights: Tensor
    starts: Tensor


class PositionMapTable:
    """Carries values between the vertices of a face and a size x size grid over its chart.

    The centre of cell (r, c) is u = (c + 0.5) / size, v = (r + 0.5) / size; a cell is valid when a triangle
    covers its centre. Both directions are linear with constant weights: batched and differentiable.

    Attributes:
        size: Cells a side.
        mask: [size, size] bool, the valid cells.
    """

    def __init__(self, topology: Topology, size: int) -> None:
        if size < 8:
            raise ValueError(f"a position map needs at least 8 cells a side, not {size}")
        self.size = size
        self._topology = topology
        self._weights = _weights(topology, size)
        self.mask = torch.zeros(size * size, dtype=torch.bool)
        self.mask[self._weights.cells] = True
        self.mask = self.mask.view(size, size)

    def to(self, device: torch.device | str) -> PositionMapTable:
        """The same table on another device."""
        moved = object.__new__(PositionMapTable)
        moved.size = self.size
        moved._topology = self._topology
        names = _Weights.__dataclass_fields__
        moved._weights = _Weights(**{name: getattr(self._weights, name).to(device) for name in names})
        moved.mask = self.mask.to(device)
        return moved

    def to_map(self, vertex_values: Tensor) -> Tensor:
        """[B, N, C] per vertex -> [B, C, size, size], zero where no triangle is."""
        w = self._weights
        corners = vertex_values[:, w.corners]  # [B, P, 3, C]
        values = torch.einsum("bpkc,pk->bcp", corners, w.corner_weights.to(vertex_values.dtype))
        grid = values.new_zeros(*values.shape[:2], self.size * self.size)
        return grid.index_copy(2, w.cells, values).unflatten(2, (self.size, self.size))

    def nearest_vertices(self) -> tuple[Tensor, Tensor]:
        """Flat index of each valid cell [P], and the nearest corner of the triangle there [P]."""
        w = self._weights
        return w.cells, w.corners.gather(1, w.corner_weights.argmax(1, keepdim=True))[:, 0]

    def rows(self, vertices: Tensor) -> Tensor:
        """Indices of vertices, any shape -> [..., size * size]: how `to_vertices` weighs the cells."""
        w = self._weights
        ends = torch.cat((w.starts[1:], w.starts.new_tensor([len(w.around)])))
        flat = vertices.flatten()
        out = w.around_weights.new_zeros(len(flat), self.size * self.size)
        for row, (start, end) in enumerate(zip(w.starts[flat].tolist(), ends[flat].tolist(), strict=True)):
            out[row].index_add_(0, w.around[start:end], w.around_weights[start:end])
        return out.unflatten(0, vertices.shape)

    def to_vertices(self, position_map: Tensor) -> Tensor:
        """[B, C, size, size] -> [B, N, C]: bilinear between four valid cells.

        Around borders and holes, where not all four cells are valid, the nearest valid ones are extrapolated.
        """
        if position_map.shape[-2:] != (self.size, self.size):
            raise ValueError(
                f"the map is {tuple(position_map.shape[-2:])}, the table {self.size} x {self.size}"
            )
        w = self._weights
        if not position_map.numel():
            return position_map.new_zeros(len(position_map), len(w.starts), position_map.shape[1])
        rows = position_map.flatten(2).permute(2, 0, 1)  # [cells, B, C]
        summed = embedding_bag(
            w.around,
            rows.flatten(1),
            w.starts,
            mode="sum",
            per_sample_weights=w.around_weights.to(rows.dtype),
        )
        return summed.unflatten(1, rows.shape[1:]).transpose(0, 1)


def _weights(topology: Topology, size: int) -> _Weights:
    uv = np.asarray(topology.uv, np.float64) * size - 0.5  # in cells
    triangles = np.asarray(topology.triangles, np.int64)
    cells, triangle, corner_weights = rasterise(uv, triangles, size)
    valid = np.zeros(size * size, bool)
    valid[cells] = True
    around, around_weights, starts = _around(uv, valid, size)
    return _Weights(
        cells=torch.from_numpy(cells),
        corners=torch.from_numpy(triangles[triangle]),
        corner_weights=torch.from_numpy(corner_weights.astype(np.float32)),
        around=torch.from_numpy(around),
        around_weights=torch.from_numpy(around_weights.astype(np.float32)),
        starts=torch.from_numpy(starts),
    )


def _around(uv: Doubles, valid: Bools, size: int) -> tuple[Ints, Doubles, Ints]:
    """Cells and weights [S] of the vertices one after another, and where each vertex begins [N]."""
    cells, weights, inner = _bilinear(uv, valid, size)
    rim_cells, rim_weights = _extrapolation(uv[~inner], valid, size)
    lengths = np.full(len(inner), rim_cells.shape[1])
    lengths[inner] = cells.shape[1]
    starts, total = np.cumsum(lengths) - lengths, int(lengths.sum())
    around, around_weights = np.zeros(total, np.int64), np.zeros(total)
    for chosen, its_cells, its_weights in (
        (inner, cells[inner], weights[inner]),
        (~inner, rim_cells, rim_weights),
    ):
        places = starts[chosen][:, None] + np.arange(its_cells.shape[1])
        around[places], around_weights[places] = its_cells, its_weights
    counts = around_weights != 0
    starts = np.concatenate(([0], np.cumsum(counts)))[starts]
    return around[counts], around_weights[counts], starts


def rasterise(points: Doubles, triangles: Ints, size: int) -> tuple[Ints, Ints, Doubles]:
    """Which triangle covers each cell centre.

    Args:
        points: [N, 2] (column, row), in cells.
        triangles: [T, 3], not overlapping.
        size: Cells a side.

    Returns:
        flat index of each covered cell [P], ascending; its triangle [P]; barycentric weights [P, 3].
    """
    shown = fragments(points, triangles, size, size)
    return np.flatnonzero(shown.shown), shown.triangle, shown.weights


def _bilinear(points: Doubles, valid: Bools, size: int) -> tuple[Ints, Doubles, Bools]:
    """Cells [N, 4] and weights [N, 4] around each vertex, and whether all four are valid [N]."""
    base = np.clip(np.floor(points).astype(np.int64), 0, size - 2)
    off = points - base
    cells = base[:, 1:] * size + base[:, :1] + np.array([0, 1, size, size + 1])
    x, y = off[:, :1], off[:, 1:]
    weights = np.concatenate([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], 1)
    inner = valid[cells].all(1) & ((off >= 0) & (off <= 1)).all(1)
    return cells, weights, inner


def _extrapolation(points: Doubles, valid: Bools, size: int) -> tuple[Ints, Doubles]:
    """Cells and weights [R, WINDOW ** 2] of a plane through the valid cells near a point, by least squares.

    A little damping of the slopes keeps the weights tame where only a row of cells is near.
    """
    reach = WINDOW // 2
    grid = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), -1).reshape(-1, 2)
    place = np.round(points).astype(np.int64)[:, None] + grid
    inside = ((place >= 0) & (place < size)).all(-1)
    place = np.clip(place, 0, size - 1)
    cells = place[..., 1] * size + place[..., 0]
    off = place - points[:, None]
    counts = np.exp(-(off**2).sum(-1) / (2 * NEARBY**2)) * (inside & valid[cells])
    lost = counts.sum(1) < 1e-9
    if lost.any():
        raise ValueError(f"{int(lost.sum())} vertices have no valid cell near them: {size} cells are too few")
    design = np.concatenate([np.ones_like(off[..., :1]), off], -1)  # value and slopes at the point
    normal = np.einsum("rk,rki,rkj->rij", counts, design, design)
    normal[:, [1, 2], [1, 2]] += 0.02 * counts.sum(1)[:, None]
    solved = np.linalg.solve(normal, np.einsum("rk,rki->rik", counts, design))
    return cells, solved[:, 0]
