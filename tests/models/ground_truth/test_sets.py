"""Sets of labelled faces in the layout in which they are distributed, made small; and the same, damaged."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from models.errors import InputError
from models.ground_truth.aflw2000 import aflw2000, read_parameters
from models.ground_truth.pictures import inside, read_picture
from models.ground_truth.scanned import read_marks
from models.ground_truth.sets.aflw_database import aflw_database
from models.ground_truth.sets.cofw68 import cofw68
from models.ground_truth.sets.florence import florence
from models.ground_truth.sets.ibug import ibug
from models.ground_truth.sets.lp300w import lp300w
from models.ground_truth.sets.merl_rav import merl_rav
from models.ground_truth.sets.now import now
from models.ground_truth.sets.realy import read_barycentric, realy
from models.ground_truth.sets.stirling import stirling
from models.ground_truth.sets.wflw import AS_68, LIST, wflw
from models.reconstruction import State
from tests.fakes.sets import (
    POINTS,
    SEVEN,
    TRIANGLES,
    aflw2000_in,
    aflw_in,
    cofw68_in,
    florence_in,
    ibug_in,
    lp300w_in,
    merl_rav_in,
    now_in,
    obj,
    photo,
    picked,
    pts,
    realy_in,
    stirling_in,
    wflw_in,
    wflw_line,
    write,
)


def test_aflw2000_as_published_is_read_like_its_short_form(tmp_path):
    held = aflw2000_in(tmp_path)
    deep, pose = held["pt3d_68"].T, held["Pose_Para"]
    shape, expression = held["Shape_Para"], held["Exp_Para"]
    (face,) = aflw2000(tmp_path)
    assert face.landmarks == pytest.approx(deep - (1, 1, 0), abs=1e-4)
    assert face.pose_deg == pytest.approx(np.degrees([0.1, -0.5, 0.2]))
    parameters = read_parameters(tmp_path / "image00002.mat")
    assert parameters.shape == pytest.approx(shape.ravel())
    assert parameters.expression == pytest.approx(expression.ravel())
    assert parameters.pose == pytest.approx(pose.ravel())
    savemat(tmp_path / "image00002.mat", {**held, "Exp_Para": np.full((29, 1), np.nan)})
    with pytest.raises(InputError, match="exp_para"):
        read_parameters(tmp_path / "image00002.mat")


def test_300w_leaves_training_parts_out_and_names_its_subsets(tmp_path):
    ibug_in(tmp_path)
    faces = {face.name: face for face in ibug(tmp_path)}
    assert set(faces) == {"helen/testset/a", "lfpw/testset/c", "ibug/d"}
    assert faces["helen/testset/a"].subsets == ("helen", "common", "full")
    assert faces["ibug/d"].subsets == ("challenging", "full")
    assert faces["ibug/d"].points == pytest.approx(POINTS, abs=1e-4), "pixels count from 1 there"
    assert faces["ibug/d"].image().shape == (90, 100, 3)
    assert faces["ibug/d"].by_hand
    assert [face.name for face in ibug(tmp_path / "afw")] == ["e"], "where there is nothing else"
    (tmp_path / "ibug/d.png").unlink()
    with pytest.raises(InputError, match=r"d\.jpg"):
        ibug(tmp_path)


def test_merl_rav_tells_states_by_the_sign(tmp_path):
    label = merl_rav_in(tmp_path)
    (face,) = merl_rav(tmp_path)
    assert face.by_hand
    assert face.subsets == ("lefthalf",)
    assert face.states is not None
    assert face.states[[3, 5, 6]].tolist() == [State.TURNED_AWAY, State.COVERED, State.SEEN]
    assert np.isnan(face.points[3]).all()
    assert face.points[5] == pytest.approx(POINTS[5], abs=1e-4)
    known = np.delete(POINTS, 3, 0)
    assert face.box == pytest.approx((*known.min(0), *known.max(0)), abs=1e-4)
    write(label, pts(POINTS[:67]))
    with pytest.raises(InputError, match="68"):
        merl_rav(tmp_path)


def test_wflw_is_read_as_the_68_points_that_ibug_has(tmp_path):
    points = wflw_in(tmp_path)
    first, second = wflw(tmp_path)
    assert first.by_hand
    assert first.subsets == ("occlusion",)
    assert second.subsets == ("pose", "blur")
    assert first.box == (10, 12, 90, 88)
    assert first.points == pytest.approx(points[AS_68], abs=1e-3)
    corners = {36: 60, 39: 64, 42: 68, 45: 72, 30: 54, 33: 57, 48: 76, 54: 82, 8: 16, 17: 33, 26: 46, 67: 95}
    assert {k: int(AS_68[k]) for k in corners} == corners
    assert len(set(AS_68.tolist())) == 68
    assert first.image().shape == (90, 100, 3)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (wflw_line(np.zeros((97, 2)), "0 0 0 0 0 0", "x.jpg"), "Line 1"),
        (wflw_line(np.full((98, 2), np.nan), "0 0 0 0 0 0", "x.jpg"), "Line 1"),
        (wflw_line(np.zeros((98, 2)), "0 0 0 0 0 0", "../../etc/passwd"), "outside"),
        ("words " * 207, "damaged"),
    ],
)
def test_a_line_of_wflw_that_is_none_is_refused(tmp_path, line, says):
    write(tmp_path / LIST, line)
    with pytest.raises(InputError, match=says):
        wflw(tmp_path)


@pytest.fixture
def cofw(tmp_path: Path) -> Path:
    return cofw68_in(tmp_path)


def test_cofw68_is_read_as_its_benchmark_lays_it_out(cofw):
    first, second = cofw68(cofw)
    assert first.by_hand
    assert [first.name, second.name] == ["1", "2"]
    assert first.points == pytest.approx(POINTS, abs=1e-4)
    assert second.points == pytest.approx(POINTS + 1, abs=1e-4)
    assert first.box == (10, 20, 40, 60)
    assert first.states is not None
    assert np.flatnonzero(first.states == State.COVERED).tolist() == [10]
    assert (first.states == State.SEEN).sum() == 67
    picture = first.image()
    assert picture.shape == (90, 100, 3)
    assert picture[2, 3].tolist() == [(3 * (2 * 100 + 3) + k) % 256 for k in range(3)]
    assert (second.image() == picture[..., :1]).all(), "grey in all three"


def test_a_damaged_cofw68_is_refused(cofw):
    root = cofw / "COFW68_Data"
    savemat(root / "test_annotations/2_points.mat", {"Points": POINTS[:50], "Occ": np.zeros(68)})
    with pytest.raises(InputError, match=r"2_points\.mat"):
        cofw68(cofw)
    with h5py.File(root / "COFW_test_color.mat", "w") as file:
        file["IsT"] = np.zeros(3)
    with pytest.raises(InputError, match="no cells"):
        cofw68(cofw, limit=1)[0].image()
    (root / "COFW_test_color.mat").write_bytes(b"no hdf5")
    with pytest.raises(InputError, match=r"COFW_test_color\.mat"):
        cofw68(cofw, limit=1)[0].image()


def test_aflw_is_read_from_its_database(tmp_path):
    aflw_in(tmp_path)
    (face,) = aflw_database(tmp_path)
    assert face.by_hand
    assert face.name == "39341"
    assert face.points.shape == (21, 2)
    assert face.points[0].tolist() == [11.5, 21.5]
    assert face.points[20].tolist() == [29, 54]
    assert np.isfinite(face.points).all(1).sum() == 2
    assert face.pose_deg == pytest.approx(np.degrees([-0.2, 0.5, 0.1]))
    assert face.box == (10, 20, 40, 60)
    assert face.image().shape == (90, 100, 3)
    write(tmp_path / "aflw.sqlite", "no database at all, however long it may be")
    with pytest.raises(InputError, match=r"aflw\.sqlite"):
        aflw_database(tmp_path)


def test_300w_lp_is_read_without_its_mirror_images(tmp_path):
    lp300w_in(tmp_path)
    (face,) = lp300w(tmp_path)
    assert not face.by_hand
    assert face.name == "AFW/x_0"
    assert face.subject == "AFW/x"
    assert face.points == pytest.approx(POINTS, abs=1e-4)
    assert face.pose_deg == pytest.approx(np.degrees([0.1, 0.2, 0]))


@pytest.fixture
def now_set(tmp_path: Path) -> Path:
    return now_in(tmp_path)


def test_now_is_read_by_challenge(now_set):
    occluded, selfie = now(now_set)
    assert occluded.subsets == ("multiview_occlusions",)
    assert occluded.box is None
    assert selfie.box == (5, 6, 50, 60)
    assert {occluded.subject, selfie.subject} == {"FaMoS_1_TA"}
    assert read_marks(selfie.landmarks) == pytest.approx(SEVEN)
    assert selfie.scan.name == "neutral.obj"


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_a_box_that_would_run_something_is_refused(now_set, capsys):
    path = now_set / "final_release_version/detected_face/FaMoS_1_TA/selfie/IMG_2.npy"
    np.save(path, np.array(Evil(), dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"IMG_2\.npy"):
        now(now_set)
    path.write_bytes(pickle.dumps({"left": 5}))
    with pytest.raises(InputError, match=r"IMG_2\.npy"):
        now(now_set)
    assert "run" not in capsys.readouterr().out


@pytest.mark.parametrize("line", ["a/b.jpg", "../../x/y.jpg", "..//..//..//x.jpg"])
def test_a_list_of_now_that_leads_astray_is_refused(now_set, line):
    write(now_set / "final_release_version/imagepathsvalidation.txt", line)
    with pytest.raises(InputError):
        now(now_set)


def test_landmarks_of_scans_are_read_in_every_form(tmp_path):
    np.save(tmp_path / "a.npy", SEVEN)
    lines = "\n".join(f"{i} {x} {y} {z}" for i, (x, y, z) in enumerate(SEVEN, 1))
    plain = "\n".join(f"{x}, {y}, {z}" for x, y, z in SEVEN)
    write(tmp_path / "a.lnd", lines)
    write(tmp_path / "a.txt", plain)
    write(tmp_path / "a.pp", picked(SEVEN))
    for ending in (".npy", ".lnd", ".txt", ".pp"):
        assert read_marks(tmp_path / f"a{ending}") == pytest.approx(SEVEN)
    for name, text in {
        "b.lnd": "1 2 3",
        "b.pp": '<point x="1" y="2"/>',
        "b.txt": "\n".join(["nan 1 2"] * 7),
    }.items():
        with pytest.raises(InputError, match=name):
            read_marks(write(tmp_path / name, text))


def test_stirling_pairs_pictures_with_the_scan_of_the_person(tmp_path):
    stirling_in(tmp_path)
    high, low = stirling(tmp_path)
    assert (high.subsets, high.subject, high.scan.name) == (("HQ",), "f1001", "F1001_N.obj")
    assert (low.subsets, low.subject, low.landmarks.name) == (("LQ",), "m1003", "m1003_N.lnd")
    photo(tmp_path / "2D/HQ/F9999_x.jpg")
    with pytest.raises(InputError, match="f9999"):
        stirling(tmp_path)


@pytest.fixture
def realy_set(tmp_path: Path) -> Path:
    return realy_in(tmp_path)


def test_realy_is_read_with_its_side_set_apart(realy_set):
    frontal, side = realy(realy_set)
    assert [frontal.view, side.view] == ["frontal", "side"]
    assert frontal.mm == 2.25
    assert frontal.keypoints.shape == (85, 3)
    assert {name: len(region.vertices) for name, region in side.regions.items()} == dict.fromkeys(
        ("nose", "mouth", "forehead", "cheek"), 7
    )
    known = read_barycentric(frontal.root, 7, 3)
    assert known is not None
    corners, weights = known
    assert corners[4].tolist() == TRIANGLES[1].tolist()
    assert weights[4].tolist() == [0.25, 0.5, 0.25]
    assert read_barycentric(frontal.root, 8, 3) is None
    write(frontal.root / "Small.txt", json.dumps([[99, 0, 0]] * 85))
    with pytest.raises(InputError, match=r"Small\.txt"):
        read_barycentric(frontal.root, 7, 3)


def test_florence_finds_its_frontal_scans_and_their_colours(tmp_path):
    folder = florence_in(tmp_path).parent
    (model,) = florence(tmp_path)
    assert model.subject == "subject_01"
    assert len(model.mesh().vertices) == 7
    colours = model.colours(7)
    assert colours[[0, 1, 2]].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert model.marks() is None
    write(folder / "110920.pp", picked(SEVEN))
    assert model.marks() == pytest.approx(SEVEN)
    write(folder / "110920.obj", obj(SEVEN) + "f 1/9 2/1 3/1\n")
    with pytest.raises(InputError, match=r"110920\.obj"):
        model.colours(7)


@pytest.mark.parametrize(
    "read", [aflw2000, ibug, merl_rav, wflw, cofw68, aflw_database, lp300w, now, stirling, realy, florence]
)
def test_an_empty_folder_is_refused_with_what_was_expected(tmp_path, read):
    with pytest.raises(InputError, match=r"expected|Give"):
        read(tmp_path)


def test_pictures_are_bounded_and_lie_in_their_folder(tmp_path, monkeypatch):
    write(tmp_path / "x.jpg", "no picture")
    with pytest.raises(InputError, match=r"x\.jpg"):
        read_picture(tmp_path / "x.jpg")
    photo(tmp_path / "y.png")
    monkeypatch.setattr("models.ground_truth.pictures.MOST_PIXELS", 100)
    with pytest.raises(InputError, match="too many"):
        read_picture(tmp_path / "y.png")
    for name in ("../y.png", "/etc/passwd", "a/../../y.png", "..\\y.png"):
        with pytest.raises(InputError, match="outside"):
            inside(tmp_path, name)
    assert inside(tmp_path, "a\\b.jpg") == tmp_path / "a/b.jpg"
