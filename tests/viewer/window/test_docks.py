import logging
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QSlider

from models.reconstruction import STATE_SCALARS, Alarm, Scalar, frozen
from models.reconstructor import Face
from tests.fakes.desktop import FakeDesktop
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from tests.fakes.sources import picture
from tests.fakes.work import FakeWork
from viewer.app.assembly import SIDE_WIDTH
from viewer.app.commands import Commands
from viewer.display.actions import ACTIONS
from viewer.display.dock import LayersDock, part_taken
from viewer.inference.session import Session
from viewer.inspector.dock import InspectorDock, readings
from viewer.readouts.answer import nearest_vertex, probed, turned
from viewer.readouts.vertex import reading
from viewer.state.layout import PANEL_LAYOUTS, style_of
from viewer.state.shown import Shown
from viewer.state.store import Store
from viewer.state.style import Look
from viewer.window.log_dock import MOST_ROWS, LogDock, LogFilter, LogHandler, LogModel, LogRelay, LogRow

FACE = Face((40.0, 30.0, 200.0, 220.0))


def answer(without: frozenset[str] = frozenset(), alarms: tuple[Alarm, ...] = ()):
    frame = picture()
    return fake_reconstruct(frame.image, [FACE], FakeReconstructor(alarms=alarms), without)[0]


def shown(*answers) -> Shown:
    return Shown(picture(), tuple(FACE for _ in answers), answers, elapsed_ms=30, detection_ms=10)


@pytest.fixture
def desk(qtbot):
    store, desktop = Store(), FakeDesktop()
    session = Session(store, FakeWork().work())
    yield store, Commands(store, session, desktop), desktop
    assert session.close(5)


def by_name(widget, kind, name: str):
    return next(child for child in widget.findChildren(kind) if child.accessibleName() == name)


def texts(widget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_every_branch_of_the_method_has_a_toggle_that_acts_on_the_computation(qtbot, desk):
    store, commands, _ = desk
    dock = LayersDock(store, commands.display, commands.branches)
    qtbot.addWidget(dock)
    store.update(switches=("image space", "model space", "confidence", "visibility mask"))
    box = by_name(dock, QCheckBox, "Model space takes part")
    assert box.isChecked()
    box.click()
    assert store.state.switched_off == {"model space"}
    store.update(switched_off=frozenset())
    assert box.isChecked()


def test_the_dock_says_what_took_part_and_what_was_left_out(qtbot, desk):
    store, commands, _ = desk
    dock = LayersDock(store, commands.display, commands.branches)
    qtbot.addWidget(dock)
    store.update(switches=("image space",), shown=shown(answer(frozenset({"model space"}))))
    assert "Left out: model space." in texts(dock)
    assert "image space" in part_taken(store.state)


def test_a_layer_over_the_photo_is_switched_at_once(qtbot, desk):
    store, commands, _ = desk
    dock = LayersDock(store, commands.display, commands.branches)
    qtbot.addWidget(dock)
    by_name(dock, QCheckBox, "Visible mask over the photo").click()
    assert "mask" in store.state.overlays


def test_the_look_of_one_panel_is_chosen_and_shown(qtbot, desk):
    store, commands, _ = desk
    dock = LayersDock(store, commands.display, commands.branches)
    qtbot.addWidget(dock)
    chooser = by_name(dock, QComboBox, "Look of the Fused panel")
    chooser.setCurrentIndex(chooser.findData(Look.NORMALS))
    chooser.activated.emit(chooser.currentIndex())
    assert store.state.styles["fused"].look is Look.NORMALS
    commands.display.set_look("fused", Look.UV)
    assert chooser.currentData() is Look.UV


@pytest.mark.parametrize("name", [layout.name for layout in PANEL_LAYOUTS])
def test_the_words_of_the_layers_fit_beside_a_scroll_bar_whatever_the_panels_are_called(qtbot, desk, name):
    store, commands, _ = desk
    dock = LayersDock(store, commands.display, commands.branches)
    qtbot.addWidget(dock)
    store.update(switches=("image space", "model space"), shown=shown(answer()), panel_layout=name)
    room = SIDE_WIDTH - dock.verticalScrollBar().sizeHint().width() - 2 * dock.frameWidth()
    assert dock.widget().minimumSizeHint().width() <= room


def test_the_mesh_over_the_photo_is_chosen_and_faded_in_the_dock_and_by_menu(qtbot, desk):
    store, commands, _ = desk
    dock = LayersDock(store, commands.display, commands.branches)
    qtbot.addWidget(dock)
    slider = by_name(dock, QSlider, "Opacity of the meshes over the photo")
    slider.setValue(40)
    assert style_of(store.state, "photo").opacity == 0.4
    assert "40 %" in texts(dock)
    assert "mesh" not in store.state.overlays
    chooser = by_name(dock, QComboBox, "Look of the meshes over the photo")
    chooser.activated.emit(chooser.findData(Look.VISIBILITY))
    assert style_of(store.state, "photo").look is Look.VISIBILITY
    assert style_of(store.state, "photo").opacity == 0.4
    assert "mesh" in store.state.overlays
    rows = {row.name: row for row in ACTIONS}
    rows["mesh-stronger"].verb(commands.display)
    assert slider.value() == 50
    for _ in range(9):
        rows["mesh-fainter"].verb(commands.display)
    assert style_of(store.state, "photo").opacity == 0
    rows["mesh-wire"].verb(commands.display)
    assert chooser.currentData() is Look.WIRE
    assert rows["mesh-wire"].checked(store.state)


def test_the_inspector_tells_pose_visibility_difference_and_time(qtbot, desk):
    store, commands, _ = desk
    dock = InspectorDock(store, commands.faces)
    qtbot.addWidget(dock)
    store.update(shown=shown(answer()))
    told = texts(dock)
    assert "+3°, -12°, +6°" in told
    assert "12° to viewer's right\n6° tilted right" in told
    assert "20 ms" in told
    assert "Only 48% of the face was seen" in told
    assert "✓" not in told
    store.update(shown=None)
    assert "+3°" not in texts(dock)


def test_every_alarm_is_a_badge_in_plain_words(qtbot, desk):
    store, commands, _ = desk
    dock = InspectorDock(store, commands.faces)
    qtbot.addWidget(dock)
    alarms = (
        Alarm("empty-mask", "Nothing of the face was seen."),
        Alarm("uv-collisions", "Pixels collide.", 3),
    )
    store.update(shown=shown(answer(alarms=alarms)))
    told = texts(dock)
    assert all(alarm.text in told for alarm in alarms)
    assert "✓" not in told


def test_the_green_tick_needs_a_small_likely_error(qtbot, desk):
    store, commands, _ = desk
    dock = InspectorDock(store, commands.faces)
    qtbot.addWidget(dock)
    plain = answer()
    others = [scalar for scalar in plain.scalars if scalar.name not in STATE_SCALARS]
    all_seen = [
        Scalar(name, frozen(np.full(len(plain.vertices), p)), 0, 1)
        for name, p in zip(STATE_SCALARS, (1, 0, 0), strict=True)
    ]
    seen = replace(plain, scalars=(*all_seen, *others))
    store.update(shown=shown(seen))
    assert "how large the error may be is not known" in texts(dock)
    assert "✓" not in texts(dock)
    good = replace(seen, likely_error=3.0, likely_range=(2.1, 4.2))
    store.update(shown=shown(good))
    assert "✓  Likely error 2–4 %" in texts(dock)
    assert "2–4 %" in texts(dock)
    store.update(shown=shown(replace(good, likely_error=9.0, likely_range=(7.0, 12.4))))
    assert "⚠  Likely error 7–12 %." in texts(dock)
    assert "✓" not in texts(dock)


def test_a_picked_vertex_is_read_out_in_px_and_mm(qtbot, desk):
    store, commands, _ = desk
    dock = InspectorDock(store, commands.faces)
    qtbot.addWidget(dock)
    store.update(shown=shown(answer()))
    commands.inspector.probe_vertex(40)
    told = texts(dock)
    assert "40  (forehead)" in told
    assert " mm)" in told
    commands.faces.select_face(0)
    assert "Click the face" in texts(dock)


def test_one_of_several_faces_is_chosen_in_the_inspector(qtbot, desk):
    store, commands, _ = desk
    dock = InspectorDock(store, commands.faces)
    qtbot.addWidget(dock)
    store.update(shown=shown(answer(), answer()))
    chooser = by_name(dock, QComboBox, "Face shown in the panels")
    chooser.activated.emit(1)
    assert store.state.selected_face == 1
    store.update(shown=shown(answer()), selected_face=0)
    assert chooser.count() == 1


def test_unknown_visibility_is_told_as_unknown():
    bare = replace(answer(), scalars=())
    assert readings(bare)["Seen"] == "unknown"
    assert readings(bare)["Branches differ"] == "–"


@pytest.mark.parametrize(
    ("pose", "words"),
    [
        ((0.0, 0.0, 0.0), "straight at the camera"),
        ((0.0, 30.0, 0.0), "30° to viewer's left"),
        ((20.0, 0.0, 0.0), "20° up"),
        ((-20.0, 0.0, -10.0), "20° down, 11° tilted left"),
        ((-102.0, -70.0, 91.0), "94° to viewer's right, 20° down, 20° tilted right"),
    ],
)
def test_a_pose_is_told_in_words(pose, words: str):
    assert turned(pose) == words


def test_lengths_are_told_in_both_units():
    assert reading(2.0, "px", 1.5) == "2.0 px (3.0 mm)"
    assert reading(3.0, "mm", 1.5) == "2.0 px (3.0 mm)"
    assert reading(float("nan"), "px", 1.0) == "unknown"


def test_of_two_vertices_under_the_mouse_the_nearer_to_the_camera_is_meant():
    vertices = np.array([[10, 10, -5], [10.4, 10, 30], [90, 90, 60]], np.float32)
    assert nearest_vertex(vertices, 10, 10) == 1
    assert nearest_vertex(vertices, 50, 50) is None
    assert nearest_vertex(np.zeros((0, 3), np.float32), 0, 0) is None


def test_a_probe_names_the_region_and_every_scalar():
    probe = probed(answer(), 3)
    assert probe.region == "forehead"
    assert {"state", "probabilities", "disagreement", "followed"} <= {name for name, _ in probe.readings}


def row(index: int, level: int = logging.INFO, message: str = "") -> LogRow:
    return LogRow("12:00:00", level, "session", message or f"line {index}")


def test_the_log_is_a_proper_table_and_stays_bounded(qtbot):
    model = LogModel(LogRelay())
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for index in range(MOST_ROWS + 5):
        model.append(row(index))
    assert model.rowCount() == MOST_ROWS
    assert model.index(0, 3).data() == "line 5"


def test_whatever_any_thread_logs_arrives_in_the_table(qtbot):
    relay = LogRelay()
    model, handler = LogModel(relay), LogHandler(relay)
    log = logging.getLogger("viewer.test")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    thread = Thread(target=log.warning, args=("from afar %d", 7))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    log.removeHandler(handler)
    assert model.index(0, 3).data() == "from afar 7"
    assert model.index(0, 2).data() == "test"


def test_a_traceback_is_kept_for_copying_but_not_spread_over_the_table(qtbot):
    model = LogModel(LogRelay())
    model.append(row(0, logging.ERROR, "It broke.\nTraceback ..."))
    assert model.index(0, 3).data() == "It broke."
    assert "Traceback" in model.text()


def test_the_log_is_filtered_by_level_and_text(qtbot):
    model, filtered = LogModel(LogRelay()), LogFilter()
    filtered.setSourceModel(model)
    model.append(row(0))
    model.append(row(1, logging.WARNING))
    model.append(row(2, logging.ERROR, "camera gone"))
    assert filtered.rowCount() == 3
    filtered.set_level(logging.WARNING)
    assert filtered.rowCount() == 2
    filtered.set_text("CAMERA")
    assert filtered.rowCount() == 1


def test_the_whole_log_is_copied_even_if_it_is_filtered(qtbot, desk):
    _, commands, desktop = desk
    model = LogModel(LogRelay())
    model.append(row(0))
    model.append(row(1, logging.ERROR))
    dock = LogDock(model, commands.window)
    qtbot.addWidget(dock)
    by_name(dock, QLineEdit, "Text the log is filtered by").setText("nothing like it")
    qtbot.mouseClick(by_name(dock, QPushButton, "Copy the whole log"), Qt.MouseButton.LeftButton)
    assert desktop.copied.splitlines() == [row(0).text, row(1, logging.ERROR).text]


def test_a_method_that_does_not_tell_what_it_saw_is_not_called_free_of_alarms(qtbot, desk):
    store, commands, _ = desk
    dock = InspectorDock(store, commands.faces)
    qtbot.addWidget(dock)
    told = tuple(scalar for scalar in answer().scalars if scalar.name != "visibility")
    blind = replace(answer(), scalars=told, took_part=())
    store.update(shown=shown(blind), switches=())
    assert "cannot tell what it saw" in texts(dock)
    assert "✓" not in texts(dock)
    assert "unknown" in texts(dock)
    assert part_taken(store.state) == "This method has no parts to switch."
