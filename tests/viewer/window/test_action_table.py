from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLineEdit, QListView, QPushButton, QTableWidget

import resources
from tests.fakes.desktop import FakeDesktop
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from tests.viewer.gl_fixtures.screen import pixels
from viewer.app.commands import Commands
from viewer.inference.session import Session
from viewer.state.layout import PANEL_LAYOUTS, PANELS, panel_row
from viewer.state.panel_help import PANEL_HELP, help_on
from viewer.state.presentation import Presentation, Step
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import OVERLAY_TEXTS, OVERLAYS, Look
from viewer.window.action_table import ACTIONS, MENUS, make_actions
from viewer.window.command_palette import CommandPalette
from viewer.window.shortcuts_dialog import ShortcutsDialog

PLAYS = ("previous", "next")
PRESENTS = ("present-back", "present-next", "present-auto", "present-end")


@pytest.fixture
def made(qtbot):
    store, desktop, parent = Store(), FakeDesktop(), QObject()
    desktop.sources["photo.png"] = FakeSource("photo.png", False, picture())
    session = Session(store, FakeWork().work())
    commands = Commands(store, session, desktop)
    yield store, commands, session, make_actions(parent, commands, store), parent
    commands.close()
    assert session.close(5)


@pytest.mark.parametrize("presents", [False, True])
def test_no_two_actions_share_a_shortcut(presents):
    """But those of a presentation, which are there only while those of a video are not."""
    clip = Shown(replace(picture("a.png"), count=9))
    state = State(shown=clip, presentation=Presentation((Step("", "", ""),)) if presents else None)
    kept = [row for row in ACTIONS if row.shortcut and row.name not in (PLAYS if presents else PRESENTS)]
    shortcuts = [QKeySequence(row.shortcut).toString() for row in kept]
    assert all(shortcuts)
    assert [keys for keys, count in Counter(shortcuts).items() if count > 1] == []
    assert not any(row.enabled(state) for row in ACTIONS if row not in kept and row.shortcut)


def test_no_two_actions_share_a_name_or_a_text():
    assert len({row.name for row in ACTIONS}) == len(ACTIONS)
    assert len({row.text for row in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize("row", ACTIONS, ids=lambda row: row.name)
def test_every_action_says_what_it_does_and_stands_in_a_menu(row):
    assert row.text
    assert row.tooltip.endswith(".")
    assert row.menu in MENUS
    if row.icon:
        assert resources.icon(row.icon).is_file()


def test_every_overlay_has_a_text():
    assert set(OVERLAY_TEXTS) == set(OVERLAYS)


def test_what_needs_an_answer_can_only_be_done_once_there_is_one(qtbot, made):
    _, commands, session, actions, _ = made
    assert not actions["export-ply"].isEnabled()
    with qtbot.waitSignal(session.answered):
        commands.playback.open("photo.png")
    assert actions["export-ply"].isEnabled()
    assert not actions["next-face"].isEnabled()


def test_branches_are_named_as_the_method_names_them(qtbot, made):
    store, _, session, actions, _ = made
    assert not actions["branch-1"].isEnabled()
    session.start()
    qtbot.waitUntil(lambda: bool(store.state.switches))
    assert actions["branch-1"].text() == "Use image space"
    assert actions["branch-1"].isChecked()
    actions["branch-1"].trigger()
    assert store.state.switched_off == {"image space"}
    assert not actions["branch-1"].isChecked()


def test_a_check_mark_follows_the_state_and_not_the_click(qtbot, made):
    store, _, _, actions, _ = made
    actions["draw-box"].trigger()  # nothing is open, so there is nothing to draw on
    assert not actions["draw-box"].isChecked()
    actions["overlay-mask"].trigger()
    assert actions["overlay-mask"].isChecked()
    store.update(overlays=frozenset())
    assert not actions["overlay-mask"].isChecked()


def test_a_look_can_be_given_to_all_panels(qtbot, made):
    store, _, _, actions, _ = made
    actions["look-normals"].trigger()
    assert {style.look for style in store.state.styles.values()} == {Look.NORMALS}


def test_every_action_that_can_be_done_may_be_done_at_any_time(qtbot, made):
    _, commands, session, actions, _ = made
    with qtbot.waitSignal(session.answered):
        commands.playback.open("photo.png")
    for action in actions.values():
        if action.isEnabled():
            action.trigger()


def test_the_palette_finds_a_command_by_a_part_of_its_name_and_does_it(qtbot, made):
    store, _, _, actions, _ = made
    palette = CommandPalette(actions.values())
    qtbot.addWidget(palette)
    palette.type_in("perspec")
    assert len(palette.lines) == 1
    assert palette.lines[0].startswith("Perspective")
    palette.accept()
    assert store.state.camera.perspective


@pytest.mark.gl
def test_what_is_typed_goes_to_the_palette_as_soon_as_it_is_there(qtbot, made):
    _, _, _, actions, _ = made
    palette = CommandPalette(actions.values())
    qtbot.addWidget(palette)
    with qtbot.waitExposed(palette):
        palette.show()
    qtbot.waitUntil(lambda: palette.focusWidget() is not None)
    qtbot.keyClicks(palette.focusWidget(), "perspec")
    assert len(palette.lines) == 1


@pytest.mark.gl
def test_in_the_palette_a_long_name_never_runs_into_its_keys(qtbot):
    long, short = QAction("A very long name of a command " * 4), QAction("Short")
    for action in (long, short):
        action.setShortcut("Ctrl+Shift+F12")
    palette = CommandPalette([long, short])
    qtbot.addWidget(palette)
    palette.resize(360, 200)
    with qtbot.waitExposed(palette):
        palette.show()
    view = palette.findChild(QListView)
    rows = pixels(view.grab().toImage())
    heights = [view.visualRect(view.model().index(row, 0)) for row in range(2)]
    wide = view.fontMetrics().horizontalAdvance("Ctrl+Shift+F12") + 2 * 8
    keys = [rows[r.top() + 3 : r.bottom() - 3, r.right() - wide + 2 : r.right() - 6] for r in heights]
    inked = [np.abs(part.astype(int) - part[0, 0]).max(-1) > 60 for part in keys]
    assert (inked[0].any(0) == inked[1].any(0)).mean() > 0.95, "the keys stand alone, whatever the name"


def test_another_key_does_a_command_from_then_on_unless_it_is_taken(qtbot, made):
    store, commands, _, actions, _ = made
    dialog = ShortcutsDialog(ACTIONS, actions, commands.window)
    qtbot.addWidget(dialog)
    dialog.choose("theme")
    dialog.press("Ctrl+Alt+T")
    assert store.state.keys == {"theme": "Ctrl+Alt+T"}
    assert actions["theme"].shortcut() == QKeySequence("Ctrl+Alt+T")
    assert "Ctrl+Alt+T" in actions["theme"].toolTip()
    dialog.press("Ctrl+K")
    assert "already does: Find a command" in dialog.told()
    assert actions["theme"].shortcut() == QKeySequence("Ctrl+Alt+T")
    dialog.press("")
    assert actions["theme"].shortcut().isEmpty()
    dialog.findChild(QPushButton).click()
    assert actions["theme"].shortcut() == QKeySequence("Ctrl+T")


def test_the_table_of_shortcuts_holds_every_command_and_can_be_narrowed(qtbot, made):
    _, commands, _, actions, _ = made
    dialog = ShortcutsDialog(ACTIONS, actions, commands.window)
    qtbot.addWidget(dialog)
    table = dialog.findChild(QTableWidget)
    names = [table.item(row, 1).text() for row in range(table.rowCount())]
    assert names == [row.text for row in ACTIONS]
    dialog.findChild(QLineEdit).setText("f1")
    shown = {names[row] for row in range(table.rowCount()) if not table.isRowHidden(row)}
    assert "Keyboard shortcuts…" in shown
    assert "Quit" not in shown


def test_every_panel_is_explained():
    assert {row.name for row in PANELS if row.slot is None} == set(PANEL_HELP)
    for layout in PANEL_LAYOUTS:
        told = dict(help_on(State(panel_layout=layout.name)))
        assert all(len(text) > 30 for text in told.values())
        assert panel_row(layout.panels[0]).title in told


def test_the_palette_offers_only_what_can_be_done_now(qtbot, made):
    _, _, _, actions, _ = made
    palette = CommandPalette(actions.values())
    qtbot.addWidget(palette)
    assert not any(line.startswith("Export mesh") for line in palette.lines)


def test_the_palette_does_nothing_when_nothing_fits(qtbot, made):
    store, _, _, actions, _ = made
    before = store.state
    palette = CommandPalette(actions.values())
    qtbot.addWidget(palette)
    palette.type_in("no such command")
    palette.accept()
    assert store.state is before


def test_what_plays_shows_how_to_pause_it(made):
    store, _, _, actions, _ = made
    resting = actions["play"].icon().cacheKey()
    store.update(live=True)
    assert actions["play"].icon().cacheKey() != resting
    assert actions["play"].isChecked()


def test_standard_views_are_the_number_keys():
    keys = {row.shortcut: row.name for row in ACTIONS}
    assert [keys[key] for key in "1234"] == ["view-front", "view-left", "view-right", "view-top"]
