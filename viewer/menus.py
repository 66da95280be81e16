"""Menus whose entries are not verbs but things: samples, recent files, methods, weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

import resources
from models.catalogue import methods
from viewer.controller import Controller
from viewer.state import State
from viewer.store import Store


class FileMenus(QObject):
    """The menus, kept true to the Store.

    Attributes:
        samples: Bundled photos.
        recent: Files opened before.
        method: Installed methods; the one that answers is ticked.
        weights: Weights that ship for that method, and the file in use if it is another.
    """

    def __init__(self, store: Store, controller: Controller) -> None:
        super().__init__(controller)
        self._controller = controller
        self.samples, self.recent = QMenu("Samples"), QMenu("Recent")
        self.method, self.weights = QMenu("Method"), QMenu("Weights")
        for menu in (self.samples, self.recent, self.method, self.weights):
            menu.setToolTipsVisible(True)
        for path in resources.samples():
            text = path.stem.replace("_", " ").replace("-", " ").capitalize()
            self._add_file(self.samples, text, str(path))
        self.samples.setEnabled(not self.samples.isEmpty())
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

    def _fill_method(self, state: State) -> None:
        self.method.clear()
        group = QActionGroup(self.method)
        for name in sorted({*methods(), state.method}):
            chosen = name == state.method
            _add_choice(self.method, group, name, name, chosen, self._controller.choose_method)

    def _fill_weights(self, state: State) -> None:
        self.weights.clear()
        group = QActionGroup(self.weights)
        for name in dict.fromkeys((*resources.weights_for(state.method), state.weights)):
            text, chosen = Path(name).name, name == state.weights
            _add_choice(self.weights, group, text, name, chosen, self._controller.choose_weights)

    def _add_file(self, menu: QMenu, text: str, path: str) -> None:
        action = menu.addAction(text)
        action.setToolTip(f"Open {path}")
        action.triggered.connect(lambda _on: self._controller.open(path))


def _add_choice(
    menu: QMenu, group: QActionGroup, text: str, value: str, chosen: bool, choose: Callable[[str], None]
) -> None:
    action = menu.addAction(text)
    action.setCheckable(True)
    action.setChecked(chosen)
    action.setToolTip(f"Answer with: {value}")
    action.triggered.connect(lambda _on: choose(value))
    group.addAction(action)
