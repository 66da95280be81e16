"""The tour: every panel layout with something in it, a picture of each, and an end in any case (tier 2)."""

import pytest
from PySide6.QtCore import QSettings

from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.app import idle, tour
from viewer.app.assembly import Assembly
from viewer.app.tour import STOPS, Tour
from viewer.cli.parser import parse_launch
from viewer.state.layout import PANEL_LAYOUTS
from viewer.state.setting import Setting
from viewer.state.settings import Settings
from viewer.state.state import State


@pytest.fixture
def opened(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(idle, "SETTLE_MS", 0)
    work, desktop, panels = FakeWork(), FakeDesktop(), stub_panels()
    settings = Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    first = State(lineup=(Setting("other", "open"),))
    made = Assembly(settings, first, work.work(), lambda: panels, lambda _: desktop)
    qtbot.addWidget(made.window)
    made.window.show()
    yield made, desktop
    made.close()


def taken(qtbot, assembly, folder, path):
    ended = []
    made = Tour(assembly.commands, assembly.store, folder, lambda: ended.append(True))
    assembly.commands.playback.open(path)
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    return made.code


def test_it_goes_through_all_panel_layouts_and_takes_a_picture_of_each(qtbot, tmp_path, opened):
    assembly, desktop = opened
    seen = set()
    assembly.store.changed.connect(lambda new, _: seen.add(new.panel_layout))
    assert taken(qtbot, assembly, tmp_path / "tour", "photo.png") == 0
    assert seen == {row.name for row in PANEL_LAYOUTS}
    assert [path.rsplit("/")[-1] for _, path in desktop.exported] == [f"{stop.name}.png" for stop in STOPS]
    state = assembly.store.state
    assert len(state.occlusion.swept.steps) > 1
    assert state.occlusion.stack.layers == ()


def test_without_a_face_it_says_so_and_ends(qtbot, tmp_path, opened, capsys):
    assembly, desktop = opened
    desktop.sources["black.png"] = FakeSource("black", live=False, first=picture("black.png", 0))
    assert taken(qtbot, assembly, tmp_path, "black.png") == 1
    assert "no face to show" in capsys.readouterr().out


def test_a_folder_that_cannot_be_made_is_named_and_ends_it(qtbot, tmp_path, opened, capsys):
    assembly, desktop = opened
    (tmp_path / "a file").write_bytes(b"")
    assert taken(qtbot, assembly, tmp_path / "a file" / "tour", "photo.png") == 1
    assert f"{tmp_path / 'a file' / 'tour'} cannot be made (Not a directory)" in capsys.readouterr().out
    assert not desktop.exported


def test_a_stop_that_never_comes_to_rest_is_left_out(qtbot, tmp_path, opened, monkeypatch, capsys):
    assembly, desktop = opened
    stops = (STOPS[0], tour.Stop("never", lambda _: None, lambda _: False), STOPS[1])
    monkeypatch.setattr(tour, "STOPS", stops)
    monkeypatch.setattr(tour, "LONGEST_STOP_MS", 1500)
    assert taken(qtbot, assembly, tmp_path, "photo.png") == 1
    assert "never took too long" in capsys.readouterr().out
    assert len(desktop.exported) == 2


def test_an_error_that_its_own_telling_repeats_is_told_once(qtbot, opened, caplog):
    assembly, _ = opened
    told = []

    def breaks(new, old):
        if new.notice is not old.notice:
            told.append(new.notice)
            assembly.report(ValueError("again"))

    assembly.store.changed.connect(breaks)
    assembly.report(ValueError("first"))
    assert len(told) == 1
    assert "While an error was shown: again" in caplog.text


def test_the_command_line_takes_a_folder_and_nothing_that_writes_too(tmp_path):
    launch = parse_launch(["--tour", str(tmp_path), "photo.jpg"])
    assert launch.tour == tmp_path
    assert launch.unattended
    assert not parse_launch([]).unattended
    with pytest.raises(SystemExit):
        parse_launch(["--tour", "a", "--screenshot", "b.png"])
