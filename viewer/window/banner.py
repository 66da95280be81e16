"""The strip above the panels that says what went wrong and what to do; it never blocks."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from models.reconstruction import Reconstruction
from viewer.faces.commands import FaceCommands
from viewer.readouts.errors import split
from viewer.state.notice import Notice, Severity
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets import theme
from viewer.window.commands import WindowCommands

BOX_WORDS = "Draw a box"
ABANDON_WORDS = "abandon it"
MISPLACED = "box-misplaced"


class Banner(QFrame):
    """Shows State.notice; without one, that a box is probably misplaced, with a button that mends it."""

    def __init__(
        self,
        store: Store,
        commands: WindowCommands,
        faces: FaceCommands,
        draw_box: QAction,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._icon, self._cause, self._remedy = QLabel(), _wrapping("cause"), _wrapping("remedy")
        self._draw = QPushButton("Draw face box")
        self._draw.setAccessibleName("Draw face box")
        self._draw.setToolTip(draw_box.toolTip())
        self._draw.clicked.connect(draw_box.trigger)
        self._take = QPushButton("Take the answer's own box")
        self._take.setAccessibleName("Take the answer's own box")
        self._take.setToolTip("Look at the place where the answer itself puts the face")
        self._take.clicked.connect(self._take_box)
        self._abandon = QPushButton("Abandon")
        self._abandon.setAccessibleName("Abandon")
        self._abandon.setToolTip("Wait no longer for this answer; the next one is asked for anew")
        self._abandon.clicked.connect(commands.abandon)
        self._declined: Reconstruction | None = None  # the user has read about that one
        self._store, self._commands, self._face_commands = store, commands, faces
        self._close = QToolButton()
        self._close.setAccessibleName("Dismiss this message")
        self._close.setToolTip("Dismiss this message; it stays in the log")
        self._close.clicked.connect(self._dismiss)
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
        row.addWidget(self._take)
        row.addWidget(self._abandon)
        row.addWidget(self._close)
        store.on(
            lambda state: (state.notice, state.theme, state.shown, state.selected_face, state.live),
            self._on_news,
        )

    def _on_news(self, _changed: object) -> None:
        state = self._store.state
        notice = state.notice or self._about_box(state)
        self.setVisible(notice is not None)
        if notice is not None:
            self._show(notice, state)

    def _about_box(self, state: State) -> Notice | None:
        """That the box lies elsewhere than the face found in it, unless the user has read that."""
        answer = state.answer
        if answer is None or answer is self._declined or state.live:
            return None
        told = (alarm.text for alarm in answer.alarms if alarm.code == MISPLACED)
        return next((Notice(Severity.WARNING, *split(text)) for text in told), None)

    @Slot()
    def _take_box(self) -> None:
        answer = self._store.state.answer
        if answer is not None:
            self._commands.dismiss_notice()
            self._face_commands.look_at_box(answer.own_box)

    @Slot()
    def _dismiss(self) -> None:
        if self._store.state.notice is None:
            self._declined = self._store.state.answer
            self.hide()
        else:
            self._commands.dismiss_notice()

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
        self._take.setVisible(state.notice is None)
        self._abandon.setVisible(ABANDON_WORDS in notice.remedy)
        self.setAccessibleName(f"{notice.severity.value}: {notice.cause} {notice.remedy}")
        self.setProperty("severity", notice.severity.value)
        self.style().unpolish(self)
        self.style().polish(self)


def _wrapping(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
