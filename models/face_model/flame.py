"""FLAME (Li et al. 2017): a head in metres, with joints that are left at rest here."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import WeightsError
from models.face_model.linear import LinearModel, faces, need, numbers, points
from models.reading import LIMIT_BYTES
from models.reading.pickled import read_pickled

MM = 1e3  # per metre
IDENTITIES = 300  # of the movements, the rest are expressions
FIELDS = ("v_template", "shapedirs", "f")


def read_flame(path: Path) -> LinearModel:
    """`generic_model.pkl`, or an .npz of the same names: 5,023 vertices, 300 identities, 100 expressions."""
    held = _npz(path) if path.is_file() and zipfile.is_zipfile(path) else read_pickled(path)
    template, movements, triangles = need(path.name, held, *FIELDS)
    mean = points(path.name, "v_template", template, MM)
    basis = numbers(path.name, "shapedirs", movements)
    if basis.ndim != 3 or basis.shape[:2] != mean.shape:
        raise WeightsError(f"{path.name}: shapedirs is {list(basis.shape)}, should be {[*mean.shape, 'K']}.")
    both = np.ascontiguousarray(basis.transpose(2, 0, 1) * np.float32(MM))
    identity, expression = both[:IDENTITIES], both[IDENTITIES:]
    return LinearModel(
        name="FLAME",
        mean=mean,
        identity=identity,
        expression=expression,
        identity_sigma=np.ones(len(identity), np.float32),
        expression_sigma=np.ones(len(expression), np.float32),
        triangles=faces(path.name, triangles, mean),
    )


def _npz(path: Path) -> dict[str, Any]:
    """The arrays of FIELDS that are there; what is pickled beside them is not touched."""
    try:
        with zipfile.ZipFile(path) as file:
            sizes = {info.filename.removesuffix(".npy"): info.file_size for info in file.infolist()}
        if any(sizes.get(name, 0) > LIMIT_BYTES for name in FIELDS):
            raise WeightsError(f"{path.name} unpacks to more than any model known here.")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in FIELDS if name in arrays}
    except (ValueError, OSError, zipfile.BadZipFile, KeyError) as error:
        raise WeightsError(f"{path.name} cannot be read ({error}). Get it anew.") from error
