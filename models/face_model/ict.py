"""ICT-FaceKit (Li et al. 2020): a folder of .obj in centimetres, one per movement."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.face_model.linear import LinearModel, indices, numbers, outwards
from models.file_formats import read_bytes
from models.reconstruction import Array

MM = 10.0  # per centimetre
NEUTRAL = "generic_neutral_mesh.obj"
INDICES, LANDMARKS = "vertex_indices.json", "idx_to_landmark_verts"


def read_ict(folder: Path) -> LinearModel:
    """The folder FaceXModel: the neutral head, identity000.obj ..., and expressions by their names.

    Each movement is the difference to the neutral head; expressions are blend shapes of weight one.
    """
    neutral = folder / NEUTRAL
    if not neutral.is_file():
        raise MissingAssetError(f"{folder} has no {NEUTRAL}. Choose the folder FaceXModel of ICT-FaceKit.")
    data = read_bytes(neutral)
    mean = _vertices(neutral, data)
    others = sorted(path for path in folder.glob("*.obj") if path != neutral)
    people = [path for path in others if path.stem.startswith("identity")]
    smiles = [path for path in others if path not in people]
    identity, expression = (_movements(paths, mean) for paths in (people, smiles))
    return LinearModel(
        name="ICT-FaceKit",
        mean=mean,
        identity=identity,
        expression=expression,
        identity_sigma=np.ones(len(identity), np.float32),
        expression_sigma=np.ones(len(expression), np.float32),
        triangles=_triangles(neutral, data, mean),
        landmarks=_landmarks(folder / INDICES, len(mean)),
    )


def _landmarks(path: Path, vertices: int) -> NDArray[np.int32] | None:
    """[68] vertices in Multi-PIE's order, which is iBUG's; None where the kit's table does not tell."""
    if not path.is_file():
        return None
    try:
        held = json.loads(read_bytes(path)).get(LANDMARKS)
    except (ValueError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{path.name} is no table of vertices ({error}). Get the kit anew.") from None
    if not isinstance(held, list) or len(held) != 68:
        return None
    return indices(path.name, LANDMARKS, held, vertices)


def _movements(paths: list[Path], mean: Array) -> Array:
    """[K, N, 3] mm."""
    moved = np.zeros((len(paths), *mean.shape), np.float32)
    for number, path in enumerate(paths):
        vertices = _vertices(path, read_bytes(path))
        if vertices.shape != mean.shape:
            raise WeightsError(f"{path.name} has {len(vertices)} vertices, {NEUTRAL} {len(mean)}.")
        moved[number] = vertices - mean
    return moved


def _vertices(path: Path, data: bytes) -> Array:
    """[N, 3] mm: the `v` lines of an .obj, in file order."""
    rows = [line.split()[1:4] for line in data.split(b"\n") if line.startswith(b"v ")]
    try:
        table = np.array(rows, np.float64)
    except ValueError as error:
        raise WeightsError(f"{path.name} has vertices that are no numbers ({error}).") from None
    if table.ndim != 2 or table.shape[1] != 3:
        raise WeightsError(f"{path.name} has no vertices.")
    return numbers(path.name, "it", table * MM)


def _triangles(path: Path, data: bytes, mean: Array) -> NDArray[np.int32]:
    """[T, 3]: the `f` lines of an .obj, polygons cut into fans."""
    cut: list[tuple[bytes, bytes, bytes]] = []
    for line in data.split(b"\n"):
        if line.startswith(b"f "):
            corners = [word.split(b"/")[0] for word in line.split()[1:]]
            cut += [(corners[0], b, c) for b, c in pairwise(corners[1:])]
    try:
        table = np.array([[int(corner) for corner in triangle] for triangle in cut], np.int64)
    except (ValueError, OverflowError) as error:
        raise WeightsError(f"{path.name} has faces that are no vertex numbers ({error}).") from None
    return outwards(mean, indices(path.name, "faces", table, len(mean), first=1))
