"""Figures under covers, of methods whose error is known beforehand."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.evaluation.__main__ import main
from models.evaluation.calibration import Reliability, pixel_quality, rank_correlation
from models.evaluation.occlusion import CLEAN, measure, trials
from models.evaluation.occlusion_report import (
    failed_percent,
    group_table,
    mean_nme,
    occlusion_tables,
    total,
)
from models.evaluation.rendered import RenderedFaces
from models.evaluation.reports import occlusion_report
from models.evaluation.subjects import Subject, rendered_subjects
from models.evaluation.tables import markdown, table
from models.ground_truth.aflw2000 import LabelledFace, naturally_occluded
from models.metrics.errors import box_size
from models.occlusion.__main__ import SIDE_PX, sketched_landmarks
from models.occlusion.kinds import occluder
from models.occlusion.occluder import lay
from models.occlusion.sweeps import covered_share, face_area
from models.reconstruction import MapLayer, MeshLayer, Reconstruction, Scalar, Space, frozen
from models.reconstructor import Face
from tests.fakes.marks import LANDMARKS_ONLY

GREY = 90
KINDS = ("mask", "sunglasses", "half board")
TRUTH = np.column_stack([sketched_landmarks(), np.zeros(68)])
SIZE_PX = float(box_size(TRUTH))
Say = Callable[[np.ndarray], np.ndarray]


class Witness:
    """Sees the whole picture, knows the truth, and errs as it is told to: `say(picture)` moves the points."""

    name = "witness"
    size = SIDE_PX
    topology = LANDMARKS_ONLY
    switches = ("image space", "model space")

    def __init__(self, say: Say = lambda picture: np.zeros((68, 2)), mask: Say | None = None) -> None:
        self.say, self.mask = say, mask
        self.pose, self.branch_pose = (0.0, 0.0, 0.0), (0.0, 10.0, 0.0)

    def crop(self, face: Face) -> np.ndarray:
        return np.eye(3)

    def __call__(self, crops: np.ndarray, without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        return [self.answer(crop) for crop in crops]

    def answer(self, picture: np.ndarray) -> Reconstruction:
        off = np.column_stack([self.say(picture), np.zeros(68)])
        twice = MeshLayer(
            "image space",
            Space.CROP,
            frozen(TRUTH + 2 * off),
            LANDMARKS_ONLY.triangles,
            pose_deg=self.branch_pose,
        )
        mask = [] if self.mask is None else [self.mask(picture)]
        maps = [MapLayer("visible mask", frozen(values), np.eye(3), Space.CROP) for values in mask]
        return Reconstruction(
            self.name, Space.CROP, LANDMARKS_ONLY, frozen(TRUTH + off), self.pose, layers=(twice, *maps)
        )


def grey() -> np.ndarray:
    return np.full((SIDE_PX, SIDE_PX, 3), GREY, np.uint8)


def subjects(count: int = 2, pose: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> list[Subject]:
    low, high = TRUTH[:, :2].min(0), TRUTH[:, :2].max(0)
    return [Subject(f"face {i}", grey, frozen(TRUTH), pose, (*low, *high)) for i in range(count)]


def covered_part(picture: np.ndarray) -> np.ndarray:
    return np.abs(picture.astype(int) - GREY).max(-1) > 0


def rightwards(percent: float) -> np.ndarray:
    return np.tile([percent * SIZE_PX / 100, 0.0], (68, 1))


def test_an_error_of_k_times_the_covered_share_is_measured_as_that():
    face = face_area(TRUTH, SIDE_PX, SIDE_PX)
    shares = {grey().tobytes(): 0.0}
    for subject in subjects():
        for kind in KINDS:
            picture, hidden = lay(grey(), [occluder(kind, subject.landmarks, subject.seed)])
            shares[picture.tobytes()] = float(hidden[face].mean())
    rows = list(trials(subjects(), Witness(lambda p: rightwards(20 * shares[p.tobytes()])), KINDS))
    assert [row.kind for row in rows] == [CLEAN, *KINDS] * 2
    for row in rows:
        assert row.nme[0] == pytest.approx(20 * row.covered, abs=1e-3)
        assert row.nme[1] == pytest.approx(2 * row.nme[0], rel=1e-4)
        assert math.isnan(row.nme[2])  # this method shows no such layer
    covered = {row.kind: row.covered for row in rows}
    assert covered[CLEAN] == 0
    assert 0.3 < covered["half board"] < 0.7
    assert 0.1 < covered["sunglasses"] < 0.4 < covered["mask"] < 0.8


def test_seen_and_hidden_points_are_told_apart_by_the_cover():
    def move_the_covered(picture: np.ndarray) -> np.ndarray:
        x, y = np.rint(TRUTH[:, :2]).astype(int).T
        _, hidden = lay(grey(), [occluder("mask", TRUTH, subjects()[0].seed)])
        return np.where((hidden[y, x] > 0.5)[:, None], [3.0, 4.0], 0.0)

    clean, masked = trials(subjects(1), Witness(move_the_covered), ("mask",))
    assert masked.nme_seen[0] == pytest.approx(0, abs=1e-4)
    assert masked.nme_hidden[0] == pytest.approx(500 / SIZE_PX, rel=1e-4)
    assert math.isnan(clean.nme_hidden[0])
    assert clean.nme_seen[0] == pytest.approx(clean.nme[0])


def test_each_reading_is_judged_by_its_own_pose_within_99_degrees():
    (row,) = trials(subjects(1), Witness(), ())
    assert row.geodesic_deg[:2] == pytest.approx([0, 10])
    assert row.pose_error_deg[1] == pytest.approx([0, 10, 0])
    assert np.isnan(row.pose_error_deg[2]).all()
    (beyond,) = trials(subjects(1, (0.0, 120.0, 0.0)), Witness(), ())
    assert np.isnan(beyond.geodesic_deg).all()
    assert np.isnan(beyond.pose_error_deg).all()
    assert np.isfinite(beyond.nme[0])


def test_lost_faces_are_counted_and_leave_the_mean_to_the_others():
    def find(picture: np.ndarray) -> list[Face]:
        return [] if covered_part(picture).any() else [Face(subjects()[0].box)]

    witness = Witness(lambda p: rightwards(4.0))
    rows = list(trials(subjects(3), witness, ("mask",), find))
    assert [row.found for row in rows] == [True, False] * 3
    assert mean_nme(rows)[0] == pytest.approx(4, rel=1e-4)
    assert failed_percent(rows) == pytest.approx(50)
    assert all(row.covered > 0.3 for row in rows if not row.found)
    lines = occlusion_tables(rows, table).splitlines()
    assert lines[3].split()[:4] == ["mask", lines[3].split()[1], "0.00", "100.00"]
    assert set(lines[3].split()[4:]) == {"-"}


def test_a_face_off_by_more_than_a_tenth_has_failed():
    rows = [next(trials(subjects(1), Witness(lambda p, e=e: rightwards(e)), ())) for e in (9.9, 10.1)]
    assert failed_percent(rows) == pytest.approx(50)
    assert math.isnan(failed_percent([]))


def test_covered_pixels_called_face_are_a_share_of_the_covered_face():
    def half_blind(picture: np.ndarray) -> np.ndarray:
        values = np.ones((SIDE_PX, SIDE_PX))
        values[:, SIDE_PX // 2 :] = 0
        return values

    clean, board = trials(subjects(1), Witness(mask=half_blind), ("mask",))
    assert math.isnan(clean.called_visible)
    assert board.called_visible == pytest.approx(0.5, abs=0.04)  # the mask is about symmetrical
    assert math.isnan(next(trials(subjects(1), Witness(), ("mask",))).called_visible)


def test_covers_depend_on_the_face_alone_not_on_its_company():
    seen: list[bytes] = []

    def remember(picture: np.ndarray) -> np.ndarray:
        seen.append(picture.tobytes())
        return np.zeros((68, 2))

    list(trials(subjects(2), Witness(remember), KINDS))
    together = list(seen)
    seen.clear()
    list(trials(subjects(2)[1:], Witness(remember), KINDS[::-1]))
    assert set(seen) == set(together[4:])
    assert together[:4] != together[4:]


def rendered() -> RenderedFaces:
    """Two squares whose face is the outline of the sketch; the left half of the points is turned away."""
    cells = SIDE_PX // 2
    mask = face_area(TRUTH / 2, cells, cells)
    visible = TRUTH[:, 0] > SIDE_PX / 2
    uv = np.zeros((2, cells, cells, 2), np.float32)
    return RenderedFaces(
        topology=LANDMARKS_ONLY,
        images=np.stack([grey()] * 2),
        vertices=np.stack([TRUTH] * 2).astype(np.float32),
        pose_deg=np.zeros((2, 3)),
        mask=np.stack([mask] * 2),
        visible=np.stack([visible] * 2),
        uv=uv,
        depth=np.zeros((2, cells, cells), np.float32),
    )


def honest(subject: Subject, hidden: np.ndarray, confidence: float, depth_px: float) -> Reconstruction:
    """An answer that sees what is there, and is wrong in depth everywhere."""
    assert subject.known is not None
    mask = (subject.known.mask & (hidden <= 0.5)).astype(np.float32)
    x, y = np.rint(TRUTH[:, :2]).astype(int).T
    shown = (subject.known.visible & (hidden[y, x] <= 0.5)).astype(np.float32)
    maps = {
        "visible mask": mask,
        "uv": np.zeros((*mask.shape, 2)),
        "depth": np.full(mask.shape, depth_px),
        "confidence": np.full(mask.shape, confidence),
    }
    return Reconstruction(
        "honest",
        Space.IMAGE,
        LANDMARKS_ONLY,
        frozen(TRUTH),
        (0.0, 0.0, 0.0),
        layers=tuple(MapLayer(name, frozen(v), np.eye(3), Space.IMAGE) for name, v in maps.items()),
        scalars=(Scalar("visibility", frozen(shown), 0, 1),),
    )


def test_who_sees_what_is_there_is_right_about_it_under_a_cover():
    subject = rendered_subjects(rendered())[0]
    _, hidden = lay(subject.image(), [occluder("half board", TRUTH, 3)])
    wrong_px = 0.05 * SIDE_PX / 2
    row = measure(subject, "half board", hidden, honest(subject, hidden, math.exp(-0.5), wrong_px))
    assert row.mask_iou == 1
    assert row.called_visible == 0
    assert row.visibility.error == pytest.approx(0)
    assert row.rightness.error == pytest.approx(0, abs=1e-4)
    doubter = measure(subject, "half board", hidden, honest(subject, hidden, 0.1, wrong_px))
    assert doubter.rightness.bias == pytest.approx(0.1 - math.exp(-0.5), abs=1e-4)
    assert doubter.confidence == pytest.approx(0.1)


def test_who_does_not_see_the_cover_is_told_so():
    subject = rendered_subjects(rendered())[0]
    assert subject.known is not None
    _, hidden = lay(subject.image(), [occluder("half board", TRUTH, 3)])
    blind = honest(subject, np.zeros_like(hidden), 0.5, 0.0)
    row = measure(subject, "half board", hidden, blind)
    left = (subject.known.mask & (hidden <= 0.5)).sum() / subject.known.mask.sum()
    assert row.called_visible == 1
    assert row.mask_iou == pytest.approx(left)
    assert row.covered == pytest.approx(1 - left, abs=0.01)
    assert row.visibility.bias > 0.1
    assert row.covered == covered_share(hidden, subject.known.mask)


def test_turned_away_points_of_rendered_faces_count_as_hidden():
    subject = rendered_subjects(rendered())[0]
    nothing = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    answer = honest(subject, nothing, 0.5, 0.0)
    off = np.where(TRUTH[:, :1] > SIDE_PX / 2, [[0, 0, 0]], [[0, 6, 0]])
    row = measure(subject, CLEAN, nothing, replace(answer, vertices=frozen(TRUTH + off)))
    assert row.nme_seen[0] == pytest.approx(0, abs=1e-4)
    assert row.nme_hidden[0] == pytest.approx(600 / SIZE_PX, rel=1e-4)


def test_rendered_faces_must_bring_their_charts():
    with pytest.raises(ValueError, match="uv"):
        rendered_subjects(replace(rendered(), uv=None))


def test_the_calibration_error_is_the_weighted_gap_of_the_bins():
    told = np.array([0.05, 0.15, 0.15, 0.85, 0.85, 0.85, np.nan])
    true = np.array([0, 0, 1, 1, 1, 0, 1])
    bins = Reliability.of(told, true)
    gaps = [1 * abs(0.05 - 0), 2 * abs(0.15 - 0.5), 3 * abs(0.85 - 2 / 3)]
    assert bins.error == pytest.approx(sum(gaps) / 6)
    assert bins.bias == pytest.approx((told[:6].sum() - 3) / 6)
    parts = Reliability.of(told[:3], true[:3]) + Reliability.of(told[3:], true[3:]) + Reliability.none()
    assert parts.error == pytest.approx(bins.error)
    assert math.isnan(Reliability.none().error)
    assert Reliability.of(np.array([0.0, 1.0]), np.array([0, 1])).error == 0
    with pytest.raises(ValueError, match="as many"):
        Reliability.of(told, true[:2])


def test_who_tells_the_chances_is_calibrated():
    rng = np.random.default_rng(0)
    chance = rng.random(40_000)
    assert Reliability.of(chance, rng.random(40_000) < chance).error < 0.01
    assert Reliability.of(chance, rng.random(40_000) < chance**2).bias == pytest.approx(1 / 6, abs=0.01)


def test_a_pixel_is_right_by_chart_and_depth():
    assert pixel_quality(np.array([0.0, 0.05, 0.0]), np.array([0, 0, 0.1])) == pytest.approx(
        [1, math.exp(-1), math.exp(-1)]
    )


@pytest.mark.parametrize(
    ("first", "second", "rho"),
    [
        ([1, 2, 3, 9], [2, 4, 5, 6], 1.0),
        ([1, 2, 3, 9], [6, 5, 4, 2], -1.0),
        ([1, 2, 2, 3], [1, 2, 3, 4], math.sqrt(0.9)),
        ([1, 2, math.nan, 3, 4], [4, 3, 0, 2, 1], -1.0),
    ],
)
def test_ranks_correlate(first, second, rho):
    assert rank_correlation(np.array(first, float), np.array(second, float)) == pytest.approx(rho)


def test_ranks_of_too_few_or_equal_values_do_not_correlate():
    assert math.isnan(rank_correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0])))
    assert math.isnan(rank_correlation(np.ones(4), np.arange(4.0)))


def test_a_list_beside_the_folder_tells_naturally_covered_faces(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    assert naturally_occluded(folder) is None
    entries = [
        {"file": "photos/a.jpg", "occlusion": "hand"},
        {"file": "photos/b.jpg", "occlusion": "none seen"},
        {"file": "photos/c.jpg"},
        {"file": "others/d.jpg", "occlusion": "hand"},
    ]
    (tmp_path / "index.json").write_text(json.dumps(entries))
    assert naturally_occluded(folder) == {"a"}
    for bad in ("{", "[1]", '[{"name": 1}]', '{"a": 1}'):
        (tmp_path / "index.json").write_text(bad)
        with pytest.raises(InputError, match=r"index\.json"):
            naturally_occluded(folder)


def test_the_report_its_csv_and_its_figure(tmp_path: Path):
    photo = tmp_path / "a.png"
    Image.fromarray(grey()).save(photo)
    photos = [LabelledFace(photo, frozen(TRUTH), (0.0, 0.0, 0.0))]
    photos.append(replace(photos[0], path=tmp_path / "b.png"))
    Image.fromarray(grey()).save(tmp_path / "b.png")
    witness = Witness(lambda p: rightwards(3.0 + 4.0 * covered_part(p).any()), lambda p: np.ones(p.shape[:2]))
    report = occlusion_report(
        witness,
        photos,
        frozenset({"b"}),
        rendered(),
        KINDS,
        layout=markdown,
        csv=tmp_path / "rows.csv",
        figure=tmp_path / "figure.png",
    )
    assert "2 photos, boxes from the truth" in report
    assert "2 rendered faces, the whole square" in report
    assert "| naturally covered (1) | 3.00 | 7.00 | 7.00 | 7.00 | 7.00 |" in report
    assert report.count("| all kinds |") == 7
    with (tmp_path / "rows.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 4
    assert {row["kind"]: float(row["nme: fused"]) for row in rows}["mask"] == pytest.approx(7, abs=1e-3)
    with Image.open(tmp_path / "figure.png") as picture:
        assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 10
    with pytest.raises(InputError, match="nowhere"):
        occlusion_report(witness, photos, None, None, (), figure=tmp_path / "nowhere" / "figure.png")


def test_groups_stand_side_by_side():
    rows = list(trials(subjects(2), Witness(lambda p: rightwards(2.0)), ("mask",)))
    text = group_table(rows, {"first": frozenset({"face 0"}), "none": frozenset()}, table)
    assert text.splitlines()[2].split() == ["first", "(1)", "2.00", "2.00"]
    assert text.splitlines()[3].split() == ["none", "(0)", "-", "-"]
    assert total(rows, "visibility").counts.sum() == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--kinds", "mask,umbrella"], "umbrella"), (["--count", "0"], "nothing to measure")],
)
def test_the_command_refuses_what_it_cannot_measure(arguments, told, capsys):
    assert main(["occlusion", *arguments, "--threads", "1"]) == 1
    assert told in capsys.readouterr().err
