"""The window's table of weights and face models: it asks, works on another thread, shows what came of it."""

from __future__ import annotations

import hashlib

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton

from resources import Asset, keeping
from tests.resources.serving import serving
from tests.viewer.assets.test_cli import MEANS, NAME
from viewer.assets.dialog import AssetsDialog
from viewer.methods.terms import Terms

pytestmark = pytest.mark.sockets


class FakeQuestions:
    """Agrees or not, and remembers what it was asked."""

    def __init__(self) -> None:
        self.agrees, self.chosen, self.asked = True, [], []

    def agree(self, parent, title, text, verb):
        self.asked.append(text)
        return self.agrees

    def files(self, parent):
        return self.chosen

    def folder(self, parent):
        return self.chosen[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path / "brought"))
    return tmp_path / "brought"


@pytest.fixture
def server(monkeypatch):
    with serving(MEANS) as running:
        asset = Asset(
            *(f"brought/{NAME}", "Them", "Their terms", "A test"),
            *(hashlib.sha256(MEANS).hexdigest(), len(MEANS), "Ask them.", running.url),
        )
        monkeypatch.setattr(keeping, "manifest", lambda root: (asset,))
        yield running


@pytest.fixture
def dialog(qtbot, folder):
    made = AssetsDialog(questions=FakeQuestions())
    qtbot.addWidget(made)
    made.show()
    yield made
    made.end()


def click(qtbot, dialog: AssetsDialog, button: QAbstractButton) -> None:
    """Click and wait until what it started has ended."""
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.cancel.isEnabled())


def test_every_file_can_be_chosen_and_offers_what_can_be_done(dialog):
    dialog.choose("BFM.mat")
    assert dialog.chosen is not None
    assert not dialog.fetch.isEnabled()
    dialog.choose("mb05_120x120.pth")
    assert dialog.fetch.isEnabled()
    assert not dialog.remove.isEnabled()
    dialog.choose("dsfnet-open.safetensors")
    assert not dialog.fetch.isEnabled()
    assert not dialog.remove.isEnabled()


def test_a_file_is_fetched_after_its_licence_was_accepted(qtbot, folder, server, dialog):
    dialog.choose(NAME)
    dialog._questions.agrees = False
    click(qtbot, dialog, dialog.fetch)
    assert server.asked == []
    assert "Their terms" in dialog._questions.asked[0]
    dialog._questions.agrees = True
    click(qtbot, dialog, dialog.fetch)
    assert (folder / NAME).read_bytes() == MEANS
    assert dialog.said.text() == "It is there."
    assert dialog.chosen.name == NAME, "the choice stays while the table is made anew"
    assert dialog.remove.isEnabled()


def test_a_failed_fetch_is_said_and_can_be_tried_again(qtbot, folder, server, dialog):
    server.breaks_after = len(MEANS) // 2
    dialog.choose(NAME)
    click(qtbot, dialog, dialog.fetch)
    assert "The connection broke" in dialog.said.text()
    server.breaks_after = None
    click(qtbot, dialog, dialog.fetch)
    assert (folder / NAME).exists()


def test_a_fetch_is_cancelled_and_gone_on_from(qtbot, folder, server, dialog):
    server.gate.clear()
    dialog.choose(NAME)
    qtbot.mouseClick(dialog.fetch, Qt.MouseButton.LeftButton)
    part = folder / f"{NAME}.part"
    qtbot.waitUntil(lambda: part.exists() and part.stat().st_size == len(MEANS) // 2)
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    server.breaks_after = len(MEANS) * 3 // 4
    server.gate.set()
    qtbot.waitUntil(lambda: not dialog.cancel.isEnabled())
    assert not (folder / NAME).exists()
    kept = part.read_bytes()
    server.breaks_after = None
    click(qtbot, dialog, dialog.fetch)
    assert (folder / NAME).read_bytes() == MEANS
    assert server.asked == ["", f"bytes={len(kept)}-"]


def test_closing_while_something_is_fetched_leaves_no_thread(qtbot, server, dialog):
    dialog.choose(NAME)
    qtbot.mouseClick(dialog.fetch, Qt.MouseButton.LeftButton)
    dialog.end()
    assert not dialog.isVisible()


def test_files_are_added_and_a_bad_one_is_said(qtbot, folder, tmp_path, dialog):
    (tmp_path / "means").write_bytes(MEANS)
    (tmp_path / "words").write_text("Hello")
    dialog._questions.chosen = [str(tmp_path / "words"), str(tmp_path / "means")]
    click(qtbot, dialog, dialog.add)
    assert (folder / NAME).read_bytes() == MEANS
    assert "words is none of the files known" in dialog.said.text()
    assert f"is {NAME}" in dialog.said.text()


def test_a_file_is_removed_only_when_agreed(qtbot, folder, server, dialog):
    dialog.choose(NAME)
    click(qtbot, dialog, dialog.fetch)
    dialog._questions.agrees = False
    click(qtbot, dialog, dialog.remove)
    assert (folder / NAME).exists()
    dialog._questions.agrees = True
    click(qtbot, dialog, dialog.remove)
    assert not (folder / NAME).exists()
    assert dialog.fetch.isEnabled()


def test_everything_has_a_name_for_those_who_do_not_see_it(dialog):
    for button in dialog.findChildren(QPushButton):
        assert button.text()
        assert button.toolTip()
    assert dialog.table.accessibleName()


def test_it_says_which_weights_answer_now_and_under_which_terms(qtbot, folder):
    used = [Terms("dsfnet · open", "0123456789ab", "Theirs", "")]
    dialog = AssetsDialog(questions=FakeQuestions(), in_use=lambda: used)
    qtbot.addWidget(dialog)
    dialog.tell_use()
    assert dialog.used.text() == "", "nobody sees it yet"
    dialog.show()
    assert dialog.used.text() == "In use\ndsfnet · open: SHA-256 0123456789ab · Theirs"
    used.append(Terms("prnet · open", "unknown", "Ours", ""))
    dialog.tell_use()
    assert "prnet · open: SHA-256 unknown · Ours" in dialog.used.text()
    dialog.end()
