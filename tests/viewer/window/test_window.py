import logging
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSlider,
    QToolBar,
    QToolButton,
    QWidget,
)

from models.errors import InputError
from models.ground_truth.record import GroundTruth
from models.metrics.ground_truth_errors import judged
from models.reconstruction import Alarm
from tests.fakes.desktop import FakeDesktop
from tests.fakes.mined import mined, mined_row
from tests.fakes.panels import stub_panels
from tests.fakes.reconstructor import fake_reconstruct
from tests.fakes.sources import FakeRecording, FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.app import startup
from viewer.app.assembly import Assembly
from viewer.assets.dialog import AssetsDialog
from viewer.cli.options import Launch
from viewer.playback.transport_bar import TransportBar
from viewer.state.camera import Camera
from viewer.state.layout import PANEL_LAYOUTS, PANELS, Kind, panel_layout
from viewer.state.notice import Notice, Severity
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.style import LayerStyle, Look, Theme
from viewer.window.banner import Banner
from viewer.window.panel_area import PanelArea, better_in_two_rows
from viewer.window.status import doing, read_outs, short_renderer


class Opened:
    """A window on stub panels, and all that a test reaches for."""

    def __init__(self, path: Path) -> None:
        self.work, self.desktop, self.panels = FakeWork(), FakeDesktop(), stub_panels()
        self.settings = Settings(QSettings(str(path), QSettings.Format.IniFormat))
        self.assembly = Assembly(
            self.settings, State(), self.work.work(), lambda: self.panels, lambda _: self.desktop
        )
        self.store, self.commands = self.assembly.store, self.assembly.commands
        self.window, self.session = self.assembly.window, self.assembly.session
        self.photo, self.surfaces = self.panels.photo, self.panels.surfaces


@pytest.fixture
def opened(qtbot, tmp_path):
    made = Opened(tmp_path / "kept.ini")
    qtbot.addWidget(made.window)
    made.assembly.show((1600, 1000))
    yield made
    made.work.gate.set()
    made.assembly.close()


def open_photo(qtbot, opened, path: str = "photo.png") -> None:
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.playback.open(path)
    qtbot.waitUntil(lambda: not opened.store.state.busy)


def test_every_panel_gets_the_answer_with_its_photo(qtbot, opened):
    open_photo(qtbot, opened)
    assert opened.photo.shown is opened.store.state.shown
    for name in ("image", "model", "fused"):
        assert opened.surfaces[name].answer is opened.store.state.answer
    assert opened.window.windowTitle().startswith("photo.png")


def test_one_drag_turns_all_panels_and_uploads_nothing(qtbot, opened):
    open_photo(qtbot, opened)
    told = opened.surfaces["fused"].answers_told
    camera = Camera(zoom=2)
    opened.surfaces["model"].camera_moved.emit(camera)
    turned = {name for name, panel in opened.surfaces.items() if panel.camera is camera}
    assert turned == {row.name for row in PANELS if row.kind is Kind.SURFACE and not row.chart}
    assert opened.surfaces["fused"].answers_told == told


def test_a_look_chosen_in_a_panel_is_that_panels_own(qtbot, opened):
    style = LayerStyle(Look.UV, wire=True)
    opened.surfaces["model"].style_chosen.emit(style)
    assert opened.surfaces["model"].style == style
    assert opened.surfaces["fused"].style != style


def test_a_vertex_picked_in_one_panel_is_marked_in_all(qtbot, opened):
    open_photo(qtbot, opened)
    opened.surfaces["fused"].vertex_picked.emit(545)
    assert opened.store.state.probe.vertex == 545
    assert opened.surfaces["model"].probe == 545
    assert opened.surfaces["fused"].probe == 545
    assert opened.photo.probe == pytest.approx(tuple(opened.store.state.answer.vertices[545, :2]))
    opened.surfaces["uv"].vertex_picked.emit(300)
    opened.assembly.actions["layout-x-ray"].trigger()
    qtbot.waitUntil(lambda: opened.surfaces["apart"].probe == 300)
    assert opened.surfaces["uv"].probe == opened.surfaces["apart"].probe == 300
    opened.commands.faces.select_face(0)
    assert opened.photo.probe is None


def test_an_alarm_stands_on_the_panels_it_concerns_and_in_the_log(qtbot, opened):
    opened.work.alarms = (Alarm("empty-mask", "Nothing of the face was seen."),)
    open_photo(qtbot, opened)
    assert opened.surfaces["image"].alarms == ("Nothing of the face was seen.",)
    assert opened.surfaces["model"].alarms == ()
    assert opened.photo.alarms == ()
    qtbot.waitUntil(lambda: "Nothing of the face was seen." in opened.assembly.log.text())


def test_while_it_plays_an_alarm_that_lasts_is_logged_once(qtbot, opened):
    opened.work.alarms = (Alarm("empty-mask", "Nothing of the face was seen."),)
    camera = FakeSource(first=picture())
    opened.desktop.plugged[0] = camera
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.playback.open_camera(0)
    for value in (91, 92):
        with qtbot.waitSignal(opened.session.answered):
            camera.send(picture(value=value))
    qtbot.waitUntil(lambda: "Nothing of the face was seen." in opened.assembly.log.text())
    assert opened.assembly.log.text().count("Nothing of the face was seen.") == 1


def test_a_click_in_the_photo_and_a_box_drawn_there_are_passed_on(qtbot, opened):
    open_photo(qtbot, opened)
    x, y = opened.store.state.answer.vertices[:, :2].mean(0)
    opened.photo.picked.emit(float(x), float(y))
    assert opened.store.state.probe is not None
    opened.assembly.actions["draw-box"].trigger()
    assert opened.photo.drawing
    with qtbot.waitSignal(opened.session.answered):
        opened.photo.box_drawn.emit((20.0, 20.0, 120.0, 140.0))
    assert opened.store.state.answer.box == (20, 20, 120, 140)
    assert not opened.photo.drawing


def test_the_theme_dresses_panels_and_window(qtbot, opened):
    opened.assembly.actions["theme"].trigger()
    assert not opened.photo.dark
    assert not any(panel.dark for panel in opened.surfaces.values())
    qtbot.waitUntil(opened.window.updatesEnabled)
    assert opened.window.palette().window().color().lightness() > 128
    opened.assembly.actions["theme"].trigger()
    qtbot.waitUntil(opened.window.updatesEnabled)
    assert opened.window.palette().window().color().lightness() < 128


def test_a_notice_comes_and_goes_without_moving_the_panels(qtbot, opened):
    opened.window.show()
    before = opened.panels.widgets["fused"].mapToGlobal(QPoint(0, 0)), opened.panels.widgets["fused"].size()
    opened.store.update(notice=Notice(Severity.WARNING, "Something is odd. " * 20, "Look at it."))
    banner = opened.window.findChild(Banner)
    assert banner.isVisible()
    qtbot.waitUntil(lambda: banner.height() >= banner.heightForWidth(banner.width()) > 40)
    assert banner.parentWidget().rect().contains(banner.geometry())
    after = opened.panels.widgets["fused"].mapToGlobal(QPoint(0, 0)), opened.panels.widgets["fused"].size()
    assert after == before


def test_an_error_is_told_in_banner_and_log_and_can_be_dismissed(qtbot, opened):
    open_photo(qtbot, opened)
    opened.commands.playback.open("broken.png")
    banner = opened.window.findChild(Banner)
    assert banner.isVisible()
    assert "broken.png is no picture." in banner.accessibleName()
    assert "Open a JPEG" in banner.accessibleName()
    qtbot.waitUntil(lambda: "broken.png is no picture." in opened.assembly.log.text())
    opened.commands.window.dismiss_notice()
    assert not banner.isVisible()
    assert opened.store.state.answer is not None


def told_by_answers(opened, **parts):
    """Every answer says this too."""
    plain = opened.work.answer
    opened.work.answer = lambda *asked: [replace(answer, **parts) for answer in plain(*asked)]


MISPLACED = Alarm("box-misplaced", "The box is probably misplaced: it lies elsewhere. Take that box instead.")


def test_a_misplaced_box_is_mended_with_one_click(qtbot, opened):
    told_by_answers(opened, alarms=(MISPLACED,))
    open_photo(qtbot, opened)
    banner = opened.window.findChild(Banner)
    assert banner.isVisible()
    assert "misplaced" in banner.accessibleName()
    button = next(b for b in banner.findChildren(QPushButton) if b.text() == "Take the answer's own box")
    wanted = opened.store.state.answer.own_box
    opened.work.answer = fake_reconstruct
    with qtbot.waitSignal(opened.session.answered):
        button.click()
    (face,) = opened.store.state.shown.faces
    assert face.box == pytest.approx(wanted, abs=0.01)
    assert not banner.isVisible()


def test_who_has_read_of_a_misplaced_box_is_not_told_again_of_the_same_answer(qtbot, opened):
    told_by_answers(opened, alarms=(MISPLACED,))
    open_photo(qtbot, opened)
    banner = opened.window.findChild(Banner)
    close = next(b for b in banner.findChildren(QToolButton) if b.accessibleName() == "Dismiss this message")
    close.click()
    assert not banner.isVisible()
    opened.commands.display.toggle_theme()
    assert not banner.isVisible()
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.faces.find_faces()
    assert banner.isVisible(), "another answer, told anew"


def test_panels_are_dimmed_while_the_answer_is_older_than_the_switches(qtbot, opened):
    open_photo(qtbot, opened)
    assert not opened.surfaces["fused"].stale
    opened.work.gate.clear()
    opened.commands.branches.toggle_branch("confidence")
    qtbot.waitUntil(lambda: opened.surfaces["fused"].stale and opened.photo.stale)
    with qtbot.waitSignal(opened.session.answered):
        opened.work.gate.set()
    qtbot.waitUntil(lambda: not opened.store.state.busy)
    assert not opened.surfaces["fused"].stale
    assert not opened.photo.stale


def test_watching_the_next_frame_dims_nothing(qtbot, opened):
    folder = FakeRecording("a folder", [picture(), picture(value=60)])
    with qtbot.waitSignal(opened.session.answered):
        opened.session.begin(folder)
    qtbot.waitUntil(lambda: not opened.store.state.busy)
    opened.work.gate.clear()
    folder.step(1)
    qtbot.waitUntil(lambda: opened.store.state.busy)
    assert not opened.surfaces["fused"].stale
    with qtbot.waitSignal(opened.session.answered):
        opened.work.gate.set()


def test_with_both_branches_off_the_panels_say_so(qtbot, opened):
    open_photo(qtbot, opened)
    for branch in ("model space", "image space"):
        with qtbot.waitSignal(opened.session.answered):
            opened.commands.branches.toggle_branch(branch)
    assert opened.surfaces["fused"].answer is None
    assert "Both branches are switched off" in opened.surfaces["fused"].absence
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.branches.toggle_branch("image space")
    assert opened.surfaces["fused"].answer is not None
    assert opened.surfaces["fused"].absence == "No face yet"


def test_the_likely_error_stands_on_the_fused_panel_and_in_the_status_line(qtbot, opened):
    open_photo(qtbot, opened)
    assert opened.surfaces["fused"].trust == ""
    told_by_answers(opened, likely_error=3.9, likely_range=(3.1, 5.2))
    open_photo(qtbot, opened)
    assert opened.surfaces["fused"].trust == "likely error 3–5 %"
    assert read_outs(opened.store.state)["error"] == "likely error 3–5 %"


def test_an_error_nobody_foresaw_is_told_and_the_session_goes_on(qtbot, opened):
    thread = threading.Thread(target=opened.assembly.report, args=(ZeroDivisionError("by zero"),))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: opened.store.state.notice is not None)
    assert "ZeroDivisionError: by zero" in opened.store.state.notice.cause
    assert opened.store.state.notice.remedy
    open_photo(qtbot, opened)


def test_files_can_be_dropped_on_the_window(qtbot, opened, tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "dropped.png"))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with qtbot.waitSignal(opened.session.answered):
        opened.window.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))
    assert opened.store.state.source_name == "dropped.png"


def test_dropping_what_is_no_file_is_told(qtbot, opened):
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/photo.png")])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    opened.window.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))
    assert "no file" in opened.store.state.notice.cause


@pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)  # the offscreen platform has none
def test_a_narrow_window_puts_the_panels_two_by_two_and_a_wide_one_in_a_row(qtbot):
    area = PanelArea({name: QWidget() for name in "abcd"})
    qtbot.addWidget(area)
    area.resize(1300, 700)
    area.show()
    assert not area.two_rows
    area.resize(600, 500)
    qtbot.waitUntil(lambda: area.two_rows)
    area.resize(1300, 700)
    qtbot.waitUntil(lambda: not area.two_rows)


@pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
def test_panels_stand_in_the_order_asked_for_and_the_others_are_gone(qtbot):
    panels = {name: QWidget() for name in "abcdef"}
    area = PanelArea(panels)
    qtbot.addWidget(area)
    area.resize(1300, 400)
    area.show()
    area.show_only("dbf")
    qtbot.waitUntil(lambda: panels["d"].width() > 300)
    places = [panels[name].mapTo(area, panels[name].rect().center()).x() for name in "dbf"]
    assert places == sorted(places)
    assert not any(panels[name].isVisible() for name in "ace")
    area.show_only("abcdef")
    assert all(panel.isVisible() for panel in panels.values())


def test_a_panel_layout_shows_its_panels_and_gives_them_the_answer_only_then(qtbot, opened):
    open_photo(qtbot, opened)
    assert opened.surfaces["apart"].answers_told == 0
    opened.assembly.actions["layout-x-ray"].trigger()
    shown = {name for name, panel in opened.surfaces.items() if panel.isVisible()}
    assert shown == set(panel_layout("x-ray").panels) - {"photo"}
    qtbot.waitUntil(lambda: opened.surfaces["apart"].answer is opened.store.state.answer)
    assert opened.settings.restored(State()).panel_layout == "branches"
    opened.assembly.close()
    assert opened.settings.restored(State()).panel_layout == "x-ray"


def test_panels_that_come_into_sight_get_the_newest_answer_one_after_the_other_and_show_no_older_one(
    qtbot, opened
):
    open_photo(qtbot, opened)
    opened.assembly.actions["layout-x-ray"].trigger()
    x_ray = [opened.surfaces[name] for name in ("uv", "seen", "followed", "apart")]
    qtbot.waitUntil(lambda: all(panel.answer is not None for panel in x_ray))
    opened.assembly.actions["layout-branches"].trigger()
    open_photo(qtbot, opened)
    counts = []
    opened.assembly.actions["layout-x-ray"].trigger()
    assert not any(panel.answer for panel in x_ray), "about another picture"
    watch = QTimer(interval=0)
    watch.timeout.connect(lambda: counts.append(sum(panel.answer is not None for panel in x_ray)))
    watch.start()
    qtbot.waitUntil(lambda: all(panel.answer is opened.store.state.answer for panel in x_ray))
    watch.stop()
    assert {1, 2, 3} <= set(counts)


def test_a_panel_that_waits_for_its_turn_is_given_the_answer_of_then(qtbot, opened):
    open_photo(qtbot, opened)
    opened.assembly.actions["layout-x-ray"].trigger()
    before = opened.store.state.answer
    opened.store.update(shown=replace(opened.store.state.shown, answers=(replace(before),)))
    apart = opened.surfaces["apart"]
    qtbot.waitUntil(lambda: apart.answer is not None)
    assert apart.answer is opened.store.state.answer
    assert apart.answer is not before


def test_a_picture_of_the_window_waits_for_no_turn(qtbot, opened):
    open_photo(qtbot, opened)
    opened.assembly.actions["layout-x-ray"].trigger()
    assert opened.surfaces["apart"].answer is None
    opened.assembly.grab()
    assert opened.surfaces["apart"].answer is opened.store.state.answer


def test_what_panels_in_sight_draw_is_made_ready_by_who_answers(qtbot, opened):
    open_photo(qtbot, opened)
    answer = opened.store.state.answer
    ready = {name for name, panel in opened.surfaces.items() if panel.prepared_answer is answer}
    assert ready == {"image", "model", "fused"}


def test_every_panel_layout_names_panels_there_are():
    assert {name for row in PANEL_LAYOUTS for name in row.panels} == {row.name for row in PANELS}
    assert panel_layout("of another version") is PANEL_LAYOUTS[0]


def test_frames_of_a_folder_have_a_slider_and_a_single_photo_has_none(qtbot, opened):
    transport = opened.window.findChild(TransportBar)
    open_photo(qtbot, opened)
    assert not transport.isVisible()
    frames = [picture(f"{index}.png") for index in range(3)]
    counted = [type(frame)(frame.image, frame.name, 0.0, index, 3) for index, frame in enumerate(frames)]
    opened.desktop.sources["folder"] = FakeRecording("folder", counted)
    open_photo(qtbot, opened, "folder")
    assert transport.isVisible()
    with qtbot.waitSignal(opened.session.answered):
        transport.findChild(QSlider).setValue(2)
    assert opened.store.state.shown.frame.name == "2.png"


def test_closing_while_busy_does_not_hang_and_keeps_the_settings(qtbot, opened):
    camera = FakeSource(first=picture())
    opened.desktop.plugged[0] = camera
    opened.work.gate.clear()
    opened.commands.playback.open_camera(0)
    opened.commands.display.toggle_theme()
    qtbot.waitUntil(opened.work.reached.is_set)
    threading.Timer(0.05, opened.work.gate.set).start()
    opened.window.close()
    assert not camera.running
    assert opened.settings.restored(State()).theme is Theme.LIGHT


def test_every_control_has_a_name_and_a_button_says_what_it_does(qtbot, opened):
    open_photo(qtbot, opened)
    for kind in (QAbstractButton, QComboBox, QLineEdit, QSlider):
        for control in opened.window.findChildren(kind):
            if control.objectName().startswith("qt_") or not control.isVisible():
                continue
            name = control.accessibleName() or (
                control.text() if isinstance(control, QAbstractButton) else ""
            )
            assert name, f"{control} has no name"
            assert control.toolTip(), f"{name} has no tooltip"


def test_the_layout_can_be_put_back(qtbot, opened):
    dock = opened.assembly.window.findChild(QWidget, "inspector")
    dock.hide()
    opened.assembly.actions["reset-layout"].trigger()
    assert dock.isVisible()


def test_the_status_line_says_what_runs_where_and_how_fast(qtbot, opened):
    open_photo(qtbot, opened)
    assert doing(opened.store.state) == "photo.png: 1 face"
    told = read_outs(opened.store.state)
    assert told["method"] == "dsfnet · open"
    assert told["device"] == "CPU"
    assert told["time"].endswith("ms per face")
    assert told["fps"] == ""
    assert short_renderer("llvmpipe (LLVM 15.0.6, 256 bits)") == "llvmpipe (software)"


def test_qt_and_uncaught_errors_are_reported_by_the_hooks():
    told: list[BaseException] = []
    before = sys.excepthook, threading.excepthook
    startup.install_hooks(told.append)
    try:
        error = InputError("x. y.")
        sys.excepthook(type(error), error, None)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    finally:
        startup.remove_hooks()
        sys.excepthook, threading.excepthook = before
    assert [type(error) for error in told] == [InputError, ZeroDivisionError]


def test_a_session_starts_as_the_command_line_says_and_else_as_the_last_one_was_left(tmp_path):
    settings = Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    settings.keep(State(theme=Theme.LIGHT))
    assert startup.first_state(settings, Launch()).theme is Theme.LIGHT
    first = startup.first_state(
        settings, Launch(theme="dark", weights="mine", without=frozenset({"confidence"}))
    )
    assert first.theme is Theme.DARK
    assert first.weights == "mine"
    assert first.switched_off == {"confidence"}
    assert set(first.styles) == {"photo", *(row.name for row in PANELS if row.looks)}


def test_the_window_is_made_without_torch():
    code = (
        "import sys, viewer.app.startup, viewer.panels.panel, viewer.panels.photo_panel;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'trimesh', 'av', 'ssl')))"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_the_dialog_of_files_is_made_when_asked_for_and_goes_with_the_window(qtbot, opened):
    assert opened.window.findChild(AssetsDialog) is None
    opened.assembly.actions["assets"].trigger()
    assert opened.window.findChild(AssetsDialog).isVisible()
    opened.window.close()
    assert not opened.window.findChild(AssetsDialog).isVisible()


def test_a_notice_without_a_remedy_shows_only_its_cause(qtbot, opened):
    opened.store.update(notice=Notice(Severity.INFO, "Wrote out.png."))
    assert opened.window.findChild(Banner).isVisible()
    logging.getLogger("viewer").info("done")


def test_the_history_does_not_come_before_the_rows_that_a_picture_is_opened_from(qtbot, opened):
    opened.window.resize(1500, 1000)
    opened.commands.window.ask("reset-layout")
    opened.store.update(mining=mined(mined_row(0)))
    opened.store.update(frame=replace(picture("frame 1"), count=50))
    assert opened.window.findChild(QWidget, "history").isHidden()


def test_a_method_without_parts_to_switch_is_loaded_all_the_same(qtbot, opened):
    open_photo(qtbot, opened)
    opened.store.update(switches=())
    assert doing(opened.store.state) == "photo.png: 1 face"


def test_the_log_is_closed_at_first_and_the_history_comes_with_a_clip(qtbot, opened):
    opened.window.resize(1500, 1000)
    opened.commands.window.ask("reset-layout")
    log_dock, history = (opened.window.findChild(QWidget, name) for name in ("log", "history"))
    assert log_dock.isHidden()
    assert history.isHidden()
    opened.store.update(frame=replace(picture("frame 1"), count=50))
    assert not history.isHidden()
    assert log_dock.isHidden()


def test_the_truth_is_drawn_in_3d_panels_once_it_is_asked_for(qtbot, opened):
    open_photo(qtbot, opened)
    answer, panel = opened.store.state.answer, opened.surfaces["fused"]
    judgement = judged(answer, GroundTruth("truth.json", "", landmarks=answer.landmarks[:, :2] + 3))
    opened.store.update(shown=replace(opened.store.state.shown, judgement=judgement))
    assert "truth" in opened.store.state.overlays
    assert panel.truth == (None, None)
    opened.commands.display.toggle_truth_in_3d()
    assert panel.truth == (judgement.landmarks, None)


def test_the_panels_stand_as_makes_faces_largest():
    assert not better_in_two_rows(1280, 530, 4)
    assert better_in_two_rows(700, 500, 4)
    assert better_in_two_rows(900, 1400, 4)
    assert better_in_two_rows(1270, 860, 4)  # faces are about as large, the photo is twice as large


def texts(menu) -> list[str]:
    return [action.text() for action in menu.actions()]


def test_methods_and_weights_can_be_chosen_from_menus(qtbot, opened):
    open_photo(qtbot, opened)
    compute = next(menu for menu in opened.window.findChildren(QMenu) if menu.title() == "&Compute")
    assert {"Method", "Weights"} <= set(texts(compute))
    method = next(action.menu() for action in compute.actions() if action.text() == "Method")
    weights = next(action.menu() for action in compute.actions() if action.text() == "Weights")
    assert "dsfnet" in texts(method)
    assert next(action for action in method.actions() if action.text() == "dsfnet").isChecked()
    opened.desktop.chosen = "/mine/better.safetensors"
    with qtbot.waitSignal(opened.session.answered):
        opened.assembly.actions["open-weights"].trigger()
    assert opened.work.loaded[-1] == ("dsfnet", "/mine/better.safetensors")
    assert next(a for a in weights.actions() if a.text() == "better.safetensors").isChecked()
    with qtbot.waitSignal(opened.session.answered):
        next(a for a in weights.actions() if a.text() == "open").trigger()
    assert opened.store.state.weights == "open"


def test_who_looks_for_faces_can_be_chosen_and_who_cannot_says_why(qtbot, opened, tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    open_photo(qtbot, opened)
    compute = next(menu for menu in opened.window.findChildren(QMenu) if menu.title() == "&Compute")
    menu = next(action.menu() for action in compute.actions() if action.text() == "Face detector")
    menu.aboutToShow.emit()
    ours, research, yunet, reason, haar = menu.actions()
    assert research.isEnabled()
    assert ours.isChecked()
    assert not yunet.isEnabled()
    assert "face_detection_yunet_2023mar.onnx" in reason.text()
    assert "unmask assets" in yunet.toolTip()
    with qtbot.waitSignal(opened.session.answered):
        haar.trigger()
    assert opened.work.detectors[-1] == "haar"
    assert [action.isChecked() for action in menu.actions()] == [False, False, False, False, True]


def test_the_photo_panel_can_be_told_to_show_all_of_the_photo(qtbot, opened):
    opened.assembly.actions["whole-photo"].trigger()
    assert opened.photo.whole
    opened.photo.whole_asked.emit(False)
    assert not opened.store.state.whole_photo
    assert not opened.assembly.actions["whole-photo"].isChecked()


def test_a_second_start_has_the_layout_of_the_first(qtbot, tmp_path):
    first = Opened(tmp_path / "kept.ini")
    qtbot.addWidget(first.window)
    first.assembly.show((1000, 700))
    first.window.findChild(QWidget, "log").show()
    first.window.findChild(QWidget, "inspector").hide()
    first.window.close()
    second = Opened(tmp_path / "kept.ini")
    qtbot.addWidget(second.window)
    second.assembly.show()
    assert (second.window.width(), second.window.height()) == (1000, 700)
    assert second.window.findChild(QWidget, "inspector").isHidden()
    assert not second.window.findChild(QWidget, "log").isHidden()
    second.window.close()


def test_putting_the_layout_back_parts_docks_that_shared_a_place(qtbot, opened):
    window = opened.window
    layers, inspector = (window.findChild(QDockWidget, name) for name in ("layers", "inspector"))
    window.tabifyDockWidget(layers, inspector)
    assert window.tabifiedDockWidgets(layers)
    opened.assembly.actions["reset-layout"].trigger()
    assert inspector not in window.tabifiedDockWidgets(layers)
    assert layers.isVisible()
    assert inspector.isVisible()


def test_in_a_narrow_window_no_button_falls_off_the_toolbar(qtbot, opened):
    opened.window.resize(900, 600)
    bar = opened.window.findChild(QToolBar)
    qtbot.waitUntil(lambda: bar.widgetForAction(opened.assembly.actions["palette"]).isVisible())
    assert bar.sizeHint().width() <= 900


def test_the_toolbar_gives_up_the_words_of_panel_layouts_last_and_overflows_at_no_width(qtbot, opened):
    bar = opened.window.findChild(QToolBar)
    layout, theme = (bar.widgetForAction(opened.assembly.actions[name]) for name in ("layout-maps", "theme"))
    bare = Qt.ToolButtonStyle.ToolButtonIconOnly
    told = []
    for width in (2400, 1500, 900):
        opened.window.resize(width, 600)
        qtbot.waitUntil(lambda width=width: opened.window.width() == width)
        more = bar.findChild(QToolButton, "qt_toolbar_ext_button")
        qtbot.waitUntil(lambda more=more: not more.isVisible())
        told.append((layout.toolButtonStyle() != bare, theme.toolButtonStyle() != bare))
    assert told == [(True, True), (True, False), (False, False)]


def test_leaving_the_occlusion_lab_gives_the_inspector_room_again(qtbot, opened):
    opened.window.resize(1400, 1000)
    opened.assembly.actions["reset-layout"].trigger()
    inspector = opened.window.findChild(QDockWidget, "inspector")
    for _ in range(2):
        opened.assembly.actions["layout-lab"].trigger()
        qtbot.waitUntil(lambda: inspector.height() < 250)
        opened.assembly.actions["layout-branches"].trigger()
        qtbot.waitUntil(lambda: inspector.height() > 330)


def test_no_heading_stands_over_nothing(opened):
    heading = next(
        label for label in opened.window.findChildren(QLabel) if label.text() == "Look of the panels"
    )
    shown = []
    for name in ("branches", "maps", "a-b"):
        opened.assembly.actions[f"layout-{name}"].trigger()
        shown.append(not heading.isHidden())
    assert shown == [True, False, True]
