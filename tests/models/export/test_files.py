"""Answers written to files and read back by others' programs."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from models.errors import InputError
from models.export.files import SCHEMA, UNSEEN_GREY, write_answers, write_mesh, write_picture
from models.export.outputs import write_whole
from models.export.overlay import draw_overlay, face_share
from models.geometry.rescaling import rescaling
from models.loading import load_face_model, load_whole_head
from models.metrics.states import STATE_NAMES, landmark_states, seen_share, state_shares
from models.reconstruction import SEEN_ABOVE, Alarm, Reconstruction, Scalar, Space, State, frozen, most_likely
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct

WIDTH, HEIGHT = 220, 200


def photo() -> np.ndarray:
    """[H, W, 3]: red = x, green = y, so that a vertex's colour says where it was taken from."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([x, y, np.full_like(x, 7)], -1).astype(np.uint8)


def answer(alarms: tuple[Alarm, ...] = ()) -> Reconstruction:
    faces = [Face((40.0, 30.0, 160.0, 170.0))]
    return fake_reconstruct(photo(), faces, FakeReconstructor(alarms=alarms), frozenset({"confidence"}))[0]


def read_mesh(path: Path) -> trimesh.Trimesh:
    mesh = trimesh.load(path, process=False, force="mesh")
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def test_a_ply_keeps_px_with_y_up_and_the_same_triangles(tmp_path):
    write_mesh(tmp_path / "face.ply", answer(), photo())
    mesh = read_mesh(tmp_path / "face.ply")
    np.testing.assert_allclose(mesh.vertices, answer().vertices * [1, -1, 1], atol=1e-3)
    np.testing.assert_array_equal(mesh.faces, answer().topology.triangles)


def test_a_ply_says_what_its_numbers_mean(tmp_path):
    write_mesh(tmp_path / "face.ply", answer())
    head = (tmp_path / "face.ply").read_bytes().split(b"end_header")[0].decode()
    assert "comment unit px; x right, y up" in head
    assert f"comment millimetres per px {answer().mm_per_px:.6g}" in head
    for name in ("visibility", "turned_away", "covered"):
        assert f"property float {name}" in head
    assert "property float disagreement" in head


def test_a_glb_is_in_metres_about_its_centre_and_its_extras_lead_back_to_px(tmp_path):
    write_mesh(tmp_path / "face.glb", answer(), photo())
    mesh = read_mesh(tmp_path / "face.glb")
    extents = np.ptp(answer().vertices, axis=0) * answer().mm_per_px / 1000
    np.testing.assert_allclose(mesh.extents, extents, rtol=1e-4)
    assert 0.05 < mesh.extents.max() < 0.4, "a face is some decimetres high"
    scene = trimesh.load(tmp_path / "face.glb", process=False)
    extras = next(iter(scene.geometry.values())).metadata
    px = mesh.vertices / extras["metres_per_px"] + extras["centre_px"]
    np.testing.assert_allclose(px * [1, -1, 1], answer().vertices, atol=0.01)
    assert extras["left_out"] == ["confidence"]


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_triangles_and_normals_look_towards_the_camera(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    write_mesh(path, answer(), photo())
    mesh = read_mesh(path)
    corners = mesh.vertices[mesh.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert (facing > 0).mean() > 0.9, "counter-clockwise seen from the camera"
    assert (mesh.vertex_normals[:, 2] > 0).mean() > 0.9


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_seen_vertices_have_the_colour_of_the_photo_and_unseen_ones_are_grey(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    write_mesh(path, answer(), photo())
    colours = read_mesh(path).visual.vertex_colors[:, :3].astype(float)
    seen = answer().scalar("visibility").values > SEEN_ABOVE
    assert seen.any()
    assert (~seen).any()
    x, y = answer().vertices[seen, 0], answer().vertices[seen, 1]
    assert np.abs(colours[seen] - np.stack([x, y, np.full_like(x, 7)], -1)).max() <= 1
    assert (colours[~seen] == UNSEEN_GREY).all()


def test_vertices_beyond_the_photo_are_grey(tmp_path):
    desktop = replace(answer(), vertices=frozen(answer().vertices + np.float32(1000)))
    write_mesh(tmp_path / "face.ply", desktop, photo())
    assert (read_mesh(tmp_path / "face.ply").visual.vertex_colors[:, :3] == UNSEEN_GREY).all()


def test_an_answer_in_crop_space_or_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match="image space"):
        write_mesh(tmp_path / "face.ply", replace(answer(), space=Space.CROP))
    with pytest.raises(ValueError, match=r"'\.obj'"):
        write_mesh(tmp_path / "face.obj", answer())


def written(path: Path, answers: list[Reconstruction]) -> dict:
    write_answers(path, answers, "ann.jpg", (WIDTH, HEIGHT), "1.2.3")
    return json.loads(path.read_text())


def test_the_json_holds_the_whole_answer(tmp_path):
    alarm = Alarm("empty-mask", "Nothing of this face was seen.", 12)
    record = written(tmp_path / "face.json", [answer((alarm,))])
    face = record["faces"][0]
    assert (record["schema"], record["written_by"]) == (SCHEMA, "unmask 1.2.3")
    assert record["image"] == {"name": "ann.jpg", "width_px": WIDTH, "height_px": HEIGHT}
    np.testing.assert_allclose(face["landmarks"], answer().landmarks, atol=1e-4)
    assert face["pose_deg"] == {"pitch": 3.0, "yaw": -12.0, "roll": 6.0}
    assert face["box"] == [40.0, 30.0, 160.0, 170.0]
    assert face["took_part"] == ["image space", "model space", "visibility mask"]
    assert face["left_out"] == ["confidence"]
    assert face["alarms"] == [{"code": alarm.code, "text": alarm.text, "count": 12}]
    assert face["visible_share"] == seen_share(answer())
    assert 0 < face["visible_share"] < 1
    assert face["scalars"]["disagreement"]["unit"] == "px"


def test_the_json_tells_states_and_likely_error(tmp_path):
    own = np.tile(np.array([0.1, 0.2, 0.7], np.float32), (68, 1))
    own[3], own[5] = (0.5, 0.3, 0.2), (0.51, 0.0, 0.49)
    told = replace(
        answer(), landmark_states=frozen(own), likely_error=3.9, likely_range=(3.1, 5.2), alarms=()
    )
    face = written(tmp_path / "face.json", [told])["faces"][0]
    assert face["landmark_states"][0] == {"state": "covered", "probabilities": [0.1, 0.2, 0.7]}
    assert face["landmark_states"][3]["state"] == "turned away", "one half is not above one half"
    assert face["landmark_states"][5]["state"] == "seen"
    assert (face["likely_error"], face["likely_range"]) == (3.9, [3.1, 5.2])
    shares = face["state_shares"]
    assert list(shares) == ["seen", "turned away", "covered"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    states = most_likely(told.states)
    for state, name in STATE_NAMES.items():
        assert shares[name] == pytest.approx((states == state).mean(), abs=1e-4)


def test_landmarks_without_states_of_their_own_have_those_of_the_surface():
    told = answer()
    on_surface = told.topology.landmarks(told.states)
    np.testing.assert_array_equal(landmark_states(told), most_likely(on_surface))
    assert set(state_shares(told)) == set(State)
    assert landmark_states(replace(told, scalars=())) is None


def test_the_drawn_mask_ends_where_a_pixel_stops_counting_as_face():
    ramp = np.linspace(0, 1, 101, dtype=np.float32)
    share = face_share(ramp)
    assert (np.diff(share) >= 0).all()
    assert share[50] == pytest.approx(0.5)
    assert share[40] == 0
    assert share[60] == 1


@pytest.mark.parametrize("state", State)
def test_each_state_of_a_landmark_has_a_mark_of_its_own(state):
    blank = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    states = np.zeros((68, 3), np.float32)
    states[:, state] = 1
    told = replace(answer(), layers=(), box=None)
    marked = draw_overlay(blank, [replace(told, landmark_states=frozen(states))])
    others = [np.roll(states, k, 1) for k in (1, 2)]
    for other in others:
        assert (marked != draw_overlay(blank, [replace(told, landmark_states=frozen(other))])).any()


def test_the_json_says_what_its_numbers_mean(tmp_path):
    conventions = written(tmp_path / "face.json", [])["conventions"]
    assert "y down" in conventions["space"]
    assert "iBUG" in conventions["landmarks"]
    assert "AFLW2000" in conventions["pose_deg"]


def test_numbers_that_are_not_finite_become_null(tmp_path):
    lost = Scalar("visibility", frozen(np.full(len(answer().vertices), np.nan)), 0, 1)
    broken = replace(answer(), pose_deg=(np.nan, 1.0, np.inf), scalars=(lost,))
    face = written(tmp_path / "face.json", [broken])["faces"][0]
    assert face["pose_deg"] == {"pitch": None, "yaw": 1.0, "roll": None}
    assert face["scalars"]["visibility"] == {
        **{"unit": "", "known_share": 0.0},
        **{"mean": None, "median": None, "max": None},
    }


def test_a_method_that_says_nothing_of_visibility_leaves_its_share_open(tmp_path):
    silent = replace(answer(), scalars=())
    assert seen_share(silent) is None
    assert written(tmp_path / "face.json", [silent])["faces"][0]["visible_share"] is None


def test_folders_are_made_and_nothing_else_is_left_behind(tmp_path):
    write_mesh(tmp_path / "a" / "b" / "face.ply", answer())
    write_mesh(tmp_path / "a" / "b" / "face.ply", answer())
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["face.ply"]


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "face.json"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"No space left on device.*Choose a folder"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["face.json"]


def test_a_place_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_mesh(tmp_path / "file" / "face.ply", answer())


def test_the_overlay_tints_what_was_seen_and_leaves_the_photo_alone(tmp_path):
    image = photo()
    image.flags.writeable = False
    drawn = draw_overlay(image, [answer()])
    changed = (drawn != image).any(-1)
    mask = answer().layer("visible mask")
    x, y = (mask.T_image_map @ [40, 32, 1])[:2].round().astype(int)
    assert changed[y, x], "the mask is there"
    assert not changed[:20].any(), "nothing above the box"
    write_picture(tmp_path / "o.png", drawn)
    with Image.open(io.BytesIO((tmp_path / "o.png").read_bytes())) as read:
        np.testing.assert_array_equal(np.asarray(read), drawn)


def test_an_overlay_of_a_face_outside_the_picture_or_without_numbers_is_the_photo():
    mapped = answer().mapped(Space.IMAGE, lambda points: points + np.float32(5000), np.array(
        [[1.0, 0, 5000], [0, 1, 5000], [0, 0, 1]]
    ))  # fmt: skip
    away = replace(mapped, box=(5000.0, 5000.0, 5100.0, 5100.0))
    lost = replace(answer(), layers=(), vertices=frozen(np.full_like(answer().vertices, np.nan)))
    np.testing.assert_array_equal(draw_overlay(photo(), [away, lost]), photo())


def test_the_json_of_a_picture_shown_smaller_is_in_px_of_its_file_and_leads_back(tmp_path):
    path = tmp_path / "face.json"
    write_answers(path, [answer()], "a.jpg", (WIDTH, HEIGHT), "1", file_size=(3 * WIDTH, 3 * HEIGHT))
    record = json.loads(path.read_text())
    face, image = record["faces"][0], record["image"]
    assert (image["width_px"], image["height_px"]) == (3 * WIDTH, 3 * HEIGHT)
    assert face["box"] == [121.0, 91.0, 481.0, 511.0]
    assert face["mm_per_px"] == pytest.approx(answer().mm_per_px / 3, rel=1e-4)
    np.testing.assert_allclose(
        np.array(face["landmarks"])[:, :2], 3 * answer().landmarks[:, :2] + 1, atol=1e-3
    )
    T = np.array(image["answered_at"]["T_file_answered"])
    np.testing.assert_allclose(T @ (40, 30, 1), (121, 91, 1))
    plain = tmp_path / "plain.json"
    write_answers(plain, [answer()], "a.jpg", (WIDTH, HEIGHT), "1")
    assert "answered_at" not in json.loads(plain.read_text())["image"]
    disagreement = [json.loads(p.read_text())["faces"][0]["scalars"]["disagreement"] for p in (path, plain)]
    assert disagreement[0]["mean"] == pytest.approx(3 * disagreement[1]["mean"], rel=1e-3)


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_face_and_head_leave_together_and_the_head_is_told_apart(tmp_path, suffix):
    head, model = load_whole_head(), load_face_model()
    face = Reconstruction(
        "dsfnet", Space.IMAGE, model.topology, model.mean.numpy() * np.float32([1, -1, 1]), (0.0, 0.0, 0.0)
    )
    alone, both = tmp_path / f"face{suffix}", tmp_path / f"head{suffix}"
    write_mesh(alone, face)
    write_mesh(both, face, head=head)
    count, whole = len(face.vertices), len(head.mean)
    if suffix == ".glb":
        assert set(trimesh.load_scene(alone).geometry) == {"face"}
        parts = trimesh.load_scene(both, process=False).geometry
        assert set(parts) == {"face", "head, not predicted"}
        assert len(parts["face"].faces) == len(model.topology.triangles)
        return
    assert f"element vertex {count}\n".encode() in alone.read_bytes()
    assert f"element vertex {whole}\n".encode() in both.read_bytes()
    predicted = trimesh.load(both, process=False).metadata["_ply_raw"]["vertex"]["data"]["predicted"]
    assert (np.asarray(predicted).ravel() == (np.arange(whole) < count)).all()


def test_a_head_is_refused_around_another_mesh(tmp_path):
    with pytest.raises(ValueError, match="no head"):
        write_mesh(tmp_path / "head.ply", answer(), head=load_whole_head())


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_the_mesh_of_a_picture_shown_smaller_is_in_px_of_its_file(tmp_path, suffix):
    path, thrice = tmp_path / f"face{suffix}", rescaling((WIDTH, HEIGHT), (3 * WIDTH, 3 * HEIGHT))
    write_mesh(path, answer(), photo(), T_file_image=thrice)
    mesh = read_mesh(path)
    vertices, mm_per_px = np.asarray(mesh.vertices), answer().mm_per_px / 3
    if suffix == ".glb":
        said = mesh.metadata
        assert said["metres_per_px"] == pytest.approx(mm_per_px / 1000)
        vertices = vertices / said["metres_per_px"] + said["centre_px"]
    else:
        assert f"comment millimetres per px {mm_per_px:.6g}".encode() in path.read_bytes()
        data = mesh.metadata["_ply_raw"]["vertex"]["data"]
        (disagreement,) = (scalar for scalar in answer().scalars if scalar.name == "disagreement")
        np.testing.assert_allclose(np.ravel(data["disagreement"]), 3 * disagreement.values, rtol=1e-5)
    true = (3 * answer().vertices + (1, 1, 0)) * (1, -1, 1)
    np.testing.assert_allclose(vertices, true, atol=1e-2)
    write_mesh(tmp_path / f"shown{suffix}", answer(), photo())
    colours = read_mesh(tmp_path / f"shown{suffix}").visual.vertex_colors
    np.testing.assert_array_equal(mesh.visual.vertex_colors, colours)
