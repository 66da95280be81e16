"""A label that takes what room there is."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QWidget


class Elided(QLabel):
    """A label of one line, or a few, that ends in "…" where it has too little room."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._lines = 1

    def set_lines(self, lines: int) -> None:
        """How many lines the text may be broken into."""
        if lines != self._lines:
            self._lines = lines
            self.update()

    def shown_lines(self) -> list[str]:
        """The text as it is drawn at the present width."""
        return broken_lines(self, self.text(), self.width(), self._lines)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As much of the text as fits."""
        painter = QPainter(self)
        text = "\n".join(self.shown_lines())
        self.style().drawItemText(
            painter, self.rect(), self.alignment(), self.palette(), True, text, self.foregroundRole()
        )
        painter.end()


def broken_lines(widget: QWidget, text: str, width: int, most: int) -> list[str]:
    """`text` in the widget's font in at most `most` lines of `width` px, the last ending in "…" if cut."""
    layout, metrics = QTextLayout(text, widget.font()), widget.fontMetrics()
    layout.setTextOption(QTextOption(Qt.AlignmentFlag.AlignLeft))
    lines: list[str] = []
    layout.beginLayout()
    while len(lines) < most - 1:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(max(width, 1))
        line.setPosition(QPointF(0, 0))
        lines.append(text[line.textStart() : line.textStart() + line.textLength()].rstrip())
    layout.endLayout()
    rest = text[sum(layout.lineAt(i).textLength() for i in range(layout.lineCount())) :]
    if rest:
        lines.append(metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width))
    return lines
