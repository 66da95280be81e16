from pathlib import Path
from types import MappingProxyType

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMainWindow

from viewer.app.startup import first_state, settings_for
from viewer.cli.options import Launch
from viewer.state.notice import Severity
from viewer.state.setting import Setting
from viewer.state.settings import SCHEMA, Settings
from viewer.state.state import State
from viewer.state.style import LayerStyle, Look, Theme


@pytest.fixture
def kept(tmp_path: Path):
    """Opens the same settings file anew each time, as another session would."""

    def again() -> QSettings:
        return QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)

    return again


@pytest.mark.parametrize(
    "data", [bytes(range(256)), b"[General\ntheme=light", b"[General]\ntheme=light\n[[["]
)
def test_damaged_settings_are_told_put_aside_and_replaced_by_fresh_ones(kept, tmp_path: Path, caplog, data):
    path = tmp_path / "kept.ini"
    path.write_bytes(data)
    settings = Settings(kept())
    assert "damaged" in caplog.text
    assert (tmp_path / "kept.ini.bad").read_bytes() == data
    assert settings.restored(State(theme=Theme.DARK)).theme is Theme.DARK
    settings.keep(State(theme=Theme.LIGHT))
    assert settings.sync()
    assert Settings(kept()).restored(State()).theme is Theme.LIGHT


def test_settings_damaged_a_second_time_are_kept_beside_those_of_the_first(kept, tmp_path: Path):
    for text in (b"[General\nfirst", b"[General\nsecond"):
        (tmp_path / "kept.ini").write_bytes(text)
        Settings(kept()).sync()
    assert (tmp_path / "kept.ini.bad").read_bytes() == b"[General\nfirst"
    assert (tmp_path / "kept.ini.bad-2").read_bytes() == b"[General\nsecond"


def test_settings_that_cannot_be_written_are_told(tmp_path: Path, caplog):
    (tmp_path / "file").touch()
    settings = Settings(QSettings(str(tmp_path / "file" / "kept.ini"), QSettings.Format.IniFormat))
    settings.keep(State())
    assert not settings.sync()
    assert "cannot be written" in caplog.text


def test_what_outlives_a_session_comes_back(kept, tmp_path: Path):
    photo = tmp_path / "photo.png"
    photo.touch()
    meshes = LayerStyle(Look.VISIBILITY, opacity=0.3)
    model = LayerStyle(Look.DEPTH, wire=True, opacity=0.5, span=(-0.1, 12.3456789))
    styles = MappingProxyType({"model": model, "photo": meshes})
    state = State(
        recent=(str(photo),),
        theme=Theme.LIGHT,
        overlays=frozenset({"mask"}),
        styles=styles,
        busy=True,
        steady=False,
        method="other",
        weights="mine",
        detector="haar",
        keys=MappingProxyType({"theme": "Ctrl+Alt+T", "wire": ""}),
        lineup=(Setting("dsfnet", "research"), Setting("other", "C:/a b/c.safetensors")),
    )
    settings = Settings(kept())
    settings.keep(state)
    settings.sync()
    first = State(styles=MappingProxyType(dict.fromkeys(styles, LayerStyle())))
    back = Settings(kept()).restored(first)
    assert back.recent == (str(photo),)
    assert back.theme is Theme.LIGHT
    assert back.overlays == {"mask"}
    assert back.styles["model"] == model
    assert back.styles["photo"] == meshes
    assert not back.busy
    assert not back.steady
    assert (back.method, back.weights, back.detector) == ("other", "mine", "haar")
    assert back.lineup == state.lineup
    assert back.keys == {"theme": "Ctrl+Alt+T", "wire": ""}
    Settings(kept()).keep(State())
    alone = Settings(kept()).restored(State(lineup=state.lineup))
    assert alone.lineup == (), "nobody stood beside the first, and that was kept"


def test_a_session_begins_with_those_who_can_answer(kept, tmp_path):
    settings = Settings(kept())
    settings.keep(State(method="gone", lineup=(Setting("gone", "open"), Setting("dsfnet", "research"))))
    first = first_state(settings, Launch())
    assert (first.method, first.weights) == ("dsfnet", "open")
    assert first.lineup == (Setting("dsfnet", "research"),)
    settings.keep(State(weights="research"))
    assert first_state(settings, Launch()).weights == "research"
    asked = first_state(settings, Launch(method="dsfnet"))
    assert (asked.method, asked.weights) == ("dsfnet", "open")
    assert first_state(settings, Launch(weights="mine")).weights == "mine"


def test_a_session_begins_with_the_detector_of_the_last_if_it_is_still_there(kept, tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    settings = Settings(kept())
    for finder, begun in (("haar", "haar"), ("yunet", "finder"), ("gone", "finder")):
        settings.keep(State(detector=finder))
        assert first_state(settings, Launch()).detector == begun
    assert first_state(settings, Launch(detector="yunet")).detector == "yunet"


def test_a_first_session_starts_as_it_is_meant_to(kept):
    first = State()
    back = Settings(kept()).restored(first)
    assert back.overlays == first.overlays
    assert back.theme is first.theme
    assert dict(back.styles) == dict(first.styles)


def test_no_overlay_at_all_is_remembered_too(kept):
    settings = Settings(kept())
    settings.keep(State(overlays=frozenset()))
    settings.sync()
    assert Settings(kept()).restored(State()).overlays == frozenset()


def test_files_that_are_gone_are_not_recent(kept, tmp_path: Path):
    settings = Settings(kept())
    settings.keep(State(recent=(str(tmp_path / "gone.png"),)))
    settings.sync()
    assert Settings(kept()).restored(State()).recent == ()


def test_settings_of_another_version_are_left_behind(kept):
    other = kept()
    other.setValue("schema", SCHEMA + 1)
    other.setValue("theme", "Light")
    other.sync()
    assert Settings(kept()).restored(State()).theme is Theme.DARK


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("theme", "Purple"),
        ("styles/model", ["No such look", "1", "1.0"]),
        ("styles/model", ["Shaded", "1", "much"]),
        ("styles/model", ["Shaded", "0", "1.0", "3", "nan"]),
        ("styles/model", ["Shaded", "0", "1.0", "3", "2", "1"]),
        ("styles/model", "Shaded"),
        ("overlays", ["nonsense"]),
        ("recent", 7),
        ("schema", "x"),
    ],
)
def test_settings_somebody_else_wrote_into_never_stop_a_session(kept, key: str, value: object):
    spoiled = kept()
    spoiled.setValue("schema", SCHEMA)
    spoiled.setValue(key, value)
    spoiled.sync()
    back = Settings(kept()).restored(State())
    assert back.theme is Theme.DARK
    assert back.styles["model"].opacity == 1


def test_the_window_comes_back_where_it_was(kept, qtbot):
    first, second = QMainWindow(), QMainWindow()
    qtbot.addWidget(first)
    qtbot.addWidget(second)
    first.resize(711, 523)
    settings = Settings(kept())
    assert not settings.restore_layout(first)
    settings.keep_layout(first)
    settings.sync()
    assert Settings(kept()).restore_layout(second)
    assert (second.width(), second.height()) == (711, 523)


def test_an_unattended_session_neither_takes_nor_leaves_settings(tmp_path):
    Settings().keep(State(theme=Theme.LIGHT))
    unattended = settings_for(Launch(screenshot=tmp_path / "window.png"), tmp_path)
    assert unattended.restored(State()).theme is State().theme
    unattended.keep(State(theme=Theme.DARK))
    unattended.sync()
    assert settings_for(Launch(), tmp_path).restored(State()).theme is Theme.LIGHT


def test_what_cannot_answer_any_more_is_told_with_what_takes_its_place(kept):
    settings = Settings(kept())
    settings.keep(State())
    assert first_state(settings, Launch()).notice is None
    gone = (Setting("dsfnet", "/gone/mine.safetensors"), Setting("dsfnet", "research"))
    settings.keep(State(weights="/gone/own.safetensors", detector="gone", lineup=gone))
    notice = first_state(settings, Launch()).notice
    for part in (
        *("dsfnet · own.safetensors (instead: dsfnet · open)", "detector gone (instead: finder)"),
        "dsfnet · mine.safetensors",
    ):
        assert part in notice.cause
    assert "research" not in notice.cause
    assert notice.severity is Severity.WARNING
    asked = first_state(settings, Launch(method="dsfnet", weights="open", detector="haar")).notice
    assert "own" not in asked.cause, "others were asked for"
    assert "gone" not in asked.cause


def test_weights_asked_for_alone_are_those_of_the_last_method_or_it_is_told_whose_they_are(kept):
    settings = Settings(kept())
    settings.keep(State(method="prnet", weights="/gone/own.safetensors"))
    first = first_state(settings, Launch(weights="open"))
    assert (first.method, first.weights, first.notice) == ("prnet", "open", None)
    settings.keep(State(method="uninstalled"))
    first = first_state(settings, Launch(weights="open"))
    assert (first.method, first.weights) == ("dsfnet", "open")
    assert "uninstalled · open (instead: dsfnet · open)" in first.notice.cause
