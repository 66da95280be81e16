import pytest
from PySide6.QtCore import Qt

from viewer.state.running import Running
from viewer.widgets.progress import Progress


@pytest.fixture
def progress(qtbot):
    made = Progress("What is under way", delay_ms=0)
    qtbot.addWidget(made)
    return made


def test_it_is_there_while_something_runs_and_says_how_far_it_is(qtbot, progress):
    assert not progress.isVisible()
    progress.show_running(Running("Writing a.mp4", 3, 12, 4.4))
    qtbot.waitUntil(progress.isVisible)
    assert progress.text() == "Writing a.mp4: 3 of 12, 4 s left"
    assert (progress.bar.value(), progress.bar.maximum()) == (3, 12)
    progress.show_running(None)
    assert not progress.isVisible()


def test_what_is_over_at_once_is_not_shown(qtbot):
    progress = Progress("What is under way")
    qtbot.addWidget(progress)
    progress.show_running(Running("Writing a.ply", 0, 0))
    progress.show_running(None)
    assert not progress._delay.isActive()
    assert not progress.isVisible()


def test_without_a_total_it_tells_how_long_it_has_run(qtbot, progress, monkeypatch):
    now = [10.0]
    monkeypatch.setattr("viewer.widgets.progress.monotonic", lambda: now[0])
    progress.show_running(Running("Loading", 0, 0))
    now[0] += 5
    progress._beat.timeout.emit()
    assert progress.text() == "Loading: 5 s"
    qtbot.waitUntil(progress.isVisible)
    assert not progress.bar.isVisible()
    progress.show_running(Running("Loading", 1, 2))
    assert progress.bar.isVisible()


def test_its_button_cancels_and_is_only_there_where_that_is_possible(qtbot, progress):
    progress.show_running(Running("Writing a", 0, 0), can_stop=False)
    qtbot.waitUntil(progress.isVisible)
    assert not progress.button.isVisible()
    progress.show_running(Running("Writing a", 1, 9))
    with qtbot.waitSignal(progress.cancelled):
        qtbot.mouseClick(progress.button, Qt.MouseButton.LeftButton)
