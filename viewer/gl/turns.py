"""Whose turn it is to draw what takes long: one view after the other, and what the user does in between."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

NEXT_TURN_MS = 20  # until one asks again: longer than Qt takes from a wish to draw to the drawing


class Turns(QObject):
    """Shared by the views of one window, on the GUI thread.

    As an event filter of a view it lets first drawings come to the screen one after the other.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._novices: WeakKeyDictionary[QWidget, Callable[[], bool]] = WeakKeyDictionary()
        self._taken = QTimer(self, singleShot=True, interval=NEXT_TURN_MS - 5)

    def watch(self, view: QWidget, is_novice: Callable[[], bool]) -> None:
        """Put its first drawing of a surface off while it is another's turn: the driver compiles then."""
        self._novices[view] = is_novice
        view.installEventFilter(self)

    def take(self) -> bool:
        """Whether the caller may draw now; else let it ask again after NEXT_TURN_MS."""
        if self._taken.isActive():
            return False
        self._taken.start()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Put a first drawing off while it is another's turn."""
        if not isinstance(watched, QWidget) or event.type() is not QEvent.Type.Paint:
            return super().eventFilter(watched, event)
        if self._novices[watched]() and not self.take():
            QTimer.singleShot(NEXT_TURN_MS, watched, watched.repaint)
            return True
        return super().eventFilter(watched, event)
