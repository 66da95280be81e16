"""Sets of labelled faces in the layout in which they are distributed, made small."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from models.ground_truth.sets.wflw import LIST

POINTS = np.random.default_rng(0).uniform(20, 80, (68, 2)).round(2)
SEVEN = np.array(
    [[-45, 30, 0], [-15, 30, 8], [15, 30, 8], [45, 30, 0], [0, -15, 30], [-25, -45, 15], [25, -45, 15.0]]
)


def photo(path: Path, colour: tuple[int, int, int] = (10, 20, 30), size: tuple[int, int] = (100, 90)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def pts(points: np.ndarray) -> str:
    lines = "\n".join(f"{x:.2f} {y:.2f}" for x, y in points)
    return f"version: 1\nn_points: {len(points)}\n{{\n{lines}\n}}\n"


def obj(vertices: np.ndarray, triangles: np.ndarray | None = None) -> str:
    faces = [] if triangles is None else [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in triangles]
    return "\n".join([*(f"v {x} {y} {z}" for x, y, z in vertices), *faces]) + "\n"


TRIANGLES = np.array([[0, 1, 2], [1, 3, 2], [4, 5, 6]])


def wflw_line(points: np.ndarray, attributes: str, name: str) -> str:
    return " ".join([*(f"{v:.3f}" for v in points.ravel()), "10 12 90 88", attributes, name])


def picked(points: np.ndarray) -> str:
    tags = "\n".join(
        f'<point y="{y}" x="{x}" z="{z}" active="1" name="{i}"/>' for i, (x, y, z) in enumerate(points)
    )
    return f"<!DOCTYPE PickedPoints>\n<PickedPoints>\n{tags}\n</PickedPoints>\n"


def aflw2000_in(folder: Path) -> dict[str, NDArray[np.float64]]:
    """AFLW2000-3D: one face; what its .mat holds."""
    photo(folder / "image00002.jpg")
    chance = np.random.default_rng(1)
    held = {
        "pt3d_68": np.concatenate([POINTS, chance.uniform(-20, 20, (68, 1))], 1).T,
        "Pose_Para": np.array([[0.1, -0.5, 0.2, 30, 40, 0, 4e-4]]),
        "Shape_Para": chance.normal(0, 1e5, (199, 1)),
        "Exp_Para": chance.normal(0, 1, (29, 1)),
    }
    savemat(folder / "image00002.mat", held)
    return held


def ibug_in(folder: Path) -> None:
    """300-W: one face of each part."""
    for place in ("helen/testset/a", "helen/trainset/b", "lfpw/testset/c", "ibug/d", "afw/e"):
        photo(folder / f"{place}.png")
        write(folder / f"{place}.pts", pts(POINTS + 1))


def merl_rav_in(folder: Path) -> Path:
    """MERL-RAV: one test face, point 3 turned away and point 5 covered; its label."""
    rows = POINTS + 1
    rows[3], rows[5] = (-1, -1), -rows[5]
    own = folder / "merl_rav_organized/lefthalf/testset"
    photo(own / "image00019.jpg")
    write(folder / "merl_rav_organized/frontal/trainset/image00020.pts", pts(rows))
    return write(own / "image00019.pts", pts(rows))


def wflw_in(folder: Path) -> NDArray[np.float64]:
    """WFLW: two faces, the picture of the first; their points [98, 2]."""
    points = np.random.default_rng(2).uniform(0, 100, (98, 2)).round(3)
    lines = [wflw_line(points, "0 0 0 0 1 0", "1--A/x.jpg"), wflw_line(points, "1 0 0 0 0 1", "2--B/y.jpg")]
    write(folder / LIST, "\n".join(lines))
    photo(folder / "WFLW_images/1--A/x.jpg")
    return points


def cofw68_in(folder: Path) -> Path:
    """COFW-68: two faces; the second picture is grey."""
    root = folder / "COFW68_Data"
    (root / "test_annotations").mkdir(parents=True)
    occluded = np.zeros((68, 1))
    occluded[10] = 1
    for number in (1, 2):
        savemat(root / f"test_annotations/{number}_points.mat", {"Points": POINTS + number, "Occ": occluded})
    savemat(root / "cofw68_test_bboxes.mat", {"bboxes": np.array([[11, 21, 30, 40], [1, 1, 9, 9.0]])})
    with h5py.File(root / "COFW_test_color.mat", "w") as file:
        colour = np.arange(90 * 100 * 3, dtype=np.uint32).reshape(90, 100, 3).astype(np.uint8)
        refs = file.create_group("#refs#")
        refs["a"], refs["b"] = colour.transpose(2, 1, 0), colour[..., 0].T
        cells = file.create_dataset("IsT", (1, 2), h5py.ref_dtype)
        cells[0, 0], cells[0, 1] = refs["a"].ref, refs["b"].ref
    return folder


def aflw_in(folder: Path) -> None:
    """AFLW: two faces, two of 21 points of the first."""
    with sqlite3.connect(folder / "aflw.sqlite") as database:
        database.execute("CREATE TABLE Faces (face_id INTEGER, file_id TEXT, db_id TEXT)")
        database.execute("CREATE TABLE FaceImages (image_id INTEGER, file_id TEXT, filepath TEXT)")
        database.execute("CREATE TABLE FaceRect (face_id INTEGER, x REAL, y REAL, w REAL, h REAL)")
        database.execute("CREATE TABLE FacePose (face_id INTEGER, roll REAL, pitch REAL, yaw REAL)")
        database.execute("CREATE TABLE FeatureCoords (face_id INTEGER, feature_id INTEGER, x REAL, y REAL)")
        database.execute("INSERT INTO Faces VALUES (39341, 'a.jpg', 'flickr'), (39342, 'b.jpg', 'flickr')")
        database.execute("INSERT INTO FaceImages VALUES (1, 'a.jpg', '3/a.jpg'), (2, 'b.jpg', '3/b.jpg')")
        database.execute("INSERT INTO FaceRect VALUES (39341, 11, 21, 30, 40), (39342, 1, 1, 9, 9)")
        database.execute("INSERT INTO FacePose VALUES (39341, 0.1, -0.2, 0.5), (39342, 0, 0, 0)")
        database.execute("INSERT INTO FeatureCoords VALUES (39341, 1, 12.5, 22.5), (39341, 21, 30, 55)")
    database.close()
    photo(folder / "flickr/3/a.jpg")


def lp300w_in(folder: Path) -> None:
    """300W-LP: one face and its mirror image."""
    for part in ("AFW", "AFW_Flip"):
        photo(folder / part / "x_0.jpg")
        pose = np.array([[0.1, 0.2, 0, 0, 0, 0, 1]])
        savemat(folder / part / "x_0.mat", {"pt2d": POINTS.T + 1, "Pose_Para": pose})


def now_in(folder: Path) -> Path:
    """NoW: two pictures of a person, a box of the second."""
    root = folder / "final_release_version"
    write(
        root / "imagepathsvalidation.txt",
        "FaMoS_1_TA/multiview_occlusions/IMG_1.jpg\nFaMoS_1_TA/selfie/IMG_2.jpg\n",
    )
    for name in ("multiview_occlusions/IMG_1", "selfie/IMG_2"):
        photo(root / f"iphone_pictures/FaMoS_1_TA/{name}.jpg")
    box = root / "detected_face/FaMoS_1_TA/selfie/IMG_2.npy"
    box.parent.mkdir(parents=True)
    np.save(box, np.array({"left": 5, "top": 6, "right": 50, "bottom": 60}, dtype=object), allow_pickle=True)
    write(folder / "scans/FaMoS_1_TA/neutral.obj", obj(SEVEN, TRIANGLES))
    write(folder / "scans_lmks_onlypp/FaMoS_1_TA/neutral_picked_points.pp", picked(SEVEN))
    return folder


def stirling_in(folder: Path) -> None:
    """Stirling: a picture of either quality, of two people."""
    photo(folder / "2D/HQ/F1001_front.jpg")
    photo(folder / "2D/LQ/m1003_dark.jpg")
    for name in ("F_3D_N/F1001_N", "M_3D_N/m1003_N"):
        write(folder / f"{name}.obj", obj(SEVEN, TRIANGLES))
        write(folder / f"annotations/{name}.lnd", "\n".join(f"1 {x} {y} {z}" for x, y, z in SEVEN))


def realy_in(folder: Path) -> Path:
    """REALY: two pictures of person 2, and keypoints on a template."""
    keypoints = np.random.default_rng(3).normal(0, 50, (85, 3)).round(3)
    write(folder / "data/REALY_HIFI3D_keypoints/2.obj", obj(keypoints))
    for region in ("nose", "mouth", "forehead", "cheek"):
        write(folder / f"data/REALY_scan_region/2/{region}.obj", obj(SEVEN, TRIANGLES))
    write(folder / "data/metrical_scale.txt", "0.5\n2.25\n")
    photo(folder / "images/2.jpg")
    photo(folder / "images/2_left.jpg")
    write(folder / "data/Small.obj", obj(SEVEN, TRIANGLES))
    write(folder / "data/Small.txt", json.dumps([[k % 3, 0.25, 0.5] for k in range(85)]))
    return folder


def florence_in(folder: Path) -> Path:
    """Florence: one textured scan, red, green and blue at its first vertices; its .obj."""
    own = folder / "subject_01/Model/frontal1/obj"
    places = "\n".join(f"vt {u} {v}" for u, v in [(0, 0), (1, 0), (0, 1)])
    corners = "\n".join(f"f {a + 1}/1 {b + 1}/2 {c + 1}/3" for a, b, c in TRIANGLES[[0, 2]])
    scan = write(own / "110920.obj", obj(SEVEN) + f"{places}\n{corners}\n")
    texture = np.zeros((5, 5, 3), np.uint8)
    texture[4, 0], texture[4, 4], texture[0, 0] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    Image.fromarray(texture).save(own / "110920.bmp")
    return scan
