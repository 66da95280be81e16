"""Tier 2: a presentation opens, occludes and switches by itself, and leaves the window as it was."""

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt

from models.geometry.turning import UPRIGHT, Turn
from models.occlusion.occluder import Occluder
from tests.fakes.desktop import FakeDesktop
from tests.fakes.occluded import covered_reconstruct
from tests.fakes.panels import stub_panels
from tests.fakes.work import FakeWork
from viewer.app.assembly import Assembly
from viewer.presentation.bar import PresentationBar, what_it_says
from viewer.presentation.script import SCHEMA
from viewer.state.occlusion import Layer
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.widgets.dialogs import Pasted

BOARD = Occluder("board", np.full((30, 40, 4), (200, 10, 10, 255), np.uint8), np.eye(3))
STEPS = (
    {"title": "Bare", "caption": "A face.", "picture": "face.png"},
    {"title": "Hidden", "caption": "A hand.", "picture": "face.png", "occluders": ["hand", "mask"]},
    {"title": "Less", "caption": "No model.", "picture": "face.png", "occluders": ["hand", "mask"]}
    | {"switched_off": ["model space"], "panel_layout": "x-ray"},
    {"title": "Other", "caption": "Another.", "picture": "other.png", "seconds": 1},
)


class Opened:
    """A window on stub panels with a photo, and a presentation to show in it."""

    def __init__(self, folder):
        self.work, self.desktop = FakeWork(answer=covered_reconstruct), FakeDesktop()
        settings = Settings(QSettings(str(folder / "kept.ini"), QSettings.Format.IniFormat))
        panels = stub_panels()
        self.assembly = Assembly(settings, State(), self.work.work(), lambda: panels, lambda _: self.desktop)
        self.store, self.window = self.assembly.store, self.assembly.window
        self.actions, self.commands = self.assembly.actions, self.assembly.commands
        self.bar = self.window.findChild(PresentationBar)
        for name in ("face.png", "other.png"):
            Image.new("RGB", (8, 8)).save(folder / name)
        self.script = folder / "mine.presentation.json"
        self.script.write_text(json.dumps({"schema": SCHEMA, "steps": STEPS}))
        self.folder = folder

    def kinds(self):
        return [layer.occluder.kind for layer in self.store.state.occlusion.stack.layers]

    def rests(self, picture, *kinds):
        """Whether that picture is shown, answered, under those occluders."""
        state = self.store.state
        shown = state.opened == (str(self.folder / picture),) and state.answer is not None
        return shown and not state.busy and not state.stale and self.kinds() == list(kinds)


@pytest.fixture
def opened(qtbot, tmp_path):
    made = Opened(tmp_path)
    qtbot.addWidget(made.window)
    made.assembly.show((1600, 1000))
    with qtbot.waitSignal(made.assembly.session.answered):
        made.commands.playback.open("photo.png")
    qtbot.waitUntil(lambda: not made.store.state.busy)
    yield made
    made.work.gate.set()
    made.assembly.close()


def test_each_step_brings_about_what_it_shows(qtbot, opened):
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    opened.actions["present-next"].trigger()
    qtbot.waitUntil(lambda: opened.rests("face.png", "hand", "mask"), timeout=20_000)
    assert opened.store.state.occlusion.selected == -1, "no handles over the photo"
    stack = opened.store.state.occlusion.stack
    opened.actions["present-next"].trigger()
    qtbot.waitUntil(lambda: opened.rests("face.png", "hand", "mask"))
    assert opened.store.state.occlusion.stack is stack, "the same occluders are not drawn again"
    assert opened.store.state.switched_off == {"model space"}
    assert opened.store.state.panel_layout == "x-ray"
    opened.actions["present-next"].trigger()
    qtbot.waitUntil(lambda: opened.rests("other.png"))
    assert opened.store.state.switched_off == frozenset()
    opened.actions["present-back"].trigger()
    qtbot.waitUntil(lambda: opened.rests("face.png", "hand", "mask"), timeout=20_000)


def test_only_the_panels_and_the_caption_are_there_and_then_everything_again(qtbot, opened):
    window, before = opened.window, opened.store.state
    docks = {dock.objectName(): dock.isVisible() for dock in opened.assembly._docks.values()}
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    assert window.isFullScreen()
    assert not window.menuBar().isVisible()
    assert not any(dock.isVisible() for dock in opened.assembly._docks.values())
    opened.commands.presentation.go(2)
    assert not any(dock.isVisible() for dock in opened.assembly._docks.values()), "nor with other panels"
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: opened.store.state.opened == before.opened and not opened.store.state.busy)
    state = opened.store.state
    assert state.presentation is None
    assert not window.isFullScreen()
    assert window.menuBar().isVisible()
    assert {dock.objectName(): dock.isVisible() for dock in opened.assembly._docks.values()} == docks
    assert not opened.bar.isVisible()
    for name in ("panel_layout", "switched_off", "overlays", "method", "weights", "recent"):
        assert getattr(state, name) == getattr(before, name), name


def test_occluders_boxes_and_notes_of_before_come_back(qtbot, opened):
    store = opened.store
    with qtbot.waitSignal(opened.assembly.session.answered):
        opened.commands.occlusion._on_drawn(store.state.occlusion.epoch, Layer("board", BOARD), None)
    store.update(notes="look at the chin")
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    opened.commands.presentation.end()
    qtbot.waitUntil(lambda: opened.kinds() == ["board"] and not store.state.busy)
    assert store.state.notes == "look at the chin"
    assert store.state.shown.occluded is not None


def test_a_turned_picture_is_turned_again_with_its_boxes_and_what_is_presented_is_upright(qtbot, opened):
    store = opened.store
    opened.commands.playback.turn(1)
    opened.commands.playback.mirror()
    qtbot.waitUntil(lambda: store.state.answer is not None and not store.state.busy)
    opened.commands.faces.move_box(1, 0)
    qtbot.waitUntil(lambda: store.state.answer is not None and not store.state.busy)
    before = store.state
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    assert store.state.frame.turn == UPRIGHT
    opened.commands.presentation.end()
    qtbot.waitUntil(lambda: store.state.boxes is not None and not store.state.busy)
    assert store.state.frame.turn == before.frame.turn == Turn(1, True)
    assert [face.box for face in store.state.boxes] == [face.box for face in before.boxes]


def test_a_pasted_picture_is_there_again_turned_and_with_its_boxes(qtbot, opened):
    store, image = opened.store, np.arange(60 * 80 * 3, dtype=np.uint8).reshape(60, 80, 3)
    opened.desktop.clipboard = Pasted(image)
    opened.commands.playback.paste()
    qtbot.waitUntil(lambda: store.state.opened == () and not store.state.busy)
    opened.commands.playback.turn(1)
    opened.commands.faces.look_at_box((10, 10, 40, 50))
    qtbot.waitUntil(lambda: store.state.answer is not None and not store.state.busy)
    before = store.state
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    opened.commands.presentation.end()
    qtbot.waitUntil(lambda: store.state.boxes is not None and not store.state.busy)
    np.testing.assert_array_equal(store.state.frame.image, before.frame.image)
    assert store.state.frame.turn == before.frame.turn == Turn(1)
    assert store.state.boxes[0].box == before.boxes[0].box


def test_who_opens_another_picture_at_once_gets_nothing_of_the_one_before(qtbot, opened):
    store = opened.store
    store.update(notes="look at the chin")
    before = store.state.opened
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    opened.commands.presentation.end()
    opened.commands.playback.open("another.png")
    qtbot.waitUntil(lambda: store.state.source_name == "another.png" and not store.state.busy)
    opened.commands.playback.open(before[0])
    qtbot.waitUntil(lambda: store.state.opened == before and not store.state.busy)
    assert store.state.notes == "", "it was opened anew"


def test_closing_the_window_in_mid_presentation_keeps_the_users_own_layout(qtbot, opened):
    kept = {}
    settings = opened.assembly._settings
    settings.keep_layout = lambda window: kept.update(full=window.isFullScreen())
    settings.keep = lambda state: kept.update(state=state)
    before = opened.store.state
    opened.commands.presentation.present(opened.script)
    opened.commands.presentation.go(2)
    qtbot.waitUntil(lambda: opened.store.state.panel_layout == "x-ray")
    assert opened.assembly.close()
    assert kept["full"] is False
    for name in ("panel_layout", "switched_off", "overlays", "method", "weights", "recent"):
        assert getattr(kept["state"], name) == getattr(before, name), name


def test_what_is_presented_is_not_kept_as_the_users_session(qtbot, opened):
    autosave = opened.assembly.autosave
    assert autosave.start() == ""
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    autosave.save_now()
    assert not autosave.path.exists()
    assert not autosave._writer.busy


def test_steps_follow_by_themselves_round_and_round(qtbot, opened):
    opened.commands.presentation.present(opened.script)
    opened.commands.presentation.go(3)
    opened.actions["present-auto"].trigger()
    assert opened.actions["present-auto"].isChecked()
    qtbot.waitUntil(lambda: opened.store.state.presentation.index == 0, timeout=10_000)
    opened.actions["present-auto"].trigger()
    assert not opened.assembly._presenting._patience.isActive()


def test_the_bar_says_the_step_and_what_the_answer_says_of_itself(qtbot, opened):
    opened.commands.presentation.present(opened.script)
    qtbot.waitUntil(lambda: opened.rests("face.png"))
    said = [label.text() for label in (opened.bar._title, opened.bar._caption, opened.bar._place)]
    assert said == ["Bare", "A face.", "1 / 4"]
    assert "seen" in what_it_says(opened.store.state)
    assert opened.bar._said.text() == what_it_says(opened.store.state)
    opened.commands.presentation.go(-1)
    assert opened.store.state.presentation.index == 0, "there is nothing before the first"


def test_a_presentation_that_cannot_be_read_is_told_and_nothing_changes(qtbot, opened):
    before = opened.store.state
    opened.desktop.chosen = str(opened.folder / "none.presentation.json")
    opened.actions["present-own"].trigger()
    assert opened.store.state.presentation is None
    assert "none.presentation.json" in opened.store.state.notice.cause
    assert opened.store.state.shown is before.shown
    assert not opened.window.isFullScreen()
