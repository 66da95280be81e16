from collections import Counter

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

import resources
from tests.fakes.desktop import FakeDesktop
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.app.commands import Commands
from viewer.inference.session import Session
from viewer.state.store import Store
from viewer.state.style import OVERLAY_TEXTS, OVERLAYS, Look
from viewer.window.action_table import ACTIONS, MENUS, make_actions
from viewer.window.command_palette import CommandPalette


@pytest.fixture
def made(qtbot):
    store, desktop, parent = Store(), FakeDesktop(), QObject()
    desktop.sources["photo.png"] = FakeSource("photo.png", False, picture())
    session = Session(store, FakeWork().work())
    commands = Commands(store, session, desktop)
    yield store, commands, session, make_actions(parent, commands, store), parent
    commands.close()
    assert session.close(5)


def test_no_two_actions_share_a_shortcut():
    shortcuts = [QKeySequence(row.shortcut).toString() for row in ACTIONS if row.shortcut]
    assert all(shortcuts)
    assert [keys for keys, count in Counter(shortcuts).items() if count > 1] == []


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
