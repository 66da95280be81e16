"""3DDFA-V2: crop rules, decoding, loaders, and parity with the release where its files are at hand."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.face_model.landmarks_only import landmark_topology
from models.file_formats.torch_file import read_torch
from models.geometry.transforms import rotation_from_euler
from models.loading import load_face_model
from models.methods.tddfa import release
from models.methods.tddfa.factory import tddfa
from models.methods.tddfa.method import TDDFA, LinearFace, Whitening
from models.metrics.errors import nme_percent
from models.networks.regressor import RegressorForm, RegressorInTraining
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from models.training.loop import write_weights
from models.training.recipes import TDDFARecipe

SHARED = Path(__file__).resolve().parents[4] / "shared"
OFFICIAL = SHARED / "assets/3ddfa_v2_official"
SIZE = 120


class Says(torch.nn.Module):
    """A network that always says the same."""

    def __init__(self, answer: NDArray[np.floating]) -> None:
        super().__init__()
        self.answer = torch.as_tensor(answer, dtype=torch.float32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.answer.expand(len(x), -1)


def spread_points() -> NDArray[np.float64]:
    """[68, 3] mm, a face of sorts."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(68, 3)) * (50, 60, 30)


def saying(
    camera: NDArray[np.floating], coefficients: NDArray[np.floating], parity: str | None = None
) -> TDDFA:
    mean = spread_points()
    basis = np.random.default_rng(1).normal(size=(len(coefficients), 68, 3))
    numbers = np.concatenate([camera.ravel(), coefficients])
    whitening = Whitening(torch.full((len(numbers),), 0.5), torch.full((len(numbers),), 2.0))
    face = LinearFace(torch.tensor(mean), torch.tensor(basis), landmark_topology(mean))
    return TDDFA(Says((numbers - 0.5) / 2), whitening, face, SIZE, parity=parity)


def one(method: TDDFA) -> Reconstruction:
    return method(np.zeros((1, SIZE, SIZE, 3), np.uint8))[0]


def camera(pitch: float, yaw: float, roll: float, scale: float = 0.6) -> NDArray[np.float64]:
    angles = torch.deg2rad(torch.tensor([pitch, yaw, roll], dtype=torch.float64))
    turn = rotation_from_euler(angles).numpy()
    return np.concatenate([scale * turn, [[60.5], [61.5], [-20.0]]], 1)


def test_an_answer_is_the_linear_face_seen_by_the_camera_with_y_down():
    P, c = camera(10, -20, 5), np.array([0.5, -2.0])
    answer = one(saying(P, c))
    basis = np.random.default_rng(1).normal(size=(2, 68, 3))
    shape = spread_points() + c[0] * basis[0] + c[1] * basis[1]
    q = shape @ P[:, :3].T + P[:, 3]
    assert np.allclose(answer.vertices[:, 0], q[:, 0] - 1, atol=1e-3)
    assert np.allclose(answer.vertices[:, 1], SIZE - q[:, 1], atol=1e-3)
    assert np.allclose(answer.vertices[:, 2], q[:, 2] + 20, atol=1e-3)
    assert answer.mm_per_px == pytest.approx(1 / 0.6, rel=1e-4)
    (told,) = answer.coefficients
    assert told.values == pytest.approx(c)


@pytest.mark.parametrize("angles", [(0, 0, 0), (20, -50, 30), (-15, 70, -40)])
def test_the_pose_is_that_of_aflw2000(angles):
    assert one(saying(camera(*angles), np.zeros(1))).pose_deg == pytest.approx(angles, abs=1e-2)


@pytest.mark.parametrize(
    ("angles", "told"), [((10, 0, 0), (-10, 0, 0)), ((0, 10, 0), (0, 10, 0)), ((0, 0, 10), (0, 0, -10))]
)
def test_the_release_tells_single_turns_with_other_signs(angles, told):
    assert one(saying(camera(*angles), np.zeros(1), "v2")).pose_deg == pytest.approx(told, abs=1e-2)


@pytest.mark.parametrize(("yaw", "sign"), [(89.9, 1), (-89.9, -1)])
def test_the_release_gives_up_roll_in_profile(yaw, sign):
    pitch, told, roll = one(saying(camera(0, yaw, 0), np.zeros(1), "v2")).pose_deg
    assert told == pytest.approx(sign * 90)
    assert roll == 0
    assert abs(pitch) <= 180


def test_the_release_measures_depth_from_the_farthest_point():
    default, parity = (one(saying(camera(0, 30, 0), np.zeros(1), p)).vertices for p in (None, "v2"))
    assert parity[:, 2].min() == 0
    assert np.ptp(default[:, 2] - parity[:, 2]) < 1e-3
    assert np.array_equal(default[:, :2], parity[:, :2])


def test_roi_rules_of_the_release():
    x0, y0, x1, y1 = release.roi_of_points(np.array([[10.0, 20, 5], [50, 40, 9]]))
    assert (x0 + x1) / 2 == pytest.approx(30)
    assert (y0 + y1) / 2 == pytest.approx(30)
    assert x1 - x0 == pytest.approx(40 * 2**0.5)


def test_a_cut_is_rounded_half_to_even_and_black_outside():
    image = np.full((50, 60, 3), 200, np.uint8)
    crop = release.cut(image, (-9.5, 0.5, 50.4, 60.4))  # 60 px from -10 and from 0
    assert crop.shape == (SIZE, SIZE, 3)
    assert (crop[:, :19] == 0).all()
    assert (crop[:99, 21:] == 200).all()
    assert (crop[101:] == 0).all()


def test_the_default_square_is_the_releases_half_a_crop_pixel_on():
    method, parity = saying(camera(0, 0, 0), np.zeros(1)), saying(camera(0, 0, 0), np.zeros(1), "v2")
    face = Face((100.0, 100.0, 200.0, 220.0))
    a, b = method.crop(face), parity.crop(face)
    step = 120 * 2**0.5 / SIZE
    assert np.allclose(a[:2, :2], b[:2, :2])
    assert np.allclose(a[:2, 2] - b[:2, 2], (step - 1) / 2 + 0.5)


def test_a_face_put_outside_the_square_raises_an_alarm():
    away = camera(0, 0, 0)
    away[0, 3] = 300
    assert [alarm.code for alarm in one(saying(away, np.zeros(1))).alarms] == ["outside-crop"]
    assert one(saying(camera(0, 0, 0, 0.3), np.zeros(1))).alarms == ()


def test_a_wrong_parity_switch_or_crop_is_named():
    with pytest.raises(ValueError, match="parity 'v1'"):
        saying(camera(0, 0, 0), np.zeros(1), "v1")
    method = saying(camera(0, 0, 0), np.zeros(1))
    with pytest.raises(ValueError, match="no switch"):
        method(np.zeros((1, SIZE, SIZE, 3), np.uint8), frozenset({"mask"}))
    with pytest.raises(ValueError, match="crops must be"):
        method(np.zeros((1, 64, 64, 3), np.uint8))
    assert method(np.zeros((0, SIZE, SIZE, 3), np.uint8)) == []


def test_landmarks_alone_make_a_mesh_that_faces_the_viewer():
    model = load_face_model()
    mean = model.landmarks(model.mean[None])[0].numpy()
    topology = landmark_topology(mean)
    a, b, c = (mean[topology.triangles[:, k], :2] for k in range(3))
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    assert (ux * vy - uy * vx >= 0).all()
    assert np.array_equal(topology.landmarks(mean), mean)
    assert set(topology.triangles.ravel()) == set(range(68))
    assert topology.open_face is None


def ours(folder: Path, form: RegressorForm) -> Path:
    torch.manual_seed(0)
    network = RegressorInTraining(form)
    half = torch.zeros(form.outputs)
    half[[0, 5, 10]] = 0.9
    network.mean.copy_(half)
    recipe = TDDFARecipe(form=form).as_json()
    write_weights(folder / "weights.safetensors", dict(network.state_dict()), recipe)
    return folder / "weights.safetensors"


def test_our_weights_answer_in_the_open_face_at_the_right_place(tmp_path):
    form = RegressorForm(width=0.25, identity=60, expression=36)
    method = tddfa(ours(tmp_path, form))
    assert isinstance(method, TDDFA)
    assert method.topology is load_face_model().topology
    with torch.no_grad():
        for parameter in method._network.parameters():
            parameter.zero_()  # then the answer is the mean of the whitening
    answer = method(np.zeros((1, SIZE, SIZE, 3), np.uint8))[0]
    expected = load_face_model().mean.numpy() * (0.9 * 60 / 100) * (1, -1, 1) + (59.5, 59.5, 0)
    assert np.allclose(answer.vertices, expected, atol=0.1)
    assert answer.pose_deg == pytest.approx((0, 0, 0), abs=0.1)


def test_weights_without_whitening_or_of_another_form_are_named(tmp_path):
    form = RegressorForm(width=0.25, identity=60, expression=36)
    tensors = dict(RegressorInTraining(form).state_dict())
    path = tmp_path / "weights.safetensors"
    write_weights(path, {k: v for k, v in tensors.items() if k != "mean"}, TDDFARecipe(form=form).as_json())
    with pytest.raises(WeightsError, match="mean and std of its 108 parameters"):
        tddfa(path)
    write_weights(
        path, {k: v for k, v in tensors.items() if k != "network.fc.bias"}, TDDFARecipe(form=form).as_json()
    )
    with pytest.raises(WeightsError, match=r"missing fc\.bias"):
        tddfa(path)
    write_weights(path, tensors, {})
    with pytest.raises(WeightsError, match="form"):
        tddfa(path)


def published_file(
    folder: Path, change: dict[str, Any] | None = None, form: RegressorForm | None = None
) -> Path:
    """A file as the release packs them, of random weights."""
    torch.manual_seed(0)
    network = (form or RegressorForm(width=0.5)).make()
    state = {
        f"module.{key.replace('fc.', 'fc_param.')}": value for key, value in network.state_dict().items()
    }
    state |= {"module.fc_lm.weight": torch.zeros(136, 512), "module.fc_lm.bias": torch.zeros(136)}
    state |= change or {}
    path = folder / "mb05_120x120.pth"
    torch.save({"epoch": 62, "state_dict": {k: v for k, v in state.items() if v is not None}}, path)
    return path


def brought_files(folder: Path) -> None:
    """Whitening and landmark face of the right form."""
    rng = np.random.default_rng(0)
    mean, std = np.zeros(62, np.float32), np.ones(62, np.float32)
    (folder / "param_mean_std_62d_120x120.pkl").write_bytes(pickle.dumps({"mean": mean, "std": std}))
    np.savez(
        folder / "bfm68.npz",
        u_base=(1000 * spread_points()).reshape(204, 1),
        w_shp_base=rng.normal(size=(204, 40)),
        w_exp_base=rng.normal(size=(204, 10)),
    )


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("kind", ["mobilenet", "resnet22"])
def test_files_of_the_release_load_strictly(brought, kind):
    brought_files(brought)
    published_file(brought, form=RegressorForm(kind, 0.5))
    method = tddfa("official")
    assert len(method(np.zeros((2, SIZE, SIZE, 3), np.uint8))) == 2
    assert method.topology.name == "68 landmarks"


def test_the_dense_model_is_used_where_it_was_brought(brought, monkeypatch):
    brought_files(brought)
    published_file(brought)
    mean = np.concatenate([spread_points(), spread_points() + 1])  # the landmarks come first
    rng = np.random.default_rng(0)
    held = {
        "u": 1000 * mean.reshape(-1, 1),
        "w_shp": rng.normal(size=(3 * 136, 41)),
        "w_exp": rng.normal(size=(3 * 136, 12)),
        "keypoints": np.arange(3 * 68),
        "tri": np.array([[0, 1, 2], [133, 134, 135]]),
    }
    (brought / "bfm_noneck_v3.pkl").write_bytes(pickle.dumps(held))
    topology = landmark_topology(spread_points())
    monkeypatch.setattr("models.methods.tddfa.factory.topology_of", lambda *_: topology)
    answers = tddfa("official")(np.zeros((1, SIZE, SIZE, 3), np.uint8))
    (brought / "bfm68.npz").unlink()
    first = {key: np.asarray(value)[: 3 * 68] for key, value in held.items()}
    np.savez(
        brought / "bfm68.npz",
        u_base=first["u"],
        w_shp_base=first["w_shp"][:, :40],
        w_exp_base=first["w_exp"][:, :10],
    )
    (brought / "bfm_noneck_v3.pkl").unlink()
    sparse = tddfa("official")(np.zeros((1, SIZE, SIZE, 3), np.uint8))
    assert answers[0].vertices.shape == (136, 3)
    assert np.allclose(answers[0].landmarks, sparse[0].landmarks, atol=1e-2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"module.dw6.bn_sep.bias": None}, r"missing dw6\.bn_sep\.bias"),
        ({"module.more": torch.zeros(1)}, "unknown more"),
        ({"module.fc_param.bias": torch.zeros(7)}, r"fc\.bias is \[7\]"),
        ({"module.conv1.weight": None}, "no conv1"),
    ],
)
def test_a_key_that_does_not_fit_is_named(brought, change, message):
    brought_files(brought)
    with pytest.raises(WeightsError, match=message):
        tddfa(published_file(brought, change))


def test_what_was_not_brought_is_named(brought):
    with pytest.raises(MissingAssetError, match="mb05_120x120"):
        tddfa("official")
    published_file(brought)
    with pytest.raises(MissingAssetError, match="param_mean_std"):
        tddfa("official")
    brought_files(brought)
    (brought / "bfm68.npz").unlink()
    with pytest.raises(MissingAssetError, match="bfm_noneck_v3"):
        tddfa("official")


@pytest.mark.parametrize("wrong", [{"mean": np.zeros(62)}, [1, 2], {"mean": np.zeros(3), "std": np.zeros(3)}])
def test_statistics_of_another_form_are_refused(brought, wrong):
    brought_files(brought)
    (brought / "param_mean_std_62d_120x120.pkl").write_bytes(pickle.dumps(wrong))
    with pytest.raises(WeightsError, match="param_mean_std"):
        tddfa(published_file(brought))


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (Path("harm"), "done"))


def test_a_file_of_weights_that_wants_to_run_code_is_not_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {"a": torch.zeros(1), "b": Evil()}}, "evil.pth")
    with pytest.raises(WeightsError, match="not loaded"):
        read_torch(Path("evil.pth"))
    assert not Path("harm").exists()


@pytest.mark.parametrize("content", [b"", b"no weights", pickle.dumps([1, 2])])
def test_a_file_that_holds_no_weights_is_refused(tmp_path, content):
    path = tmp_path / "some.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"some\.pth"):
        read_torch(path)


needs_official = pytest.mark.skipif(
    not (OFFICIAL / "mb05_120x120.pth").exists(), reason="the release's files are not part of the project"
)


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_ASSETS", str(OFFICIAL))
    return OFFICIAL


@pytest.mark.shared
@needs_official
def test_the_release_answers_as_it_did_when_the_labels_were_made(official):
    from models.ground_truth.aflw import Crops, read_labels

    labels = read_labels(SHARED / "data/aflw21")
    rows = np.linspace(0, len(labels.name) - 1, 200).round().astype(int)
    crops = Crops(labels.folder)
    pictures = np.stack([crops.read(str(labels.name[row])) for row in rows])
    answers = tddfa("official", parity="v2")(pictures)
    exact = tddfa("official")(pictures)
    marks = np.stack([answer.landmarks for answer in answers])
    assert np.abs(marks - labels.landmarks[rows].numpy()).max() < 0.02
    rotation = labels.rotation[rows].numpy().astype(np.float64)
    told = np.array([release.angles_deg(turn) for turn in rotation])
    assert np.abs(np.array([answer.pose_deg for answer in answers]) - told).max() < 0.02
    u, _, vt = np.linalg.svd(rotation)
    expected = u @ vt
    poses = torch.deg2rad(torch.tensor([answer.pose_deg for answer in exact], dtype=torch.float64))
    cosine = ((rotation_from_euler(poses).numpy() * expected).sum((1, 2)) - 1) / 2
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 0.05


@pytest.mark.shared
@needs_official
def test_the_release_reaches_its_figure_on_the_open_photos(official):
    from models.ground_truth.aflw2000 import aflw2000

    method = tddfa("official")
    faces = aflw2000(SHARED / "data/real/aflw2000_full")
    marks = np.stack([reconstruct(face.image(), [Face(face.box)], method)[0].landmarks for face in faces])
    nme = nme_percent(marks[..., :2], np.stack([face.landmarks for face in faces])[..., :2])
    assert float(nme.mean()) == pytest.approx(3.52, abs=0.1)
