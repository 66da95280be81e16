from __future__ import annotations

import os

import pytest

from tests.viewer.cases.states import frame_of
from viewer.cases.autosave import LEFT, MOST_LEFT, OPEN, Autosave, left_behind
from viewer.cases.case_file import read_file
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store


def notes_in(paths) -> list[str]:
    return [read_file(path).notes for path in paths]


def store_of(notes: str = "") -> Store:
    return Store(State(shown=Shown(frame_of()), notes=notes))


def saved(qtbot, saving: Autosave) -> None:
    with qtbot.waitSignal(saving._writer.busy_changed, check_params_cb=lambda busy: not busy):
        saving.save_now()


def test_a_session_is_kept_a_moment_after_anything_changed_and_not_before(qtbot, tmp_path):
    store = Store()
    saving = Autosave(store, tmp_path, every_ms=1)
    assert saving.start() == ""
    saving.save_now()
    assert not saving.path.exists(), "there is nothing to keep yet"
    with qtbot.waitSignal(saving._writer.busy_changed, check_params_cb=lambda busy: not busy):
        store.update(shown=Shown(frame_of()))
    store.update(notes="changed")
    qtbot.waitUntil(lambda: read_file(saving.path).notes == "changed")
    assert saving.close()
    assert list(tmp_path.iterdir()) == []


def test_two_windows_in_one_folder_do_not_write_each_others_file(qtbot, tmp_path):
    first, second = (Autosave(store_of(notes), tmp_path) for notes in ("first", "second"))
    for saving in (first, second):
        assert saving.start() == ""
        saved(qtbot, saving)
    assert left_behind(tmp_path).files == (), "both are open"
    assert first.path != second.path
    assert first.close()
    assert notes_in([second.path]) == ["second"]
    assert second.close()


def test_a_damaged_file_that_was_left_is_put_aside_as_bad_and_the_others_are_given(tmp_path, caplog):
    (tmp_path / f"{OPEN}1-a.case.json").write_text('{"schema": "unmask.case/1", "wri')
    left = left_behind(tmp_path)
    assert left.files == ()
    assert [path.name for path in left.damaged] == [f"{OPEN}1-a.case.json.bad"]
    assert left.damaged[0].read_text() == '{"schema": "unmask.case/1", "wri'
    assert "damaged or cut off" in caplog.text
    assert left_behind(tmp_path).damaged == ()


def test_no_more_than_a_few_sessions_are_kept(tmp_path):
    for number in range(MOST_LEFT + 3):
        path = tmp_path / f"{LEFT}{number:02}.case.json"
        path.write_text("{}")
        os.utime(path, (number, number))
    left_behind(tmp_path)
    kept = sorted(path.name for path in tmp_path.glob(f"{LEFT}*"))
    assert kept == [f"{LEFT}{number:02}.case.json" for number in range(3, MOST_LEFT + 3)]


def test_where_nothing_can_be_written_it_says_why_and_keeps_nothing(tmp_path):
    (tmp_path / "a file").write_text("")
    saving = Autosave(store_of(), tmp_path / "a file" / "sessions")
    assert "irectory" in saving.start()
    saving.save_now()
    assert saving.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read_is_told(tmp_path):
    folder = tmp_path / "settings"
    folder.mkdir(mode=0o500)
    saving = Autosave(store_of(), folder)
    assert saving.start()
    assert saving.close()
    assert left_behind(folder).files == ()


def test_what_cannot_be_kept_is_told_once(qtbot, tmp_path, caplog):
    store = Store(State(shown=Shown(frame_of()), opened=("/none/photo.png",)))
    saving = Autosave(store, tmp_path)
    assert saving.start() == ""
    saved(qtbot, saving)
    saved(qtbot, saving)
    assert caplog.text.count("could not be kept") == 1
    assert saving.close()
