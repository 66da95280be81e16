"""The bar above the panels of methods side by side: one more, and the same colours for all."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from viewer.methods.commands import MethodCommands
from viewer.methods.offers_menu import fill_with_offers
from viewer.readouts.lineup import standing
from viewer.state.setting import METHODS, MOST_METHODS, worded
from viewer.state.state import State, line, setting_of
from viewer.state.store import Store
from viewer.widgets.parts import menu_button, short_button, summary
from viewer.widgets.theme import SPACE

LOOKS = (
    ("look-shaded", "Shaded"),
    ("look-photo", "Photo"),
    ("look-to_first", "Difference"),
    ("look-visibility", "Seen or hidden"),
    ("look-error", "Error"),
)
HINT = "Differences are to {first}, in its mm, after a shift in depth. The view turns all panels."


class MethodsBar(QWidget):
    """There while methods stand side by side."""

    def __init__(
        self,
        store: Store,
        commands: MethodCommands,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 4, SPACE, 0)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: fill_with_offers(menu, None, commands.add))
        self._add: QToolButton = menu_button(
            menu, "Add method", "Let one more method answer about this frame"
        )
        row.addWidget(self._add)
        for name, text in LOOKS:
            row.addWidget(short_button(actions[name], text))
        self._summary = summary()
        row.addWidget(self._summary, 1)
        store.on(lambda state: state.panel_layout == METHODS, self.setVisible)
        store.on(lambda state: len(line(state)) < MOST_METHODS, self._add.setEnabled, self)
        store.on(_said, self._say)

    def summary(self) -> str:
        """How long all took together, and what differences are measured to."""
        return self._summary.text()

    def _say(self, text: str) -> None:
        self._summary.setText(text)
        self._summary.setToolTip(text)


def _said(state: State) -> str:
    """What the bar says while methods stand side by side; out of sight nothing."""
    if state.panel_layout != METHODS:
        return ""
    return " ".join((*_together(state), HINT.format(first=worded(setting_of(state)))))


def _together(state: State) -> tuple[str, ...]:
    """How long everybody in line took together, while all have answered."""
    places = [standing(state, slot) for slot in range(len(line(state)))]
    timings = [place.answer.timing for place in places if place is not None and place.answer is not None]
    known = [timing.ms_per_face for timing in timings if timing is not None]
    if len(known) < len(places):
        return ()
    return (f"{len(known)} methods, {sum(known):.0f} ms per face together.",)
