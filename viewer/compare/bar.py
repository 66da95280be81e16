"""The bar above the panels that says what A and B are and lets one choose; there while they are looked at."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from viewer.compare.commands import CompareCommands
from viewer.methods.available import offers
from viewer.methods.offers_menu import add_offers
from viewer.readouts.difference import Compared, choices, compared_in, described, vertex_on
from viewer.readouts.vertex import reading
from viewer.state.comparison import A_B, Side
from viewer.state.setting import Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.parts import action_button, summary
from viewer.widgets.theme import SPACE

BUTTONS = ("ab-swap", "ab-pin", "ab-blink", "ab-flip")


class CompareBar(QWidget):
    """Two buttons with menus, the verbs of A and B, and the difference in one line."""

    def __init__(
        self,
        store: Store,
        commands: CompareCommands,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._commands = store, commands
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 4, SPACE, 0)
        self._sides = {name: self._side_button(name) for name in "ab"}
        for name, side in self._sides.items():
            row.addWidget(QLabel(name.upper()))
            row.addWidget(side)
        for name in BUTTONS:
            row.addWidget(action_button(actions[name]))
        self._summary = summary()
        row.addWidget(self._summary, 1)
        store.on(lambda state: state.panel_layout == A_B, self.setVisible)
        store.on(_names, self._name_sides)
        store.on(_said, self._say)

    def summary(self) -> str:
        """The difference in one line, or why there is none."""
        return self._summary.text()

    def _side_button(self, name: str) -> QPushButton:
        button = QPushButton()
        button.setAccessibleName(f"What {name.upper()} is")
        button.setToolTip(f"Choose what {name.upper()} is: a branch, a pinned answer, other weights or parts")
        menu = QMenu(button)
        menu.aboutToShow.connect(lambda: self._fill(menu, name))
        button.setMenu(menu)
        return button

    def _fill(self, menu: QMenu, name: str) -> None:
        menu.clear()
        state = self._store.state
        chosen = state.comparison.a if name == "a" else state.comparison.b
        group = ""
        for title, text, side in choices(state):
            if title != group:
                menu.addSection(title)
                group = title
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(side == chosen)
            action.triggered.connect(lambda _=False, side=side: self._commands.choose(name, side))
        menu.addSection("This frame, other methods")
        others = [one for one in offers() if one.setting != Setting(state.method, state.weights)]
        add_offers(
            menu,
            others,
            chosen.setting,
            lambda setting: self._commands.choose(name, Side(setting=setting)),
        )
        menu.addAction("Other weights…", lambda: self._commands.choose_weights(name))

    def _name_sides(self, names: Mapping[str, str]) -> None:
        for side, text in names.items():
            self._sides[side].setText(text)

    def _say(self, text: str) -> None:
        self._summary.setText(text)
        self._summary.setToolTip(text)


def _names(state: State) -> dict[str, str]:
    return {"a": described(state.comparison.a, state), "b": described(state.comparison.b, state)}


def _said(state: State) -> str:
    """The difference, or why there is none; out of sight nothing, for it costs."""
    if state.panel_layout != A_B:
        return ""
    pair = compared_in(state)
    return pair.trouble or " · ".join((pair.summary, *_at(pair, state)))


def _at(pair: Compared, state: State) -> tuple[str, ...]:
    """The difference at the picked vertex, if there is one."""
    if state.probe is None or state.answer is None or pair.difference is None or pair.b is None:
        return ()
    place = vertex_on(pair.b, state.probe.vertex, state.answer.topology)
    if place is None:
        return ()
    mm = float(pair.difference.values[place])
    return (f"vertex {state.probe.vertex}: {reading(mm, 'mm', pair.b.answer.mm_per_px)}",)
