"""The dock: what keys, clicks and drags do, and that no row is touched that nobody sees."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QPushButton

from tests.fakes.desktop import FakeDesktop
from tests.fakes.mined import mined, mined_row
from tests.fakes.work import FakeWork
from viewer.app.commands import Commands
from viewer.inference.session import Session
from viewer.mining.cells import caption, cell_text
from viewer.mining.dock import MiningDock, told
from viewer.mining.models import TABLE_COLUMNS, FaceGrid, FaceTable
from viewer.mining.ordering import shown_rows
from viewer.mining.thumbnails import FaceCutter, Thumbnails, Wish
from viewer.state.mining import COLUMN, Axes, Brush, Mining, Plot, Run, Sort, View
from viewer.state.running import Running
from viewer.state.setting import Setting
from viewer.state.store import Store
from viewer.window.action_table import make_actions

HEADINGS = [column.name for column in TABLE_COLUMNS]
FACES = mined(
    *(
        mined_row(
            index,
            suspicion=float(10 - index),
            nme_percent=float(10 - index),
            covered_percent=10.0 * index,
            alarms=["empty-mask"] if index == 4 else [],
        )
        for index in range(6)
    )
)


@dataclass
class Desk:
    store: Store
    commands: Commands
    dock: MiningDock
    actions: dict[str, QAction]
    desktop: FakeDesktop

    @property
    def mining(self) -> Mining:
        return self.store.state.mining

    def show(self, mining: Mining) -> None:
        self.store.update(mining=mining)

    def names(self) -> list[str]:
        """The pictures that the table shows, from top to bottom."""
        model = self.dock.table.model()
        return [model.index(row, 0).data() for row in range(model.rowCount())]


@pytest.fixture
def desk(qtbot) -> Iterator[Desk]:
    work, desktop, store = FakeWork(), FakeDesktop(), Store()
    session = Session(store, work.work())
    commands = Commands(store, session, desktop)
    actions = make_actions(commands, commands, store)
    dock = MiningDock(store, commands.mining, actions)
    qtbot.addWidget(dock)
    dock.resize(900, 400)
    dock.show()
    store.update(mining=FACES)
    yield Desk(store, commands, dock, actions, desktop)
    assert commands.close()
    assert session.close(5)


def press(widget, key: Qt.Key) -> None:
    QTest.keyClick(widget, key)


def test_the_worst_come_first_until_a_head_is_clicked(qtbot, desk):
    assert desk.names() == [f"face {index}.png" for index in range(6)]
    header = desk.dock.table.horizontalHeader()
    place = HEADINGS.index("covered_percent")
    header.sectionClicked.emit(place)
    assert desk.mining.sort == Sort("covered_percent", True)
    assert desk.names()[0] == "face 5.png"
    header.sectionClicked.emit(place)
    assert desk.names()[0] == "face 0.png"
    assert header.sortIndicatorSection() == place


def test_what_is_typed_filters_and_what_cannot_be_understood_is_told(qtbot, desk):
    QTest.keyClicks(desk.dock.filter, "covered >= 30 and alarms ~ empty")
    press(desk.dock.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.names() == ["face 4.png"])
    assert "1 of 6 rows" in told(desk.mining, desk.dock.shown)
    desk.dock.filter.setText("nme >")
    press(desk.dock.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(desk.dock.shown.trouble))
    assert len(desk.names()) == 6
    desk.dock.filter.clear()
    qtbot.waitUntil(lambda: not desk.mining.filter)


def test_filtering_opens_no_row(qtbot, desk):
    desk.commands.mining.open_row(0)
    desk.commands.mining.filter("picture > 3")
    assert desk.mining.current == 0
    assert not desk.dock.table.selectionModel().hasSelection(), "the open row is not among those shown"
    desk.commands.mining.filter("")
    assert desk.dock.table.currentIndex().row() == 0


def test_arrow_keys_walk_through_the_rows_as_they_are_sorted(qtbot, desk):
    desk.commands.mining.sort(Sort("suspicion", False))
    desk.commands.mining.open_row(5)
    press(desk.dock.table, Qt.Key.Key_Down)
    assert desk.mining.current == 4
    press(desk.dock.table, Qt.Key.Key_End)
    assert desk.mining.current == 0
    press(desk.dock.table, Qt.Key.Key_Up)
    assert desk.mining.current == 1


def test_arrow_keys_walk_through_thumbnails_in_reading_order(qtbot, desk):
    desk.commands.mining.show_as(View.GRID)
    across = desk.dock.grid.model().columnCount()
    assert 1 < across < 6
    desk.commands.mining.open_row(across - 1)
    press(desk.dock.grid, Qt.Key.Key_Right)
    assert desk.mining.current == across, "the next line"
    press(desk.dock.grid, Qt.Key.Key_Up)
    assert desk.mining.current == 0
    press(desk.dock.grid, Qt.Key.Key_End)
    assert desk.mining.current == 5
    press(desk.dock.grid, Qt.Key.Key_Left)
    assert desk.mining.current == 4


def test_letters_mark_the_open_row_in_both_views(qtbot, desk):
    desk.desktop.typed = "hand"
    for view in (desk.dock.table, desk.dock.grid):
        desk.commands.mining.open_row(2 if view is desk.dock.table else 3)
        press(view, Qt.Key.Key_B)
        press(view, Qt.Key.Key_M)
    assert [desk.mining.text("mark", row) for row in (1, 2, 3)] == ["", "bad", "bad"]
    assert desk.mining.text("note", 2) == "hand"
    press(desk.dock.table, Qt.Key.Key_G)
    assert desk.mining.text("mark", 3) == "good"


def test_a_mark_is_seen_in_the_table_at_once(qtbot, desk):
    desk.commands.mining.open_row(1)
    desk.actions["mine-bad"].trigger()
    assert desk.dock.table.model().index(1, HEADINGS.index("mark")).data() == "bad"


def test_a_click_opens_a_row(qtbot, desk):
    table = desk.dock.table
    at = table.visualRect(table.model().index(3, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert desk.mining.current == 3


def test_a_drag_over_the_plot_picks_rows_and_a_click_shows_all_again(qtbot, desk):
    desk.commands.mining.plot(Axes(Plot.SCATTER, "nme_percent", "covered_percent"))
    plot = desk.dock.plot
    plot.box.brushed.emit(7.5, 9.5, 0.0, 100.0)
    assert desk.mining.brush == Brush("nme_percent", 7.5, 9.5, "covered_percent", 0.0, 100.0)
    assert desk.names() == ["face 1.png", "face 2.png"]
    button = next(b for b in desk.dock.findChildren(QPushButton) if b.text() == "All rows")
    assert button.isVisible()
    plot.box.cleared.emit()
    assert len(desk.names()) == 6
    assert not button.isVisible()


def test_the_cumulative_curve_beside_the_rows_marks_the_row_that_is_open(qtbot, desk):
    desk.commands.mining.plot(Axes(Plot.CUMULATIVE, "nme_percent"))
    plot, table = desk.dock.plot, desk.mining.table
    known = table.numbers["nme_percent"]
    known = np.sort(known[np.isfinite(known)])
    (line,) = plot.curves().values()
    assert line[:, 0] == pytest.approx(known)
    assert line[-1, 1] == 100
    assert plot.marked() == []
    row = int(np.nanargmax(table.numbers["nme_percent"]))
    desk.commands.mining.open_row(row)
    assert plot.marked() == [(known[-1],)]
    desk.commands.mining.plot(Axes(Plot.SCATTER, "covered_percent", "nme_percent"))
    both = tuple(table.numbers[name][row] for name in ("covered_percent", "nme_percent"))
    assert plot.marked() == ([both] if np.isfinite(both).all() else [])
    assert len(plot.curves()) == 1, "means by covered share"
    plot.box.brushed.emit(0.0, 100.0, 0.0, 1.0)
    desk.commands.mining.plot(Axes(Plot.CUMULATIVE, "nme_percent"))
    plot.box.brushed.emit(7.5, 9.5, 0.0, 50.0)
    assert desk.mining.brush == Brush("nme_percent", 7.5, 9.5), "picked along x alone"


def test_a_histogram_is_brushed_along_its_one_axis(qtbot, desk):
    desk.dock.plot.box.brushed.emit(7.5, 9.5, 0.0, 0.5)
    assert desk.mining.brush == Brush("suspicion", 7.5, 9.5)
    assert desk.names() == ["face 1.png", "face 2.png"]
    desk.commands.mining.plot(Axes(x="covered_percent"))
    assert desk.mining.brush is None, "it was of another plot"


def test_rows_are_counted_in_whole_numbers(qtbot, desk):
    drawn = desk.dock.plot.findChild(pg.PlotWidget)

    def ticks(high: float) -> set[float]:
        axis = drawn.getAxis("left")
        return {value for _, values in axis.tickValues(0, high, 400) for value in values}

    assert ticks(drawn.viewRange()[1][1]) == {0, 1}, "each row is alone in its bin"
    assert {0, 10, 20} <= ticks(20), "many rows keep their round steps"
    assert all(tick == round(tick) for tick in (*ticks(3), *ticks(20)))
    desk.commands.mining.plot(Axes(Plot.SCATTER, "nme_percent", "covered_percent"))
    assert any(tick != round(tick) for tick in ticks(1)), "what is no count has parts"


def test_a_drag_with_the_mouse_reaches_the_brush(qtbot, desk):
    box = desk.dock.plot.box
    view = next(iter(box.scene().views()))
    (left, right), (low, high) = box.viewRange()

    def at(x: float, y: float) -> QPoint:
        scene = box.mapViewToScene(box.mapToView(box.mapFromView(type(view.mapToScene(0, 0))(x, y))))
        return view.mapFromScene(scene)

    first, second = at(left + 0.3 * (right - left), low + 0.2 * (high - low)), at(right, high)
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=first)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(view.viewport(), first + (second - first) * share)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=second)
    qtbot.waitUntil(lambda: desk.mining.brush is not None)
    assert desk.mining.brush.low == pytest.approx(left + 0.3 * (right - left), abs=0.3)
    assert 0 < len(desk.names()) < 6


def test_columns_that_this_run_cannot_fill_are_not_shown(qtbot, desk):
    hidden = {name for place, name in enumerate(HEADINGS) if desk.dock.table.isColumnHidden(place)}
    assert hidden == {"frame", "jitter_percent", "box_jitter_percent"}
    desk.show(replace(FACES, run=replace(FACES.run, is_video=True, draws=4)))
    assert not any(map(desk.dock.table.isColumnHidden, range(len(HEADINGS))))


def test_a_run_under_way_tells_how_far_it_is_and_can_be_cancelled(qtbot, desk):
    cancel = next(b for b in desk.dock.findChildren(QPushButton) if b.text() == "Cancel")
    assert not cancel.isVisible()
    desk.show(replace(FACES, running=Running("x", 1, 6, 5.0)))
    assert cancel.isVisible()


def test_rows_that_come_in_leave_the_view_where_it_was_scrolled_to(qtbot, desk):
    many = mined(*(mined_row(index, suspicion=float(-index)) for index in range(300)))
    desk.show(many)
    bar = desk.dock.table.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 120)
    bar.setValue(120)
    desk.show(replace(many, table=many.table.extended([mined_row(300, suspicion=-400.0)])))
    assert bar.value() == 120
    assert desk.dock.table.model().rowCount() == 301


def test_the_models_keep_qts_contract_while_rows_come_and_go(qtbot, qtmodeltester):
    table, grid = FaceTable(), FaceGrid(Thumbnails())
    testers = [
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        for model in (table, grid)
    ]
    longer = replace(FACES, table=FACES.table.extended([mined_row(9)]))
    for state in (FACES, longer, replace(longer, filter="picture > 4"), FACES, Mining()):
        for model in (table, grid):
            model.show(state, shown_rows(state).rows)
        grid.set_across(1 + len(state.table) % 4)
    assert len(testers) == 2


def test_of_many_rows_only_those_in_sight_are_touched(qtbot, desk, monkeypatch):
    asked: set[int] = set()
    monkeypatch.setattr("viewer.mining.models.cell_text", lambda mining, column, row: asked.add(row) or "")
    desk.show(mined(*(mined_row(index) for index in range(3000))))
    desk.dock.grab()
    qtbot.waitUntil(lambda: desk.dock.table.verticalScrollBar().maximum() > 100)
    desk.dock.table.scrollToBottom()
    desk.dock.grab()
    assert 0 < len(asked) < 100
    assert max(asked) == 2999


def test_a_cell_says_what_is_known_and_nothing_else():
    faces = mined(mined_row(0, nme_percent=9.123, frame=4, yaw_deg=-12.6), mined_row(1, outcome="no face"))
    assert cell_text(faces, COLUMN["nme_percent"], 0) == "9.12"
    assert cell_text(faces, COLUMN["nme_percent"], 1) == ""
    assert cell_text(faces, COLUMN["frame"], 0) == "5", "counted from 1, as the transport bar does"
    assert cell_text(faces, COLUMN["yaw_deg"], 0) == "-13"
    assert caption(replace(faces, sort=Sort("yaw_deg")), 0) == "-13°"
    assert caption(faces, 1) == "no face"


# -- thumbnails ------------------------------------------------------------------------------------------


def faces_on_disk(tmp_path: Path, count: int) -> Run:
    paths = []
    for number in range(count):
        pixels = np.zeros((100, 200, 3), np.uint8)
        pixels[20:80, 120:180] = 40 + 10 * number
        paths.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(paths[-1]), pixels)
    return Run("faces", tuple(paths), False, (Setting("fake", "open"),), "finder")


def test_a_thumbnail_shows_the_face_and_a_little_around_it(tmp_path):
    run, cutter = faces_on_disk(tmp_path, 1), FaceCutter()
    cut = cutter.cut(run, Wish(0, 0, (119.5, 19.5, 179.5, 79.5)), 85)
    assert cut.shape == (85, 85, 3)
    assert (cut[20:65, 20:65] == 40).all()
    assert (cut[:5] == 0).all()
    whole = cutter.cut(run, Wish(0, 0, None), 64)
    assert whole[32, 47].max() == 40, "the whole picture where there is no face"
    cutter.close()


def test_a_picture_that_cannot_be_read_has_no_thumbnail_and_spoils_no_other(qtbot, tmp_path):
    run = faces_on_disk(tmp_path, 3)
    run.paths[1].write_text("no picture")
    thumbnails = Thumbnails()
    thumbnails.begin(run)
    wishes = [Wish(row, row, (120.0, 20.0, 180.0, 80.0)) for row in range(3)]
    assert [thumbnails.get(wish) for wish in wishes] == [None] * 3
    qtbot.waitUntil(lambda: not thumbnails.busy)
    found = [thumbnails.get(wish) for wish in wishes]
    assert [picture is not None for picture in found] == [True, False, True]
    assert not thumbnails.busy, "it is not asked for again"
    assert thumbnails.close()


def test_wishes_for_what_is_out_of_sight_are_forgotten(qtbot, tmp_path):
    thumbnails = Thumbnails()
    thumbnails.begin(faces_on_disk(tmp_path, 2))
    thumbnails.get(Wish(0, 0, None))
    thumbnails.forget_wishes()
    thumbnails.get(Wish(1, 1, None))
    qtbot.waitUntil(lambda: not thumbnails.busy)
    assert thumbnails.get(Wish(1, 1, None)) is not None
    assert thumbnails.get(Wish(0, 0, None)) is None
    assert thumbnails.close()
