"""The evaluator judged by methods whose error is known beforehand."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.evaluation.benchmark import stages
from models.evaluation.reports import aflw2000_report, speed_report
from models.evaluation.scoring import GROUPS, View, ask, matching, paired, score, views_of, yaw_bin
from models.evaluation.tables import table
from models.ground_truth.aflw2000 import LabelledFace, aflw2000
from models.metrics.errors import box_size
from models.reconstruction import MeshLayer, Reconstruction, Space, frozen
from models.reconstructor import Face
from tests.fakes.marks import LANDMARKS_ONLY

POSES = [(5.0, 10.0, 0.0), (0.0, -30.0, 40.0), (-10.0, 45.0, -20.0), (2.0, -75.0, 3.0), (0.0, 120.0, 0.0)]


class Oracle:
    """Knows the truth of every box and answers `spoil(truth)`; its branches are 2 and 4 px to the right."""

    name = "oracle"
    size = 48
    topology = LANDMARKS_ONLY
    switches = ("image space", "model space", "confidence")

    def __init__(self, faces: list[LabelledFace], spoil=lambda points: points, pose_error=(0, 0, 0)) -> None:
        self.truth = {face.box: face for face in faces}
        self.spoil = spoil
        self.pose_error = pose_error
        self.asked: list[tuple[Face, np.ndarray]] = []

    def crop(self, face: Face) -> np.ndarray:
        x0, y0, x1, y1 = face.box
        scale = 1.5 * max(x1 - x0, y1 - y0) / self.size
        T = np.array([[scale, 0, x0 - 20], [0, scale, y0 - 20], [0, 0, 1]])
        self.asked.append((face, T))
        return T

    def __call__(self, crops: np.ndarray, without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        assert crops.shape == (1, self.size, self.size, 3)
        face, T = self.asked[-1]
        truth = self.truth[face.box]
        scale = T[0, 0]

        def seen(shift_px: float) -> np.ndarray:
            points = self.spoil(truth.landmarks.astype(np.float64)) + np.array([shift_px, 0, 0])
            plane = (points[:, :2] - T[:2, 2]) / scale
            return frozen(np.concatenate([plane, points[:, 2:] / scale], 1))

        shift = 2 * ("model space" in without) + 4 * ("image space" in without)
        pitch, yaw, roll = np.add(truth.pose_deg, self.pose_error).tolist()
        return [
            Reconstruction(
                method=self.name,
                space=Space.CROP,
                topology=self.topology,
                vertices=seen(shift),
                pose_deg=(pitch, yaw, roll),
                layers=(MeshLayer("image space", Space.CROP, seen(2), self.topology.triangles),),
            )
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five grey photos with random truths, written as the published arrays are: from pixel 1 on."""
    rng = np.random.default_rng(0)
    for i, pose in enumerate(POSES):
        points = rng.uniform((40, 50, -30), (160, 150, 30), (68, 3)) + 1
        np.savez(tmp_path / f"image{i}.gt.npz", lm68=points.astype(np.float32), euler_deg=np.array(pose))
        Image.new("L", (200, 180), 90).save(tmp_path / f"image{i}.jpg")
    return tmp_path


def scores_of(folder: Path, spoil=lambda points: points, pose_error=(0, 0, 0)):
    faces = aflw2000(folder)
    method = Oracle(faces, spoil, pose_error)
    return [score(faces, answers) for answers in ask(faces, method, views_of(method))]


def test_published_points_count_pixels_from_one_and_ours_from_zero(folder):
    face = aflw2000(folder)[2]
    with np.load(folder / "image2.gt.npz") as published:
        assert face.landmarks == pytest.approx(published["lm68"] - np.array([1, 1, 0]), abs=1e-4)
    assert face.name == "image2"
    assert face.pose_deg == POSES[2]
    assert face.image().shape == (180, 200, 3)
    x0, y0, x1, y1 = face.box
    assert (x1 - x0) * (y1 - y0) == pytest.approx(box_size(face.landmarks) ** 2)


def test_a_limit_spreads_over_the_sorted_names(folder):
    assert [face.name for face in aflw2000(folder, 3)] == ["image0", "image2", "image4"]
    assert len(aflw2000(folder, 99)) == 5


def test_a_folder_without_truth_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"gt\.npz"):
        aflw2000(tmp_path)


def test_a_truth_without_its_photo_or_its_arrays_is_an_input_error(folder):
    (folder / "image1.jpg").unlink()
    with pytest.raises(InputError, match=r"image1\.jpg"):
        aflw2000(folder)
    np.savez(folder / "image0.gt.npz", lm68=np.zeros((68, 3)))
    with pytest.raises(InputError, match="euler_deg"):
        aflw2000(folder)


def test_the_truth_has_no_error(folder):
    best = scores_of(folder)[0]
    assert best.view.name == "fused"
    assert best.nme == pytest.approx(np.zeros(5), abs=1e-4)
    assert best.nme3d == pytest.approx(np.zeros(5), abs=1e-4)
    assert best.pose_mae_deg == pytest.approx(np.zeros(3), abs=1e-9)
    assert best.counts.tolist() == [2, 1, 2]
    assert best.lost == 0
    assert best.ms > 0


def test_a_shifted_truth_errs_by_the_shift(folder):
    shifted = scores_of(folder, lambda points: points + np.array([3, 4, 0]))[0]
    sizes = np.array([box_size(face.landmarks) for face in aflw2000(folder)])
    expected = 100 * 5 / sizes
    assert shifted.nme == pytest.approx(expected, rel=1e-4)
    assert shifted.bins == pytest.approx([expected[:2].mean(), expected[2], expected[3:].mean()], rel=1e-4)
    assert shifted.mean == pytest.approx(expected.mean(), rel=1e-4)
    assert shifted.balanced == pytest.approx(shifted.bins.mean())
    assert shifted.median == pytest.approx(np.median(expected), rel=1e-4)
    assert shifted.offset_px == pytest.approx([3, 4], abs=1e-3)


def test_a_truth_mirrored_in_its_box_errs_by_twice_the_distance_to_the_middle(folder):
    def mirrored(points: np.ndarray) -> np.ndarray:
        middle = (points[:, 0].min() + points[:, 0].max()) / 2
        return np.stack([2 * middle - points[:, 0], points[:, 1], points[:, 2]], 1)

    scored = scores_of(folder, mirrored)[0]
    for face, got in zip(aflw2000(folder), scored.nme, strict=True):
        x = face.landmarks[:, 0].astype(np.float64)
        twice = 2 * np.abs(x - (x.min() + x.max()) / 2)
        assert got == pytest.approx(100 * twice.mean() / box_size(face.landmarks), rel=1e-4)
        assert got > 20


def test_branches_are_asked_with_the_other_one_switched_off(folder):
    by_name = {s.view.name: s for s in scores_of(folder)}
    assert list(by_name) == [
        "fused",
        "image space alone",
        "model space alone",
        "without confidence",
        "image space layer of fused",
        "model space layer of fused",
    ]
    assert by_name["image space alone"].offset_px == pytest.approx([2, 0], abs=1e-3)
    assert by_name["model space alone"].offset_px == pytest.approx([4, 0], abs=1e-3)
    assert by_name["image space layer of fused"].offset_px == pytest.approx([2, 0], abs=1e-3)
    assert np.isnan(by_name["image space layer of fused"].pose_mae_deg).all()
    assert by_name["model space layer of fused"].lost == 5  # this method shows no such layer


def test_pose_is_scored_on_faces_within_99_degrees_only(folder):
    assert scores_of(folder, pose_error=(1, -2, 3))[0].pose_mae_deg == pytest.approx([1, 2, 3])


def test_a_bias_of_one_group_is_found_in_the_upright_face(folder):
    """Mouths 4 px towards the chin of each face, which is not down the picture where the head leans."""
    faces = {face.landmarks.astype(np.float64).tobytes(): face for face in aflw2000(folder)}

    def low_mouth(points: np.ndarray) -> np.ndarray:
        roll = math.radians(faces[points.tobytes()].pose_deg[2])
        moved = points.copy()
        moved[48:, :2] += 4 * np.array([-math.sin(roll), math.cos(roll)])
        return moved

    scored = scores_of(folder, low_mouth)[0]
    size = np.mean([100 / box_size(face.landmarks) for face in aflw2000(folder)])
    assert scored.residual[GROUPS["mouth"]].mean(0) == pytest.approx([0, 4 * size], abs=1e-3)
    assert scored.residual[GROUPS["jaw"]].mean(0) == pytest.approx([0, 0], abs=1e-3)
    assert scored.frontal_residual[GROUPS["mouth"]].mean(0)[1] > 1


def test_groups_are_all_68_landmarks_once():
    assert sorted(i for points in GROUPS.values() for i in range(68)[points]) == list(range(68))


@pytest.mark.parametrize(
    ("yaw", "expected"), [(0, 0), (30, 0), (-30, 0), (30.1, 1), (-60, 1), (60.1, 2), (-120, 2)]
)
def test_yaw_bins_are_closed_above(yaw, expected):
    assert yaw_bin(np.array([yaw], float)).tolist() == [expected]


def test_a_face_the_detector_misses_is_lost_and_the_others_still_count(folder):
    faces = aflw2000(folder)
    boxes = iter([[Face((0, 0, 5, 5)), Face(face.box)] if i != 1 else [] for i, face in enumerate(faces)])
    (answers,) = ask(faces, Oracle(faces), [View("fused")], lambda image: next(boxes))
    scored = score(faces, answers)
    assert scored.lost == 1
    assert scored.counts.tolist() == [1, 1, 2]
    assert np.isnan(scored.nme[1])
    assert scored.mean == pytest.approx(0, abs=1e-4)


def test_the_detection_that_overlaps_most_is_taken_and_a_far_one_never():
    box = (10.0, 10.0, 50.0, 50.0)
    near, nearer, far = Face((20, 10, 60, 50), 0.9), Face((12, 10, 52, 50), 0.1), Face((60, 60, 90, 90))
    assert matching([near, far, nearer], box) is nearer
    assert matching([far], box) is None
    assert matching([], box) is None


def test_a_method_without_branches_is_asked_as_a_whole(folder):
    method = Oracle(aflw2000(folder))
    method.switches = ()
    assert [view.name for view in views_of(method)] == ["answer"]


def test_differences_are_paired_face_by_face():
    rng = np.random.default_rng(0)
    level, noise = rng.uniform(1, 50, 200), rng.normal(0.5, 0.1, 200)
    first = level + noise
    first[7] = np.nan
    mean, error = paired(first, level)
    assert mean == pytest.approx(0.5, abs=0.03)
    assert error == pytest.approx(0.1 / math.sqrt(199), rel=0.2)


def test_the_report_and_the_csv_hold_the_figures(folder, tmp_path):
    faces = aflw2000(folder)
    method = Oracle(faces, lambda points: points + np.array([3, 4, 0]))
    report = aflw2000_report(folder, method, None, detected=False, csv=tmp_path / "faces.csv")
    expected = np.mean([100 * 5 / box_size(face.landmarks) for face in faces])
    assert f"{expected:.2f}" in report
    assert "right +3.00 px, down +4.00 px" in report
    assert "4 faces; any |angle| > 99" in report
    with (tmp_path / "faces.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [face.name for face in faces]
    assert float(rows[0]["fused"]) == pytest.approx(500 / box_size(faces[0].landmarks), abs=1e-3)


def test_columns_line_up_and_the_unknown_is_a_dash():
    lines = table(["name", "value"], [["a long name", 1.234], ["b", float("nan")], ["c", 12]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line[-5:].strip() for line in lines[2:]] == ["1.23", "-", "12"]


def test_every_stage_is_timed(folder):
    faces = aflw2000(folder)
    timed = stages(faces[0].image(), Face(faces[0].box), Oracle(faces), lambda image: [], 3, 1)
    assert [stage.name.strip() for stage in timed] == [
        "detect",
        "crop",
        "method",
        "without image space",
        "without model space",
        "without confidence",
        "back to the frame",
        "crop to answer in the frame",
    ]
    assert all(0 < stage.median_ms <= stage.p90_ms for stage in timed)


def test_speed_needs_no_photo(folder):
    faces = aflw2000(folder)
    box = (150.0, 150.0, 300.0, 300.0)
    method = Oracle(faces)
    method.truth[box] = faces[0]
    assert "crop to answer" in speed_report(method, None, repeats=1)
