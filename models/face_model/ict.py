"""ICT-FaceKit (Li et al. 2020): a folder of .obj in centimetres, one per movement."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.face_model.linear import LinearModel, indices, numbers, outwards
from models.file_formats import read_bytes, reading
from models.file_formats.obj_file import LARGEST, read_obj
from models.reconstruction import Array

MM = 10.0  # per centimetre
NEUTRAL = "generic_neutral_mesh.obj"
LARGEST_TABLE = 16 << 20  # bytes
INDICES, LANDMARKS = "vertex_indices.json", "idx_to_landmark_verts"


def read_ict(folder: Path) -> LinearModel:
    """The folder FaceXModel: the neutral head, identity000.obj ..., and expressions by their names.

    Each movement is the difference to the neutral head; expressions are blend shapes of weight one.
    """
    neutral = folder / NEUTRAL
    if not neutral.is_file():
        raise MissingAssetError(f"{folder} has no {NEUTRAL}. Choose the folder FaceXModel of ICT-FaceKit.")
    mean, triangles = _mesh(neutral)
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
        triangles=outwards(mean, indices(neutral.name, "faces", triangles, len(mean))),
        landmarks=_landmarks(folder / INDICES, len(mean)),
    )


def _landmarks(path: Path, vertices: int) -> NDArray[np.int32] | None:
    """[68] vertices in Multi-PIE's order, which is iBUG's; None where the kit's table does not tell."""
    if not path.is_file():
        return None
    with reading(path, "a table of vertices"):
        held = json.loads(read_bytes(path, LARGEST_TABLE)).get(LANDMARKS)
    if not isinstance(held, list) or len(held) != 68:
        return None
    return indices(path.name, LANDMARKS, held, vertices)


def _movements(paths: list[Path], mean: Array) -> Array:
    """[K, N, 3] mm."""
    moved = np.zeros((len(paths), *mean.shape), np.float32)
    for number, path in enumerate(paths):
        vertices, _ = _mesh(path)
        if vertices.shape != mean.shape:
            raise WeightsError(f"{path.name} has {len(vertices)} vertices, {NEUTRAL} {len(mean)}.")
        moved[number] = vertices - mean
    return moved


def _mesh(path: Path) -> tuple[Array, NDArray[np.int64]]:
    """[N, 3] mm and [T, 3] of an .obj, in file order."""
    data = read_bytes(path, LARGEST)
    with reading(path, "an .obj"):
        points, triangles = read_obj(data)
    if not len(points):
        raise WeightsError(f"{path.name} has no vertices. Get the kit anew.")
    return numbers(path.name, "it", points * MM), triangles
