"""Whose turn it is to draw what takes long: one view after the other, and what the user does in between."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

NEXT_TURN_MS = 20  # until one asks again: longer than Qt takes from a wish to draw to the drawing


class Turns(QObject):
    """Shared by the views of one window, on the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._taken = QTimer(self, singleShot=True, interval=NEXT_TURN_MS - 5)

    def take(self) -> bool:
        """Whether the caller may draw now; else let it ask again after NEXT_TURN_MS."""
        if self._taken.isActive():
            return False
        self._taken.start()
        return True
