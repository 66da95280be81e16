"""Menus whose entries are not verbs but things: samples, recent files, methods, weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

import resources
from models.catalogue import FINDERS, finder_lacks
from viewer.app.commands import Controller
from viewer.methods.available import Offer, best_offer, method_names, offers, offers_of
from viewer.state.setting import Setting, worded
from viewer.state.state import State
from viewer.state.store import Store

LONGEST = 60  # characters of a reason
FINDER_TEXTS = {
    "finder": ("Unmask's own", "Trained on covered faces; needs no download"),
    "finder-research": ("Unmask's own, research", "Trained on photos as well; for research only"),
    "yunet": ("YuNet", "OpenCV's FaceDetectorYN, for comparison"),
    "haar": ("Haar cascades", "OpenCV's classic, frontal and profile, for comparison"),
}


class FileMenus(QObject):
    """The menus, kept true to the Store.

    Attributes:
        samples: Bundled photos.
        recent: Files opened before.
        method: Installed methods; the one that answers is ticked.
        weights: Weights that ship for that method, and the file in use if it is another.
        finder: Who can look for faces.
    """

    def __init__(self, store: Store, controller: Controller) -> None:
        super().__init__(controller)
        self._controller = controller
        self.samples, self.recent = QMenu("Samples"), QMenu("Recent")
        self.method, self.weights, self.finder = QMenu("Method"), QMenu("Weights"), QMenu("Face finder")
        for menu in (self.samples, self.recent, self.method, self.weights, self.finder):
            menu.setToolTipsVisible(True)
        for path in resources.samples():
            text = path.stem.replace("_", " ").replace("-", " ").capitalize()
            self._add_file(self.samples, text, str(path))
        self.samples.setEnabled(not self.samples.isEmpty())
        self.method.aboutToShow.connect(lambda: self._fill_method(store.state))  # files may have come
        self.weights.aboutToShow.connect(lambda: self._fill_weights(store.state))
        self.finder.aboutToShow.connect(lambda: self._fill_finder(store.state))
        self._follow(store.state, None)
        store.changed.connect(self._follow)

    @Slot(object, object)
    def _follow(self, new: State, old: State | None = None) -> None:
        if old is None or new.recent is not old.recent:
            self.recent.clear()
            for path in new.recent:
                self._add_file(self.recent, Path(path).name, path)
            self.recent.setEnabled(bool(new.recent))
        if old is None or (new.method, new.weights) != (old.method, old.weights):
            self._fill_method(new)
            self._fill_weights(new)
        if old is None or new.detector != old.detector:
            self._fill_finder(new)

    def _fill_method(self, state: State) -> None:
        self.method.clear()
        group = QActionGroup(self.method)
        for name in dict.fromkeys((*method_names(), state.method)):
            offer = best_offer(name)
            action = _add_choice(self.method, group, name, name, self._controller.choose_method)
            _tick(action, name == state.method, offer)
            add_reason(self.method, offer)

    def _fill_weights(self, state: State) -> None:
        self.weights.clear()
        group = QActionGroup(self.weights)
        found = {offer.setting.weights: offer for offer in offers_of(state.method)}
        for name in dict.fromkeys((*found, state.weights)):
            action = _add_choice(self.weights, group, Path(name).name, name, self._controller.choose_weights)
            offer = found.get(name, Offer(Setting(state.method, name)))
            _tick(action, name == state.weights, offer)
            add_reason(self.weights, offer)

    def _fill_finder(self, state: State) -> None:
        self.finder.clear()
        group = QActionGroup(self.finder)
        for name in FINDERS:
            text, meaning = FINDER_TEXTS[name]
            action = _add_choice(self.finder, group, text, name, self._controller.choose_detector)
            lacks = finder_lacks(name)
            action.setChecked(name == state.detector)
            action.setEnabled(name == state.detector or not lacks)
            action.setToolTip(lacks or meaning)
            if lacks:
                _add_line(self.finder, lacks, lacks)

    def _add_file(self, menu: QMenu, text: str, path: str) -> None:
        action = menu.addAction(text)
        action.setToolTip(f"Open {path}")
        action.triggered.connect(lambda _on: self._controller.open(path))


def _add_choice(
    menu: QMenu, group: QActionGroup, text: str, value: str, choose: Callable[[str], None]
) -> QAction:
    action = menu.addAction(text)
    action.setCheckable(True)
    action.triggered.connect(lambda _on: choose(value))
    group.addAction(action)
    return action


def _tick(action: QAction, chosen: bool, offer: Offer) -> None:
    """Tick what answers, grey what cannot."""
    action.setChecked(chosen)
    action.setEnabled(chosen or offer.ready)
    action.setToolTip(offer.meaning)


def fill_with_offers(menu: QMenu, chosen: Setting | None, choose: Callable[[Setting], None]) -> None:
    """A row for every method with weights; what cannot run is greyed and says what it lacks."""
    menu.clear()
    add_offers(menu, offers(), chosen, choose)


def add_offers(
    menu: QMenu, rows: Iterable[Offer], chosen: Setting | None, choose: Callable[[Setting], None]
) -> None:
    """As `fill_with_offers`, after what the menu holds."""
    for offer in rows:
        action = menu.addAction(worded(offer.setting))
        action.setCheckable(True)
        _tick(action, offer.setting == chosen, offer)
        action.triggered.connect(lambda _on=False, setting=offer.setting: choose(setting))
        add_reason(menu, offer)


def add_reason(menu: QMenu, offer: Offer) -> None:
    """Under a row that is greyed: what is missing, in a line; all of it is its tooltip."""
    for sentence in offer.missing[:1]:
        more = f" (and {len(offer.missing) - 1} more)" if offer.missing[1:] else ""
        _add_line(menu, sentence, offer.meaning, more)


def _add_line(menu: QMenu, sentence: str, meaning: str, more: str = "") -> None:
    first = sentence.split(". ")[0].rstrip(".")
    line = menu.addAction(f"      {first[:LONGEST]}{'…' if first[LONGEST:] else ''}{more}")
    line.setToolTip(meaning)
    line.setEnabled(False)
