"""A sentence over a view that has nothing to show."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

LEAST_WIDTH, MOST_WIDTH, MARGIN = 80, 340, 16  # px


class Message(QLabel):
    """Wraps, lets the mouse through; hidden at first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def stand(self, width: int, height: int, top: int | None = None) -> None:
        """In the middle of a view of that size, or `top` px below its upper border."""
        self.setFixedWidth(max(LEAST_WIDTH, min(MOST_WIDTH, width - 2 * MARGIN)))
        self.adjustSize()
        self.move((width - self.width()) // 2, (height - self.height()) // 2 if top is None else top)
