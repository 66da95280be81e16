"""A day with the window: what ends it well, and what does not (tier 2, with fakes)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings

from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app.assembly import Assembly
from viewer.benchmark import day
from viewer.benchmark.__main__ import main
from viewer.benchmark.day import Day, Errands, Step
from viewer.state.settings import Settings
from viewer.state.state import State


@pytest.fixture
def assembly(qtbot, tmp_path):
    settings = Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    made = Assembly(settings, State(), FakeWork().work(), stub_panels, lambda _grab: FakeDesktop())
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.close()


def lived(qtbot, assembly, *steps):
    made = Day(assembly, iter(steps))
    qtbot.waitUntil(lambda: not assembly.window.isVisible(), timeout=60_000)
    return made.code


def opened(assembly):
    """A step that is done only once there is an answer."""
    return Step(
        "opened", lambda: assembly.commands.playback.open("photo.png"), lambda state: state.answer is not None
    )


def test_it_ends_well_when_every_step_has_come_to_its_end_and_left_its_file(
    qtbot, tmp_path, assembly, capsys
):
    file = tmp_path / "answer.json"
    write = Step("written", lambda: file.write_text("{}"), lambda _state: True, (file,))
    assert lived(qtbot, assembly, opened(assembly), write) == 0
    assert assembly.store.state.answer is not None
    assert [line.split("s  ")[1].split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "opened",
        "written",
    ]


@pytest.mark.parametrize("text", [None, ""])
def test_a_file_that_is_missing_or_empty_fails_it_by_name(qtbot, tmp_path, assembly, capsys, text):
    file = tmp_path / "figure.svg"
    if text is not None:
        file.write_text(text)
    never = Step("never reached", lambda: pytest.fail("went on"), lambda _state: True)
    write = Step("figure exported", lambda: None, lambda _state: True, (file,))
    assert lived(qtbot, assembly, write, never) == 1
    assert f"figure exported: missing or empty: {file}" in capsys.readouterr().out


def test_a_step_that_does_not_come_to_its_end_fails_it(qtbot, assembly, capsys, monkeypatch):
    monkeypatch.setattr(day, "LONGEST_STEP_S", 0.0)
    assert lived(qtbot, assembly, Step("mined", lambda: None, lambda _state: False)) == 1
    assert "mined: took longer" in capsys.readouterr().out


def test_an_error_that_the_window_tells_fails_it(qtbot, assembly, capsys):
    broken = Step(
        "opened",
        lambda: assembly.commands.playback.open("broken.png"),
        lambda state: state.notice is not None and state.notice.severity.value == "error",
    )
    assert lived(qtbot, assembly, broken) == 1
    assert "opened: " in capsys.readouterr().out.splitlines()[-1]


def test_a_step_that_finds_something_wrong_fails_it(qtbot, assembly, capsys):
    def differs(_state):
        raise ValueError("unmask replay returned 1.")

    assert lived(qtbot, assembly, Step("case replayed", lambda: None, differs)) == 1
    assert "case replayed: unmask replay returned 1." in capsys.readouterr().out


def test_a_presentation_has_ended_once_what_was_open_before_it_is_open_again(qtbot, tmp_path, assembly):
    assert lived(qtbot, assembly, opened(assembly)) == 0
    store, before = assembly.store, assembly.store.state.opened
    for step in Errands(assembly, tmp_path).steps():
        if step.name == "presented":
            store.update(opened=("sample.png",))
    assert step.name == "presentation ended"
    assert not step.done(store.state)
    store.update(opened=before)
    assert step.done(store.state)


def test_it_needs_a_folder_and_a_place(capsys):
    with pytest.raises(SystemExit):
        main(["day", "photos"])
    assert "needs a FOLDER and --out" in capsys.readouterr().err
