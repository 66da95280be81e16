"""Tier 2: occluders on the photo, their undo, and trials; the method's answers follow what is covered."""

import csv
import io
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLabel

from models.occlusion.occluder import Occluder, lay, moved
from models.occlusion.strokes import blank, erased, painted
from models.robustness.sweep import sweeping
from tests.fakes.desktop import FakeDesktop
from tests.fakes.occluded import PER_SHARE_PX, ask_covered, covered_reconstruct
from tests.fakes.panels import stub_panels
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.app.assembly import Assembly
from viewer.inference.request import occluders_of
from viewer.occlusion.occluders_section import HOW
from viewer.occlusion.selectors import bounds, hit
from viewer.occlusion.trials import planned_sweep
from viewer.state.notice import Severity
from viewer.state.occlusion import Brush, Plan, Tool
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.style import Look

BOARD = Occluder("board", np.full((30, 40, 4), (200, 10, 10, 255), np.uint8), np.eye(3))


class Opened:
    """A window on stub panels with a photo, and all that a test reaches for."""

    def __init__(self, path):
        self.work, self.desktop, self.panels = (
            FakeWork(answer=covered_reconstruct),
            FakeDesktop(),
            stub_panels(),
        )
        settings = Settings(QSettings(str(path), QSettings.Format.IniFormat))
        self.assembly = Assembly(
            settings, State(), self.work.work(), lambda: self.panels, lambda _: self.desktop
        )
        self.store, self.session = self.assembly.store, self.assembly.session
        self.commands = self.assembly.commands.occlusion
        self.edits = self.assembly.commands.edits
        self.trials = self.assembly.commands.trials
        self.occluders = self.panels.photo.occluders

    @property
    def occlusion(self):
        return self.store.state.occlusion

    @property
    def image(self):
        return self.store.state.shown.frame.image

    def layers(self):
        return [layer.name for layer in self.occlusion.stack.layers]


@pytest.fixture
def opened(qtbot, tmp_path):
    made = Opened(tmp_path / "kept.ini")
    qtbot.addWidget(made.assembly.window)
    made.assembly.show((1600, 1000))
    with qtbot.waitSignal(made.session.answered):
        made.assembly.commands.playback.open("photo.png")
    qtbot.waitUntil(lambda: not made.store.state.busy)
    yield made
    made.work.gate.set()
    made.assembly.close()


def lay_board(qtbot, opened, occluder=BOARD):
    """Put a cover on the photo as `add` does, without drawing one."""
    from viewer.state.occlusion import Layer

    with qtbot.waitSignal(opened.session.answered):
        opened.commands._on_drawn(opened.occlusion.epoch, Layer(occluder.kind, occluder), None)
    qtbot.waitUntil(lambda: not opened.store.state.busy)


def settle(qtbot, opened, act):
    with qtbot.waitSignal(opened.session.answered, timeout=20_000):
        act()
    qtbot.waitUntil(lambda: not opened.store.state.busy)


def test_a_cover_is_drawn_for_the_face_and_the_answer_held_against_the_one_without_it(qtbot, opened):
    reference = opened.store.state.answer
    opened.commands.choose_seed(3)
    settle(qtbot, opened, lambda: opened.assembly.actions["occluder-sunglasses"].trigger())
    assert opened.layers() == ["sunglasses, seed 3"]
    occluded = opened.store.state.shown.occluded
    assert (occluded.references[0].vertices == reference.vertices).all()
    expected, _ = lay(picture("photo.png").image, occluded.occluders)
    assert (opened.image == expected).all()
    way = occluded.changes[0].rows[0].all_mm / reference.mm_per_px
    assert 0 < way < PER_SHARE_PX
    assert opened.store.state.answer.scalar("change").values == pytest.approx(
        way * reference.mm_per_px, rel=1e-4
    )


def test_undo_and_redo_bring_the_picture_back_byte_for_byte(qtbot, opened):
    pictures = [opened.image.copy()]
    lay_board(qtbot, opened)
    pictures.append(opened.image.copy())
    settle(
        qtbot, opened, lambda: opened.occluders.placed.emit(moved(BOARD, 50.5, 20.25).T_image_occluder, 10)
    )
    pictures.append(opened.image.copy())
    settle(qtbot, opened, lambda: opened.assembly.actions["occluder-duplicate"].trigger())
    for image in reversed(pictures):
        settle(qtbot, opened, lambda: opened.assembly.actions["undo"].trigger())
        if len(opened.occlusion.stack.layers) == 1 and image is pictures[2]:
            assert (opened.image == pictures[2]).all()
        if image is pictures[1]:
            assert (opened.image == pictures[1]).all()
        if image is pictures[0]:
            break
    assert (opened.image == pictures[0]).all()
    assert opened.store.state.shown.occluded is None
    assert not opened.assembly.actions["undo"].isEnabled()
    settle(qtbot, opened, lambda: opened.assembly.actions["redo"].trigger())
    settle(qtbot, opened, lambda: opened.assembly.actions["redo"].trigger())
    assert (opened.image == pictures[2]).all()


def test_one_drag_is_one_edit_and_two_are_two(qtbot, opened):
    lay_board(qtbot, opened)
    for drag, shift in ((10, 1), (10, 2), (10, 3), (11, 4), (11, 5)):
        opened.commands.place(moved(BOARD, shift, 0).T_image_occluder, drag)
    shifts = []
    for _ in range(3):
        opened.edits.undo()
        shifts.append([layer.occluder.T_image_occluder[0, 2] for layer in opened.occlusion.stack.layers])
    assert shifts == [[3.0], [0.0], []]
    qtbot.waitUntil(lambda: not opened.store.state.busy)


def test_while_a_cover_is_dragged_only_the_newest_place_waits_and_answers_keep_coming(qtbot, opened):
    lay_board(qtbot, opened)
    seen = []
    opened.session.answered.connect(
        lambda shown: seen.append(shown.occluded.occluders[0].T_image_occluder[0, 2])
    )
    opened.work.reached.clear()
    opened.work.gate.clear()
    opened.commands.place(moved(BOARD, 1, 0).T_image_occluder, 10)
    assert opened.work.reached.wait(5)
    for shift in range(2, 50):
        opened.commands.place(moved(BOARD, shift, 0).T_image_occluder, 10)
    opened.work.gate.set()
    qtbot.waitUntil(lambda: seen[-1:] == [49.0])
    assert seen == [1.0, 49.0]


def test_the_box_of_the_bare_photo_is_kept_unless_faces_are_looked_for_anew(qtbot, opened):
    looked = opened.work.detections
    box = opened.store.state.answer.box
    lay_board(qtbot, opened)
    assert opened.work.detections == looked
    assert opened.store.state.answer.box == box
    settle(qtbot, opened, lambda: opened.assembly.actions["occluder-anew"].trigger())
    assert opened.work.detections == looked + 1


def test_a_face_that_is_not_found_under_occluders_is_said_to_be_lost_and_comes_back(qtbot, opened):
    black = np.zeros((240, 320, 4), np.uint8)
    black[..., 3] = 255
    opened.commands.look_anew(True)
    lay_board(qtbot, opened, Occluder("night", black, np.eye(3)))
    assert opened.store.state.answer is None
    assert opened.store.state.notice.severity is Severity.WARNING
    settle(qtbot, opened, lambda: opened.edits.undo())
    assert opened.store.state.answer is not None
    assert opened.store.state.notice is None


def test_layers_are_hidden_reordered_and_removed(qtbot, opened):
    lay_board(qtbot, opened)
    blue = replace(BOARD, kind="blue", rgba=np.full((30, 40, 4), (0, 0, 255, 255), np.uint8))
    lay_board(qtbot, opened, blue)
    assert (opened.image[5, 5] == (0, 0, 255)).all()
    settle(qtbot, opened, lambda: opened.assembly.actions["occluder-lower"].trigger())
    assert opened.layers() == ["blue", "board"]
    assert (opened.image[5, 5] == (200, 10, 10)).all()
    settle(qtbot, opened, lambda: opened.commands.toggle_shown(1))
    assert (opened.image[5, 5] == (0, 0, 255)).all()
    opened.occluders.picked.emit(0)
    assert opened.occlusion.selected == 0
    settle(qtbot, opened, lambda: opened.assembly.actions["occluder-remove"].trigger())
    assert opened.layers() == ["board"]
    assert (opened.image == 90).all()


def test_a_click_on_a_cover_counts_the_shown_ones_only(qtbot, opened):
    lay_board(qtbot, opened)
    lay_board(qtbot, opened)
    settle(qtbot, opened, lambda: opened.commands.toggle_shown(0))
    assert len(opened.occluders.occluders) == 1
    opened.occluders.picked.emit(0)
    assert opened.occlusion.selected == 1


@pytest.mark.parametrize("filling", ["colour", "noise", "blur", "patch"])
def test_a_brush_covers_what_it_went_over_and_one_stroke_is_one_edit(qtbot, opened, filling):
    opened.commands.choose_brush(Brush(filling, (10, 200, 30), 20.0))
    opened.commands.choose_tool(Tool.BRUSH)
    opened.occluders.stroked.emit([(60.0, 60.0)], 10)
    settle(qtbot, opened, lambda: opened.occluders.stroked.emit([(60.0, 60.0), (90.0, 60.0)], 10))
    hidden = opened.store.state.shown.occluded.hidden
    assert (hidden[60, 60:91] == 1).all()
    assert (hidden[100:, :] == 0).all()
    assert len(opened.layers()) == 1
    if filling == "colour":
        assert (opened.image[60, 75] == (10, 200, 30)).all()
    opened.edits.undo()
    assert opened.layers() == []
    assert occluders_of(opened.store.state) is None


def test_another_stroke_of_the_same_brush_goes_on_the_same_layer(qtbot, opened):
    opened.commands.choose_tool(Tool.BRUSH)
    opened.occluders.stroked.emit([(60.0, 60.0)], 10)
    opened.occluders.stroked.emit([(60.0, 100.0)], 11)
    assert opened.layers() == ["paint, colour"]
    opened.commands.choose_brush(replace(opened.occlusion.brush, colour=(1, 2, 3)))
    settle(qtbot, opened, lambda: opened.occluders.stroked.emit([(90.0, 100.0)], 12))
    assert len(opened.layers()) == 2


def test_the_eraser_takes_from_the_selected_cover_and_says_so_without_one(qtbot, opened):
    opened.commands.choose_tool(Tool.ERASER)
    opened.occluders.stroked.emit([(20.0, 15.0)], 10)
    assert "No occluder is selected" in opened.store.state.notice.cause
    lay_board(qtbot, opened)
    settle(qtbot, opened, lambda: opened.occluders.stroked.emit([(20.0, 15.0)], 11))
    assert (opened.image[15, 20] == 90).all()
    assert (opened.image[2, 2] == (200, 10, 10)).all()


def test_strokes_are_painted_where_the_hand_went_whatever_the_occluders_place():
    canvas = blank("paint", 200, 300, (1, 2, 3))
    turned = replace(canvas, T_image_occluder=np.array([[0, -2.0, 300], [2.0, 0, 10], [0, 0, 1]]))
    for occluder in (canvas, turned):
        done = painted(occluder, [(100.0, 80.0), (140.0, 80.0)], 16.0)
        _, hidden = lay(np.zeros((200, 300, 3), np.uint8), [done])
        assert hidden[74:87, 100:141].min() > 0.9
        assert hidden[:68].max() == hidden[92:].max() == 0
        assert not erased(done, [(90.0, 80.0), (150.0, 80.0)], 24.0).rgba[..., 3].any()


def test_occluders_stay_in_the_frame_of_a_video_or_follow_the_face(qtbot, opened):
    camera = FakeSource(first=picture("camera 0"))
    opened.desktop.plugged[0] = camera
    with qtbot.waitSignal(opened.session.answered):
        opened.assembly.commands.playback.open_camera(0)
    before = opened.store.state.answer.landmarks[:, :2]
    from viewer.state.occlusion import Layer

    with qtbot.waitSignal(opened.session.answered):
        opened.commands._on_drawn(opened.occlusion.epoch, Layer("board", BOARD), None)
    with qtbot.waitSignal(opened.session.answered):
        camera.send(picture("camera 0", width=330))
    staying = opened.store.state.shown.occluded
    assert (staying.occluders[0].T_image_occluder == np.eye(3)).all()
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.follow_face(True)
    anchor = opened.occlusion.stack.anchor
    assert not (anchor == before).all()
    with qtbot.waitSignal(opened.session.answered):
        camera.send(picture("camera 0", width=480, height=360))
    occluded = opened.store.state.shown.occluded
    now = occluded.references[0].landmarks[:, :2]
    moved_there = occluded.carry[:2, :2] @ anchor.mean(0) + occluded.carry[:2, 2]
    assert np.ptp(now, axis=0).max() > 1.2 * np.ptp(anchor, axis=0).max()
    assert moved_there == pytest.approx(now.mean(0), abs=0.02 * float(np.ptp(now)))
    T = moved(occluded.occluders[0], 7, 5).T_image_occluder
    opened.occluders.placed.emit(T, 20)
    assert opened.occluders.occluders[0].T_image_occluder == pytest.approx(T)
    opened.commands.follow_face(False)
    assert opened.occlusion.stack.layers[0].occluder.T_image_occluder == pytest.approx(T)


def test_another_photo_begins_without_occluders_and_nothing_can_be_undone(qtbot, opened):
    lay_board(qtbot, opened)
    with qtbot.waitSignal(opened.session.answered):
        opened.assembly.commands.playback.open("other.png")
    assert opened.layers() == []
    assert not opened.assembly.actions["undo"].isEnabled()
    opened.edits.undo()
    assert opened.layers() == []


def test_a_cover_drawn_for_a_photo_that_was_left_is_dropped(qtbot, opened):
    from viewer.state.occlusion import Layer

    opened.commands._on_drawn(opened.occlusion.epoch - 1, Layer("late", BOARD), None)
    assert opened.layers() == []


def test_without_a_face_a_cover_is_refused_in_a_sentence(qtbot, opened):
    with qtbot.waitSignal(opened.session.answered):
        opened.desktop.sources["black"] = FakeSource("black", live=False, first=picture("black", value=0))
        opened.assembly.commands.playback.open("black")
    for refused in (lambda: opened.commands.add("mask"), opened.trials.sweep, opened.trials.jitter):
        opened.store.update(notice=None)
        refused()
        assert opened.store.state.notice.severity is Severity.ERROR
    assert opened.occlusion.running is None


def test_a_cover_is_hit_where_it_is_opaque_and_the_topmost_wins():
    ring = np.zeros((11, 11, 4), np.uint8)
    ring[2:9, 2:9, 3] = 255
    ring[4:7, 4:7, 3] = 0
    over = Occluder("ring", ring, np.array([[2.0, 0, 100], [0, 2.0, 50], [0, 0, 1]]))
    under = moved(BOARD, 95, 45)
    assert hit([under, over], 106, 56) == 1
    assert hit([under, over], 110, 60) == 0
    assert hit([over], 110, 60) is None
    assert bounds(over).tolist() == [[103, 53], [117, 53], [117, 67], [103, 67]]


def sweep_in(qtbot, opened, plan):
    opened.trials.plan(plan)
    opened.assembly.actions["sweep"].trigger()
    assert opened.occlusion.running is not None
    qtbot.waitUntil(lambda: opened.occlusion.running is None, timeout=20_000)
    return opened.occlusion.swept


def test_a_sweep_in_the_window_is_the_one_the_pure_functions_make(qtbot, opened):
    swept = sweep_in(qtbot, opened, Plan(what="sliding", cells=3))
    photo, box = picture().image, opened.store.state.answer.box
    *_, pure = sweeping(planned_sweep(opened.occlusion), photo, box, ask_covered)
    assert swept.csv() == pure.csv()
    assert (opened.panels.photo.map == swept.sensitivity()).all()


def test_a_click_on_the_curve_lays_that_step_and_any_edit_the_stack_again(qtbot, opened):
    lay_board(qtbot, opened)
    swept = sweep_in(qtbot, opened, Plan(what="sliding", cells=2))
    dock = opened.assembly.window.findChild(type(opened.assembly._docks["occlusion"].widget()))
    worst = int(np.argmax(swept.percent()))
    settle(
        qtbot,
        opened,
        lambda: dock.trials.plot.show_nearest(100 * swept.shares[worst], swept.percent()[worst]),
    )
    assert opened.occlusion.step == worst
    expected, _ = lay(picture().image, [swept.steps[worst].occluder])
    assert (opened.image == expected).all()
    assert opened.occluders.occluders == ()
    settle(qtbot, opened, lambda: opened.assembly.actions["sweep-back"].trigger())
    assert (opened.image[5, 5] == (200, 10, 10)).all()
    settle(qtbot, opened, lambda: opened.trials.show_step(1))
    settle(qtbot, opened, lambda: opened.edits.undo())
    assert opened.occlusion.step is None


def test_cancel_stops_within_one_answer_and_keeps_what_there_is(qtbot, opened):
    asked, held = [], threading.Event()
    answer = opened.work.answer

    def counted(image, faces, method, without):
        asked.append(1)
        if len(asked) == 4:
            assert held.wait(10)
        return answer(image, faces, method, without)

    opened.work.answer = counted
    opened.trials.plan(Plan(what="sliding", cells=10))
    opened.trials.sweep()
    qtbot.waitUntil(lambda: len(asked) == 4)
    opened.assembly.actions["cancel-trial"].trigger()
    held.set()
    qtbot.waitUntil(lambda: opened.occlusion.running is None)
    assert len(asked) == 4
    assert 1 <= len(opened.occlusion.swept.steps) <= 3


def test_the_window_closes_in_the_middle_of_a_sweep(qtbot, opened):
    opened.work.reached.clear()
    opened.trials.plan(Plan(what="sliding", cells=20))
    opened.trials.sweep()
    assert opened.work.reached.wait(60), "what the first answer imports takes its time on a busy machine"
    opened.assembly.close()
    assert not [t for t in threading.enumerate() if t.name == "unmask trial"]


def test_another_photo_ends_the_sweep_and_drops_its_result(qtbot, opened):
    opened.work.reached.clear()
    opened.trials.plan(Plan(what="sliding", cells=20))
    opened.trials.sweep()
    assert opened.work.reached.wait(5)
    with qtbot.waitSignal(opened.session.answered):
        opened.assembly.commands.playback.open("other.png")
    qtbot.waitUntil(lambda: not opened.trials._background.busy)
    assert opened.occlusion.swept is None
    assert opened.occlusion.running is None


def test_an_answer_that_fails_in_a_sweep_is_told_and_the_window_lives_on(qtbot, opened):
    def fails(image, faces, method, without):
        raise RuntimeError("no memory left")

    answer, opened.work.answer = opened.work.answer, fails
    opened.trials.sweep()
    qtbot.waitUntil(lambda: opened.occlusion.running is None)
    assert "no memory left" in opened.store.state.notice.cause
    opened.work.answer = answer
    lay_board(qtbot, opened)


def test_a_sweep_is_written_as_the_table_it_is(qtbot, opened):
    swept = sweep_in(qtbot, opened, Plan(what="sliding", cells=2))
    opened.desktop.chosen = "/results"
    opened.assembly.actions["export-trial"].trigger()
    assert opened.desktop.texts == {"/results/sweep.csv": swept.csv()}
    assert len(list(csv.DictReader(io.StringIO(swept.csv())))) == 5
    opened.desktop.chosen = "/full"
    opened.trials.export()
    assert opened.store.state.notice.severity is Severity.ERROR


def test_jitter_colours_the_face_by_its_spread_and_says_the_mean(qtbot, opened):
    opened.trials.plan(Plan(draws=5, shift_px=3, scale_percent=0))
    opened.assembly.actions["jitter"].trigger()
    qtbot.waitUntil(lambda: opened.occlusion.running is None)
    spread = opened.occlusion.spread
    assert spread.draws == 5
    assert opened.store.state.answer.scalar("spread").values is spread.vertex_mm
    dock = opened.assembly._docks["occlusion"].widget()
    assert f"{spread.mean_mm:.2f} mm" in dock.trials.spread.text()


def test_the_dock_lists_occluders_topmost_first_and_says_what_they_change(qtbot, opened):
    dock = opened.assembly._docks["occlusion"].widget()
    lay_board(qtbot, opened, moved(BOARD, 60, 80))
    lay_board(qtbot, opened, replace(moved(BOARD, 60, 120), kind="second"))
    shown = dock.occluders.layers
    assert [shown.item(i).text() for i in range(shown.count())] == ["second", "board"]
    assert shown.currentRow() == 0
    change = opened.store.state.shown.occluded.changes[0]
    assert f"{change.rows[0].all_mm:.2f} mm" in dock.cell("fused", "all")
    assert dock.cell("model space", "covered") != ""
    shown.setCurrentRow(1)
    assert opened.occlusion.selected == 0


def test_kinds_are_drawn_when_somebody_looks_and_not_while_the_window_comes_up(qtbot, opened):
    assert "unmask artist" not in {thread.name for thread in threading.enumerate()}
    with qtbot.waitSignal(opened.commands.sketched, timeout=20_000):
        opened.assembly.actions["layout-lab"].trigger()


def test_the_list_of_occluders_takes_no_more_height_than_it_has_rows(qtbot, opened):
    dock = opened.assembly._docks["occlusion"].widget()
    shown = dock.occluders.layers
    assert shown.isHidden()
    heights = []
    for place in range(6):
        lay_board(qtbot, opened, moved(BOARD, 60, 80 + place))
        heights.append(shown.height())
    assert not shown.isHidden()
    assert heights[:4] == sorted(set(heights)), "a row more is a row higher"
    assert heights[3:] == [heights[3]] * 3, "then it scrolls"
    assert heights[0] >= shown.sizeHintForRow(0)


def test_no_line_of_the_help_on_painting_is_cut_in_a_narrow_dock(qtbot, opened):
    dock = opened.assembly._docks["occlusion"].widget()
    (told,) = [note for note in dock.occluders.findChildren(QLabel) if note.text() == HOW]
    dock.tabs.setCurrentIndex(0)
    for width in (420, 300):
        dock.resize(width, 400)
        dock.grab()
        assert told.height() >= told.heightForWidth(told.width()) > 2 * told.fontMetrics().height()


def test_the_panel_layout_of_the_lab_colours_by_change_and_brings_its_dock(qtbot, opened):
    opened.assembly.actions["layout-lab"].trigger()
    assert opened.panels.surfaces["changed"].style.look is Look.CHANGE_BY_OCCLUSION
    lay_board(qtbot, opened)
    assert opened.panels.surfaces["changed"].answer is opened.store.state.answer


def test_the_curve_says_where_the_answer_breaks(qtbot, opened):
    opened.assembly.actions["layout-lab"].trigger()
    dock = opened.assembly._docks["occlusion"].widget()
    dock.tabs.setCurrentIndex(1)
    swept = sweep_in(qtbot, opened, Plan(what="right", steps=3))
    qtbot.waitUntil(lambda: not dock.trials.waiting and len(dock.trials.plot.curve("fused")[0]) == 4)
    x, y = dock.trials.plot.curve("fused")
    assert (np.array(x), np.array(y)) == (pytest.approx(100 * swept.shares), pytest.approx(swept.percent()))
    breaking = swept.breaking()
    assert f"Breaks at {breaking.share:.0%}" in dock.trials.said.text()
    opened.trials.define_breaking(2.0, 50.0)
    qtbot.waitUntil(lambda: "Does not break" in dock.trials.said.text())


def test_a_sweep_brings_its_tab_to_the_front(qtbot, opened):
    dock = opened.assembly._docks["occlusion"].widget()
    assert dock.tabs.tabText(dock.tabs.currentIndex()) == "Occluders"
    sweep_in(qtbot, opened, Plan(what="sliding", cells=2))
    assert dock.tabs.tabText(dock.tabs.currentIndex()) == "Trials"
