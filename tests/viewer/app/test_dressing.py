"""Another theme: in two turns, nothing seen in between (tier 2)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app.assembly import Assembly
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.style import Theme
from viewer.widgets import theme


@pytest.fixture
def assembly(qtbot, tmp_path):
    settings = Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))
    made = Assembly(settings, State(), FakeWork().work(), stub_panels, lambda _grab: FakeDesktop())
    qtbot.addWidget(made.window)
    yield made
    made.close()


def other(assembly):
    return Theme.LIGHT if assembly.store.state.theme is Theme.DARK else Theme.DARK


def test_a_window_in_sight_is_held_still_until_it_is_dressed(qtbot, assembly):
    assembly.window.show()
    chosen = other(assembly)
    assembly.commands.display.toggle_theme()
    assert not theme.is_worn(chosen)
    assert not assembly.window.updatesEnabled(), "bare, it must not be seen"
    qtbot.waitUntil(assembly.window.updatesEnabled)
    assert theme.is_worn(chosen)
    assert QApplication.palette().window().color().name() == theme.colours(chosen).surface


def test_the_theme_chosen_last_is_the_one_worn(qtbot, assembly):
    assembly.window.show()
    before = assembly.store.state.theme
    assembly.commands.display.toggle_theme()
    assembly.commands.display.toggle_theme()
    qtbot.waitUntil(assembly.window.updatesEnabled)
    assert theme.is_worn(before)


def test_a_picture_of_the_window_never_shows_it_bare(qtbot, assembly):
    assembly.window.show()
    assembly.commands.display.toggle_theme()
    picture = assembly.grab().toImage()
    qtbot.waitUntil(assembly.window.updatesEnabled)
    assert picture == assembly.grab().toImage()


def test_out_of_sight_it_is_dressed_at_once(assembly):
    chosen = other(assembly)
    assembly.commands.display.toggle_theme()
    assert theme.is_worn(chosen)
