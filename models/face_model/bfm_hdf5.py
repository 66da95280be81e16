"""The Basel Face Models 2017 and 2019, and the BFM 2009 as MGCNet packs it: both .h5, not alike within."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsError
from models.face_model.linear import Albedo, LinearModel, faces, indices, need, numbers, points, stacked
from models.file_formats.hdf5_file import read_hdf5
from models.reconstruction import Array

PARTS = ("shape", "expression", "color")
FIELDS = ("mean", "pcaBasis", "pcaVariance")
MODELS = tuple(f"{part}/model/{field}" for part in PARTS for field in FIELDS)


def read_basel(path: Path) -> LinearModel:
    """BFM 2017 or 2019 in mm: statismo's layout, orthonormal bases with variances. Counts from 0."""
    held = read_hdf5(path, {*MODELS, "shape/representer/cells"})
    shape, smile, cells = need(
        path.name, held, "shape/model/mean", "expression/model/mean", "shape/representer/cells"
    )
    mean = points(path.name, "the mean face", shape)
    mean += _same(path.name, points(path.name, "the mean expression", smile), mean)
    identity, identity_sigma = _part(path.name, held, "shape", len(mean), 1.0)
    expression, expression_sigma = _part(path.name, held, "expression", len(mean), 1.0)
    albedo = None
    if set(held) >= {f"color/model/{field}" for field in FIELDS}:
        basis, deviations = _part(path.name, held, "color", len(mean), 1.0)
        albedo = Albedo(points(path.name, "colours", held["color/model/mean"]), basis, np.sqrt(deviations))
    return LinearModel(
        name="BFM 2017 or 2019",
        mean=mean,
        identity=identity,
        expression=expression,
        identity_sigma=np.sqrt(identity_sigma),
        expression_sigma=np.sqrt(expression_sigma),
        triangles=faces(path.name, cells, mean),
        albedo=albedo,
    )


def read_presplit(path: Path) -> LinearModel:
    """`bfm09_trim_exp_uv_presplit.h5` of MGCNet: micrometres, colours 0..255, triangles counted from 1.

    Its pcaVariance are standard deviations, and no mean expression is added, as the release has it. Nobody
    says where the landmarks are counted from: from 0 unless that names vertices that are not there.
    """
    own = {"shape/representer/tri", "shape/representer/idx_lm68", "color/model/uv"}
    held = read_hdf5(path, {*MODELS, *own})
    shape, triangles, marks = need(
        path.name, held, "shape/model/mean", "shape/representer/tri", "shape/representer/idx_lm68"
    )
    mean = points(path.name, "the mean face", shape, 1e-3)
    identity, identity_sigma = _part(path.name, held, "shape", len(mean), 1e-3)
    expression, expression_sigma = _part(path.name, held, "expression", len(mean), 1e-3)
    basis, deviations = _part(path.name, held, "color", len(mean), 1 / 255)
    uv = held.get("color/model/uv")
    return LinearModel(
        name="BFM 2009 (MGCNet)",
        mean=mean,
        identity=identity,
        expression=expression,
        identity_sigma=identity_sigma,
        expression_sigma=expression_sigma,
        triangles=faces(path.name, triangles, mean, first=1),
        landmarks=indices(path.name, "idx_lm68", marks, len(mean)).reshape(-1)[:68],
        uv=None if uv is None or uv.size != 2 * len(mean) else _pairs(numbers(path.name, "uv", uv)),
        albedo=Albedo(points(path.name, "colours", held["color/model/mean"], 1 / 255), basis, deviations),
    )


def _part(
    file: str, held: dict[str, NDArray[np.generic]], part: str, vertices: int, scale: float
) -> tuple[Array, Array]:
    """Movements [K, N, 3] and the numbers called pcaVariance [K]."""
    basis, variance = need(file, held, f"{part}/model/pcaBasis", f"{part}/model/pcaVariance")
    deviations = numbers(file, f"{part}/model/pcaVariance", variance).reshape(-1)
    table = np.asarray(basis)
    if table.ndim == 2 and len(table) == len(deviations) != 3 * vertices:
        table = table.T
    movements = stacked(file, f"{part}/model/pcaBasis", table, vertices, scale)
    if len(movements) != len(deviations) or deviations.min(initial=0) < 0:
        raise WeightsError(f"{file}: {part} has {len(movements)} movements, {len(deviations)} variances.")
    return movements, deviations


def _same(file: str, values: Array, mean: Array) -> Array:
    if values.shape != mean.shape:
        raise WeightsError(f"{file}: the mean expression has {len(values)} vertices, the face {len(mean)}.")
    return values


def _pairs(uv: Array) -> Array:
    return np.ascontiguousarray(uv.T if uv.shape[0] == 2 else uv.reshape(-1, 2))
