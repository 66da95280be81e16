"""The Basel Face Model 2009: as its makers give it, and as face3d and 3DDFA pack it. Micrometres there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from models.errors import WeightsError
from models.face_model.linear import Albedo, LinearModel, faces, indices, need, numbers, points, stacked
from models.file_formats.matlab_file import read_matlab
from models.file_formats.pickle_file import read_pickled
from models.reconstruction import Array

MM = 1e-3  # per unit of the files
COLOURS = 1 / 255


def read_face3d(path: Path) -> LinearModel:
    """`BFM.mat` of face3d: a struct `model` with expressions added, 53,215 vertices. Counts from 1."""
    (model,) = need(path.name, read_matlab(path), "model")
    shape, basis, sigma, triangles = need(path.name, model, "shapeMU", "shapePC", "shapeEV", "tri")
    smile, smiles, smile_sigma = need(path.name, model, "expMU", "expPC", "expEV")
    mean = points(path.name, "shapeMU", shape, MM) + points(path.name, "expMU", smile, MM)
    marks = getattr(model, "kpt_ind", None)
    return LinearModel(
        name="BFM 2009 (face3d)",
        mean=mean,
        identity=stacked(path.name, "shapePC", basis, len(mean), MM),
        expression=stacked(path.name, "expPC", smiles, len(mean), MM),
        identity_sigma=numbers(path.name, "shapeEV", sigma).reshape(-1),
        expression_sigma=numbers(path.name, "expEV", smile_sigma).reshape(-1),
        triangles=faces(path.name, triangles, mean, first=1),
        landmarks=_landmarks(path.name, marks, len(mean), first=1),
        uv=_uv(path, len(mean)),
        albedo=_albedo(path.name, model, len(mean)),
    )


def read_original(path: Path) -> LinearModel:
    """`01_MorphableModel.mat`: 53,490 vertices, no expressions. Counts from 1."""
    held = read_matlab(path)
    shape, basis, sigma, triangles = need(path.name, held, "shapeMU", "shapePC", "shapeEV", "tl")
    mean = points(path.name, "shapeMU", shape, MM)
    return LinearModel(
        name="BFM 2009",
        mean=mean,
        identity=stacked(path.name, "shapePC", basis, len(mean), MM),
        expression=np.zeros((0, *mean.shape), np.float32),
        identity_sigma=numbers(path.name, "shapeEV", sigma).reshape(-1),
        expression_sigma=np.zeros(0, np.float32),
        triangles=faces(path.name, triangles, mean, first=1),
        albedo=_albedo(path.name, held, len(mean)),
    )


def read_tddfa(path: Path) -> LinearModel:
    """`bfm_noneck_v3.pkl` of 3DDFA-V2, or its slim form; coefficients are unscaled. Counts from 0.

    `tri.pkl` beside it replaces the triangles where it fits, as there; `BFM_UV.mat` with `indices.npy` gives
    the chart.
    """
    held = read_pickled(path)
    shape, basis, smiles = need(path.name, held, "u", "w_shp", "w_exp")
    mean = points(path.name, "u", shape, MM)
    marks = held.get("keypoints")
    identity = stacked(path.name, "w_shp", basis, len(mean), MM)
    expression = stacked(path.name, "w_exp", smiles, len(mean), MM)
    return LinearModel(
        name="BFM 2009 without neck (3DDFA-V2)",
        mean=mean,
        identity=identity,
        expression=expression,
        identity_sigma=np.ones(len(identity), np.float32),
        expression_sigma=np.ones(len(expression), np.float32),
        triangles=faces(path.name, _own_triangles(path, held, len(mean)), mean),
        landmarks=None if marks is None else _landmarks(path.name, np.asarray(marks)[::3] // 3, len(mean)),
        uv=_uv(path, len(mean)),
    )


def _own_triangles(path: Path, held: dict[str, Any], vertices: int) -> Any:
    beside = path.with_name("tri.pkl")
    if "slim" not in path.name and beside.is_file():
        replaced = np.asarray(read_pickled(beside))
        if replaced.size and replaced.dtype.kind in "iu" and replaced.max() == vertices - 1:
            return replaced
    return need(path.name, held, "tri")[0]


def _landmarks(file: str, values: Any, vertices: int, first: int = 0) -> Any:
    if values is None:
        return None
    found = indices(file, "landmarks", values, vertices, first).reshape(-1)
    if len(found) != 68:
        raise WeightsError(f"{file} has {len(found)} landmarks, should have 68.")
    return found


def _uv(path: Path, vertices: int) -> Array | None:
    """[N, 2] in 0..1, v up, from `BFM_UV.mat` beside the model, where it is of the same vertices."""
    beside, fewer = path.with_name("BFM_UV.mat"), path.with_name("indices.npy")
    if not beside.is_file():
        return None
    (uv,) = need(beside.name, read_matlab(beside), "UV")
    uv = numbers(beside.name, "UV", uv)
    if len(uv) != vertices and fewer.is_file():
        uv = uv[indices(fewer.name, "it", read_pickled(fewer), len(uv)).reshape(-1)]
    return uv if uv.shape == (vertices, 2) else None


def _albedo(file: str, held: Any, vertices: int) -> Albedo | None:
    known = held if isinstance(held, dict) else getattr(held, "__dict__", {})
    if not {"texMU", "texPC", "texEV"} <= set(known):
        return None
    return Albedo(
        points(file, "texMU", known["texMU"], COLOURS),
        stacked(file, "texPC", known["texPC"], vertices, COLOURS),
        numbers(file, "texEV", known["texEV"]).reshape(-1),
    )
