"""A session that was not closed is shown again by the next; one that was closed leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent

from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app import startup
from viewer.app.assembly import SESSIONS, Assembly
from viewer.app.commands import Commands
from viewer.cases.autosave import LEFT, OPEN, Autosave
from viewer.cases.case_file import read_file
from viewer.cli.options import Launch
from viewer.inference.session import Session
from viewer.sources import open_path
from viewer.state.camera import Camera
from viewer.state.notice import Severity
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.store import Store

ROOT = Path(__file__).parents[3]


class RealFiles(FakeDesktop):
    def open_path(self, path):
        return self.sources.get(path) or open_path(path)


class Window:
    """All of a window that begins and ends a session, but what is drawn: that takes most of a second."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(State(steady=False, recent=("/old.png",)))
        self.session = Session(self.store, FakeWork().work())
        self.commands = Commands(self.store, self.session, RealFiles())
        self.autosave = Autosave(self.store, folder)

    def close(self) -> None:
        self.autosave.close()
        self.commands.close()
        assert self.session.close(5)


class Windows:
    """Windows of one user."""

    def __init__(self, folder: Path) -> None:
        self.sessions = folder / SESSIONS
        self.made: list[Window] = []

    def open(self, *paths: Path, **asked: object) -> Window:
        window = Window(self.sessions)
        self.made.append(window)
        startup.begin(window, Launch(paths=paths, **asked))
        return window

    def crash(self, window: Window) -> None:
        """End without closing: the file stays, and the lock is free, as the system leaves it."""
        kept = window.autosave.path.read_bytes()
        window.close()
        window.autosave.path.write_bytes(kept)


@pytest.fixture
def windows(qtbot, tmp_path) -> Iterator[Windows]:
    made = Windows(tmp_path / "settings")
    yield made
    for window in made.made:
        window.close()


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "face.png"
    Image.fromarray(np.full((240, 320, 3), 220, np.uint8)).save(path)
    return path


def answered(qtbot, window: Window) -> None:
    qtbot.waitUntil(lambda: window.store.state.answer is not None and not window.store.state.busy)


def kept(qtbot, window: Window) -> None:
    saving = window.autosave
    with qtbot.waitSignal(saving._writer.busy_changed, check_params_cb=lambda busy: not busy):
        saving.save_now()


def crashed(qtbot, windows: Windows, photo: Path) -> None:
    """A session about a photo, its camera moved, that ended without being closed."""
    window = windows.open(photo)
    answered(qtbot, window)
    window.store.update(camera=Camera(zoom=3.5), notes="unsaved")
    kept(qtbot, window)
    windows.crash(window)


def test_a_session_that_was_not_closed_is_shown_again_by_the_next_which_says_so(qtbot, windows, photo):
    crashed(qtbot, windows, photo)
    again = windows.open()
    with qtbot.waitSignal(again.commands.cases.opened):
        pass
    state = again.store.state
    assert (state.source_name, state.camera.zoom, state.notes) == ("face.png", 3.5, "unsaved")
    assert state.case == "", "it is no file of the user's, so saving asks for one"
    assert state.notice.severity is Severity.INFO
    assert state.notice.cause == "The last session ended without being closed. This is what it showed."
    again.close()
    assert list(windows.sessions.glob(f"{OPEN}*")) == []
    assert windows.open().store.state.notice is None, "told once"


def test_what_is_asked_for_comes_before_what_was_left_which_stays_within_reach(
    qtbot, windows, photo, tmp_path
):
    crashed(qtbot, windows, photo)
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())
    again = windows.open(other)
    answered(qtbot, again)
    state = again.store.state
    assert state.source_name == "other.png"
    assert "ended without being closed" in state.notice.cause
    assert "Recent" in state.notice.remedy
    left = next(path for path in state.recent if Path(path).name.startswith(LEFT))
    with qtbot.waitSignal(again.commands.cases.opened):
        again.commands.playback.open(left)
    assert again.store.state.notes == "unsaved"


def test_a_session_that_goes_on_with_a_case_file_saves_to_it_after_a_crash(qtbot, windows, photo, tmp_path):
    window = windows.open(photo)
    answered(qtbot, window)
    with qtbot.waitSignal(window.commands.cases.saved):
        window.commands.cases.save_to(str(tmp_path / "face.case.json"))
    kept(qtbot, window)
    windows.crash(window)
    again = windows.open()
    with qtbot.waitSignal(again.commands.cases.opened):
        pass
    assert again.store.state.case == str(tmp_path / "face.case.json")


def test_a_damaged_session_is_put_aside_as_bad_told_and_a_fresh_one_begins(qtbot, windows, photo):
    crashed(qtbot, windows, photo)
    (path,) = windows.sessions.glob(f"{OPEN}*.json")
    path.write_bytes(path.read_bytes()[:500])
    again = windows.open(photo)
    answered(qtbot, again)
    assert "is damaged; it is kept as" in again.store.state.notice.cause
    assert path.with_name(f"{path.name}.bad").is_file()


def test_a_second_window_leaves_the_first_ones_session_alone(qtbot, windows, photo):
    first = windows.open(photo)
    answered(qtbot, first)
    kept(qtbot, first)
    second = windows.open(photo)
    answered(qtbot, second)
    assert second.store.state.notice is None
    assert not any(LEFT in path for path in second.store.state.recent)
    second.close()
    assert read_file(first.autosave.path).input is not None


def test_where_no_session_can_be_kept_that_is_told_and_the_window_works(qtbot, tmp_path, photo):
    """A home that is absent or may not be written to: here its place is taken by a file."""
    (tmp_path / "home").write_text("no folder")
    windows = Windows(tmp_path / "home" / "settings")
    window = windows.open(photo)
    answered(qtbot, window)
    assert "cannot be kept against a crash" in window.store.state.notice.cause
    assert "HOME" in window.store.state.notice.remedy
    window.close()


def test_an_unattended_session_neither_takes_nor_leaves_any(qtbot, windows, photo, tmp_path):
    crashed(qtbot, windows, photo)
    before = sorted(windows.sessions.iterdir())
    window = windows.open(photo, screenshot=tmp_path / "shot.png")
    answered(qtbot, window)
    window.autosave.save_now()
    window.close()
    assert sorted(windows.sessions.iterdir()) == before


def test_a_case_dropped_on_the_window_is_opened_and_closing_it_leaves_nothing(qtbot, photo, tmp_path):
    settings = Settings(QSettings(str(tmp_path / "kept" / "unmask.ini"), QSettings.Format.IniFormat))
    first = Assembly(settings, State(steady=False), FakeWork().work(), stub_panels, lambda _grab: RealFiles())
    qtbot.addWidget(first.window)
    startup.begin(first, Launch(paths=(photo,)))
    answered(qtbot, first)
    with qtbot.waitSignal(first.commands.cases.saved):
        first.commands.cases.save_to(str(tmp_path / "mine.json"))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "mine.json"))])
    copy, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    first.store.update(camera=Camera(zoom=9.0))
    with qtbot.waitSignal(first.commands.cases.opened):
        first.window.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, button, none))
    assert first.store.state.camera == Camera()
    kept(qtbot, first)
    assert first.autosave.path.parent == tmp_path / "kept" / SESSIONS
    assert first.autosave.path.is_file()
    first.window.close()
    assert list((tmp_path / "kept" / SESSIONS).iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from tests.viewer.app.test_sessions import Window
from viewer.app import startup
from viewer.cli.options import Launch
application = QApplication([])
window = Window(Path(sys.argv[1]))
startup.begin(window, Launch(paths=(Path(sys.argv[2]),)))
def kept(busy):
    if not busy and window.autosave.path.exists():
        os.kill(os.getpid(), signal.SIGKILL)
def answered(_shown):
    window.store.update(notes="before the crash")
    window.autosave.save_now()
window.session.answered.connect(answered)
window.autosave._writer.busy_changed.connect(kept)
application.exec()
"""


def test_a_window_that_was_killed_is_shown_again(qtbot, windows, photo):
    words = [sys.executable, "-c", KILLED, str(windows.sessions), str(photo)]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == -9, done.stderr
    again = windows.open()
    with qtbot.waitSignal(again.commands.cases.opened):
        pass
    state = again.store.state
    assert (state.source_name, state.notes) == ("face.png", "before the crash")
    assert "ended without being closed" in state.notice.cause


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("dsfnet", "--without takes image-space, model-space, confidence, visibility-mask, refinement."),
        ("dsfnet-published", "--without takes image-space, model-space, confidence, visibility-mask."),
        ("prnet", "This method has no parts to leave out."),
    ],
)
def test_a_part_that_no_method_has_is_refused_before_there_is_a_window(
    qapp, tmp_path, capsys, monkeypatch, method, told
):
    monkeypatch.setattr(startup, "Assembly", None)
    launch = Launch(method=method, without=frozenset({"nose"}), screenshot=tmp_path / "a.png")
    assert startup.run(launch) == 2
    assert capsys.readouterr().err == f"unmask: There is no part called 'nose'. {told}\n"


def test_a_part_that_the_loaded_method_does_not_have_is_told_of_in_the_window(qtbot, windows, photo):
    window = Window(windows.sessions)
    asked = frozenset({"refinement", "confidence"})
    window.store.update(switched_off=asked)
    startup.begin(window, Launch(paths=(photo,), without=asked))
    answered(qtbot, window)
    notice = window.store.state.notice
    window.close()
    assert notice.severity is Severity.WARNING
    assert notice.cause.startswith("There is no part called 'refinement'. --without takes image-space, ")
