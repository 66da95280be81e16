from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from models.errors import InputError, UnmaskError, WeightsError
from models.face_model.bfm import read_tddfa
from models.face_model.bfm_hdf5 import read_basel, read_presplit
from models.face_model.correspondence import ChartPlaces, open_surface
from models.face_model.importing import read_face_model, topology_of
from models.face_model.linear import LinearModel
from models.loading import load_face_model

N, P, E = 100, 5, 3


@pytest.fixture(scope="module")
def made() -> LinearModel:
    """A bent sheet of 10 x 10 vertices, in mm, facing the viewer."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:10, 0:10] * 10.0 - 45
    mean = np.stack([x, -y, 80 - (x**2 + y**2) / 60], -1).reshape(-1, 3).astype(np.float32)
    a = np.arange(N).reshape(10, 10)
    upper = np.stack([a[:-1, :-1], a[1:, :-1], a[:-1, 1:]], -1).reshape(-1, 3)
    lower = np.stack([a[:-1, 1:], a[1:, :-1], a[1:, 1:]], -1).reshape(-1, 3)
    return LinearModel(
        name="made up",
        mean=mean,
        identity=rng.normal(size=(P, N, 3)).astype(np.float32),
        expression=rng.normal(size=(E, N, 3)).astype(np.float32),
        identity_sigma=np.float32([5, 4, 3, 2, 1]),
        expression_sigma=np.float32([3, 2, 1]),
        triangles=np.concatenate([upper, lower]).astype(np.int32),
        landmarks=np.arange(20, 88, dtype=np.int32),
    )


def columns(basis: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """[K, N, 3] -> [3 N, K], as files have it."""
    return basis.reshape(len(basis), -1).T * scale


def assert_same(got: LinearModel, made: LinearModel, landmarks: bool = True) -> None:
    np.testing.assert_allclose(got.mean, made.mean, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(got.identity, made.identity, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got.expression, made.expression, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(np.sort(got.triangles, 1), np.sort(made.triangles, 1))
    if landmarks:
        assert got.landmarks is not None
        np.testing.assert_array_equal(got.landmarks, made.landmarks)


def face3d(made: LinearModel, **other: Any) -> dict[str, Any]:
    """`BFM.mat` in um, counted from 1, its mean split in two."""
    flat = made.mean.reshape(-1, 1) * 1e3
    model = {
        "shapeMU": flat - 7,
        "expMU": np.full_like(flat, 7),
        "shapePC": columns(made.identity, 1e3),
        "expPC": columns(made.expression, 1e3),
        "shapeEV": made.identity_sigma[:, None],
        "expEV": made.expression_sigma[:, None],
        "tri": made.triangles.T + 1,
        "kpt_ind": np.arange(20, 88)[None] + 1,
        "texMU": np.full((3 * N, 1), 127.5),
        "texPC": np.ones((3 * N, 2)),
        "texEV": np.ones((2, 1)),
    }
    return {"model": model | other}


def tddfa(made: LinearModel) -> dict[str, Any]:
    """`bfm_noneck_v3_slim.pkl`."""
    keypoints = (3 * np.arange(20, 88)[:, None] + np.arange(3)).ravel()
    return {
        "u": made.mean.reshape(-1, 1) * 1e3,
        "w_shp": columns(made.identity, 1e3).astype(np.float32),
        "w_exp": columns(made.expression, 1e3).astype(np.float32),
        "keypoints": keypoints,
        "tri": made.triangles.T,
    }


def test_bfm_2009_of_face3d_is_read(made: LinearModel, tmp_path: Path):
    path = tmp_path / "mine.mat"
    savemat(path, face3d(made))
    got = read_face_model(path)
    assert_same(got, made)
    np.testing.assert_array_equal(got.identity_sigma, made.identity_sigma)
    np.testing.assert_array_equal(got.expression_sigma, made.expression_sigma)
    assert got.albedo is not None
    np.testing.assert_allclose(got.albedo.mean, 0.5)


def test_bfm_2009_of_its_makers_is_read(made: LinearModel, tmp_path: Path):
    path = tmp_path / "01_MorphableModel.mat"
    held = face3d(made)["model"]
    savemat(path, {name: held[name] for name in ("shapeMU", "shapePC", "shapeEV")} | {"tl": held["tri"].T})
    got = read_face_model(path)
    assert got.expression.shape == (0, N, 3)
    np.testing.assert_allclose(got.mean, made.mean - 7e-3, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(got.identity, made.identity, rtol=1e-5, atol=1e-5)


def test_bfm_2009_of_3ddfa_is_read_with_what_lies_beside_it(made: LinearModel, tmp_path: Path):
    path = tmp_path / "bfm_noneck_v3_slim.pkl"
    path.write_bytes(pickle.dumps(tddfa(made)))
    assert_same(read_face_model(path), made)
    assert read_face_model(path).uv is None
    uv = np.random.default_rng(1).random((2 * N, 2))
    savemat(tmp_path / "BFM_UV.mat", {"UV": uv})
    np.save(tmp_path / "indices.npy", np.arange(N, dtype=np.int32) + 50)
    got = read_face_model(path).uv
    assert got is not None
    np.testing.assert_allclose(got, uv[50:150], rtol=1e-6)
    whole = tmp_path / "bfm_noneck_v3.pkl"
    path.rename(whole)
    (tmp_path / "tri.pkl").write_bytes(pickle.dumps(made.triangles[20:].T))
    assert len(read_tddfa(whole).triangles) == len(made.triangles) - 20


@pytest.mark.parametrize("file_name", ["model2017-1_bfm_nomouth.h5", "model2019_bfm.h5"])
def test_bfm_2017_and_2019_are_read_with_deviations_from_variances(
    made: LinearModel, tmp_path: Path, file_name: str
):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / file_name, "w") as file:
        file["shape/model/mean"] = made.mean.ravel() - 1
        file["expression/model/mean"] = np.ones(3 * N)
        for part, basis, sigma in (
            ("shape", made.identity, made.identity_sigma),
            ("expression", made.expression, made.expression_sigma),
        ):
            file[f"{part}/model/pcaBasis"] = columns(basis)
            file[f"{part}/model/pcaVariance"] = sigma**2
        file["shape/representer/cells"] = made.triangles.T
    got = read_face_model(tmp_path / file_name)
    assert_same(got, made, landmarks=False)
    assert got.landmarks is None
    np.testing.assert_allclose(got.identity_sigma, made.identity_sigma, rtol=1e-6)
    with h5py.File(tmp_path / file_name, "a") as file:
        del file["expression/model/pcaVariance"]
        file["expression/model/pcaVariance"] = np.ones(E + 1)
    with pytest.raises(WeightsError, match="3 movements, 4 variances"):
        read_basel(tmp_path / file_name)


def test_bfm_2009_of_mgcnet_is_read_with_its_deviations_as_they_are(made: LinearModel, tmp_path: Path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "bfm09.h5"
    with h5py.File(path, "w") as file:
        file["shape/model/mean"] = made.mean.ravel() * 1e3
        file["color/model/mean"] = np.full(3 * N, 51.0)
        for part, basis, sigma in (
            ("shape", made.identity, made.identity_sigma),
            ("expression", made.expression, made.expression_sigma),
            ("color", made.expression * 0.255, made.expression_sigma),
        ):
            file[f"{part}/model/pcaBasis"] = columns(basis, 1e3)
            file[f"{part}/model/pcaVariance"] = sigma
        file["shape/representer/tri"] = made.triangles.T + 1
        file["shape/representer/idx_lm68"] = np.arange(20, 88)
    got = read_face_model(path)
    assert_same(got, made)
    np.testing.assert_array_equal(got.identity_sigma, made.identity_sigma)
    assert got.albedo is not None
    np.testing.assert_allclose(got.albedo.mean, 0.2, rtol=1e-6)
    assert_same(read_presplit(path), made)


@pytest.mark.parametrize("packed", [False, True])
def test_flame_is_read_in_mm(made: LinearModel, tmp_path: Path, packed: bool):
    people = np.zeros((300, N, 3), np.float32)
    people[:P] = made.identity
    held = {
        "v_template": made.mean / 1e3,
        "shapedirs": np.concatenate([people, made.expression]).transpose(1, 2, 0) / 1e3,
        "f": made.triangles.astype(np.uint32),
    }
    path = tmp_path / ("flame.npz" if packed else "generic_model.pkl")
    if packed:
        np.savez(path, J_regressor=np.array({"a": 1}, dtype=object), **held)  # left alone
    else:
        path.write_bytes(pickle.dumps(held, 2))
    got = read_face_model(path)
    assert got.identity.shape == (300, N, 3)
    np.testing.assert_allclose(got.identity[:P], made.identity, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got.expression, made.expression, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got.mean, made.mean, rtol=1e-5, atol=1e-4)


def write_obj(path: Path, vertices: np.ndarray, faces: list[str]) -> None:
    rows = [f"v {x:.7f} {y:.7f} {z:.7f}" for x, y, z in vertices / 10]
    path.write_text("\n".join(["mtllib x.mtl", *rows, "vt 0 0", *faces]) + "\n")


def test_ict_facekit_is_read_from_its_folder(made: LinearModel, tmp_path: Path):
    a = np.arange(N).reshape(10, 10) + 1
    quads = np.stack([a[:-1, :-1], a[1:, :-1], a[1:, 1:], a[:-1, 1:]], -1).reshape(-1, 4)
    faces = ["f " + " ".join(f"{corner}/1/1" for corner in quad) for quad in quads.tolist()]
    folder = tmp_path / "FaceXModel"
    folder.mkdir()
    write_obj(folder / "generic_neutral_mesh.obj", made.mean, faces)
    for number, moved in enumerate(made.identity):
        write_obj(folder / f"identity{number:03d}.obj", made.mean + moved, faces)
    for name, moved in zip(("browDown_L", "jawOpen", "mouthClose"), made.expression, strict=True):
        write_obj(folder / f"{name}.obj", made.mean + moved, faces)
    table = folder / "vertex_indices.json"
    table.write_text(json.dumps({"idx_to_landmark_verts": list(range(20, 88))}))
    got = read_face_model(tmp_path)
    np.testing.assert_allclose(got.mean, made.mean, atol=1e-4)
    np.testing.assert_allclose(got.identity, made.identity, atol=1e-4)
    np.testing.assert_allclose(got.expression, made.expression, atol=1e-4)
    assert len(got.triangles) == 2 * len(quads)
    assert got.landmarks is not None
    np.testing.assert_array_equal(got.landmarks, made.landmarks)
    table.write_text(json.dumps({"idx_to_landmark_verts": [*range(67), N]}))
    with pytest.raises(WeightsError, match="not there"):
        read_face_model(tmp_path)
    write_obj(folder / "jawOpen.obj", made.mean[:-1], faces)
    table.unlink()
    with pytest.raises(WeightsError, match=r"jawOpen\.obj has 99 vertices"):
        read_face_model(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"shapePC": np.ones((3 * N - 3, P))}, "shapePC"),
        ({"shapeMU": np.full((3 * N, 1), np.nan)}, "not finite"),
        ({"tri": np.full((3, 5), N + 1)}, "not there"),
        ({"tri": np.zeros((3, 5))}, "not there"),
        ({"kpt_ind": np.ones((1, 5))}, "5 landmarks"),
        ({"shapePC": "text"}, "shapePC"),
    ],
)
def test_a_broken_bfm_says_what_is_wrong(made: LinearModel, tmp_path: Path, wrong: dict[str, Any], said: str):
    path = tmp_path / "BFM.mat"
    savemat(path, face3d(made, **wrong))
    with pytest.raises(WeightsError, match=rf"BFM\.mat.*{said}"):
        read_face_model(path)


def test_what_is_no_face_model_is_said_so(tmp_path: Path):
    with pytest.raises(InputError, match="no folder of a face model"):
        read_face_model(tmp_path)
    other = tmp_path / "tri.pkl"
    other.write_bytes(pickle.dumps(np.zeros((3, 4), np.int32)))
    with pytest.raises(InputError, match="no face model"):
        read_face_model(other)
    with pytest.raises(UnmaskError, match="nothing"):
        read_face_model(tmp_path / "nothing")


def test_triangles_that_face_into_the_head_are_turned(made: LinearModel, tmp_path: Path):
    path = tmp_path / "BFM.mat"
    savemat(path, face3d(made, tri=made.triangles[:, ::-1].T + 1))
    got = read_face_model(path)
    a, b, c = (got.mean[got.triangles[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()


def test_coefficients_move_the_mean_face(made: LinearModel):
    rng = np.random.default_rng(2)
    people, smiles = rng.normal(size=(2, P - 1)).astype(np.float32), np.zeros((2, E), np.float32)
    smiles[1, 2] = 2.0
    want = [made.mean + sum(p[k] * made.identity[k] for k in range(P - 1)) for p in people]
    want[1] = want[1] + 2 * made.expression[2]
    np.testing.assert_allclose(made.vertices(people, smiles), want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("charted", [True, False])
def test_a_foreign_mesh_gets_landmarks_mirror_and_regions_of_the_open_face(charted: bool):
    open_face = load_face_model()
    surface = open_surface(open_face.topology)
    order = np.random.default_rng(0).permutation(len(surface.vertices))
    place = np.argsort(order)
    model = LinearModel(
        name="BFM 2009 (test)",
        mean=(surface.vertices[order] * 1.1 + [0, 30, 0]).astype(np.float32),
        identity=np.zeros((0, len(order), 3), np.float32),
        expression=np.zeros((0, len(order), 3), np.float32),
        identity_sigma=np.zeros(0, np.float32),
        expression_sigma=np.zeros(0, np.float32),
        triangles=place[surface.triangles].astype(np.int32),
        uv=open_face.topology.uv[order] * np.float32([1, -1]) + np.float32([0, 1]) if charted else None,
    )
    cells = open_face.topology.uv.astype(np.float64) * 255
    chart = ChartPlaces(cells, np.ones(len(cells), bool)) if charted else None
    topology = topology_of(model, open_face, chart)
    assert topology.open_face is not None
    there = (topology.open_face(model.mean) - [0, 30, 0]) / 1.1
    assert np.linalg.norm(there - surface.vertices, axis=1).mean() < 0.002 * np.ptp(surface.vertices[:, 1])
    marks = (topology.landmarks(model.mean) - [0, 30, 0]) / 1.1
    np.testing.assert_allclose(marks, surface.landmarks, atol=1.0)
    same = topology.regions == open_face.topology.regions[order]
    assert same.mean() > 0.95
    mirrored = topology.mirror[place] == place[open_face.topology.mirror]
    assert mirrored.mean() > 0.95
