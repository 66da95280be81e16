"""The panels side by side, or two by two where the window is narrow; the user may move the borders."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

GAP = 6
NARROW = 190  # px of width a panel needs to stand beside the others
STRIP = 46  # px of a panel's height its title takes
FACE_SHAPE = 1.3  # height of a face per width


class PanelArea(QWidget):
    """Holds the panels in one row, or in two where each would get less than NARROW px or faces be smaller."""

    def __init__(self, panels: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ground")
        self._panels = tuple(panels)
        self._rows = (self._splitter(Qt.Orientation.Horizontal), self._splitter(Qt.Orientation.Horizontal))
        self._column = self._splitter(Qt.Orientation.Vertical)
        for row in self._rows:
            self._column.addWidget(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.addWidget(self._column)
        self._two_rows: bool | None = None
        self._arrange(two_rows=False)

    @property
    def two_rows(self) -> bool:
        """Whether the panels stand two by two."""
        return bool(self._two_rows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the arrangement the width allows."""
        super().resizeEvent(event)
        width, height = event.size().width(), event.size().height()
        self._arrange(two_rows=better_in_two_rows(width, height, len(self._panels)))

    def minimumSizeHint(self) -> QSize:
        """Small enough for two by two, whatever the present arrangement needs."""
        return QSize(250, 250)

    def _arrange(self, two_rows: bool) -> None:
        if two_rows is self._two_rows:
            return
        self._two_rows = two_rows
        half = (len(self._panels) + 1) // 2
        for index, panel in enumerate(self._panels):
            row = self._rows[1 if two_rows and index >= half else 0]
            if panel.parent() is not row:
                row.addWidget(panel)
        self._rows[1].setVisible(two_rows)
        for row in self._rows:
            row.setSizes([1000] * max(row.count(), 1))
        self._column.setSizes([1000, 1000])

    def _splitter(self, orientation: Qt.Orientation) -> QSplitter:
        splitter = QSplitter(orientation)
        splitter.setHandleWidth(GAP)
        splitter.setChildrenCollapsible(False)
        return splitter


def better_in_two_rows(width: int, height: int, panels: int) -> bool:
    """Whether faces get larger when the panels stand in two rows."""
    columns = (panels + 1) // 2
    beside = _face_width(width / panels, height)
    return width / panels < NARROW or _face_width(width / columns, height / 2) > beside


def _face_width(width: float, height: float) -> float:
    return min(width, (height - STRIP) / FACE_SHAPE)
