"""The strip above the panels that says what went wrong and what to do; it never blocks."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from viewer.state.notice import Notice, Severity
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets import theme
from viewer.window.commands import WindowCommands

BOX_WORDS = "Draw a box"


class Banner(QFrame):
    """Shows State.notice; hidden when there is none."""

    def __init__(
        self, store: Store, commands: WindowCommands, draw_box: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._icon, self._cause, self._remedy = QLabel(), _wrapping("cause"), _wrapping("remedy")
        self._draw = QPushButton("Draw face box")
        self._draw.setAccessibleName("Draw face box")
        self._draw.setToolTip(draw_box.toolTip())
        self._draw.clicked.connect(draw_box.trigger)
        self._close = QToolButton()
        self._close.setAccessibleName("Dismiss this message")
        self._close.setToolTip("Dismiss this message; it stays in the log")
        self._close.clicked.connect(commands.dismiss_notice)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._cause)
        texts.addWidget(self._remedy)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        row.setSpacing(theme.SPACE + 4)
        row.addWidget(self._icon)
        row.addLayout(texts, 1)
        row.addWidget(self._draw)
        row.addWidget(self._close)
        self._follow(store.state, None)
        store.changed.connect(self._follow)

    @Slot(object, object)
    def _follow(self, new: State, old: State | None = None) -> None:
        if old is not None and new.notice is old.notice and new.theme is old.theme:
            return
        self.setVisible(new.notice is not None)
        if new.notice is not None:
            self._show(new.notice, new)

    def _show(self, notice: Notice, state: State) -> None:
        colours = theme.colours(state.theme)
        colour = {
            Severity.INFO: colours.info,
            Severity.WARNING: colours.warning,
            Severity.ERROR: colours.error,
        }[notice.severity]
        self._icon.setPixmap(theme.icon(notice.severity.value, colour).pixmap(theme.ICON, theme.ICON))
        self._close.setIcon(theme.icon("close", colours.text))
        self._cause.setText(notice.cause)
        self._remedy.setText(notice.remedy)
        self._remedy.setVisible(bool(notice.remedy))
        self._draw.setVisible(BOX_WORDS in notice.remedy)
        self.setAccessibleName(f"{notice.severity.value}: {notice.cause} {notice.remedy}")
        self.setProperty("severity", notice.severity.value)
        self.style().unpolish(self)
        self.style().polish(self)


def _wrapping(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
