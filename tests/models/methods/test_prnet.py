"""The method PRNet: its square, its decoding, its pose; the release's checkpoint and quirks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import MissingAssetError, WeightsError
from models.face_model.uv import PositionMapTable
from models.geometry.transforms import rotation_from_euler
from models.loading import fill, load_face_model
from models.methods.bfm_uv import bfm_layout, bfm_places
from models.methods.prnet.assets import (
    canonical_face,
    is_model,
    open_surface,
    our_name,
    release_network,
    release_surface,
)
from models.methods.prnet.factory import prnet
from models.methods.prnet.method import PRNet, depth_zero, release_pose, square
from models.metrics.correspondence import common
from models.networks.position_net import PositionForm, PositionNetwork
from models.reconstruction import MapLayer, Space
from models.reconstructor import Face
from models.synthetic.camera import project

SHARED = Path(__file__).resolve().parents[4] / "shared"
SPECS, ASSETS = SHARED / "specs", SHARED / "assets" / "prnet_uv_data"
SIZE = 64


class Says(PositionNetwork):
    """A network that says the same map whatever it is shown."""

    def __init__(self, positions: Tensor, beyond: float = 0.0) -> None:
        super().__init__(PositionForm(positions.shape[-1], 1 / 16, beyond))
        self.positions = positions

    def forward(self, pictures: Tensor) -> Tensor:
        assert float(pictures.max()) <= 1
        return self.positions.expand(len(pictures), -1, -1, -1)


class SaysWhere(PositionNetwork):
    """A network that puts all of a face where a picture is brightest, and flat."""

    def __init__(self) -> None:
        super().__init__(PositionForm(SIZE, 1 / 16))

    def forward(self, pictures: Tensor) -> Tensor:
        column = pictures.mean((1, 2)).argmax(1)[:, None, None].float()
        flat = torch.full((len(pictures), SIZE, SIZE), SIZE / 2)
        across = column + torch.arange(SIZE) / SIZE  # the chart's own left is left
        return torch.stack((across.expand_as(flat), flat, flat), 1)


def told(
    angles_deg: tuple[float, float, float],
    shift: float = 0.0,
    correction: Tensor | None = None,
    beyond: float = 0.0,
) -> tuple[PRNet, Tensor]:
    """A method that sees the average face in that pose, and where its vertices are."""
    model = load_face_model()
    turn = rotation_from_euler(torch.deg2rad(torch.tensor([angles_deg])))
    camera = torch.tensor([[0.25, 31.0 + shift, 30.0, 0.0]])
    seen = project(model.mean[None], turn, camera)
    table = PositionMapTable(model.topology, SIZE)
    positions = table.to_map(seen + torch.tensor((0.0, 0.0, depth_zero(SIZE))))
    return PRNet(Says(positions, beyond), open_surface(model, SIZE), correction=correction), seen[0]


def crops(count: int = 1) -> NDArray[np.uint8]:
    return np.full((count, SIZE, SIZE, 3), 255, np.uint8)


def test_the_square_is_1_6_mean_sides_with_pixel_centres_on_its_edges() -> None:
    T = square((100.0, 50.0, 180.0, 170.0), 256)
    corner, far = T @ (0, 0, 1), T @ (255, 255, 1)
    np.testing.assert_allclose(corner[:2], (140 - 80, 110 - 80))
    np.testing.assert_allclose(far[:2], (140 + 80, 110 + 80))


def test_the_release_cuts_the_side_to_whole_px() -> None:
    box = (10.0, 20.0, 61.3, 70.0)  # 1.6 x 50.65 = 81.04
    assert square(box, 256, whole_px=True)[0, 0] == pytest.approx(81 / 255)
    assert square(box, 256)[0, 0] == pytest.approx(81.04 / 255)


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (0, 0, float("nan"), 5), (5, 5, 1, 1)])
def test_an_impossible_box_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="x0 < x1"):
        square(box, 128)


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), (12.0, -35.0, 8.0), (-20.0, 60.0, 30.0)])
def test_vertices_and_pose_are_those_the_map_says(angles: tuple[float, float, float]) -> None:
    method, seen = told(angles)
    (answer,) = method(crops())
    apart = np.linalg.norm(answer.vertices - seen.numpy(), axis=1)
    assert np.median(apart) < 0.1
    assert answer.pose_deg == pytest.approx(angles, abs=0.3)
    assert answer.mm_per_px == pytest.approx(4.0, rel=0.01)
    assert answer.space is Space.CROP
    assert not answer.alarms


def test_what_is_turned_away_is_not_visible() -> None:
    front, side = (told((0.0, yaw, 0.0))[0](crops())[0] for yaw in (0.0, 75.0))
    seen = front.scalar("towards camera").values
    assert seen.mean() > 0.8
    gone = side.scalar("towards camera").values < seen
    x = side.topology.uv[:, 0]
    assert gone[x < 0.2].mean() + gone[x > 0.8].mean() > 0.5
    assert min(gone[x < 0.2].mean(), gone[x > 0.8].mean()) < 0.1


def test_the_map_is_a_layer_on_the_chart() -> None:
    layer = told((0.0, 0.0, 0.0))[0](crops())[0].layer("position map")
    assert isinstance(layer, MapLayer)
    assert layer.space is Space.UV
    np.testing.assert_allclose((layer.T_image_map @ (0, 0, 1))[:2], 0.5 / SIZE)


def test_a_face_beyond_what_the_map_can_say_is_told() -> None:
    method, _ = told((0.0, 0.0, 0.0))
    pinned = method._network.positions.clone()
    pinned[:, 0] = pinned[:, 0].clamp(min=0) * 0
    method._network.positions = pinned
    assert [alarm.code for alarm in method(crops())[0].alarms] == ["pinned"]


def test_misuse_is_refused() -> None:
    method, _ = told((0.0, 0.0, 0.0))
    assert method(crops(0)) == []
    with pytest.raises(ValueError, match="no switch"):
        method(crops(), frozenset({"mask"}))
    with pytest.raises(ValueError, match="uint8"):
        method(crops()[:, :-1])
    assert method.crop(Face((0, 0, 10, 10))).shape == (3, 3)


def turned(angles_deg: tuple[float, float, float]) -> NDArray[np.float64]:
    """Rx Ry Rz."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.radians(angles_deg)), np.sin(np.radians(angles_deg))
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return x @ y @ z


def test_the_release_tells_other_angles() -> None:
    canonical = np.random.default_rng(0).normal(size=(50, 3))
    answer = 3 * canonical @ turned((-20, 35, -8)).T + (100, 120, 9)
    pose = release_pose(torch.from_numpy(answer)[None], torch.from_numpy(canonical))
    pitch, yaw, roll = torch.rad2deg(pose[0]).tolist()
    assert (yaw, pitch, roll) == pytest.approx((-29.1, -28.3, -21.8), abs=0.05)  # what the release tells


@pytest.mark.shared
def test_the_release_s_average_face_on_its_layout_looks_ahead() -> None:
    path = ASSETS / "canonical_vertices.npy"
    if not path.exists():
        pytest.skip("../shared/assets is not there")
    layout = bfm_layout()
    face = canonical_face(path, 43867)
    positions = torch.zeros(1, 3, 256 * 256)
    placed = 0.6 * (face - face.mean(0)) + torch.tensor((128.0, 128.0, 60.0))
    positions[0][:, torch.from_numpy(np.flatnonzero(layout.mask))] = placed.T.float()
    surface = release_surface(layout, bfm_places(), load_face_model())
    network = Says(positions.view(1, 3, 256, 256))
    picture = np.zeros((1, 256, 256, 3), np.uint8)
    (ours,) = PRNet(network, surface)(picture)
    np.testing.assert_allclose(ours.vertices, placed, atol=1e-3)
    assert np.abs(ours.pose_deg).max() < 6, "two average faces, one pose"
    assert ours.scalar("towards camera").values.mean() > 0.8
    marks = ours.landmarks
    assert marks[36, 0] < marks[45, 0], "the right eye is on the viewer's left"
    assert marks[27, 1] < marks[8, 1], "the chin is below"
    assert common(ours) is not None
    (theirs,) = PRNet(network, surface, canonical=face)(picture)
    assert np.abs(theirs.pose_deg).max() < 1e-3


def test_names_of_the_release_become_ours() -> None:
    assert our_name("resfcn256/Conv/weights") == "enter.conv.weight"
    assert our_name("resfcn256/Conv/BatchNorm/moving_mean") == "enter.norm.running_mean"
    assert our_name("resfcn256/resBlock/Conv_1/weights") == "blocks.0.look.conv.weight"
    assert our_name("resfcn256/resBlock_3/Conv/BatchNorm/beta") == "blocks.3.narrow.norm.bias"
    assert our_name("resfcn256/resBlock_9/BatchNorm/gamma") == "blocks.9.norm.weight"
    assert our_name("resfcn256/resBlock_2/shortcut/weights") == "blocks.2.around.weight"
    assert our_name("resfcn256/Conv2d_transpose_16/BatchNorm/moving_variance") == "ups.16.norm.running_var"
    assert our_name("resfcn256/Conv2d_transpose/weights") == "ups.0.conv.weight"
    assert our_name("other/Conv/weights") == "other/Conv/weights"
    assert not is_model("resfcn256/Conv/weights/Adam_1")
    assert not is_model("beta1_power")


def released() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the release's arrays, by its description."""
    found: dict[str, tuple[int, ...]] = {}

    def layer(name: str, shape: tuple[int, ...], width: int, norm: bool = True) -> None:
        found[f"resfcn256/{name}/weights"] = shape
        if norm:
            found.update(norms(name, width))

    def norms(name: str, width: int) -> dict[str, tuple[int, ...]]:
        parts = ("beta", "gamma", "moving_mean", "moving_variance")
        return {f"resfcn256/{name}/BatchNorm/{part}": (width,) for part in parts}

    layer("Conv", (4, 4, 3, 16), 16)
    before = 16
    for k, n in enumerate((32, 32, 64, 64, 128, 128, 256, 256, 512, 512)):
        block = f"resBlock_{k}" if k else "resBlock"
        layer(f"{block}/Conv", (1, 1, before, n // 2), n // 2)
        layer(f"{block}/Conv_1", (4, 4, n // 2, n // 2), n // 2)
        layer(f"{block}/Conv_2", (1, 1, n // 2, n), n, norm=False)
        if k % 2 == 0:
            layer(f"{block}/shortcut", (1, 1, before, n), n, norm=False)
        found.update(norms(block, n))
        before = n
    widths = (512, 256, 256, 256, 128, 128, 128, 64, 64, 64, 32, 32, 16, 16, 3, 3, 3)
    for k, n in enumerate(widths):
        layer(f"Conv2d_transpose_{k}" if k else "Conv2d_transpose", (4, 4, n, before), n)
        before = n
    return found


def test_the_description_is_that_of_the_file() -> None:
    path = SPECS / "prnet_variables.json"
    if not path.exists():
        pytest.skip("../shared/specs is not there")
    listed = {row["name"]: tuple(row["shape"]) for row in json.loads(path.read_text())}
    assert {name: shape for name, shape in listed.items() if is_model(name)} == released()


def test_the_release_s_arrays_fill_the_network_in_the_right_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in released().items()}
    network = PositionNetwork(PositionForm())
    fill(network, release_network(arrays, network.state_dict()), tmp_path / "x.index")
    kernel = arrays["resfcn256/Conv2d_transpose_1/weights"]  # rows, columns, out, in
    assert float(network.state_dict()["ups.1.conv.weight"][7, 5, 2, 3]) == float(kernel[2, 3, 5, 7])
    kernel = arrays["resfcn256/resBlock_4/Conv_1/weights"]  # rows, columns, in, out
    assert float(network.state_dict()["blocks.4.look.conv.weight"][5, 7, 2, 3]) == float(kernel[2, 3, 7, 5])
    arrays["resfcn256/Conv3/weights"] = arrays.pop("resfcn256/Conv/weights")
    with pytest.raises(WeightsError, match=r"missing enter\.conv\.weight; unknown resfcn256/Conv3/weights"):
        fill(network, release_network(arrays, network.state_dict()), tmp_path / "x.index")


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), (12.0, 50.0, -20.0)])
def test_a_correction_turns_and_grows_with_the_face_and_leaves_its_pose(
    angles: tuple[float, float, float],
) -> None:
    model = load_face_model()
    offsets = 0.05 * model.mean * torch.tensor((1.0, -1.0, 0.5))
    plain, corrected = (told(angles, correction=c)[0](crops())[0] for c in (None, offsets))
    turn = rotation_from_euler(torch.deg2rad(torch.tensor([angles])))[0]
    wanted = 0.25 * (offsets @ turn.T) * torch.tensor((1.0, -1.0, 1.0))  # 0.25 px a mm, y down
    np.testing.assert_allclose(corrected.vertices - plain.vertices, wanted, atol=0.05)
    assert corrected.pose_deg == plain.pose_deg
    assert corrected.mm_per_px == plain.mm_per_px


def test_both_looks_are_averaged_where_they_belong_in_the_picture() -> None:
    model = load_face_model()
    picture = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    picture[:, :, 20] = 255
    one, both = (
        PRNet(SaysWhere(), open_surface(model, SIZE), both_ways=b)(picture)[0] for b in (False, True)
    )
    left, right = (int(v) for v in (model.mean[:, 0].argmin(), model.mean[:, 0].argmax()))
    assert one.vertices[left, 0] < one.vertices[right, 0]
    # in the mirror the line is at 43, so what was left of the face by u lies at 63 - 43 - (1 - u)
    np.testing.assert_allclose(both.vertices[:, 0], one.vertices[:, 0] - 0.5, atol=0.02)
    np.testing.assert_allclose(both.vertices[:, 1:], one.vertices[:, 1:], atol=1e-4)


def test_a_map_that_reaches_farther_is_pinned_farther_out() -> None:
    near, far = (told((0.0, 0.0, 0.0), -20.0, beyond=b)[0](crops())[0] for b in (0.0, 0.25))
    assert [alarm.code for alarm in near.alarms] == ["pinned"]
    assert far.alarms == ()
    (layer,) = (layer for layer in far.layers if isinstance(layer, MapLayer))
    assert (layer.low, layer.high) == (-16.0, pytest.approx(1.35 * SIZE))


def test_the_map_says_no_more_than_a_side_beyond() -> None:
    with pytest.raises(ValueError, match="up to a side beyond"):
        PositionForm(64, 1.0, 1.5)


def test_without_the_release_s_files_it_is_said_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    with pytest.raises(MissingAssetError, match=r"256_256_resfcn256_weight\.index"):
        prnet("official")
    with pytest.raises(ValueError, match="no parity"):
        prnet("open", parity="other")


def test_an_average_face_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "canonical_vertices.npy"
    np.save(path, np.zeros((5, 3)))
    with pytest.raises(WeightsError, match="43867"):
        canonical_face(path, 43867)
    path.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="cannot be read"):
        canonical_face(path, 43867)
