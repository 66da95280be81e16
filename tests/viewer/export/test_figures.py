"""Figures in one click: a face under each occluder, panels at any size."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import cv2
import numpy as np
import pytest

from models.export.wish import Wish
from models.occlusion import kinds
from tests.fakes.desk import a_desk
from tests.fakes.reconstructor import fake_reconstruct
from tests.fakes.work import FakeWork
from viewer.export import covered
from viewer.state.setting import Setting
from viewer.widgets.figure_dialog import ALL, FigureDialog

KINDS = ("mask", "hand")


class Watched:
    """Answers as the fake does, and keeps what it was asked."""

    def __init__(self) -> None:
        self.images: list[np.ndarray] = []
        self.methods: list[str] = []
        self.gate = Event()
        self.gate.set()

    def __call__(self, image, faces, method, without):
        assert self.gate.wait(20)
        self.images.append(image)
        self.methods.append(method.name)
        return fake_reconstruct(image, faces, method, without)


@pytest.fixture
def watched():
    return Watched()


@pytest.fixture
def desk(qtbot, tmp_path, watched, monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", KINDS)  # fewer than there are, and small, to be quick
    monkeypatch.setattr(covered, "CELL_PX", 70)
    with a_desk(qtbot, work=FakeWork(answer=watched)) as desk:
        desk.desktop.chosen = str(tmp_path)
        watched.images.clear()
        watched.methods.clear()
        yield desk
        watched.gate.set()


def test_a_figure_holds_the_face_as_it_is_and_under_each_occluder(qtbot, desk, watched):
    with qtbot.waitSignal(desk.commands.export.exported, timeout=60_000) as told:
        desk.commands.export.export_covered()
    assert told.args[0].endswith("photo-occluders.svg")
    with open(told.args[0], encoding="utf-8") as file:
        drawn = file.read()
    assert all(f">{name}</text>" in drawn for name in ("bare", *KINDS))
    bare, *laid = watched.images
    assert np.array_equal(bare, desk.state.frame.image)
    assert len(laid) == len(KINDS)
    assert all((image != bare).any() for image in laid)
    assert len({image.tobytes() for image in laid}) == len(KINDS)


def test_those_who_are_compared_stand_in_the_figure_too(qtbot, desk, watched):
    peer = Setting("peer", "open")
    desk.store.update(shown=replace(desk.state.shown, others={peer: desk.state.shown.answers}))
    with qtbot.waitSignal(desk.commands.export.exported, timeout=60_000) as told:
        desk.commands.export.export_covered()
    assert len(watched.images) == 2 * (1 + len(KINDS))
    with open(told.args[0], encoding="utf-8") as file:
        assert ">peer" in file.read()


def test_the_figure_is_told_of_while_it_is_made_and_can_be_cancelled(qtbot, desk, watched, tmp_path):
    watched.gate.clear()
    desk.commands.export.export_covered()
    qtbot.waitUntil(lambda: desk.state.writing is not None and desk.state.writing.total > len(KINDS))
    desk.commands.export.cancel()
    watched.gate.set()
    qtbot.waitUntil(lambda: desk.state.writing is None)
    assert "it was cancelled" in desk.state.notice.cause
    assert len(watched.images) <= 1
    assert not list(tmp_path.iterdir())


def test_a_panel_is_written_as_large_as_the_user_wishes(qtbot, desk):
    desk.desktop.wish = Wish(width=1234, height=321, only="fused", transparent=True, legend=False)
    asked = []
    desk.desktop.ask_save = lambda kind, name: asked.append(name) or f"{desk.desktop.chosen}/panel.png"
    with qtbot.waitSignal(desk.commands.export.exported, timeout=60_000) as told:
        desk.commands.export.export_sized()
    assert asked == ["photo-fused-figure.svg"]
    assert {"input", "fused"} <= set(desk.desktop.panels)
    drawn = cv2.imread(told.args[0], cv2.IMREAD_UNCHANGED)
    assert drawn.shape == (321, 1234, 4)
    assert 0 < (drawn[..., 3] > 0).mean() < 0.9, "the face alone, on nothing"


def test_a_size_that_holds_no_panel_is_refused_in_words(qtbot, desk, tmp_path):
    desk.desktop.wish = Wish(width=64, height=64, caption="a")
    desk.commands.export.export_sized()
    qtbot.waitUntil(lambda: desk.state.notice is not None and "cannot be drawn" in desk.state.notice.cause)
    assert "larger" in desk.state.notice.remedy
    assert not list(tmp_path.iterdir())


def test_who_closes_the_dialog_writes_nothing(qtbot, desk, tmp_path):
    desk.commands.export.export_sized()
    assert desk.state.writing is None
    assert not list(tmp_path.iterdir())


def test_the_dialog_wishes_for_what_its_fields_say(qtbot):
    dialog = FigureDialog(("input", "image space", "fused"), Wish("branches", width=2400, height=800))
    qtbot.addWidget(dialog)
    assert dialog.wish() == Wish("branches", width=2400, height=800)
    assert dialog.panel.itemText(0) == ALL
    dialog.panel.setCurrentIndex(dialog.panel.findData("fused"))
    dialog.width_px.setValue(7680)
    dialog.height_px.setValue(4320)
    dialog.legend.setChecked(False)
    dialog.transparent.setChecked(True)
    dialog.caption.setText(" A hand. ")
    assert dialog.wish() == Wish("branches", 7680, 4320, "photo", "A hand.", False, True, 0.0, "fused")
