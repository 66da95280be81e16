import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from models.errors import InputError
from models.ground_truth.readers import beside, read_truth

SIZE = (320, 240)


def points(seed: int = 0, dims: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).uniform((60, 40, -30), (240, 200, 30), (68, 3))[:, :dims]


def pts(path: Path, rows: np.ndarray, count: int = 68) -> Path:
    body = "\n".join(f"{x:.6f} {y:.6f}" for x, y in rows)
    path.write_text(f"version: 1\nn_points:  {count}\n{{\n{body}\n}}\n")
    return path


def as_json(path: Path, **fields: object) -> Path:
    path.write_text(json.dumps({"landmarks": points().tolist(), **fields}))
    return path


def refused(path: Path, *words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_truth(path, SIZE)
    message = str(caught.value)
    assert path.name in message
    assert all(word in message for word in words), message
    assert ". " in message  # what was wrong, and what to do


@pytest.mark.parametrize("packed", [False, True])
def test_aflw2000_counts_from_one_and_keeps_its_pose_in_radians(tmp_path, packed):
    pose = np.array([[0.1, -0.5, 0.2, 90, 80, 0, 1e-3]])
    savemat(tmp_path / "a.mat", {"pt3d_68": points().T, "Pose_Para": pose}, do_compression=packed)
    truth = read_truth(tmp_path / "a.mat", SIZE)
    assert truth.landmarks == pytest.approx(points() - [1, 1, 0], abs=1e-4)
    assert truth.pose_deg == pytest.approx((5.729578, -28.64789, 11.459156))
    assert "from 1" in truth.convention


def test_300w_lp_has_the_points_in_two_dimensions(tmp_path):
    savemat(tmp_path / "a.mat", {"pt2d": points(dims=2).T})
    assert read_truth(tmp_path / "a.mat").landmarks == pytest.approx(points(dims=2) - 1, abs=1e-4)


def test_the_arrays_of_the_evaluation_read_the_same(tmp_path):
    np.savez(tmp_path / "a.gt.npz", lm68=points(), euler_deg=np.array([1.0, 2, 3]))
    truth = read_truth(tmp_path / "a.gt.npz", SIZE)
    assert truth.landmarks == pytest.approx(points() - [1, 1, 0], abs=1e-4)
    assert truth.pose_deg == (1, 2, 3)


def test_ibug_points_count_from_one(tmp_path):
    truth = read_truth(pts(tmp_path / "a.pts", points(dims=2)), SIZE)
    assert truth.landmarks == pytest.approx(points(dims=2) - 1, abs=1e-4)


def test_json_says_itself_where_it_counts_from_and_what_is_seen(tmp_path):
    seen = [i % 3 == 0 for i in range(68)]
    path = as_json(tmp_path / "a.json", visible=seen, pose_deg=[1, 2, 3], image_size=list(SIZE))
    truth = read_truth(path, SIZE)
    assert truth.landmarks == pytest.approx(points(), abs=1e-4)
    assert truth.visible.tolist() == seen
    assert truth.pose_deg == (1, 2, 3)
    counted = read_truth(as_json(tmp_path / "b.json", first_pixel=1))
    assert counted.landmarks == pytest.approx(points() - [1, 1, 0], abs=1e-4)


VERTICES = np.random.default_rng(1).uniform(0, 200, (30, 3)).round(3)
TRIANGLES = np.random.default_rng(2).permuted(np.tile(np.arange(30), (40, 1)), axis=1)[:, :3]


def test_an_obj_keeps_its_points_in_order_whatever_its_texture_says(tmp_path):
    path = tmp_path / "a.obj"
    lines = ["mtllib ../../secret.mtl", *(f"v {x} {y} {z} 1 0 0" for x, y, z in VERTICES), "vt 0 0", "vt 1 1"]
    lines += [f"f {a + 1}/1 {b + 1}/2/1 {c + 1}//1" for a, b, c in TRIANGLES]
    path.write_text("\n".join(lines))
    mesh = read_truth(path, SIZE).mesh
    assert mesh.vertices == pytest.approx(VERTICES, abs=1e-4)
    assert (mesh.triangles == TRIANGLES).all()


def test_a_ply_keeps_its_points_in_order(tmp_path):
    path = tmp_path / "a.ply"
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 30\nproperty float x\nproperty float y\n"
    head += "property float z\nelement face 40\nproperty list uchar int vertex_indices\nend_header\n"
    faces = b"".join(struct.pack("<Biii", 3, *row) for row in TRIANGLES.tolist())
    path.write_bytes(head.encode() + VERTICES.astype("<f4").tobytes() + faces)
    mesh = read_truth(path, SIZE).mesh
    assert mesh.vertices == pytest.approx(VERTICES, abs=1e-4)
    assert (mesh.triangles == TRIANGLES).all()


def test_a_cloud_of_points_is_a_mesh_without_triangles(tmp_path):
    (tmp_path / "a.obj").write_text("\n".join(f"v {x} {y} {z}" for x, y, z in VERTICES))
    mesh = read_truth(tmp_path / "a.obj").mesh
    assert (mesh.vertices.shape, mesh.triangles.shape) == ((30, 3), (0, 3))


def test_truth_beside_a_photo_is_found_by_its_name_and_our_own_answers_are_not_truth(tmp_path):
    photo = tmp_path / "face.1.jpg"
    for name in ("face.1.json", "face.1.ply", "face.1.obj", "face.2.mat"):
        (tmp_path / name).write_text("")
    assert beside(photo) is None
    (tmp_path / "face.1.pts").write_text("")
    assert beside(photo).name == "face.1.pts"
    (tmp_path / "face.1.gt.npz").write_text("")
    assert beside(photo).name == "face.1.gt.npz"


def test_a_truth_of_another_picture_is_refused_with_both_sizes(tmp_path):
    refused(pts(tmp_path / "far.pts", points(dims=2) + 400), "320 x 240", "another")
    refused(as_json(tmp_path / "size.json", image_size=[640, 480]), "[640, 480]", "[320, 240]")


@pytest.mark.parametrize("count", [0, 5, 51, 194])
def test_other_counts_of_points_are_refused(tmp_path, count):
    rows = np.resize(points(dims=2), (count, 2))
    with pytest.raises(InputError, match=r"a\.pts"):
        read_truth(pts(tmp_path / "a.pts", rows, count), SIZE)


def test_a_file_cut_off_is_refused(tmp_path):
    refused(pts(tmp_path / "a.pts", points(dims=2)[:60]), "announces 68", "holds 60")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e9])
def test_points_nowhere_are_refused(tmp_path, bad):
    rows = points()
    rows[7, 0] = bad
    np.savez(tmp_path / "a.npz", lm68=rows, euler_deg=np.zeros(3))
    refused(tmp_path / "a.npz", "not finite")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.mat", b""),
        ("a.mat", b"MATLAB 7.3 MAT-file" + bytes(109) + b"\x89HDF\r\n\x1a\n" + bytes(64)),
        ("a.npz", b"PK\x03\x04 nothing"),
        ("a.json", b"[" * 100_000),
        ("a.json", b'{"landmarks": 3}'),
        ("a.json", b"[1, 2]"),
        ("a.obj", b"f 1 2 3\n"),
        ("a.obj", b"v 1 2 3\nv nan 2 3\nv 3 4 5\nv 1 1 1\nf 1 2 3\n"),
        ("a.obj", b"v 1 2 3\nv 0 2 3\nv 3 4 5\nv 1 1 1\nf 1 2 9\n"),
        ("a.ply", b"ply\nformat binary_little_endian 1.0\nelement vertex 999999999\nend_header\n"),
        ("a.pts", bytes(range(256))),
        ("a.txt", b"1 2 3"),
    ],
)
def test_damaged_files_are_refused_in_words(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name)


@pytest.mark.parametrize("fields", [{"visible": [1] * 68}, {"visible": [True]}, {"pose_deg": [1, 2]}])
def test_json_fields_of_the_wrong_kind_are_refused(tmp_path, fields):
    refused(as_json(tmp_path / "a.json", **fields))


def test_a_pickle_in_an_array_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    trap = np.array([Trap()], dtype=object)
    np.savez(tmp_path / "a.npz", lm68=trap, euler_deg=np.zeros(3))
    refused(tmp_path / "a.npz", "pickle")
    assert not (tmp_path / "ran").exists()


def test_a_file_that_unpacks_to_far_more_is_refused_before_it_does(tmp_path):
    bomb = zlib.compress(bytes(80_000_000))
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49)
    (tmp_path / "a.mat").write_bytes(head + struct.pack("<II", 15, len(bomb)) + bomb)
    refused(tmp_path / "a.mat", "unpacks")
    np.savez_compressed(tmp_path / "a.npz", lm68=np.zeros(10_000_000), euler_deg=np.zeros(3))
    refused(tmp_path / "a.npz", "unpacks")


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path):
    refused(tmp_path / "gone.mat", "no file")
    with (tmp_path / "large.ply").open("wb") as stream:
        stream.truncate(70_000_000)
    refused(tmp_path / "large.ply", "70 MB")


FILE, SHOWN = (12000, 9000), (8000, 6000)


def truth_in(path: Path, points: np.ndarray) -> Path:
    """A file of truth of the format its name says, about points counted from 0 in a picture of `FILE`."""
    if path.name.endswith(".pts"):
        return pts(path, points[:, :2] + 1)
    if path.name.endswith(".mat"):
        savemat(path, {"pt3d_68": np.add(points, (1, 1, 0)).T, "Pose_Para": np.zeros((1, 7))})
    elif path.name.endswith(".npz"):
        np.savez(path, lm68=np.add(points, (1, 1, 0)), euler_deg=np.zeros(3))
    else:
        path.write_text(json.dumps({"landmarks": points.tolist(), "image_size": FILE}))
    return path


@pytest.mark.parametrize("name", ["a.pts", "a.mat", "a.gt.npz", "a.gt.json"])
@pytest.mark.parametrize("told", [True, False])
def test_truth_about_a_picture_shown_smaller_goes_where_its_pixels_went(tmp_path, name, told):
    if not told:
        Image.new("L", FILE, 90).save(tmp_path / "a.png", compress_level=1)
    in_file = np.add(points(), (7000, 5000, 0))
    truth = read_truth(truth_in(tmp_path / name, in_file), SHOWN, FILE if told else None)
    np.testing.assert_allclose(truth.landmarks[:, :2], (in_file[:, :2] + 0.5) * 2 / 3 - 0.5, atol=1e-2)
    assert "scaled from 12000 x 9000 px" in truth.convention
    assert truth.size == SHOWN


def test_a_picture_beside_that_is_turned_or_cut_otherwise_scales_nothing(tmp_path):
    Image.new("L", (600, 900)).save(tmp_path / "a.png")
    truth = read_truth(pts(tmp_path / "a.pts", points(dims=2)), SIZE)
    assert truth.landmarks == pytest.approx(points(dims=2) - 1, abs=1e-4)
