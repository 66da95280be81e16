"""The bar under the panels that says in large letters what there is to see, while something is presented."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from models.metrics.states import STATE_NAMES, state_shares
from viewer.readouts.verdict import likely_error_text
from viewer.state.presentation import Presentation
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.parts import action_button
from viewer.widgets.theme import SPACE

BUTTONS = ("present-back", "present-next", "present-auto", "present-end")


class PresentationBar(QFrame):
    """Title, caption, what the answer shown says of itself, and the verbs of whoever presents."""

    def __init__(self, store: Store, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("presentation")
        self._title, self._caption, self._said = _label("title"), _label("caption"), _label("said")
        words = QVBoxLayout()
        words.setSpacing(SPACE // 2)
        for label in (self._title, self._caption, self._said):
            words.addWidget(label)
        self._caption.ensurePolished()
        self._caption.setMinimumHeight(
            2 * self._caption.fontMetrics().lineSpacing()
        )  # no step moves the panels
        self._caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._place = _label("said")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        row.addLayout(words, 1)
        row.addWidget(self._place)
        for name in BUTTONS:
            row.addWidget(action_button(actions[name]))
        store.on(lambda state: state.presentation, self._show, self)
        store.on(what_it_says, self._said.setText, self)

    def _show(self, presentation: Presentation | None) -> None:
        self.setVisible(presentation is not None)
        if presentation is not None:
            self._title.setText(presentation.step.title)
            self._caption.setText(presentation.step.caption)
            self._place.setText(f"{presentation.index + 1} / {len(presentation.steps)}")


def _label(part: str) -> QLabel:
    label = QLabel()
    label.setProperty("presents", part)
    label.setWordWrap(part != "said")
    return label


def what_it_says(state: State) -> str:
    """How much the answer shown says it saw, and its likely error; empty while there is none."""
    if state.presentation is None or state.answer is None or state.stale:
        return ""
    shares = state_shares(state.answer)
    seen = ", ".join(f"{share:.0%} {STATE_NAMES[one]}" for one, share in shares.items()) if shares else ""
    return " · ".join(filter(None, (seen, likely_error_text(state.answer))))
