"""What is told of how long the window's thread is away (tier 2, with fakes)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, QSettings

from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app import idle
from viewer.app.assembly import Assembly
from viewer.benchmark import holds, stalls
from viewer.benchmark.holds import Hold, Holds
from viewer.benchmark.stalls import Act, Walk, stalls_report
from viewer.state.settings import Settings
from viewer.state.state import State


@pytest.fixture
def clock(monkeypatch):
    """Wall and processor seconds that only the test moves."""
    now = {"wall": 0.0, "cpu": 0.0}
    monkeypatch.setattr(holds, "perf_counter", lambda: now["wall"])
    monkeypatch.setattr(holds, "thread_time", lambda: now["cpu"])
    return now


def test_the_longest_hold_is_told_with_its_own_processor_time(qtbot, clock):
    owner = QObject()
    pulse = Holds(owner)
    beat = pulse._beat
    for wall, cpu in ((0.010, 0.010), (0.410, 0.030), (0.470, 0.090)):
        clock.update(wall=wall, cpu=cpu)
        beat.timeout.emit()
    pulse.end()
    assert pulse.longest.wall_ms == pytest.approx(400 - holds.BEAT_MS)
    assert pulse.longest.cpu_ms == pytest.approx(20)
    pulse.begin()
    assert pulse.longest == Hold()


def test_it_is_told_what_the_thread_was_at(qtbot):
    owner = QObject()
    pulse = Holds(owner, why=True)

    def away():
        while not pulse._seen:
            pass

    away()
    with qtbot.waitSignal(pulse._beat.timeout):
        pass
    pulse.end()
    assert "away" in pulse.longest.why
    assert "test_stalls.py" in pulse.longest.why
    pulse._watcher.join()


def test_a_walk_does_every_step_of_every_act_and_tells_a_hold_of_each(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(idle, "SETTLE_MS", 1)
    settings = Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    made = Assembly(settings, State(), FakeWork().work(), stub_panels, lambda _grab: FakeDesktop())
    qtbot.addWidget(made.window)
    made.window.show()
    done = []
    opened = Act("opened", lambda: made.commands.playback.open("photo.png"))
    walk = Walk(made, iter((opened, Act("turned", lambda: done.append(1), 3), Act("turned", int))))
    qtbot.waitUntil(lambda: not made.window.isVisible(), timeout=60_000)
    made.close()
    assert [*walk.holds] == ["opened", "turned", "turned 2"]
    assert len(done) == 3
    assert made.store.state.answer is not None


def test_of_all_rounds_the_worst_is_told_beside_each(monkeypatch):
    rounds = iter([{"theme": Hold(80, 70)}, {"theme": Hold(120.4, 60, "    7 x apply")}])
    monkeypatch.setattr(stalls, "_child", lambda *_: next(rounds))
    _, line, why = stalls_report(None, 2, True).splitlines()
    assert line.split() == ["theme", "120", "60", "80", "(70)", "120", "(60)"]
    assert why == "    7 x apply"
