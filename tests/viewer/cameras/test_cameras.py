"""Cameras linked, saved and gone their own ways: values, verbs, menus, and what panels are told."""

import json
import math
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, QSettings

from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app.commands import Commands
from viewer.inference.session import Session
from viewer.state.camera import STANDARD_VIEWS, Camera, Link, turn
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.views import camera_of, moved, read, renamed_view, written
from viewer.window.action_table import make_actions
from viewer.window.panel_presenter import PanelPresenter

SIDEWAYS = Camera(turn((0, 1, 0), 30), zoom=2.0, pan=(0.1, -0.2), perspective=True)


@pytest.fixture
def desk(qtbot):
    """Store, commands, panels and actions, linked as the window links them."""
    store, desktop, parent = Store(), FakeDesktop(), QObject()
    session = Session(store, FakeWork().work())
    commands = Commands(store, session, desktop)
    panels = stub_panels()
    for widget in (panels.photo, *panels.surfaces.values()):
        qtbot.addWidget(widget)
    linked = PanelPresenter(
        store,
        commands.faces,
        commands.inspector,
        commands.cameras,
        commands.display,
        panels.photo,
        panels.surfaces,
        parent,
    )
    yield store, commands, panels.surfaces, make_actions(parent, commands, store), desktop
    assert linked is not None
    commands.close()
    assert session.close(5)


def test_linked_panels_all_look_as_the_one_that_was_moved(desk):
    _, _, surfaces, _, _ = desk
    surfaces["image"].camera_moved.emit(SIDEWAYS)
    assert surfaces["fused"].camera == surfaces["model"].camera == SIDEWAYS


def test_with_rotation_linked_each_panel_keeps_its_own_place(desk):
    store, _, surfaces, actions, _ = desk
    actions["link-rotation"].trigger()
    surfaces["image"].camera_moved.emit(SIDEWAYS)
    fused = surfaces["fused"].camera
    assert (fused.rotation, fused.perspective) == (SIDEWAYS.rotation, True)
    assert (fused.zoom, fused.pan) == (1.0, (0.0, 0.0))
    assert actions["link-rotation"].isChecked()
    assert not actions["link-all"].isChecked()
    assert camera_of(store.state, "image") == SIDEWAYS


def test_unlinked_panels_go_their_own_ways_and_come_back_to_the_last_one(desk):
    _, commands, surfaces, _, _ = desk
    other = Camera(zoom=3.0)
    commands.cameras.link(Link.NONE)
    surfaces["image"].camera_moved.emit(SIDEWAYS)
    surfaces["fused"].camera_moved.emit(other)
    assert (surfaces["image"].camera, surfaces["fused"].camera) == (SIDEWAYS, other)
    assert surfaces["model"].camera == Camera()
    commands.cameras.link(Link.ALL)
    assert {id(surfaces[name].camera) for name in ("image", "model", "fused")} == {id(other)}


def test_a_panel_is_told_its_camera_once_and_only_if_it_is_another(desk):
    _, commands, surfaces, _, _ = desk
    names = ("image", "model", "fused")
    before = [surfaces[name].cameras_told for name in names]
    commands.cameras.link(Link.NONE)
    commands.cameras.move("image", SIDEWAYS)
    after = [surfaces[name].cameras_told for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 0, 0]


def test_reset_fit_and_standard_views_reach_panels_that_went_their_own_ways(desk):
    _, commands, surfaces, actions, _ = desk
    commands.cameras.link(Link.NONE)
    commands.cameras.move("image", SIDEWAYS)
    commands.cameras.fit()
    assert surfaces["image"].camera == replace(SIDEWAYS, zoom=1.0, pan=(0.0, 0.0))
    actions["view-half-left"].trigger()
    assert surfaces["image"].camera.rotation == surfaces["fused"].camera.rotation
    actions["reset-view"].trigger()
    assert surfaces["image"].camera == surfaces["fused"].camera == Camera()


@pytest.mark.parametrize(("view", "angle"), [("left", 90), ("half left", 45), ("half right", -45)])
def test_standard_views_turn_by_what_they_say(view, angle):
    w, x, y, z = STANDARD_VIEWS[view]
    assert math.degrees(2 * math.atan2(y, w)) == pytest.approx(angle)
    assert (x, z) == (0, 0)


def test_a_view_is_saved_recalled_renamed_and_deleted(desk):
    store, commands, surfaces, actions, desktop = desk
    assert not actions["saved-view-1"].isVisible()
    commands.cameras.move("fused", SIDEWAYS)
    desktop.typed = "  from the side "
    actions["save-view"].trigger()
    commands.cameras.reset()
    assert actions["saved-view-1"].text() == "Saved view: from the side"
    actions["saved-view-1"].trigger()
    assert surfaces["image"].camera == SIDEWAYS
    desktop.chosen, desktop.typed = "from the side", "profile"
    actions["rename-view"].trigger()
    assert dict(store.state.views) == {"profile": SIDEWAYS}
    desktop.chosen = "profile"
    actions["delete-view"].trigger()
    assert not store.state.views
    assert not actions["saved-view-1"].isVisible()


def test_a_renamed_view_keeps_its_place_and_takes_over_a_name():
    views = {"a": Camera(zoom=1), "b": Camera(zoom=2), "c": Camera(zoom=3)}
    assert list(renamed_view(views, "b", "d").items()) == [
        ("a", views["a"]),
        ("d", views["b"]),
        ("c", views["c"]),
    ]
    assert list(renamed_view(views, "b", "a").items()) == [("a", views["b"]), ("c", views["c"])]
    assert dict(renamed_view(views, "b", "b")) == views


def test_saved_views_and_the_link_outlive_the_session(tmp_path):
    path = str(tmp_path / "kept.ini")
    state = State(link=Link.ROTATION, views={"from the side, nearer": SIDEWAYS, "plain": Camera()})
    Settings(QSettings(path, QSettings.Format.IniFormat)).keep(state)
    back = Settings(QSettings(path, QSettings.Format.IniFormat)).restored(State())
    assert back.link is Link.ROTATION
    assert list(back.views) == ["from the side, nearer", "plain"]
    assert back.views["from the side, nearer"].rotation == pytest.approx(SIDEWAYS.rotation)
    assert replace(back.views["from the side, nearer"], rotation=SIDEWAYS.rotation) == SIDEWAYS


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[1]",
        json.dumps(["", 1, 0, 0, 0, 1, 0, 0, False]),
        json.dumps(["zero", 0, 0, 0, 0, 1, 0, 0, False]),
        json.dumps(["endless", 1, 0, 0, 0, 1e9, 0, 0, False]),
        '["none", 1, 0, 0, NaN, 1, 0, 0, false]',
        json.dumps(["texts", "a", 0, 0, 0, 1, 0, 0, False]),
        json.dumps([7, 1, 0, 0, 0, 1, 0, 0, False]),
    ],
)
def test_what_is_no_saved_view_is_left_out(line):
    assert read(line) is None


def test_a_saved_view_is_read_as_it_was_written():
    name, camera = read(written("x" * 10, SIDEWAYS))
    assert name == "x" * 10
    assert camera.rotation == pytest.approx(SIDEWAYS.rotation)


def test_moving_a_linked_panel_changes_nothing_but_the_camera():
    assert moved(State(), "fused", SIDEWAYS) == {"camera": SIDEWAYS}
