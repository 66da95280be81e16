"""The window ends when it is asked to from outside, keeps what it knows, and waits for nobody for long."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest
from PySide6.QtCore import QCoreApplication, QSettings

import resources
from models.errors import InputError
from models.export.outputs import write_whole
from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app import assembly as assembly_module
from viewer.app.assembly import Assembly
from viewer.app.startup import leave
from viewer.app.stopping import Stopping
from viewer.sources import player, webcam
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
    work, path, before = FakeWork(), str(tmp_path / "kept.ini"), set(enumerate_threads())
    settings = Settings(QSettings(path, QSettings.Format.IniFormat))
    first = State(theme=Theme.LIGHT)
    made = Assembly(settings, first, work.work(), stub_panels, lambda _: FakeDesktop())
    qtbot.addWidget(made.window)
    made.window.show()
    work.gate.clear()
    made.commands.playback.open("photo.png")
    qtbot.waitUntil(work.reached.is_set)
    made.stop()
    assert made.close() is False, "it is left behind, and said so"
    kept = Settings(QSettings(path, QSettings.Format.IniFormat)).restored(State())
    assert kept.theme is Theme.LIGHT
    work.gate.set()
    for thread in set(enumerate_threads()) - before:
        thread.join(10)


class Gate:
    """Holds up the thread that comes by."""

    def __init__(self) -> None:
        self.reached, self.opened, self.waited_out = Event(), Event(), False

    def __call__(self, *_: object, **__: object) -> None:
        self.reached.set()
        self.waited_out = not self.opened.wait(30)
        raise InputError("The test is over.")


def test_whatever_never_returns_the_window_closes_and_says_that_it_left_something(
    qtbot, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(assembly_module, "CLOSE_TIMEOUT_S", 0.1)
    monkeypatch.setattr(assembly_module, "WRITING_TIMEOUT_S", 0.1)
    desktop, before = FakeDesktop(), set(enumerate_threads())
    settings = Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    made = Assembly(settings, State(), FakeWork().work(), stub_panels, lambda _: desktop)
    qtbot.addWidget(made.window)
    made.window.show()
    made.commands.playback.open("photo.png")
    qtbot.waitUntil(lambda: made.store.state.answer is not None)
    gates = {name: Gate() for name in ("draw", "export", "mine", "read")}
    monkeypatch.setattr("models.occlusion.kinds.occluder", gates["draw"])
    monkeypatch.setattr(desktop, "export", gates["export"])
    monkeypatch.setattr("viewer.mining.series.reader_of", gates["mine"])
    monkeypatch.setattr("viewer.cases.commands.read_whole", gates["read"])
    commands, desktop.chosen = made.commands, str(tmp_path)
    commands.occlusion.add("mask")
    commands.export.export("obj")
    commands.mining.mine(resources.samples()[:1])
    commands.cases.save_to(str(tmp_path / "view.case.json"))  # waits for the export
    commands.cases.open(tmp_path / "other.case.json")
    for gate in gates.values():
        assert gate.reached.wait(10)
    assert made.close() is False
    assert "left behind" in caplog.text
    assert [name for name, gate in gates.items() if gate.waited_out] == [], "closing waited for these"
    for gate in gates.values():
        gate.opened.set()
    for thread in set(enumerate_threads()) - before:
        thread.join(10)


def test_whoever_asked_to_end_waits_three_seconds_at_most():
    threads = max(assembly_module.CLOSE_TIMEOUT_S, assembly_module.WRITING_TIMEOUT_S)
    assert threads + max(player.JOIN_S, webcam.JOIN_S) + 0.1 <= 3


def test_a_process_that_leaves_threads_behind_leaves_no_half_file(tmp_path, monkeypatch):
    gate, codes = Gate(), []
    monkeypatch.setattr("models.export.outputs.os.fsync", gate)
    monkeypatch.setattr("viewer.app.startup.os._exit", codes.append)

    def write() -> None:
        with suppress(InputError):
            write_whole(tmp_path / "a.obj", b"12")

    writer = Thread(target=write, daemon=True)
    writer.start()
    assert gate.reached.wait(10)
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    leave(143)
    assert codes == [143]
    assert list(tmp_path.iterdir()) == []
    gate.opened.set()
    writer.join(10)
