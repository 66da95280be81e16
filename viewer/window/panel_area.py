"""Some of the panels side by side, in one row or two; the user may move the borders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

GAP = 6
WIDEST_OVER = 900  # px of what lies over the panels
NARROW = 190  # px of width a panel needs to stand beside the others
STRIP = 50  # px of a panel's height its title takes
FACE_SHAPE = 1.3  # height of a face per width
WORTH = 0.9  # of a face's width, which two rows may cost: the photo, mostly wider than high, gets larger


class PanelArea(QWidget):
    """Holds the panels in one row, or in two where that uses the space better."""

    def __init__(self, panels: Mapping[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ground")
        self._panels = dict(panels)
        self._rows = (self._splitter(Qt.Orientation.Horizontal), self._splitter(Qt.Orientation.Horizontal))
        self._column = self._splitter(Qt.Orientation.Vertical)
        for row in self._rows:
            self._column.addWidget(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.addWidget(self._column)
        self._two_rows = False
        self._shown = tuple(self._panels)
        self._over: QWidget | None = None
        self._arrange(two_rows=False)

    def show_only(self, names: Sequence[str]) -> None:
        """Show these panels, from left to right, and hide the others."""
        self._shown = tuple(names)
        for name, panel in self._panels.items():
            panel.setVisible(name in self._shown)
        self._arrange(better_in_two_rows(self.width(), self.height(), len(self._shown)))

    def lay_over(self, widget: QWidget) -> None:
        """Let a widget that comes and goes lie over the lower end of the panels, so that it moves nothing."""
        widget.setParent(self)
        widget.installEventFilter(self)
        self._over = widget

    @property
    def two_rows(self) -> bool:
        """Whether the panels stand in two rows."""
        return self._two_rows

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose one row or two, as the width allows."""
        super().resizeEvent(event)
        self._place_over()
        two_rows = better_in_two_rows(event.size().width(), event.size().height(), len(self._shown))
        if two_rows is not self._two_rows:
            self._arrange(two_rows)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Place what lies over the panels when it comes and when its words change."""
        if watched is self._over and event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest):
            self._place_over()
        return super().eventFilter(watched, event)

    def _place_over(self) -> None:
        if self._over is None:
            return
        width = min(self.width() - 4 * GAP, WIDEST_OVER)
        hint = self._over.heightForWidth(width)
        height = hint if hint > 0 else self._over.sizeHint().height()
        self._over.setGeometry((self.width() - width) // 2, self.height() - height - 2 * GAP, width, height)
        self._over.raise_()

    def minimumSizeHint(self) -> QSize:
        """Small enough for two by two, whatever the present rows need."""
        return QSize(250, 250)

    def _arrange(self, two_rows: bool) -> None:
        self._two_rows = two_rows
        half = (len(self._shown) + 1) // 2
        for index, name in enumerate(self._shown):
            row = self._rows[1 if two_rows and index >= half else 0]
            row.addWidget(self._panels[name])  # to its end, also where it stands in that row already
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
    """Whether panels are too narrow in one row, or faces about as large in two."""
    columns = (panels + 1) // 2
    beside = _face_width(width / panels, height)
    return width / panels < NARROW or _face_width(width / columns, height / 2) > WORTH * beside


def _face_width(width: float, height: float) -> float:
    return min(width, (height - STRIP) / FACE_SHAPE)
