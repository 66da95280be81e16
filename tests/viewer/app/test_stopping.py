"""The window ends when it is asked to from outside, keeps what it knows, and waits for nobody for long."""

from __future__ import annotations

import os
import signal

import pytest
from PySide6.QtCore import QCoreApplication, QSettings

from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app import assembly as assembly_module
from viewer.app.assembly import Assembly
from viewer.app.stopping import Stopping
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.style import Theme


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("early", [True, False], ids=["while it is built", "while it is shown"])
def test_a_signal_ends_the_window_while_qt_has_the_thread_and_handlers_are_put_back(
    qtbot, number, status, early
):
    ended, before = [], signal.getsignal(number)
    stopping = Stopping()
    try:
        if early:
            os.kill(os.getpid(), number)
            QCoreApplication.processEvents()  # Qt has heard of it before there is anything to end
        stopping.ends(lambda: ended.append(True))
        if not early:
            os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: bool(ended))
        assert stopping.status == status
    finally:
        stopping.close()
    assert signal.getsignal(number) is before


def test_a_busy_window_ends_without_its_method_and_keeps_its_settings(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(assembly_module, "CLOSE_TIMEOUT_S", 0.1)
    work, path = FakeWork(), str(tmp_path / "kept.ini")
    settings = Settings(QSettings(path, QSettings.Format.IniFormat))
    first = State(theme=Theme.LIGHT)
    made = Assembly(settings, first, work.work(), stub_panels, lambda _: FakeDesktop())
    qtbot.addWidget(made.window)
    made.window.show()
    work.gate.clear()
    made.commands.playback.open("photo.png")
    qtbot.waitUntil(work.reached.is_set)
    left = made.session._jobs._thread
    made.stop()
    assert made.close() is False, "it is left behind, and said so"
    kept = Settings(QSettings(path, QSettings.Format.IniFormat)).restored(State())
    assert kept.theme is Theme.LIGHT
    work.gate.set()
    left.join(5)
