"""Meshes written to files and read back by others' programs."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from models.export import maps
from models.export.mesh import MESH_SUFFIXES, write_mesh
from models.export.surface import HATCH_GREYS, UNSEEN_GREY
from models.geometry.rescaling import rescaling
from models.loading import load_face_model, load_whole_head
from models.metrics.states import vertex_states
from models.reconstruction import SEEN_ABOVE, Reconstruction, Scalar, Space, State, frozen
from tests.fakes.answers import HEIGHT, WIDTH, answer, photo

SIDE = 256


@pytest.fixture(autouse=True)
def small_textures(monkeypatch):
    monkeypatch.setattr(maps, "TEXTURE_PX", SIDE)


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


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_triangles_and_normals_look_towards_the_camera(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    write_mesh(path, answer(), photo())
    mesh = read_mesh(path)
    corners = mesh.vertices[mesh.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert (facing > 0).mean() > 0.9, "counter-clockwise seen from the camera"
    assert (mesh.vertex_normals[:, 2] > 0).mean() > 0.9


def test_seen_vertices_have_the_colour_of_the_photo_and_unseen_ones_are_grey(tmp_path):
    path = tmp_path / "face.ply"
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
    with pytest.raises(ValueError, match=r"'\.stl'"):
        write_mesh(tmp_path / "face.stl", answer())


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_face_and_head_leave_together_and_the_head_is_told_apart(tmp_path, suffix):
    head, model = load_whole_head(), load_face_model()
    face = Reconstruction(
        "dsfnet", Space.IMAGE, model.topology, model.mean.numpy() * np.float32([1, -1, 1]), (0.0, 0.0, 0.0)
    )
    alone, both = tmp_path / f"face{suffix}", tmp_path / f"head{suffix}"
    write_mesh(alone, face)
    write_mesh(both, face, head=head)
    count, whole = len(face.vertices), len(head.mean)
    if suffix == ".obj":
        text = both.read_text()
        assert text.count("\nv ") == whole
        assert text.split("o head_not_predicted")[1].count("\nf ") == len(head.triangles)
        return
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


def textured(path: Path) -> tuple[trimesh.Trimesh, np.ndarray]:
    """A mesh, and the colour of its texture at each vertex, looked up as programs do: v up, bilinear."""
    mesh = read_mesh(path)
    material = mesh.visual.material
    image = material.baseColorTexture if path.suffix == ".glb" else material.image
    picture = np.asarray(image.convert("RGB"), float)
    places = mesh.visual.uv * (1, -1) + (0, 1)
    rows, columns = (places[:, ::-1] * len(picture)).astype(int).clip(0, len(picture) - 1).T
    return mesh, picture[rows, columns]


def mid_colours(states: np.ndarray) -> np.ndarray:
    """Vertices all of whose neighbours are in their state, away from the border."""
    triangles = answer().topology.triangles
    alike = np.ones(len(states), bool)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        mixed = states[triangles[:, a]] != states[triangles[:, b]]
        alike[triangles[mixed]] = False
    inner = ((answer().topology.uv > 0.05) & (answer().topology.uv < 0.95)).all(1)
    return alike & inner


@pytest.mark.parametrize("suffix", [".glb", ".obj"])
def test_the_texture_has_the_photo_where_the_face_was_seen_and_greys_where_it_was_not(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    write_mesh(path, answer(), photo())
    mesh, colours = textured(path)
    order = np.array([np.abs(mesh.vertices - v).sum(1).argmin() for v in mesh.vertices])
    assert (order == np.arange(len(mesh.vertices))).all(), "the reader kept the vertices"
    states = vertex_states(answer())
    sure = mid_colours(states)
    seen, turned, covered = (sure & (states == state) for state in State)
    assert min(seen.sum(), turned.sum(), covered.sum()) > 20
    x, y = answer().vertices[seen, 0], answer().vertices[seen, 1]
    assert np.abs(colours[seen] - np.stack([x, y, np.full_like(x, 7)], -1)).max() <= 2
    assert (colours[turned] == UNSEEN_GREY).all()
    assert set(colours[covered].ravel()) == set(HATCH_GREYS)


@pytest.mark.parametrize("suffix", [".glb", ".obj"])
def test_a_textured_mesh_has_the_chart_of_the_face(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    write_mesh(path, answer(), photo())
    uv = read_mesh(path).visual.uv
    np.testing.assert_allclose(uv * (1, -1) + (0, 1), answer().topology.uv, atol=1e-5)


def test_an_obj_comes_with_the_files_it_names_and_keeps_px(tmp_path):
    write_mesh(tmp_path / "ann.b.obj", answer(), photo())
    assert {path.name for path in tmp_path.iterdir()} == {"ann.b.obj", "ann.b.mtl", "ann.b-texture.png"}
    assert "mtllib ann.b.mtl\n" in (tmp_path / "ann.b.obj").read_text()
    assert "map_Kd ann.b-texture.png\n" in (tmp_path / "ann.b.mtl").read_text()
    mesh = read_mesh(tmp_path / "ann.b.obj")
    np.testing.assert_allclose(mesh.vertices, answer().vertices * [1, -1, 1], atol=1e-3)
    np.testing.assert_array_equal(mesh.faces, answer().topology.triangles)
    with Image.open(tmp_path / "ann.b-texture.png") as picture:
        assert picture.size == (SIDE, SIDE)


def glb_of(path: Path) -> dict:
    """The JSON of a GLB."""
    data = path.read_bytes()
    magic, version, length, size, kind = struct.unpack("<4sIII4s", data[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), b"JSON")
    return json.loads(data[20 : 20 + size], parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_a_glb_holds_its_picture_and_its_states_as_gltf_asks(tmp_path):
    unknown = Scalar("followed", frozen(np.full(len(answer().vertices), np.nan)), 0, 1)
    told = replace(answer(), scalars=(*answer().scalars[:3], unknown), likely_error=float("nan"))
    write_mesh(tmp_path / "face.glb", told, photo())
    gltf = glb_of(tmp_path / "face.glb")
    (primitive,) = gltf["meshes"][0]["primitives"]
    assert {"POSITION", "NORMAL", "TEXCOORD_0", "_VISIBILITY", "_TURNED_AWAY", "_COVERED"} <= set(
        primitive["attributes"]
    )
    assert "COLOR_0" not in primitive["attributes"], "it would darken the texture"
    material = gltf["materials"][primitive["material"]]
    assert gltf["textures"][material["pbrMetallicRoughness"]["baseColorTexture"]["index"]]["source"] == 0
    assert gltf["images"][0]["mimeType"] == "image/png"
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0
    values = read_mesh(tmp_path / "face.glb").vertex_attributes
    np.testing.assert_allclose(np.ravel(values["_COVERED"]), answer().scalar("covered").values, atol=1e-6)
    assert (np.ravel(values["_FOLLOWED"]) == -1).all()


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_any_branch_can_leave(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    write_mesh(path, answer(), photo(), name="image space")
    extents = np.ptp(answer().layer("image space").vertices, axis=0)
    metres = answer().mm_per_px / 1000 if suffix == ".glb" else 1.0
    np.testing.assert_allclose(read_mesh(path).extents, extents * metres, rtol=1e-4)
    write_mesh(path, answer(), photo(), name="visible surface")
    assert len(read_mesh(path).faces) == len(answer().layer("visible surface").triangles)
    with pytest.raises(ValueError, match="'nose'"):
        write_mesh(path, answer(), photo(), name="nose")


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_the_mesh_of_a_picture_shown_smaller_is_in_px_of_its_file(tmp_path, suffix):
    path, thrice = tmp_path / f"face{suffix}", rescaling((WIDTH, HEIGHT), (3 * WIDTH, 3 * HEIGHT))
    write_mesh(path, answer(), photo(), T_file_image=thrice)
    mesh = read_mesh(path)
    vertices, mm_per_px = np.asarray(mesh.vertices), answer().mm_per_px / 3
    if suffix == ".glb":
        said = mesh.metadata
        assert said["metres_per_px"] == pytest.approx(mm_per_px / 1000)
        vertices = vertices / said["metres_per_px"] + said["centre_px"]
    elif suffix == ".obj":
        assert f"# millimetres per px {mm_per_px:.6g}".encode() in path.read_bytes()
    else:
        assert f"comment millimetres per px {mm_per_px:.6g}".encode() in path.read_bytes()
        data = mesh.metadata["_ply_raw"]["vertex"]["data"]
        (disagreement,) = (scalar for scalar in answer().scalars if scalar.name == "disagreement")
        np.testing.assert_allclose(np.ravel(data["disagreement"]), 3 * disagreement.values, rtol=1e-5)
    true = (3 * answer().vertices + (1, 1, 0)) * (1, -1, 1)
    np.testing.assert_allclose(vertices, true, atol=1e-2)
    write_mesh(tmp_path / f"shown{suffix}", answer(), photo())
    if suffix == ".ply":
        colours = read_mesh(tmp_path / f"shown{suffix}").visual.vertex_colors
        np.testing.assert_array_equal(mesh.visual.vertex_colors, colours)
    else:
        colours = textured(tmp_path / f"shown{suffix}")[1]
        np.testing.assert_array_equal(textured(path)[1], colours)
