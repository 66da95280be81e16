"""Weights, face models, truth: a small file of each format, and the readers it is for."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from safetensors.torch import save as save_tensors
from scipy import sparse
from scipy.io import savemat

from models.face_model.flame import FIELDS
from models.face_model.importing import read_face_model
from models.face_model.morphable import LAYOUT, FaceModel
from models.file_formats.hdf5_file import read_hdf5
from models.file_formats.identify import recognise
from models.file_formats.matlab_file import read_matlab
from models.file_formats.numpy_file import read_array, read_arrays
from models.file_formats.pickle_file import read_pickled
from models.file_formats.tensorflow_file import read_tensorflow
from models.file_formats.torch_file import read_torch
from models.ground_truth.aflw import read_labels
from models.ground_truth.readers import read_truth
from models.loading import read_weights
from tests.fuzz.seed import Seed
from tests.models.file_formats.test_tensorflow_file import write as write_checkpoint

CHANCE = np.random.default_rng(0)
VERTICES, SIDES = 12, {"N": 12, "I": 2, "E": 2, "S": 3, "G": 2, "T": 4, "R": 2, "M": 5, "K": 3, "P": 2}
POINTS = CHANCE.uniform(50, 200, (68, 3))
AFLW2000 = {"pt3d_68": POINTS.T, "Pose_Para": np.ones((1, 7))}
EVALUATION = {"lm68": POINTS, "euler_deg": np.ones(3)}
BASIS = CHANCE.normal(size=(3 * VERTICES, 2)).astype(np.float32)
TRIANGLES = CHANCE.integers(0, VERTICES, (4, 3)).astype(np.int32)


def kit(path: Path) -> Any:
    """The folder a file lies in, as ICT-FaceKit."""
    return read_face_model(path.parent)


def labels(path: Path) -> Any:
    """The folder a file lies in, as labelled crops."""
    return read_labels(path.parent)


def _stream(save: Callable[[io.BytesIO], Any]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def _npz(arrays: Mapping[str, Any], packed: bool = True) -> bytes:
    save = np.savez_compressed if packed else np.savez
    return _stream(lambda out: save(out, **arrays))


def _npy(array: Any) -> bytes:
    return _stream(lambda out: np.save(out, array))


def _mat(held: Mapping[str, Any], packed: bool = True) -> bytes:
    return _stream(lambda out: savemat(out, dict(held), do_compression=packed))


def _h5(arrays: Mapping[str, Any]) -> bytes:
    def save(out: io.BytesIO) -> None:
        with h5py.File(out, "w") as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array, compression="gzip", chunks=True)

    return _stream(save)


def _face_model() -> bytes:
    kinds = {"triangles": np.int32, "mirror": np.int32, "regions": np.uint8, "landmark_vertices": np.int32}
    arrays = {}
    for name, shape in LAYOUT.items():
        sides = tuple(side if isinstance(side, int) else SIDES[side] for side in shape)
        named = name.endswith("_names") or name in ("version", "licence")
        symmetric = name.endswith("_symmetric")
        kind = "U4" if named else bool if symmetric else kinds.get(name, np.float32)
        arrays[name] = np.zeros(sides, kind)
    return _npz(arrays)


def _bfm(face3d: bool) -> dict[str, Any]:
    held = {"shapeMU": BASIS[:, :1], "shapePC": BASIS, "shapeEV": np.ones((2, 1))}
    if not face3d:
        return {**held, "tl": TRIANGLES + 1}
    more = {"expMU": BASIS[:, :1], "expPC": BASIS, "expEV": np.ones((2, 1)), "tri": TRIANGLES.T + 1}
    return {"model": {**held, **more, "kpt_ind": np.ones((1, 68))}}


def _flame() -> dict[str, Any]:
    return {
        "v_template": BASIS[:, 0].reshape(-1, 3),
        "shapedirs": np.zeros((VERTICES, 3, 4), np.float32),
        "f": TRIANGLES,
        "J_regressor": sparse.csc_matrix(np.eye(3)),
        "weights": [1.5, 2, None, ("text", b"bytes")],
    }


def _h5_model(presplit: bool) -> dict[str, Any]:
    parts = {}
    for part in ("shape", "expression", "color"):
        parts[f"{part}/model/mean"] = BASIS[:, 0]
        parts[f"{part}/model/pcaBasis"] = BASIS
        parts[f"{part}/model/pcaVariance"] = np.ones(2)
    more = (
        {"tri": TRIANGLES.T + 1, "idx_lm68": np.arange(68) % VERTICES} if presplit else {"cells": TRIANGLES.T}
    )
    return parts | {f"shape/representer/{name}": array for name, array in more.items()}


def _ply(text: bool) -> bytes:
    import trimesh

    mesh = trimesh.Trimesh(BASIS[:, 0].reshape(-1, 3), TRIANGLES, process=False)
    return bytes(mesh.export(file_type="ply", encoding="ascii" if text else "binary"))


def _obj(shift: float = 0.0) -> bytes:
    points = "".join(f"v {x} {y} {z}\n" for x, y, z in BASIS[:, 0].reshape(-1, 3) + shift)
    faces = "".join(f"f {a + 1}/1/1 {b + 1} {c + 1} -1\n" for a, b, c in TRIANGLES)
    return (points + faces).encode()


def _checkpoint() -> tuple[bytes, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        arrays = {"resfcn256/Conv/weights": np.ones((3, 3), np.float32), "beta1_power": np.float32([0.9])}
        index = write_checkpoint(Path(folder), arrays)
        return index.read_bytes(), index.with_name("model.data-00000-of-00001").read_bytes()


def _labels() -> bytes:
    from models.ground_truth.aflw import LABELS

    arrays = {name: np.zeros((3, *shape), np.float32) for name, shape in LABELS.items()}
    return _npz(arrays | {"name": np.array(["a", "b", "c"])})


STATE = {"module.conv1.weight": torch.zeros(2, 3, 3, 3), "module.fc_param.weight": torch.zeros(62, 2)}
TRUTH = json.dumps({"landmarks": POINTS.tolist(), "visible": [True] * 68, "pose_deg": [1, 2, 3]}).encode()
INDEX, DATA = _checkpoint()
PTS = b"version: 1\nn_points: 68\n{\n" + b"".join(b"%f %f\n" % (x, y) for x, y, _ in POINTS) + b"}\n"
MESH = ("generic_neutral_mesh.obj", _obj())
RECIPE = {"recipe": json.dumps({"method": "dsfnet", "form": {"stem": [1, 2]}})}

FORMATS = (
    Seed("truth.npz", _npz(EVALUATION), (read_truth, read_arrays, recognise)),
    Seed("model.npz", _face_model(), (FaceModel.read, recognise)),
    Seed("flame.npz", _npz({name: _flame()[name] for name in FIELDS}), (read_face_model,)),
    Seed("labels.npz", _labels(), (labels, recognise)),
    Seed("numbers.npy", _npy(np.arange(12.0)), (read_array, read_pickled, recognise)),
    Seed("map.npy", _npy(np.zeros((256, 256, 3), np.float16)), (read_array, recognise)),
    Seed("patch.npy", _npy(np.array({"shapeMU_uv": BASIS}, object)), (read_pickled, recognise)),
    Seed(
        "truth.mat",
        _mat(AFLW2000, False),
        (read_truth, read_matlab),
    ),
    Seed("packed.mat", _mat(AFLW2000), (read_truth, read_matlab)),
    Seed("BFM.mat", _mat(_bfm(True), False), (read_matlab, read_face_model)),
    Seed("01_MorphableModel.mat", _mat(_bfm(False)), (read_matlab, read_face_model)),
    Seed("flame.pkl", pickle.dumps(_flame(), 2), (read_pickled, read_face_model)),
    Seed("flame4.pkl", pickle.dumps(_flame(), 4), (read_pickled, read_face_model)),
    Seed(
        "bfm.pkl",
        pickle.dumps({"u": BASIS[:, :1], "w_shp": BASIS, "w_exp": BASIS, "tri": TRIANGLES.T}, 4),
        (read_pickled, read_face_model),
    ),
    Seed("basel.h5", _h5(_h5_model(False)), (read_hdf5, read_face_model)),
    Seed("presplit.h5", _h5(_h5_model(True)), (read_hdf5, read_face_model)),
    Seed("net.pth", _stream(lambda out: torch.save({"state_dict": STATE}, out)), (read_torch, recognise)),
    Seed(
        "old.pth",
        _stream(lambda out: torch.save(STATE, out, _use_new_zipfile_serialization=False)),
        (read_torch, recognise),
    ),
    Seed("mine.safetensors", save_tensors(STATE, RECIPE), (read_weights, recognise)),
    Seed("mine.index", INDEX, (read_tensorflow, recognise), (("mine.data-00000-of-00001", DATA),)),
    Seed("truth.json", TRUTH, (read_truth, recognise)),
    Seed("truth.pts", PTS, (read_truth, recognise)),
    Seed("truth.obj", _obj(), (read_truth, recognise)),
    Seed("identity000.obj", _obj(0.1), (kit,), (MESH,)),
    Seed(
        "vertex_indices.json",
        json.dumps({"idx_to_landmark_verts": [k % VERTICES for k in range(68)]}).encode(),
        (kit,),
        (MESH, ("identity000.obj", _obj(0.1))),
    ),
    Seed("binary.ply", _ply(False), (read_truth, recognise)),
    Seed("text.ply", _ply(True), (read_truth, recognise)),
    Seed("table.txt", b"0 1 2\n" * 5 + b"1 2 43866\n", (recognise,)),
    Seed("yunet.onnx", b"\x08\x06 cls_8 obj_8 bbox_8 kps_8", (recognise,)),
)
