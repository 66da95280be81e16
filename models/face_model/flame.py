"""FLAME (Li et al. 2017): a head in metres, with joints that are left at rest here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from models.errors import WeightsError
from models.face_model.linear import LinearModel, faces, need, numbers, points
from models.file_formats.numpy_file import read_arrays
from models.file_formats.pickle_file import read_pickled

MM = 1e3  # per metre
IDENTITIES = 300  # of the movements, the rest are expressions
FIELDS = ("v_template", "shapedirs", "f")


def read_flame(path: Path) -> LinearModel:
    """`generic_model.pkl`, or an .npz of the same names: 5,023 vertices, 300 identities, 100 expressions."""
    held = read_arrays(path, FIELDS) if path.is_file() and zipfile.is_zipfile(path) else read_pickled(path)
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
