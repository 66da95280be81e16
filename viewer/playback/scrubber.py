"""A slider over the frames: a press goes there at once; the part between in and out point is marked."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

MARK = 3  # px, width of a point's mark
BAND = 3  # px, height of the line between the points


class Scrubber(QSlider):
    """Its values are indices of frames."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._marked: tuple[int, int] | None = None
        self.setPageStep(10)

    @property
    def marked(self) -> tuple[int, int] | None:
        """Indices of in and out point; None if nothing is cut."""
        return self._marked

    def mark(self, span: tuple[int, int] | None) -> None:
        """Mark the part between these frames; None marks nothing."""
        self._marked = span
        self.update()

    def place_of(self, index: int) -> float:
        """Where the handle's middle is at that frame, px from the left."""
        groove, handle = self._parts()
        way = QStyle.sliderPositionFromValue(
            self.minimum(), self.maximum(), index, round(groove.width() - handle.width())
        )
        return groove.x() + way + handle.width() / 2

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there, and let the handle be dragged on from there."""
        if event.button() is Qt.MouseButton.LeftButton:
            groove, handle = self._parts()
            at = round(event.position().x() - groove.x() - handle.width() / 2)
            way = round(groove.width() - handle.width())
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), at, way))
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The slider, and over it the points."""
        super().paintEvent(event)
        if self._marked is None:
            return
        painter = QPainter(self)
        colour: QColor = self.palette().highlight().color()
        first, last = (self.place_of(index) for index in self._marked)
        painter.fillRect(QRectF(first, self.height() - BAND, max(last - first, MARK), BAND), colour)
        for x in (first - MARK, last):
            painter.fillRect(QRectF(x, 2, MARK, self.height() - 2), colour)

    def _parts(self) -> tuple[QRectF, QRectF]:
        """Groove and handle."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        kind, style = QStyle.ComplexControl.CC_Slider, self.style()
        groove = style.subControlRect(kind, option, QStyle.SubControl.SC_SliderGroove, self)
        return QRectF(groove), QRectF(
            style.subControlRect(kind, option, QStyle.SubControl.SC_SliderHandle, self)
        )
