"""Face models of others, recognised by what is in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.face_model.bfm import read_face3d, read_original, read_tddfa
from models.face_model.bfm_hdf5 import read_basel, read_presplit
from models.face_model.correspondence import ChartPlaces, bfm_cells, corresponding
from models.face_model.flame import read_flame
from models.face_model.ict import NEUTRAL, read_ict
from models.face_model.linear import LinearModel
from models.face_model.morphable import FaceModel
from models.face_model.registration import Surface, closest
from models.file_formats import reading
from models.file_formats.identify import recognise
from models.reconstruction import Correspondence, Topology, frozen

READERS: dict[str, Callable[[Path], LinearModel]] = {
    "01_MorphableModel.mat": read_original,
    "BFM.mat": read_face3d,
    "bfm_noneck_v3.pkl": read_tddfa,
    "bfm_noneck_v3_slim.pkl": read_tddfa,
    "basel_face_model.h5": read_basel,
    "bfm09_trim_exp_uv_presplit.h5": read_presplit,
    "generic_model.pkl": read_flame,
    "generic_model.npz": read_flame,
}
"""What a file was recognised as -> how it is read."""


def read_face_model(path: Path) -> LinearModel:
    """A face model of others: BFM 2009 (its own .mat, face3d's, 3DDFA's, MGCNet's), 2017, 2019, FLAME, ICT.

    Raises:
        InputError: It is not there, or none of these.
        WeightsError: It is one of these, but broken or not to be trusted.
    """
    if path.is_dir():
        folder = next((f for f in (path, path / "FaceXModel") if (f / NEUTRAL).is_file()), None)
        if folder is None:
            raise InputError(f"{path} is no folder of a face model: it has no {NEUTRAL} (ICT-FaceKit).")
        with reading(folder, "ICT-FaceKit"):
            return read_ict(folder)
    name = recognise(path)[0].name
    if name not in READERS:
        raise InputError(
            f"{path.name} is no face model, but {name}. Known are BFM (.mat, .pkl, .h5), FLAME (.pkl, .npz) "
            "and the folder of ICT-FaceKit."
        )
    with reading(path, "a face model"):
        return READERS[name](path)


def topology_of(
    model: LinearModel, open_face: FaceModel, chart: ChartPlaces | None = None, keep: Path | None = None
) -> Topology:
    """The mesh of a face model of others, told in the words of the open face.

    Regions and chart come from the nearest vertex of the open face, landmarks too where the file names none.

    Args:
        model: As read.
        open_face: The open face.
        chart: Where the open face lies on BFM's UV layout; used where the model has that.
        keep: Folder where a correspondence that takes long is kept.
    """
    mean, triangles = model.mean.astype(np.float64), model.triangles.astype(np.int64)
    marks = None if model.landmarks is None else mean[model.landmarks]
    if model.uv is not None and chart is not None and model.name.startswith("BFM 2009"):
        known = chart.on_chart(bfm_cells(model.uv.astype(np.float64)), triangles)
    else:
        known = corresponding(open_face, mean, triangles, marks, keep)
    corners, weights = _landmarks(model, open_face.topology, known)
    nearest = _nearest(known(model.mean), model.mean)
    middle = 2 * float((weights[27:31] * mean[corners[27:31], 0]).sum(1).mean())  # the bridge of the nose
    mirrored = np.stack([middle - mean[:, 0], mean[:, 1], mean[:, 2]], 1)
    mirror = _nearest(mean, mirrored)
    return Topology(
        name=model.name,
        triangles=model.triangles,
        uv=frozen(open_face.topology.uv[nearest]),
        landmark_vertices=corners.astype(np.int32),
        landmark_weights=frozen(weights),
        mirror=mirror.astype(np.int32),
        regions=open_face.topology.regions[nearest],
        region_names=open_face.topology.region_names,
        mean=frozen(model.mean),
        open_face=known,
    )


def _landmarks(
    model: LinearModel, open_face: Topology, known: Correspondence
) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
    """Corners and weights [68, 3]: the file's own vertices, else where the open face's landmarks lie."""
    if model.landmarks is not None:
        weights = np.zeros((68, 3), np.float32)
        weights[:, 0] = 1.0
        return np.repeat(model.landmarks[:, None], 3, 1), weights
    there = open_face.landmarks(known(model.mean)).astype(np.float64)
    near = closest(there, Surface(model.mean.astype(np.float64), model.triangles.astype(np.int64)))
    return near.corners, near.weights


def _nearest(among: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.int64]:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(among).query(points)[1])
