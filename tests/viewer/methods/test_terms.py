"""Which weights are in use, and under which terms: the same as the manifest and the files say."""

from __future__ import annotations

import hashlib

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from resources import ROOT, manifest
from tests.fakes.desktop import FakeDesktop
from viewer.methods.commands import MethodCommands
from viewer.methods.presenter import MethodsPresenter
from viewer.methods.terms import in_use, terms_of, who_answers
from viewer.state.driver import Driver
from viewer.state.setting import METHODS, Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.window.about import about, as_text

OPEN = "weights/dsfnet-open.safetensors"
RESEARCH = "weights/dsfnet-research.safetensors"


def licence(path: str) -> str:
    return next(asset.licence for asset in manifest() if asset.path == path)


def digits(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()[:12]


def test_weights_in_use_are_named_with_their_content_and_licence():
    weights, detector = in_use(State())
    assert (weights.user, weights.sha256, weights.licence) == ("dsfnet · open", digits(OPEN), licence(OPEN))
    finder = "weights/finder-open.safetensors"
    assert detector.user == "detector finder"
    assert (detector.sha256, detector.licence) == (digits(finder), licence(finder))


def test_methods_side_by_side_are_all_in_use_each_weights_once():
    other = Setting("dsfnet", "research", frozenset({"image space"}))
    state = State(lineup=(other, Setting("dsfnet", "research")), detector="haar")
    assert [file.user for file in in_use(state)] == ["dsfnet · open"], "only one answers"
    both = in_use(State(panel_layout=METHODS, lineup=state.lineup, detector="haar"))
    assert [(file.sha256, file.licence) for file in both] == [
        (digits(OPEN), licence(OPEN)),
        (digits(RESEARCH), licence(RESEARCH)),
    ]
    assert licence(OPEN) != licence(RESEARCH)


def test_of_a_file_nobody_knows_no_licence_is_claimed(tmp_path):
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"weights")
    terms = terms_of(Setting("dsfnet", str(mine)))
    assert terms.licence.startswith("unknown")
    assert "Apache" not in terms.line
    assert terms_of(Setting("third-party", "open")).sha256 == "unknown"


def test_a_detector_whose_file_was_brought_is_known_by_content(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    assert len(in_use(State(detector="yunet"))) == 1, "its file is not there"
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"another")
    detector = in_use(State(detector="yunet"))[1]
    assert detector.sha256 == hashlib.sha256(b"another").hexdigest()[:12]
    assert detector.licence.startswith("unknown")


def test_what_the_window_says_of_itself_holds_the_terms_of_the_weights_that_answer():
    state = State(weights="research", device="cuda", driver=Driver("Vendor", "a <driver>", "4.5"))
    text = as_text(about(state, in_use(state)))
    for part in ("dsfnet · research", digits(RESEARCH), licence(RESEARCH), "CUDA", "a <driver>"):
        assert part in text


class TitleMenu(QObject):
    """A panel whose title opens a menu."""

    def offer(self, menu: QMenu, meaning: str) -> None:
        self.menu = menu

    def set_caption(self, title: str, note: str, meaning: str, absence: str) -> None:
        pass


def test_the_menu_of_a_method_panel_says_under_which_terms_its_weights_are(qtbot):
    store = Store(State(panel_layout=METHODS, lineup=(Setting("dsfnet", "research"),)))
    panels = {"method-1": TitleMenu(), "method-2": TitleMenu()}
    presenter = MethodsPresenter(store, MethodCommands(store, FakeDesktop()), panels)
    said = []
    for panel in panels.values():
        panel.menu.aboutToShow.emit()
        said.append("\n".join(action.toolTip() for action in panel.menu.actions()))
    assert presenter is not None
    assert f"SHA-256 {digits(OPEN)} · {licence(OPEN)}" in said[0]
    assert f"SHA-256 {digits(RESEARCH)} · {licence(RESEARCH)}" in said[1]
    assert who_answers(store.state)[0] == (Setting("dsfnet", "open"), Setting("dsfnet", "research"))
