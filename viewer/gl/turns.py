"""Whose turn it is to draw what takes long: one view after the other, and what the user does in between."""

from __future__ import annotations

from typing import Protocol, cast

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

NEXT_TURN_MS = 20  # until one asks again: longer than Qt takes from a wish to draw to the drawing


class Novice(Protocol):
    """A view that has or has not drawn a surface in its present context."""

    @property
    def is_novice(self) -> bool:
        """Whether its next drawing is the first of a surface: the driver compiles then, and takes long."""


class Turns(QObject):
    """Shared by the views of one window, on the GUI thread.

    As an event filter of a view it lets first drawings come to the screen one after the other.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._taken = QTimer(self, singleShot=True, interval=NEXT_TURN_MS - 5)

    def take(self) -> bool:
        """Whether the caller may draw now; else let it ask again after NEXT_TURN_MS."""
        if self._taken.isActive():
            return False
        self._taken.start()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Put a first drawing off while it is another's turn."""
        if event.type() is QEvent.Type.Paint and cast(Novice, watched).is_novice and not self.take():
            QTimer.singleShot(NEXT_TURN_MS, watched, cast(QWidget, watched).repaint)
            return True
        return super().eventFilter(watched, event)
