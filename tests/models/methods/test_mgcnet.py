"""MGCNet against a plain restatement of what its release computes, and the two looks of the method."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn.functional import conv2d, max_pool2d, pad

from models.errors import MethodError, MissingAssetError, WeightsError
from models.face_model.linear import Albedo, LinearModel
from models.face_model.pinhole import (
    PUBLISHED_REST,
    TEMPLATE,
    Pinhole,
    extrinsics,
    five_points,
    harmonics,
    shading,
)
from models.face_model.reflective import Coefficients, ReflectiveFace
from models.geometry.transforms import rotation_from_euler, vertex_normals, weighted_procrustes
from models.loading import load_face_model
from models.methods.mgcnet import assets
from models.methods.mgcnet.factory import mgcnet
from models.methods.mgcnet.method import MGCNet, open_rest, reflective_face
from models.networks.blocks import fold_batch_norms
from models.networks.resnet import ResNet50, ResNetForm, variable_names
from models.pipeline import reconstruct
from models.reconstructor import Face

SPEC = Path(__file__).resolve().parents[4] / "shared" / "specs" / "mgcnet_variables.json"
SMALL = ResNetForm(size=64, field_px=184.0, width=0.125, identity=5, albedo=2, expression=3)


def variables(network: ResNet50) -> dict[str, np.ndarray]:
    """The network's tensors as a TensorFlow checkpoint holds them: kernels [H, W, in, out]."""
    tensors, out = network.state_dict(), {}
    for key, name in variable_names(network.form).items():
        value = tensors[key].numpy()
        out[name] = value.transpose(2, 3, 1, 0) if value.ndim == 4 else value
    return out


def randomised(form: ResNetForm, seed: int = 0) -> ResNet50:
    torch.manual_seed(seed)
    network = ResNet50(form)
    for parameter in network.parameters():
        fan = parameter[0].numel() if parameter.ndim > 1 else 50
        torch.nn.init.normal_(parameter, std=(1.5 / fan) ** 0.5)
    return network.eval()


def restated_encoder(named: dict[str, np.ndarray], x: torch.Tensor) -> torch.Tensor:
    """The release's graph: explicit padding, then convolutions without any."""

    def conv(x: torch.Tensor, place: str, stride: int = 1) -> torch.Tensor:
        kernel = torch.from_numpy(named[f"resnet_v1_50/{place}/weights"].transpose(3, 2, 0, 1).copy())
        each = (kernel.shape[-1] - 1) // 2
        bias = torch.from_numpy(named[f"resnet_v1_50/{place}/biases"])
        return conv2d(pad(x, (each,) * 4), kernel, bias, stride)

    x = max_pool2d(conv(x, "conv1", 2).relu(), 3, 2)
    for block, (units, stride) in enumerate(((3, 2), (4, 2), (6, 2), (3, 1)), 1):
        for unit in range(1, units + 1):
            place = f"block{block}/unit_{unit}/bottleneck_v1"
            step = stride if unit == units else 1
            if f"resnet_v1_50/{place}/shortcut/weights" in named:
                around = conv(x, f"{place}/shortcut")
            else:
                around = max_pool2d(x, 1, step)
            inner = conv(conv(x, f"{place}/conv1").relu(), f"{place}/conv2", step).relu()
            x = (around + conv(inner, f"{place}/conv3")).relu()
    return conv(x.mean((2, 3), keepdim=True), "logits")[:, :, 0, 0]


def test_the_published_form_has_the_published_number_of_parameters():
    network = ResNet50()
    assert sum(p.numel() for p in network.parameters()) == 24_008_065
    assert len(variable_names()) == len(network.state_dict()) == 108
    assert network.form.outputs == 257


def test_variables_are_those_of_the_release():
    if not SPEC.exists():
        pytest.skip("needs ../shared/specs")
    theirs = {row["name"]: tuple(row["shape"]) for row in json.loads(SPEC.read_text())}
    theirs.pop("global_step", None)
    assert {name: value.shape for name, value in variables(ResNet50()).items()} == theirs


@pytest.mark.parametrize("size", [64, 75, 112])
def test_the_encoder_computes_what_the_release_does(size):
    network = randomised(SMALL)
    x = torch.rand(2, 3, size, size)
    with torch.no_grad():
        expected = restated_encoder(variables(network), x)
        assert torch.allclose(network(x), expected, atol=1e-5 * float(expected.abs().max()))
    assert expected.std() > 1e-3


def test_batch_norms_vanish_into_the_published_network():
    torch.manual_seed(0)
    network = ResNet50(replace(SMALL, normed=True))
    for _ in range(2):
        network(torch.rand(4, 3, 64, 64))
    network.eval()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        before = network(x)
        assert torch.allclose(fold_batch_norms(network)(x), before, atol=1e-5)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())


def test_a_fresh_network_says_nearly_the_mean_face():
    assert ResNet50(SMALL)(torch.rand(2, 3, 64, 64)).abs().max() < 0.5


def restated_pose(pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rz, ry, rx = pose[:3]
    cx, sx, cy, sy, cz, sz = (f(a) for a in (rx, ry, rz) for f in (math.cos, math.sin))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_x @ about_y @ about_z, pose[3:]


def test_pose_and_camera_are_the_release_s():
    rng = np.random.default_rng(0)
    pose = np.array(PUBLISHED_REST) + rng.normal(0, [0.3, 0.3, 0.3, 5, 5, 200])
    points = rng.normal(0, 60, (40, 3))
    rotation, translation = restated_pose(pose)
    there = points @ rotation.T + translation
    K = np.array([[4700, 0, 112], [0, 4700, 112], [0, 0, 1]])
    homogeneous = there @ K.T
    expected = homogeneous[:, :2] / (homogeneous[:, 2:] + 1e-6)
    place = extrinsics(torch.tensor(pose)[None])
    assert np.allclose(place.apply(torch.tensor(points))[0], there)
    assert np.allclose(Pinhole().project(place.apply(torch.tensor(points)))[0], expected, atol=1e-4)


def test_the_middle_of_the_picture_enlarged_shows_the_same_points_enlarged():
    points = torch.randn(1, 30, 3) * 50 + torch.tensor([0.0, 0.0, 5000.0])
    whole, part = Pinhole().project(points), Pinhole(112, 168.0).project(points)
    outer = (whole + 0.5 - (224 - 168) / 2) * (112 / 168) - 0.5
    assert torch.allclose(part, outer, atol=1e-3)
    assert torch.allclose(Pinhole().template(), torch.tensor(TEMPLATE))


def test_light_is_the_release_s():
    rng = np.random.default_rng(1)
    normals = rng.normal(size=(20, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    light = rng.normal(0, 0.2, 27)
    a = np.pi, 2 * np.pi / np.sqrt(3), 2 * np.pi / np.sqrt(8)
    c = 1 / np.sqrt(4 * np.pi), np.sqrt(3) / np.sqrt(4 * np.pi), 3 * np.sqrt(5) / np.sqrt(12 * np.pi)
    expected = np.zeros((20, 3))
    for n, (x, y, z) in enumerate(normals):
        basis = [
            a[0] * c[0], -a[1] * c[1] * y, a[1] * c[1] * z, -a[1] * c[1] * x, a[2] * c[2] * x * y,
            -a[2] * c[2] * y * z, a[2] * c[2] * 0.5 / np.sqrt(3) * (3 * z * z - 1), -a[2] * c[2] * x * z,
            a[2] * c[2] * 0.5 * (x * x - y * y),
        ]  # fmt: skip
        for colour in range(3):
            gamma = light[9 * colour : 9 * colour + 9].copy()
            gamma[0] += 0.8
            expected[n, colour] = np.dot(basis, gamma)
    got = shading(torch.tensor(normals)[None], torch.tensor(light)[None])[0]
    assert np.allclose(got, expected)


def test_first_order_light_comes_from_where_it_is_said_to():
    up, towards = torch.tensor([[0.0, 1, 0], [0.0, 0, 1]])
    assert harmonics(towards)[2] > 0 > harmonics(up)[1]


def small_face() -> ReflectiveFace:
    model = load_face_model()
    torch.manual_seed(3)
    return reflective_face(model, SMALL, torch.rand_like(model.mean), torch.randn(2, *model.mean.shape) / 50)


def test_coefficients_are_in_the_published_order_and_count_standard_deviations():
    face = small_face()
    values = torch.arange(float(SMALL.outputs))[None] / 50
    c = face.split(values)
    assert [part.shape[1] for part in c] == [5, 2, 3, 6, 27]
    assert torch.equal(torch.cat(tuple(c), 1), values)
    n = 1234
    expected = face.mean[n].double().clone()
    for k in range(5):
        expected += float(values[0, k]) * face.identity[k, n].double()
    for k in range(3):
        expected += float(values[0, 7 + k]) * face.expression[k, n].double()
    assert torch.allclose(face.shape(c)[0, n].double(), expected, atol=1e-4)
    colour = face.albedo_mean[n] + values[0, 5] * face.albedo[0, n] + values[0, 6] * face.albedo[1, n]
    assert torch.allclose(face.colours(c)[0, n], colour.clamp(0, 1), atol=1e-5)


def saying(parity: str | None = None, symmetric: torch.Tensor | None = None, **parts: list[float]) -> MGCNet:
    """The method with a network that says the same of every picture."""
    network = ResNet50(SMALL)
    torch.nn.init.zeros_(network.logits.weight)
    sizes = dict(zip(Coefficients._fields, (5, 2, 3, 6, 27), strict=True))
    said = [torch.tensor(parts.get(name, [0.0] * count)) for name, count in sizes.items()]
    network.logits.bias.data = torch.cat(said)
    rest = open_rest(load_face_model(), Pinhole(SMALL.size, SMALL.field_px))
    return MGCNet(network, small_face(), rest, parity=parity, symmetric=symmetric)


def one_crop(method: MGCNet) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (1, method.size, method.size, 3), np.uint8)


def test_the_mean_face_at_rest_lies_on_the_template():
    method = saying("release")
    (answer,) = method(one_crop(method))
    points = five_points(torch.tensor(answer.landmarks))[:, :2]
    template = Pinhole(SMALL.size, SMALL.field_px).template()
    assert (points - template).norm(dim=-1).mean() < 1.0
    assert np.allclose(answer.pose_deg, 0, atol=1e-4)


@pytest.mark.parametrize("parity", [None, "release"])
def test_pose_is_that_of_the_vertices_in_the_house_s_convention(parity):
    method = saying(parity, pose=[0.2, -0.5, 0.15, 4.0, -3.0, 100.0], identity=[1.0, -1, 0.5, 0, 1])
    (answer,) = method(one_crop(method))
    shape = load_face_model().mean + (
        small_face().identity * torch.tensor([1.0, -1, 0.5, 0, 1])[:, None, None]
    ).sum(0)
    seen = torch.tensor(answer.vertices * (1, -1, 1))
    fit = weighted_procrustes(shape[None], seen[None].float(), torch.ones(1, len(shape)))
    rotation = rotation_from_euler(torch.deg2rad(torch.tensor(answer.pose_deg)))
    angle = math.degrees(math.acos(min(1.0, (float((fit.rotation[0] * rotation).sum()) - 1) / 2)))
    assert angle < 0.7  # the rest is perspective
    assert float(fit.scale) == pytest.approx(1 / answer.mm_per_px, rel=0.02)


def test_the_second_look_is_aligned_by_the_first():
    method = saying(pose=[-0.2, 0.0, 0.0, 0.0, 0.0, 0.0])  # 11.5 degrees of roll in whatever it sees
    crop = one_crop(method)
    once, twice = method(crop, frozenset({"alignment"}))[0], method(crop)[0]
    assert once.pose_deg[2] == pytest.approx(math.degrees(0.2), abs=0.01)
    assert twice.pose_deg[2] == pytest.approx(math.degrees(0.4), abs=0.1)
    assert (once.took_part, once.left_out) == ((), ("alignment",))
    assert twice.took_part == ("alignment",)


def test_who_says_the_same_in_the_mirror_says_a_symmetric_face():
    model = load_face_model()
    assert model.symmetric[:5].all()
    assert model.symmetric[60:63].all()
    symmetric = torch.ones(8, dtype=torch.bool)
    said = {"pose": [0.2, -0.5, 0.15, 14.0, -3.0, 100.0], "identity": [1.0, -1, 0.5, 2, 1]}
    method = saying("release", symmetric, **said, expression=[1.0, -2, 1])
    (answer,) = method(one_crop(method))
    mirrored = answer.vertices[model.topology.mirror] * (-1, 1, 1) + (method.size - 1, 0, 0)
    np.testing.assert_allclose(mirrored, answer.vertices, atol=0.02)
    pitch, yaw, roll = answer.pose_deg
    assert (yaw, roll) == pytest.approx((0, 0), abs=1e-4)
    assert abs(pitch) > 5
    symmetric[1] = False  # what changes its sign in the mirror is then not there
    (lesser,) = saying("release", symmetric, **said, expression=[1.0, -2, 1])(one_crop(method))
    np.testing.assert_allclose(lesser.coefficients[0].values, (1, 0, 0.5, 2, 1), atol=1e-6)


def test_an_alignment_beyond_belief_is_given_up_with_an_alarm():
    method = saying(pose=[0.0, 0.0, 0.0, 0.0, 0.0, 9000.0])
    (answer,) = method(one_crop(method))
    assert [alarm.code for alarm in answer.alarms] == ["alignment-lost"]
    assert np.isfinite(answer.vertices).all()


def test_a_face_lies_in_the_picture_where_its_box_is():
    method = saying()
    image = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    (answer,) = reconstruct(image, [Face((100.0, 60.0, 180.0, 140.0))], method)
    low, high = answer.landmarks[:, :2].min(0), answer.landmarks[:, :2].max(0)
    assert np.abs((low + high) / 2 - (140, 100)).max() < 8
    assert 65 < (high - low).max() < 95


def test_the_release_s_picture_is_placed_by_the_box():
    by_box, release = saying(), saying("release")
    face = Face((100.0, 60.0, 180.0, 140.0))
    image = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    ours, theirs = (
        reconstruct(image, [face], method, frozenset(method.switches))[0] for method in (by_box, release)
    )
    assert np.abs(ours.vertices - theirs.vertices).max() < 1e-2


def test_vertices_turned_away_are_not_visible():
    method = saying(pose=[0.0, 1.2, 0.0, 0.0, 0.0, 0.0])
    (answer,) = method(one_crop(method))
    seen, x = answer.scalar("towards camera").values, load_face_model().mean[:, 0].numpy()
    sides = sorted((seen[x < -40].mean(), seen[x > 40].mean()))
    assert sides[0] < 0.2
    assert sides[1] > 0.9


def test_light_from_above_falls_on_what_looks_up():
    light = torch.zeros(3, 9)
    light[:, 1] = -0.4  # the harmonic of -y
    (answer,) = (method := saying(light=light.flatten().tolist()))(one_crop(method))
    y_of_normal = vertex_normals(
        load_face_model().mean[None], torch.tensor(load_face_model().topology.triangles).long()
    )[0, :, 1]
    lit = answer.scalar("light").values
    assert np.corrcoef(lit, y_of_normal)[0, 1] > 0.999
    assert lit[y_of_normal.abs() < 0.02].mean() == pytest.approx(0.8 * math.pi / math.sqrt(4 * math.pi), 0.05)


def test_switches_and_crops_of_another_method_are_refused():
    method = saying()
    with pytest.raises(ValueError, match="alignment"):
        method(one_crop(method), frozenset({"confidence"}))
    with pytest.raises(ValueError, match="uint8"):
        method(np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="parity"):
        saying("exact")
    assert method(np.zeros((0, method.size, method.size, 3), np.uint8)) == []


def written(path: Path, **changes: torch.Tensor) -> Path:
    form = replace(SMALL, normed=True)
    torch.manual_seed(1)
    tensors = ResNet50(form).state_dict()
    count = len(load_face_model().mean)
    tensors |= {"albedo_mean": torch.rand(count, 3), "albedo_basis": torch.rand(2, count, 3)}
    save_file(tensors | changes, path, {"recipe": json.dumps({"form": asdict(form)})})
    return path


def release_model(albedo: bool = True, identities: int = 80) -> LinearModel:
    """The open face, packed as the release packs a face model."""
    face = load_face_model()
    rng = np.random.default_rng(2)

    def movements(count: int) -> np.ndarray:
        return rng.normal(0, 0.1, (count, *face.mean.shape)).astype(np.float32)

    colours = Albedo(np.full(face.mean.shape, 0.4, np.float32), movements(80), np.full(80, 0.1, np.float32))
    return LinearModel(
        name="BFM 2009 (MGCNet)",
        mean=face.mean.numpy(),
        identity=movements(identities),
        expression=movements(70),
        identity_sigma=np.arange(1, identities + 1, dtype=np.float32),
        expression_sigma=np.full(70, 2, np.float32),
        triangles=face.topology.triangles,
        albedo=colours if albedo else None,
    )


def test_variables_come_back_to_their_places_without_the_optimiser_s():
    network = randomised(SMALL)
    named = variables(network)
    named |= {f"{name}/Adam": value for name, value in list(named.items())}
    named |= {"global_step": np.array(400_000), "InceptionResnetV1/Conv/weights": np.zeros((3, 3, 3, 2))}
    tensors = assets.release_network(named, SMALL)
    assert tensors.keys() == network.state_dict().keys()
    assert all(torch.equal(value, tensors[key]) for key, value in network.state_dict().items())
    named["resnet_v1_50/conv1/beta"] = np.zeros(8)
    assert "resnet_v1_50/conv1/beta" in assets.release_network(named, SMALL)


def test_the_release_s_movements_count_standard_deviations():
    model = release_model()
    face = assets.release_face(model, load_face_model().topology, "x.h5")
    assert (len(face.identity), len(face.expression), len(face.albedo)) == (80, 64, 80)
    assert np.allclose(face.identity[6], 7 * model.identity[6])
    for bad, words in ((release_model(False), "colours"), (release_model(True, 30), "30 of identity")):
        with pytest.raises(WeightsError, match=words):
            assets.release_face(bad, load_face_model().topology, "x.h5")


def test_official_weights_answer_and_say_which_variable_is_wrong(tmp_path, monkeypatch):
    torch.manual_seed(0)
    named = variables(ResNet50())
    named["resnet_v1_50/logits/weights"] = np.zeros((1, 1, 2048, 257), np.float32)
    for name in ("model-400000.index", "model-400000.data-00000-of-00001", "bfm09_trim_exp_uv_presplit.h5"):
        (tmp_path / name).touch()
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    monkeypatch.setattr("models.methods.mgcnet.factory.read_tensorflow", lambda path, wanted: named)
    monkeypatch.setattr("models.methods.mgcnet.factory.read_presplit", lambda path: release_model())
    monkeypatch.setattr("models.methods.mgcnet.factory.topology_of", lambda *_: load_face_model().topology)
    method = mgcnet("official", parity="release")
    assert method.size == 224
    (answer,) = method(one_crop(method))
    there = extrinsics(torch.tensor([PUBLISHED_REST])).apply(load_face_model().mean)
    apart = (
        answer.vertices[:, :2] - Pinhole().project(there)[0].numpy()
    )  # a fresh network says almost nothing
    assert np.abs(apart).max() < 5
    del named["resnet_v1_50/block2/unit_3/bottleneck_v1/conv2/weights"]
    with pytest.raises(WeightsError, match=r"missing blocks\.1\.2\.conv2\.weight"):
        mgcnet("official")


def test_official_weights_that_were_not_brought_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    with pytest.raises(MissingAssetError, match=r"model-400000\.index.*bfm09_trim_exp_uv_presplit\.h5"):
        mgcnet("official")


def test_our_weights_look_at_the_mirror_image_too(tmp_path):
    method = mgcnet(written(tmp_path / "small.safetensors"), parity="release")
    crop = np.random.default_rng(7).integers(0, 256, (1, method.size, method.size, 3), np.uint8)
    (one,), (other,) = method(crop), method(crop[:, :, ::-1])
    expected = other.vertices[other.topology.mirror] * (-1, 1, 1) + (method.size - 1, 0, 0)
    np.testing.assert_allclose(one.vertices, expected, atol=0.02)


def test_weights_of_a_file_answer(tmp_path):
    method = mgcnet(written(tmp_path / "mine.safetensors"))
    (answer,) = method(one_crop(method))
    assert answer.vertices.shape == load_face_model().mean.shape
    assert answer.topology is load_face_model().topology


def test_weights_that_do_not_fit_are_named(tmp_path):
    extra = written(tmp_path / "extra.safetensors", stray=torch.zeros(1))
    with pytest.raises(WeightsError, match="unknown stray"):
        mgcnet(extra)
    other = written(tmp_path / "other.safetensors", albedo_mean=torch.zeros(7, 3))
    with pytest.raises(WeightsError, match="albedo"):
        mgcnet(other)
    bare = tmp_path / "bare.safetensors"
    save_file({"a": torch.zeros(1)}, bare)
    with pytest.raises(MethodError, match="form"):
        mgcnet(bare)
    with pytest.raises(MissingAssetError, match="nosuch"):
        mgcnet("nosuch")
