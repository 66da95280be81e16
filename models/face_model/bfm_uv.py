"""BFM's 256 x 256 UV layout, on which PRNet and the published DSFNet answer, and BFM drawn on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.errors import WeightsError
from models.face_model.correspondence import SIDE, bfm_cells, grid_triangles
from models.face_model.uv import rasterise
from models.geometry.arrays import Floats
from models.networks.published import PublishedChart
from models.networks.published_geometry import SHAPE_UNITS_PER_MM
from models.reconstruction import Correspondence, Topology, frozen

VERTICES, SHAPES, EXPRESSIONS = 53215, 199, 29
UNITS_PER_MICROMETRE = SHAPE_UNITS_PER_MM / 1000
NOSE_TIP = 30


@dataclass(frozen=True, eq=False, slots=True)
class BFMLayout:
    """The cells of the layout that are face; they are vertices of the answer, row by row.

    Attributes:
        mask: [256, 256] bool, 43,867 of them.
        landmarks: [68, 2] int64 (column, row).
    """

    mask: NDArray[np.bool_]
    landmarks: NDArray[np.int64]

    @staticmethod
    def read(path: Path) -> BFMLayout:
        """The layout of `bfm_uv_layout.json`."""
        held = json.loads(path.read_text())
        mask = np.zeros((SIDE, SIDE), bool)
        start = 0
        for end, left, right in held["rows"]:
            mask[start:end, left:right] = True
            start = end
        return BFMLayout(mask, np.array(held["landmarks"], np.int64))

    def topology(self, open_face: Correspondence | None = None, mean: Floats | None = None) -> Topology:
        """The mesh of neighbouring cells.

        Args:
            open_face: Where the open face's vertices lie on it.
            mean: [256, 256, 3] mm, y up.
        """
        number = np.full(self.mask.shape, -1, np.int32)
        number[self.mask] = np.arange(int(self.mask.sum()))
        rows, columns = np.nonzero(self.mask)
        across = number[rows, SIDE - 1 - columns]
        own = number[self.mask]
        at = number[self.landmarks[:, 1], self.landmarks[:, 0]]
        return Topology(
            name="BFM UV layout",
            triangles=_fixed(grid_triangles(self.mask), np.int32),
            uv=frozen((np.stack((columns, rows), 1) + 0.5) / SIDE),
            landmark_vertices=_fixed(np.repeat(at[:, None], 3, 1), np.int32),
            landmark_weights=frozen(np.tile((1.0, 0.0, 0.0), (len(at), 1))),
            mirror=_fixed(np.where(across >= 0, across, own), np.int32),
            regions=_fixed(np.zeros(len(own)), np.uint8),
            region_names=("face",),
            mean=None if mean is None else frozen(mean[self.mask]),
            open_face=open_face,
        )


def bfm_chart(model: Any, uv: Any, layout: BFMLayout, name: str) -> PublishedChart:
    """BFM's mean and basis drawn on the layout, each value interpolated where its triangle covers a cell.

    Args:
        model: The struct `model` of face3d's BFM.mat: shapeMU, shapePC, shapeEV (standard deviations), the
            same of exp, tri, tri_mouth.
        uv: [53215, 2] of BFM_UV.mat, 0..1, v up.
        layout: Which cells are face.
        name: Of the file, for messages.

    Raises:
        WeightsError: A part is missing or of another shape; names it.
    """
    triangles = np.concatenate([_part(model, key, (3, None), name) for key in ("tri", "tri_mouth")], 1)
    drawn = _checked_drawing(np.asarray(uv, np.float64), triangles.T.astype(np.int64) - 1, name)
    mean = sum(_part(model, key, (VERTICES * 3,), name) for key in ("shapeMU", "expMU"))
    parts = []
    for kind, count in (("shape", SHAPES), ("exp", EXPRESSIONS)):
        deviations = _part(model, f"{kind}EV", (count,), name)
        parts.append(_part(model, f"{kind}PC", (VERTICES * 3, count), name) * deviations)
    column, row = layout.landmarks[NOSE_TIP].tolist()
    return PublishedChart(
        mean=_on_chart(drawn, np.asarray(mean)[:, None])[0].unflatten(1, (SIDE, SIDE)),
        basis=torch.cat([_on_chart(drawn, part) for part in parts]).flatten(1),
        face=torch.from_numpy(layout.mask),
        nose=(row, column),
    )


def patch_chart(patch: Any, model: Any, layout: BFMLayout, name: str) -> PublishedChart:
    """The same from the authors' own drawing, which lacks the mean: that is in the checkpoint.

    Args:
        patch: The dict of BFM_UVspace_patch.npy: shapePC_uv [196608, 199], expPC_uv [196608, 29] in
            micrometres, rows 3 (256 row + column) + axis.
        model: As in `bfm_chart`; only the deviations are read.
        layout: Which cells are face.
        name: Of the file, for messages.
    """
    parts = []
    for kind, count in (("shape", SHAPES), ("exp", EXPRESSIONS)):
        values = np.asarray(patch.get(f"{kind}PC_uv") if isinstance(patch, dict) else None)
        if values.dtype.kind != "f" or values.shape != (3 * SIDE * SIDE, count):
            raise WeightsError(
                f"{name}: {kind}PC_uv is not {3 * SIDE * SIDE} x {count} numbers. Get it anew."
            )
        scaled = values * (_part(model, f"{kind}EV", (count,), "BFM.mat") * UNITS_PER_MICROMETRE)
        axes = scaled.astype(np.float32).reshape(-1, 3, count).transpose(2, 1, 0)
        parts.append(torch.from_numpy(np.ascontiguousarray(axes)))
    column, row = layout.landmarks[NOSE_TIP].tolist()
    mean = torch.zeros(3, SIDE, SIDE)
    return PublishedChart(mean, torch.cat(parts).flatten(1), torch.from_numpy(layout.mask), (row, column))


def _on_chart(drawn: csr_matrix, values: Floats) -> torch.Tensor:
    """[3 * V, K] micrometres, x y z in turn -> [K, 3, cells] shape units."""
    count = values.shape[1]
    columns = np.asarray(values, np.float32).reshape(-1, 3 * count)
    cells = (drawn @ columns).reshape(-1, 3, count).transpose(2, 1, 0) * UNITS_PER_MICROMETRE
    return torch.from_numpy(np.ascontiguousarray(cells, np.float32))


def _checked_drawing(uv: NDArray[np.float64], triangles: NDArray[np.int64], name: str) -> csr_matrix:
    """As `drawing`, of BFM's 53,215 vertices and no others."""
    if uv.shape != (VERTICES, 2) or triangles.min() < 0 or triangles.max() >= VERTICES:
        raise WeightsError(f"{name} and its UV layout are not of BFM's {VERTICES} vertices. Get both anew.")
    return drawing(uv, triangles)


def drawing(uv: NDArray[np.float64], triangles: NDArray[np.int64]) -> csr_matrix:
    """What carries values of vertices to the cells of the layout, row by row.

    Args:
        uv: [V, 2] of BFM_UV.mat, 0..1, v up.
        triangles: [T, 3] from 0; the first in order keeps a cell.

    Returns:
        [256 * 256, V]; empty rows for cells that no triangle covers.
    """
    cells, owner, weights = rasterise(bfm_cells(uv), triangles, SIDE)
    shape = (SIDE * SIDE, len(uv))
    corners = triangles[owner]
    return csr_matrix(
        (weights.ravel().astype(np.float32), (np.repeat(cells, 3), corners.ravel())), shape=shape
    )


def _part(model: Any, key: str, shape: tuple[int | None, ...], name: str) -> Floats:
    """A field of the struct in that shape (None: any length)."""
    values = np.asarray(getattr(model, key, None))
    fits = values.ndim == len(shape) and all(
        wanted in (None, got) for wanted, got in zip(shape, values.shape, strict=True)
    )
    if values.dtype.kind not in "fiu" or not fits:
        wanted = " x ".join("any" if side is None else str(side) for side in shape)
        raise WeightsError(f"{name}: {key} is not {wanted} numbers. Get BFM.mat as face3d makes it.")
    return values


def _fixed(values: NDArray[Any], kind: Any) -> NDArray[Any]:
    array = np.array(values, kind, order="C")
    array.flags.writeable = False
    return array
