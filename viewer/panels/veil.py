"""What lies over a panel while its answer is older than what was asked for since."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from viewer.panels.colours import DARK, Palette

OPACITY = 0.55
WORDS = "running…"
PADDING, MARGIN = 8, 10


class Veil(QWidget):
    """Dims a view and says why; lets the mouse through. Hidden at first."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view, self._colours = view, DARK
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("This answer is older than what was asked for; a new one is being computed")
        self.hide()

    def set_palette(self, colours: Palette) -> None:
        """The theme's colours."""
        self._colours = colours
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Whether what lies below is older than what was asked for."""
        self.place()
        self.setVisible(stale)
        self.raise_()

    def place(self) -> None:
        """Follow the view's size."""
        self.setGeometry(self._view.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The view's background over all of it, half transparent; a word in the corner."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = QColor(self._colours.view)
        shade.setAlphaF(OPACITY)
        painter.fillRect(self.rect(), shade)
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(WORDS) + 2 * PADDING
        plate = QRectF(self.width() - width - MARGIN, MARGIN, width, metrics.height() + PADDING)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colours.strip))
        painter.drawRoundedRect(plate, 5, 5)
        painter.setPen(QColor(self._colours.text))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, WORDS)
        painter.end()
