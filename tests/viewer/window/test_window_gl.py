"""Tier 3: one session in the real window, with real panels on a real X display; only the models are fakes."""

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from tests.fakes.work import FakeWork
from tests.viewer.gl_fixtures.screen import middle
from viewer.app import startup
from viewer.app.assembly import Assembly
from viewer.app.unattended import Unattended
from viewer.cli.options import Launch
from viewer.panels.photo_wipe_panel import PhotoWipePanel
from viewer.panels.wipe_line import WipeLine
from viewer.panels.wipe_panel import WipePanel
from viewer.state.camera import Camera
from viewer.state.notice import Severity
from viewer.state.setting import METHODS, MOST_METHODS, Setting
from viewer.state.settings import Settings
from viewer.state.style import Look

pytestmark = pytest.mark.gl


@pytest.fixture
def session(qtbot, tmp_path, monkeypatch):
    if QGuiApplication.platformName() == "offscreen":
        pytest.skip("the offscreen platform has no OpenGL; run under X or Xvfb")
    if sys.platform.startswith("linux"):
        assert os.environ.get("PYOPENGL_PLATFORM", "glx") in ("glx", "egl")
    settings = Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    work = FakeWork()
    assembly = Assembly(settings, startup.first_state(settings, Launch()), work.work(), startup.make_panels)
    qtbot.addWidget(assembly.window)
    assembly.show((1280, 800))
    qtbot.waitExposed(assembly.window)
    yield assembly, work
    work.gate.set()
    assembly.close()


def photo(folder: Path, value: int = 120) -> str:
    path = folder / "sample.png"
    Image.fromarray(np.full((300, 240, 3), value, np.uint8)).save(path)
    return str(path)


def pixels(assembly: Assembly, name: str) -> np.ndarray:
    """[H, W, 3] of a panel's OpenGL picture, once all panels in sight have had their turn."""
    assembly.grab()
    image = panel(assembly, name).view.grabFramebuffer().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def panel(assembly: Assembly, name: str):
    from viewer.panels.panel import Panel

    return next(found for found in assembly.window.findChildren(Panel) if found.row.name == name)


def test_a_whole_session_in_the_real_window(qtbot, session, tmp_path):
    assembly, work = session
    store, commands = assembly.store, assembly.commands
    empty = pixels(assembly, "fused")

    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        commands.playback.open(photo(tmp_path))
    qtbot.waitUntil(lambda: bool(store.state.driver.renderer))
    shaded = pixels(assembly, "fused")
    assert (shaded != empty).any(-1).mean() > 0.05, "the fused face covers a part of its panel"

    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        assembly.actions["branch-2"].trigger()
    assert store.state.answer.left_out == ("model space",)
    assert "model-space branch is switched off" in panel(assembly, "model").picture_state()
    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        assembly.actions["branch-2"].trigger()
    assert panel(assembly, "model").picture_state() == ""

    commands.display.set_look("fused", Look.NORMALS)
    assert (pixels(assembly, "fused") != shaded).any(-1).mean() > 0.03
    commands.display.set_look("fused", Look.SHADED)

    before = pixels(assembly, "image")
    view = panel(assembly, "model").view
    centre = view.rect().center()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=centre)
    QTest.mouseMove(view, centre + QPoint(40, 10))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=centre + QPoint(40, 10))
    assert store.state.camera != Camera()
    assert panel(assembly, "fused").view.camera == store.state.camera
    assert (pixels(assembly, "image") != before).any(), "one drag turns all panels"

    answer = store.state.answer
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    commands.playback.open(str(broken))
    qtbot.waitUntil(lambda: store.state.notice is not None)
    assert store.state.notice.severity is Severity.ERROR
    assert store.state.notice.remedy
    assert store.state.answer is answer
    qtbot.waitUntil(lambda: "broken.jpg" in assembly.log.text())

    work.gate.clear()
    work.reached.clear()
    commands.playback.open(photo(tmp_path, value=90))
    qtbot.waitUntil(work.reached.is_set)
    threading.Timer(0.05, work.gate.set).start()
    assembly.window.close()
    assert not assembly.window.isVisible()


def test_a_picture_of_the_window_is_written_with_what_the_panels_draw(qtbot, session, tmp_path, capsys):
    assembly, _ = session
    unattended = Unattended(assembly, Launch(screenshot=tmp_path / "out" / "window.png"))
    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        assembly.commands.playback.open(photo(tmp_path))
    qtbot.waitUntil(lambda: not assembly.window.isVisible(), timeout=20000)
    assert unattended.code == 0
    written = np.asarray(Image.open(tmp_path / "out" / "window.png").convert("RGB"))
    assert written.shape == (800, 1280, 3)
    corner = panel(assembly, "fused").view.mapTo(assembly.window, QPoint(0, 0))
    size = panel(assembly, "fused").view.size()
    area = written[corner.y() : corner.y() + size.height(), corner.x() : corner.x() + size.width()]
    assert len(np.unique(area.reshape(-1, 3), axis=0)) > 50, "the face is shaded, not an empty panel"
    assert "window.png" in capsys.readouterr().out


def test_a_picture_of_panels_that_could_not_be_drawn_is_not_written(
    qtbot, session, tmp_path, monkeypatch, capsys
):
    assembly, _ = session
    monkeypatch.setattr("viewer.gl.face_view.problem_of", lambda _view: "no driver")
    unattended = Unattended(assembly, Launch(screenshot=tmp_path / "window.png"))
    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        assembly.commands.playback.open(photo(tmp_path))
    qtbot.waitUntil(lambda: not assembly.window.isVisible(), timeout=20000)
    assert unattended.code == 1
    assert not (tmp_path / "window.png").exists()
    assert "could not be drawn (no driver)" in capsys.readouterr().err


def test_every_panel_layout_draws_and_the_line_between_a_and_b_is_dragged_in_the_window(
    qtbot, session, tmp_path
):
    assembly, _ = session
    store = assembly.store
    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        assembly.commands.playback.open(photo(tmp_path))
    assembly.actions["layout-x-ray"].trigger()
    for name in ("uv", "seen", "followed", "apart"):
        assert len(np.unique(pixels(assembly, name).reshape(-1, 3), axis=0)) > 50, name
    chart = panel(assembly, "uv").view
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=middle(chart))
    u, v = store.state.answer.topology.uv[store.state.probe.vertex]
    assert abs(u - 0.5) < 0.05
    assert abs(v - 0.5) < 0.05

    assembly.actions["layout-a-b"].trigger()
    assert len(np.unique(pixels(assembly, "difference").reshape(-1, 3), axis=0)) > 50
    wipe = assembly.window.findChild(WipePanel)
    line = wipe.findChild(WipeLine)
    at = line.rect().center()
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(line, at + QPoint(wipe.view.width() // 4, 0))
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=at)
    assert store.state.comparison.wipe == pytest.approx(0.75, abs=0.02)
    assert assembly.window.findChild(PhotoWipePanel).findChild(WipeLine).x() > wipe.view.width() // 2
    assembly.actions["layout-branches"].trigger()
    assert panel(assembly, "fused").isVisible()
    assert not wipe.isVisible()


def test_one_change_is_one_paint_of_each_panel_it_concerns(qtbot, session, tmp_path):
    assembly, _ = session
    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        assembly.commands.playback.open(photo(tmp_path))
    views = {name: panel(assembly, name).view for name in ("image", "model", "fused")}

    def settled() -> None:
        qtbot.waitUntil(lambda: all(view.is_sharp for view in views.values()), timeout=30000)
        QGuiApplication.processEvents()

    def concerned(change) -> set[str]:
        """Who is painted: at once, and smoothly when at rest, but not more often."""
        settled()
        before = {name: view.paints for name, view in views.items()}
        change()
        settled()
        counts = {name: view.paints - before[name] for name, view in views.items()}
        assert max(counts.values()) <= 2
        return {name for name, count in counts.items() if count}

    looks, viewpoints = assembly.commands.display, assembly.commands.cameras
    assert concerned(lambda: looks.set_look("fused", Look.NORMALS)) == {"fused"}
    assert concerned(lambda: viewpoints.move("image", Camera(zoom=1.5))) == set(views)
    assert concerned(looks.toggle_wire) == set(views)
    assert concerned(lambda: assembly.store.update(source_name="another")) == set()


def test_six_methods_stand_side_by_side_and_turn_as_one(qtbot, session, tmp_path):
    assembly, _ = session
    store, commands = assembly.store, assembly.commands
    store.update(lineup=tuple(Setting(name, "open") for name in ("b", "c", "d", "e", "f")))
    commands.display.set_panel_layout(METHODS)
    with qtbot.waitSignal(assembly.session.answered, timeout=60_000):
        commands.playback.open(photo(tmp_path))
    qtbot.waitUntil(lambda: not store.state.busy)
    names = [f"method-{slot}" for slot in range(1, MOST_METHODS + 1)]
    before = {name: pixels(assembly, name) for name in names}
    for name in names:
        assert (before[name] != before[name][0, 0]).any(-1).mean() > 0.05, f"{name} shows a face"
    assert panel(assembly, "method-3").strip.title() == "c · open"
    commands.display.set_look_everywhere(Look.TO_FIRST)
    assert panel(assembly, "method-2").legend_text().startswith("difference to the first (mm), 0.0 to 10.0")
    commands.cameras.move("method-2", Camera(zoom=0.6))
    for name in names:
        assert (pixels(assembly, name) != before[name]).any(-1).mean() > 0.02, f"{name} followed"
    commands.methods.remove(5)
    assert not panel(assembly, "method-6").isVisible()


def test_a_window_that_is_on_the_screen_says_so(qtbot, session, tmp_path):
    told = []
    settings = Settings(QSettings(str(tmp_path / "another.ini"), QSettings.Format.IniFormat))
    work = replace(FakeWork().work(), painted=lambda: told.append(True))
    another = Assembly(settings, startup.first_state(settings, Launch()), work, startup.make_panels)
    qtbot.addWidget(another.window)
    assert not told
    another.show((1280, 800))
    qtbot.waitUntil(lambda: bool(told))
    another.close()
