"""Whether a method tells what was seen and knows when it is wrong, of methods that are right or wrong."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.evaluation import __main__ as evaluation_command
from models.evaluation.ranking import average_precision, f1, roc_auc
from models.evaluation.rendered import RenderedFaces
from models.evaluation.subjects import Subject
from models.evaluation.tables import markdown, table
from models.evaluation.visibility import INNER, Case, by_part, tell, told_states, truthfulness
from models.evaluation.visibility_errors import (
    by_trouble,
    error_trials,
    shifted_box,
    trusted_without_a_face,
)
from models.evaluation.visibility_report import (
    error_tables,
    state_tables,
    visibility_report,
    write_visibility,
)
from models.evaluation.visibility_sets import crop_cases, labelled, photo_cases, rendered_cases
from models.ground_truth.aflw2000 import aflw2000
from models.ground_truth.hand_labels import read_hand_labels
from models.metrics.errors import box_size
from models.occlusion.__main__ import SIDE_PX, sketched_landmarks
from models.reconstruction import STATE_SCALARS, Reconstruction, Scalar, Space, frozen
from models.reconstructor import Face
from tests.fakes.marks import LANDMARKS_ONLY, marked


def bools(*values: int) -> np.ndarray:
    return np.array(values, bool)


@pytest.mark.parametrize(
    ("score", "positive", "area"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([1, 2, 3, 4], [1, 1, 0, 0], 0.0),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([5, 5, 5, 5], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 3.5 / 4),  # one tie in four pairs
        ([1, 2, math.nan, 3], [0, 1, 0, 1], 1.0),
    ],
)
def test_the_area_is_the_share_of_pairs_in_the_right_order(score, positive, area):
    assert roc_auc(np.array(score, float), bools(*positive)) == pytest.approx(area)


@pytest.mark.parametrize(
    ("score", "positive", "precision"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], (1 + 2 / 3) / 2),
        ([5, 5, 5, 5], [0, 1, 0, 0], 0.25),  # all are called at once
        ([3, 2, 2, 1], [1, 0, 1, 0], (1 + 2 / 3) / 2),
        ([4, 3, 2, 1], [0, 0, 1, 1], (1 / 3 + 2 / 4) / 2),
    ],
)
def test_average_precision_steps_from_threshold_to_threshold(score, positive, precision):
    for order in (np.arange(4), np.arange(4)[::-1]):
        told = average_precision(np.array(score, float)[order], bools(*positive)[order])
        assert told == pytest.approx(precision)


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    called, positive = bools(1, 1, 1, 0, 0), bools(1, 1, 0, 1, 0)
    assert f1(called, positive) == pytest.approx(2 / 3)
    assert f1(bools(0, 0), bools(1, 0)) == 0
    assert f1(bools(1, 0), bools(1, 0)) == 1


def test_one_class_alone_cannot_be_told_from_another():
    for positive in (bools(1, 1), bools(0, 0)):
        assert math.isnan(roc_auc(np.array([1.0, 2.0]), positive))
        assert math.isnan(average_precision(np.array([1.0, 2.0]), positive))
    assert math.isnan(roc_auc(np.zeros(0), np.zeros(0, bool)))
    assert math.isnan(f1(bools(1, 0), bools(0, 0)))
    with pytest.raises(ValueError, match="as many"):
        roc_auc(np.zeros(3), bools(1, 0))


SIDE, FACES = 200, 12
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
TRUTH = np.column_stack([sketched_landmarks(), np.zeros(68)]) * [SIDE / SIDE_PX, SIDE / SIDE_PX, 1]
SIZE = float(box_size(TRUTH))
BOX = (*TRUTH[:, :2].min(0).tolist(), *TRUTH[:, :2].max(0).tolist())
STATES = np.random.default_rng(0).integers(0, 3, (FACES, 68)).astype(np.uint8)
HAND = np.array([1, 0, 2])  # what the files call seen, turned away, covered


class Teller:
    """Sees the whole picture, knows from its grey which face it is, and speaks as it is told to."""

    name = "teller"
    size = SIDE
    topology = LANDMARKS_ONLY
    switches = ()

    def __init__(self, states=lambda i: None, shift=(0.0, 0.0), error=lambda off, i: None) -> None:
        self.states, self.shift, self.error = states, shift, error
        self.moved = np.zeros(2)

    def crop(self, face: Face) -> np.ndarray:
        middle = np.array(face.box).reshape(2, 2).mean(0)
        self.moved = middle - np.array(BOX).reshape(2, 2).mean(0)
        return np.eye(3)

    def __call__(self, crops: np.ndarray, without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        return [self.answer(int(crop[0, 0, 0]) // 10 % FACES) for crop in crops]

    def answer(self, i: int) -> Reconstruction:
        points, states = TRUTH + np.array([*self.shift, 0.0]), self.states(i)
        told = () if states is None else zip(STATE_SCALARS, states.T, strict=True)
        return Reconstruction(
            self.name,
            Space.CROP,
            LANDMARKS_ONLY,
            frozen(points),
            (0.0, 0.0, 0.0),
            scalars=tuple(Scalar(name, frozen(values), 0, 1) for name, values in told),
            likely_error=self.error(self.moved, i),
        )


def picture(i: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), 10 * i, np.uint8)


def cases(states: np.ndarray = STATES) -> list[Case]:
    points = frozen(TRUTH[:, :2])
    return [Case(f"face {i}", partial(picture, i), BOX, of, points, SIZE) for i, of in enumerate(states)]


def sure(states: np.ndarray) -> np.ndarray:
    return np.eye(3, dtype=np.float32)[states]


def write_hand(path: Path, names: list[str], states: np.ndarray) -> Path:
    points = np.where((states == 1)[..., None], np.nan, TRUTH[:, :2]).astype(np.float32)
    np.savez(path, name=np.array(names), points68=points, state68=HAND[states].astype(np.uint8))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """DIR with three photos, in a place where no hand labels lie."""
    photos = tmp_path / "data" / "real" / "photos"
    photos.mkdir(parents=True)
    for i in range(3):
        np.savez(photos / f"{i}.gt.npz", lm68=(TRUTH + 1).astype(np.float32), euler_deg=np.zeros(3))
        Image.fromarray(picture(i)).save(photos / f"{i}.jpg", quality=100)
    return photos


def test_who_tells_the_truth_is_found_to():
    told = tell("photos", cases(), Teller(lambda i: sure(STATES[i])))
    for figures in (truthfulness(told), truthfulness(told, INNER), *by_part(told).values()):
        assert figures.covered_auc == figures.covered_ap == figures.hidden_auc == figures.hidden_f1 == 1
        assert figures.called_hidden == 0
    assert told.reliability.error == 0


def test_who_tells_the_opposite_is_found_to():
    told = tell("photos", cases(), Teller(lambda i: sure(np.array([2, 0, 0])[STATES[i]])))
    figures = truthfulness(told)
    assert figures.covered_auc == figures.hidden_auc == figures.hidden_f1 == 0
    assert figures.called_hidden == 1
    assert told.reliability.error == 1


def test_points_turned_away_do_not_count_when_covered_ones_are_sought():
    told = tell("photos", cases(), Teller(lambda i: sure(np.array([0, 2, 2])[STATES[i]])))
    assert truthfulness(told).covered_auc == 1
    assert truthfulness(told).covered_share == pytest.approx((STATES == 2).sum() / (STATES != 1).sum())


def test_points_of_which_nothing_is_known_count_nowhere():
    states = np.where(np.random.default_rng(1).random(STATES.shape) < 0.3, 255, STATES).astype(np.uint8)
    told = tell("renders", cases(states), Teller(lambda i: sure(STATES[i])))
    assert told.reliability.counts.sum() == (states != 255).sum()
    assert truthfulness(told).hidden_auc == 1


def test_where_a_class_is_missing_there_is_no_figure():
    told = tell("photos", cases(np.zeros((2, 68), np.uint8)), Teller(lambda i: sure(STATES[i])))
    figures = truthfulness(told)
    assert all(math.isnan(v) for v in (figures.covered_auc, figures.hidden_auc, figures.error_covered))
    assert np.isfinite(figures.called_hidden)
    assert "-" in "".join(state_tables([told], table))


def test_the_error_of_a_shifted_answer_is_the_shift():
    told = tell("photos", cases(), Teller(shift=(0.03 * SIZE, 0.04 * SIZE)))
    figures = truthfulness(told, INNER)
    assert figures.error_seen == pytest.approx(5, abs=1e-3)
    assert figures.error_covered == pytest.approx(5, abs=1e-3)


def test_older_answers_are_read_by_the_scalars_of_their_vertices():
    plain = marked(TRUTH)
    values = frozen(np.linspace(0, 1, 68))
    seen = told_states(replace(plain, scalars=(Scalar("visibility", values, 0, 1),)))
    assert seen[:, 0] == pytest.approx(values)
    assert seen.sum(1) == pytest.approx(1)
    turned = told_states(replace(plain, scalars=(Scalar("towards camera", values, 0, 1),)))
    assert turned[:, 1] == pytest.approx(1 - values)
    assert (turned[:, 2] == 0).all()
    assert np.isnan(told_states(plain)).all()


def test_who_says_nothing_has_no_figures_but_its_places():
    figures = truthfulness(tell("photos", cases(), Teller()))
    assert math.isnan(figures.hidden_auc)
    assert math.isnan(figures.hidden_f1)
    assert figures.error_seen == pytest.approx(0, abs=1e-3)


def subjects() -> list[Subject]:
    return [
        Subject(f"face {i}", partial(picture, i), frozen(TRUTH), (0.0, 0.0, 0.0), BOX) for i in range(FACES)
    ]


def test_boxes_are_shifted_by_a_tenth_to_four_tenths_of_the_face_and_stay_the_same():
    for subject in subjects():
        box = np.array(shifted_box(subject, "mask")).reshape(2, 2)
        true = np.array(BOX).reshape(2, 2)
        far = np.linalg.norm(box.mean(0) - true.mean(0)) / SIZE
        assert 0.1 <= far <= 0.4
        assert ((np.ptp(box, 0) / np.ptp(true, 0) > 0.849) & (np.ptp(box, 0) / np.ptp(true, 0) < 1.151)).all()
        assert shifted_box(subject, "mask") == shifted_box(subject, "mask") != shifted_box(subject, "hand")


class Drifter(Teller):
    """Follows its box, and says how far off it is, times `honesty`."""

    def __init__(self, honesty: float) -> None:
        super().__init__()
        self.honesty, self.boxes = honesty, []

    def crop(self, face: Face) -> np.ndarray:
        self.boxes.append(np.array(face.box).reshape(2, 2).mean(0) - np.array(BOX).reshape(2, 2).mean(0))
        return np.eye(3)

    def __call__(self, crops: np.ndarray, without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        moved, self.boxes = self.boxes[-len(crops) :], []
        return [self.off(0.4 * np.linalg.norm(away)) for away in moved]

    def off(self, px: float) -> Reconstruction:
        answer, likely = self.answer(0), self.honesty * 100 * px / SIZE
        return replace(answer, vertices=frozen(TRUTH + np.array([px, 0, 0])), likely_error=likely)


@pytest.mark.parametrize(("honesty", "area", "rho"), [(1.0, 1.0, 1.0), (-1.0, 0.0, -1.0)])
def test_who_knows_its_error_is_found_to_and_who_denies_it_too(honesty, area, rho):
    groups = by_trouble(list(error_trials(subjects(), Drifter(honesty), ("mask", "hand"))))
    assert groups["all"].count == 6 * FACES
    assert groups["covered, shifted box"].count == 2 * FACES
    assert 0.1 < groups["all"].wrong_share < 0.5
    assert groups["clean, shifted box"].auc == area
    assert groups["covered, shifted box"].correlation == pytest.approx(rho)
    assert math.isnan(groups["clean, right box"].auc)  # never wrong there
    assert groups["covered, shifted box"].likely == pytest.approx(
        honesty * groups["covered, shifted box"].nme
    )


def test_who_predicts_no_error_is_told_so():
    trials = list(error_trials(subjects()[:2], Teller(), ("mask",)))
    assert math.isnan(by_trouble(trials)["all"].auc)
    assert "This method predicts no error" in error_tables(trials, table, math.nan)[1]
    assert math.isnan(trusted_without_a_face(Teller(), 3))


def test_pictures_without_a_face_should_not_be_trusted():
    assert trusted_without_a_face(Teller(error=lambda off, i: 3.0), 2) == 1
    assert trusted_without_a_face(Teller(error=lambda off, i: 30.0), 2) == 0


def test_hand_labels_are_found_by_name_in_the_order_of_states(tmp_path: Path, folder: Path):
    hand = read_hand_labels(write_hand(tmp_path / "hand.npz", ["2", "x", "0"], STATES[:3]))
    faces = labelled(aflw2000(folder), hand)
    assert [face.name for face in faces] == ["0", "2"]
    first, last = photo_cases(faces, hand)
    assert (first.states == STATES[2]).all()
    assert (last.states == STATES[0]).all()
    assert first.size_px == pytest.approx(SIZE, rel=1e-4)
    assert len(labelled(aflw2000(folder), hand, limit=1)) == 1


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"name": np.array(["a"])}, "points68, state68"),
        (
            {"name": np.array(["a"]), "points68": np.zeros((1, 68, 2)), "state68": np.full((1, 68), 7)},
            "state68",
        ),
        (
            {"name": np.array(["a"]), "points68": np.zeros((2, 68, 2)), "state68": np.zeros((1, 68))},
            "points68",
        ),
    ],
)
def test_hand_labels_that_say_something_else_are_refused(tmp_path: Path, arrays, told):
    np.savez(tmp_path / "hand.npz", **arrays)
    with pytest.raises(InputError, match=told):
        read_hand_labels(tmp_path / "hand.npz")


@pytest.fixture
def _teller_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_command, "load", lambda *_, **__: Teller())


@pytest.mark.usefixtures("_teller_loads")
def test_without_hand_labels_the_command_says_how_to_give_them(folder: Path, capsys):
    assert evaluation_command.main(["visibility", str(folder), "--threads", "1"]) == 1
    assert "--hand FILE.npz" in capsys.readouterr().err
    assert (
        evaluation_command.main(
            ["visibility", str(folder), "--hand", str(folder / "none.npz"), "--threads", "1"]
        )
        == 1
    )
    assert "none.npz. Check the path" in capsys.readouterr().err


@pytest.mark.usefixtures("_teller_loads")
def test_hand_labels_of_other_faces_are_refused(tmp_path: Path, folder: Path, capsys):
    hand = write_hand(tmp_path / "hand.npz", ["x", "y"], STATES[:2])
    assert evaluation_command.main(["visibility", str(folder), "--hand", str(hand), "--threads", "1"]) == 1
    assert "labels none of the 3 faces" in capsys.readouterr().err


def test_rendered_landmarks_have_the_state_of_their_nearest_vertex():
    weights = np.tile(np.array([0.2, 0.7, 0.1], np.float32), (68, 1))
    corners = np.stack([np.arange(68), np.arange(68)[::-1], np.zeros(68, int)], 1).astype(np.int32)
    topology = replace(LANDMARKS_ONLY, landmark_vertices=corners, landmark_weights=weights)
    faces = RenderedFaces(
        topology=topology,
        images=np.stack([picture(i) for i in range(FACES)]),
        vertices=np.stack([TRUTH] * FACES).astype(np.float32),
        pose_deg=np.zeros((FACES, 3)),
        mask=np.zeros((FACES, SIDE, SIDE), bool),
        visible=STATES == 0,
        states=STATES,
    )
    assert (np.array([case.states for case in rendered_cases(faces)]) == STATES[:, ::-1]).all()
    with pytest.raises(ValueError, match="states"):
        next(rendered_cases(replace(faces, states=None)))


def test_the_report_its_csv_and_its_figure(tmp_path: Path, folder: Path):
    hand = read_hand_labels(write_hand(tmp_path / "hand.npz", ["0", "1", "2"], STATES[:3]))
    faces = aflw2000(folder)
    report = visibility_report(
        Teller(lambda i: sure(STATES[i])),
        {"photos": photo_cases(faces, hand), "held-out crops": "give --crops"},
        faces[:2],
        2,
        layout=markdown,
        csv=tmp_path / "rows.csv",
        figure=tmp_path / "figure.png",
    )
    assert report.startswith("3 photos\nheld-out crops left out: give --crops\n")
    assert "| photos | 1.000 | 1.000 | 0.00 | 0.00 | 0.000 | 0.000 |" in report
    assert "predicts no error" in report
    with (tmp_path / "rows.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 + 2 * 5 * 2
    assert int(rows[0]["covered"]) == (STATES[0] == 2).sum()
    assert {row["box"] for row in rows[3:]} == {"right", "shifted"}
    with Image.open(tmp_path / "figure.png") as drawn:
        assert np.unique(np.asarray(drawn).reshape(-1, 3), axis=0).shape[0] > 4
    with pytest.raises(InputError, match="cannot be written"):
        write_visibility(tmp_path / "no" / "rows.csv", [], [])


@pytest.mark.shared
def test_people_placed_the_open_photos_points_where_they_did_not_call_them_turned_away():
    photos, file = SHARED / "real" / "aflw2000_full", SHARED / "merlrav" / "aflw2000_open.npz"
    if not photos.exists() or not file.exists():
        pytest.skip("needs ../shared/data/real/aflw2000_full and ../shared/data/merlrav")
    hand = read_hand_labels(file)
    faces = labelled(aflw2000(photos), hand)
    assert len(faces) == 75
    for case in photo_cases(faces, hand):
        assert (np.isnan(case.points).any(1) == (case.states == 1)).all()
    crops = list(crop_cases(SHARED / "aflw21", read_hand_labels(SHARED / "merlrav" / "labels.npz"), 3))
    assert [case.image().shape for case in crops] == [(120, 120, 3)] * 3
