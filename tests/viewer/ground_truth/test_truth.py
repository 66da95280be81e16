"""Ground truth in the window: found, opened, refused, shown by name, drawn, divided as chosen."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QComboBox,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
)

from models.ground_truth.readers import read_truth
from models.metrics.ground_truth_errors import judged
from models.metrics.normalisers import normaliser
from tests.fakes.desktop import FakeDesktop
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from tests.fakes.work import FakeWork
from tests.viewer.gl_fixtures.screen import pixels
from viewer.app.commands import Commands
from viewer.ground_truth.dock import MetricsDock
from viewer.ground_truth.error_curve import ErrorCurve
from viewer.ground_truth.why_section import number
from viewer.inference.session import Session
from viewer.panels.photo_panel import PhotoPanel
from viewer.sources import open_path
from viewer.state.history import History, Record
from viewer.state.layout import panel_row
from viewer.state.notice import Severity
from viewer.state.store import Store
from viewer.widgets.parts import fit_numbers


@pytest.fixture
def desk(qtbot):
    store, desktop = Store(), FakeDesktop()
    desktop.open_path = open_path
    session = Session(store, FakeWork().work())
    commands = Commands(store, session, desktop)
    yield store, commands, desktop
    assert session.close(5)


def photo(folder: Path, name: str = "face.png", value: int = 90) -> Path:
    Image.fromarray(np.full((240, 320, 3), value, np.uint8)).save(folder / name)
    return folder / name


def truth(path: Path, shift=(4.0, 3.0), face: int = 0, value: int = 90, **fields: object) -> Path:
    """What the fake method answers for that picture, shifted."""
    image = np.full((240, 320, 3), value, np.uint8)
    own = fake_reconstruct(image, FakeWork()._detect(image, "finder"), FakeReconstructor())[face].landmarks
    points = (own[:, :2] + np.array(shift)).tolist()
    path.write_text(json.dumps({"landmarks": points, **fields}))
    return path


def answered(qtbot, store, name: str) -> None:
    qtbot.waitUntil(
        lambda: (
            store.state.shown is not None
            and store.state.shown.frame.name == name
            and bool(store.state.shown.answers)
            and not store.state.busy
        )
    )


def texts(widget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_truth_beside_a_photo_is_found_and_the_probe_reads_the_error(qtbot, desk, tmp_path):
    store, commands, _ = desk
    truth(tmp_path / "face.gt.json")
    commands.playback.open(photo(tmp_path))
    answered(qtbot, store, "face.png")
    judgement = store.state.judgement
    assert judgement.truth.name == "face.gt.json"
    corner = int(store.state.answer.topology.landmark_vertices[30, 0])
    commands.inspector.probe_vertex(corner)
    assert dict(store.state.probe.readings)["error"].startswith("5.0 px")


def test_truth_the_user_opens_belongs_to_that_picture_alone(qtbot, desk, tmp_path):
    store, commands, desktop = desk
    first, second = photo(tmp_path, "a.png"), photo(tmp_path, "b.png")
    desktop.chosen = str(truth(tmp_path / "elsewhere.json"))
    commands.playback.open(first)
    answered(qtbot, store, "a.png")
    assert store.state.judgement is None
    commands.ground_truth.open_dialog()
    qtbot.waitUntil(lambda: store.state.judgement is not None)
    commands.branches.toggle_branch("confidence")
    qtbot.waitUntil(lambda: "confidence" in store.state.answer.left_out)
    assert store.state.judgement is not None
    commands.playback.open(second)
    answered(qtbot, store, "b.png")
    assert store.state.judgement is None


def test_a_truth_that_does_not_fit_is_told_and_the_answer_stays(qtbot, desk, tmp_path):
    store, commands, _ = desk
    truth(tmp_path / "face.gt.json", image_size=[640, 480])
    commands.playback.open(photo(tmp_path))
    answered(qtbot, store, "face.png")
    assert store.state.judgement is None
    assert store.state.notice.severity is Severity.ERROR
    assert "640" in store.state.notice.cause
    assert "scale its points" in store.state.notice.remedy


def test_a_truth_without_a_picture_is_told(qtbot, desk, tmp_path):
    store, commands, _ = desk
    commands.ground_truth.open(truth(tmp_path / "face.json"))
    assert "no picture" in store.state.notice.cause


def test_of_two_faces_the_one_the_truth_overlaps_is_judged_and_the_dock_says_which(qtbot, desk, tmp_path):
    store, commands, _ = desk
    dock = MetricsDock(store, commands.ground_truth, commands.display)
    qtbot.addWidget(dock)
    truth(tmp_path / "face.gt.json", face=1, value=210)
    commands.playback.open(photo(tmp_path, value=210))
    answered(qtbot, store, "face.png")
    assert store.state.judgement is None
    assert "about face 2" in texts(dock)
    commands.faces.next_face()
    assert store.state.judgement is not None
    assert "about face 2" not in texts(dock)


@pytest.fixture
def metrics(qtbot, desk, tmp_path):
    store, commands, desktop = desk
    dock = MetricsDock(store, commands.ground_truth, commands.display)
    qtbot.addWidget(dock)
    assert "NAME.mat" in texts(dock)
    truth(tmp_path / "face.gt.json", pose_deg=[3, -10, 6])
    commands.playback.open(photo(tmp_path))
    answered(qtbot, store, "face.png")
    return store, commands, dock, desktop


def test_figures_stand_by_their_full_name_per_branch(metrics):
    store, _, dock, _ = metrics
    table = dock.tabs.widget(0).findChild(QTableWidget)
    heads = [table.horizontalHeaderItem(i).text() for i in range(1, 4)]
    assert heads == ["Fused", "Image", "Model"]
    sentence = table.item(0, 1).toolTip()
    size = float(np.sqrt(np.ptp(store.state.judgement.landmarks[:, :2], axis=0).prod()))
    assert sentence == f"NME 2D, 68 points, sqrt(w h) of the truth's box: {500 / size:.2f} % (fused)"


def test_the_figures_scroll_once_and_follow_the_keyboard_while_the_formula_stays_in_sight(qtbot, metrics):
    _, _, dock, _ = metrics
    dock.resize(280, 260)
    with qtbot.waitExposed(dock):
        dock.show()
    page = dock.tabs.widget(0)
    table = page.findChild(QTableWidget)
    areas = [area for area in page.findChildren(QAbstractScrollArea) if area.isVisible()]
    qtbot.waitUntil(lambda: sum(area.verticalScrollBar().maximum() > 0 for area in areas) == 1)
    assert table.verticalScrollBar().maximum() == 0
    assert table.viewport().height() >= sum(map(table.rowHeight, range(table.rowCount())))
    table.setFocus()
    for _ in range(table.rowCount()):
        qtbot.keyClick(table, Qt.Key.Key_Down)
    last = table.visualItemRect(table.item(table.rowCount() - 1, 0)).center()
    assert table.viewport().visibleRegion().contains(last), "the last row is in sight"
    explained = next(label for label in page.findChildren(QLabel) if "formula" in label.text())
    assert explained.visibleRegion().boundingRect() == explained.rect()
    dock.resize(280, 900)
    qtbot.waitUntil(lambda: not any(area.verticalScrollBar().isVisible() for area in areas))


def test_another_normaliser_changes_every_figure_by_the_ratio_of_the_lengths(metrics):
    store, _, dock, _ = metrics
    table, chooser = dock.tabs.widget(0).findChild(QTableWidget), dock.findChild(QComboBox)
    before = float(table.item(0, 1).text())
    chooser.setCurrentIndex(1)
    chooser.activated.emit(1)
    after = float(table.item(0, 1).text())
    wide, high = np.ptp(store.state.judgement.landmarks[:, :2], axis=0)
    assert after / before == pytest.approx(np.sqrt(wide * high) / np.hypot(wide, high), abs=0.01)
    assert "diagonal" in table.item(0, 1).toolTip()


def test_a_click_on_a_figure_shows_its_formula_and_a_second_one_hides_it(metrics):
    store, _, dock, _ = metrics
    table = dock.tabs.widget(0).findChild(QTableWidget)
    table.cellClicked.emit(0, 1)
    assert store.state.explained.startswith("NME 2D, 68 points")
    told = texts(dock)
    assert "100 · mean |a - p| / N" in told
    assert "px here, drawn over the photo" in told
    table.cellClicked.emit(0, 1)
    assert store.state.explained == ""
    assert "Click a figure" in texts(dock)


def test_the_dock_opens_a_file(qtbot, metrics, tmp_path):
    store, _, dock, desktop = metrics
    desktop.chosen = str(truth(tmp_path / "other.json", shift=(0, 0)))
    dock.tabs.widget(0).findChild(QPushButton).click()
    qtbot.waitUntil(lambda: store.state.judgement.truth.name == "other.json")
    assert dock.tabs.widget(0).findChild(QTableWidget).item(0, 1).text() == "0.00"


def why(dock) -> str:
    dock.tabs.setCurrentIndex(1)
    return texts(dock.tabs.widget(1))


def tables(dock) -> dict[str, list[list[str]]]:
    found = dock.tabs.widget(1).findChildren(QTableWidget)
    return {
        table.accessibleName(): [
            [table.item(row, column).text() for column in range(3)] for row in range(table.rowCount())
        ]
        for table in found
    }


def test_the_dock_says_why_a_face_is_off(metrics):
    store, _, dock, _ = metrics
    assert why(dock).startswith("Mostly place")  # the truth is the answer shifted
    rows = tables(dock)
    whole = rows["Error by cause"][0]
    assert whole[0] == "place"
    assert whole[2] == "0.00"
    assert {row[0].split()[0] for row in rows["Error by part of the face"]} == {
        *("jaw", "brows", "nose", "eyes", "mouth")
    }
    assert "The truth has no depth" in why(dock)
    for table in dock.tabs.widget(1).findChildren(QTableWidget):
        rows_high = table.verticalHeader().length() + table.horizontalHeader().sizeHint().height()
        assert table.height() >= rows_high, "no row is cut off"
    store.update(shown=replace(store.state.shown, judgement=None))
    assert why(dock) == "This needs ground truth with landmarks for the face shown."


def test_a_truth_with_depth_tells_shape_from_expression(qtbot, metrics, tmp_path):
    store, commands, dock, _ = metrics
    points = np.array(store.state.answer.landmarks, np.float64) * (1, 1, 0.9)
    points[48:, 1] += 3  # the mouth
    named = tmp_path / "deep.json"
    named.write_text(json.dumps({"landmarks": points.tolist()}))
    commands.ground_truth.open(named)
    qtbot.waitUntil(lambda: store.state.judgement is not None and store.state.judgement.has_depth)
    told = why(dock)
    assert [row[0] for row in tables(dock)["Error by cause"]] == [
        *("place", "size", "rotation", "shape", "expression", "marking")
    ]
    assert "each on top of those before" in told
    assert "cannot be told apart" not in told


def test_the_true_box_is_tried_with_one_click_and_taken_back_with_the_next(qtbot, metrics):
    store, _, dock, _ = metrics
    button = dock.tabs.widget(1).findChild(QPushButton)
    why(dock)
    before = store.state.answer.box
    true = store.state.judgement.truth.box
    button.click()
    qtbot.waitUntil(lambda: store.state.answer is not None and store.state.answer.box == true)
    qtbot.waitUntil(lambda: "instead of" in why(dock))
    assert button.text() == "Back to the box before"
    button.click()
    qtbot.waitUntil(lambda: store.state.answer is not None and store.state.answer.box == before)
    assert "IoU" in why(dock)
    assert store.state.box_trial is None


def test_the_curve_of_a_folder_marks_the_frame_shown(qtbot, metrics):
    store, _, dock, _ = metrics
    records = tuple(
        Record(index, 0.0, error_percent=percent) for index, percent in enumerate((2.0, 8.0, 4.0, 6.0))
    )
    store.update(history=History(1, False, records), shown=store.state.shown)
    told = why(dock)
    assert "25% of 4 frames with truth are no worse" in told  # frame 0 is shown
    assert dock.findChild(ErrorCurve).curve() == ([2, 4, 6, 8], [25, 50, 75, 100])


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.321, "4.32"), (123.4, "123"), (-0.5, "-0.50"), (-0.001, "0.00"), (float("nan"), "–")],
)
def test_a_figure_has_no_more_digits_than_are_read(value, text):
    assert number(value) == text


@pytest.mark.parametrize("text", ["3.19", "40123.45"])
def test_a_column_of_figures_is_as_wide_as_its_largest(qtbot, text):
    table = QTableWidget(1, 3)
    qtbot.addWidget(table)
    table.setItem(0, 0, QTableWidgetItem("NME 2D (%) of sixty-eight points, however long their name is"))
    table.setItem(0, 2, QTableWidgetItem(text))
    fit_numbers(table, 48)
    table.resize(300, 100)
    table.grab()
    assert table.columnWidth(2) >= max(48, table.fontMetrics().horizontalAdvance(text) + 4)
    assert sum(map(table.columnWidth, range(3))) <= 300


@pytest.mark.gl
def test_truth_errors_and_normaliser_are_drawn_over_the_photo(qtbot, metrics):
    store, _, _, _ = metrics
    panel = PhotoPanel(panel_row("photo"))
    qtbot.addWidget(panel)
    panel.resize(640, 500)
    panel.show()
    panel.set_shown(store.state.shown)
    panel.set_overlays(frozenset())

    def colours(overlays: frozenset[str], measured=None) -> np.ndarray:
        panel.set_overlays(overlays)
        panel.set_truth(store.state.judgement, measured)
        image = panel.view.grab().toImage()
        return pixels(image)

    def green(picture: np.ndarray) -> int:
        red, rest = picture[..., 0].astype(int), picture[..., 1].astype(int)
        return int(((rest - red > 60) & (rest > 180)).sum())

    plain, true = colours(frozenset()), colours(frozenset({"truth"}))
    assert green(plain) == 0
    assert green(true) > 100
    wrong = colours(frozenset({"error"}))
    assert (wrong != plain).any()
    assert "truth to answer" in panel.legend_text()
    boxed = colours(frozenset(), normaliser("box"))
    corner = panel.view.to_widget(QPointF(*store.state.judgement.measured[:, :2].min(0).tolist()))
    around = boxed[int(corner.y()) : int(corner.y()) + 4, int(corner.x()) : int(corner.x()) + 40]
    assert green(around) > 20


@pytest.mark.shared
def test_a_real_photo_is_judged_within_what_was_published():
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "real" / "aflw2000_full"
    if not (folder / "image00050.gt.npz").is_file():
        pytest.skip("needs ../shared/data/real/aflw2000_full")
    from models.loading import load
    from models.metrics.errors import nme_percent
    from models.pipeline import reconstruct
    from models.reconstructor import Face

    known = read_truth(folder / "image00050.gt.npz", (450, 450))
    with Image.open(folder / "image00050.jpg") as picture:
        image = np.asarray(picture.convert("RGB"))
    (answer,) = reconstruct(image, [Face(known.box)], load("dsfnet", "open", "cpu"))
    judgement = judged(answer, known)
    assert judgement.warning == ""
    assert nme_percent(judgement.branches[0].landmarks, judgement.landmarks) < 4
