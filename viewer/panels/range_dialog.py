"""Which numbers the ends of a colour map stand for: two fields over a histogram of the surface's numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from viewer.gl.colour_maps import coloured
from viewer.panels.colours import Palette
from viewer.panels.surface_data import Scale
from viewer.widgets.theme import SPACE

BINS = 48
CLIP = 2.0  # % of the vertices at each end
FIELDS = ("From", "To")


class RangeDialog(QDialog):
    """Every change is shown at once; "As delivered" gives the look its own range back.

    Signals:
        span_chosen(tuple | None): Low and high, or None for the look's own range.
    """

    span_chosen = Signal(object)

    def __init__(
        self,
        values: NDArray[np.floating],
        scale: Scale,
        span: tuple[float, float] | None,
        colours: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("range")
        self.setWindowTitle(f"Colours of {scale.name}")
        self._values, self._scale = values[np.isfinite(values)], scale
        self._histogram = Histogram(self._values, scale.colour_map, colours)
        self._fields = tuple(self._field(name) for name in FIELDS)
        form = QFormLayout()
        for name, field in zip(FIELDS, self._fields, strict=True):
            form.addRow(name, field)
        self._percent = _percent_field()
        form.addRow("Leave out", self._percent)
        clip, own = QPushButton("Clip"), QPushButton("As delivered")
        clip.setToolTip(
            "Leave out that share of the vertices at each end, so that a few outliers do not count"
        )
        own.setToolTip("The range this look comes with")
        clip.clicked.connect(self._clip)
        own.clicked.connect(self._own)
        buttons = QHBoxLayout()
        buttons.addWidget(clip)
        buttons.addWidget(own)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.addWidget(self._histogram)
        column.addLayout(form)
        column.addLayout(buttons)
        self._put(span or (scale.low, scale.high))
        for field in self._fields:
            field.valueChanged.connect(self._take)

    def span(self) -> tuple[float, float]:
        """What the fields say."""
        return self._fields[0].value(), self._fields[1].value()

    def _field(self, name: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(-1e5, 1e5)
        width = self._scale.high - self._scale.low
        field.setDecimals(1 if width >= 20 else 2 if width >= 2 else 3)
        field.setSingleStep(max(width / 50, 0.001))
        field.setSuffix(f" {self._scale.unit}" if self._scale.unit else "")
        field.setAccessibleName(f"{name}: end of the colours of {self._scale.name}")
        field.setKeyboardTracking(False)
        return field

    def _put(self, span: tuple[float, float]) -> None:
        for field, value in zip(self._fields, span, strict=True):
            field.blockSignals(True)
            field.setValue(value)
            field.blockSignals(False)
        self._histogram.set_span(self.span())

    def _take(self, _value: float) -> None:
        low, high = self.span()
        if low < high:
            self._histogram.set_span((low, high))
            self.span_chosen.emit((low, high))

    def _clip(self) -> None:
        if len(self._values):
            share = self._percent.value()
            low, high = np.percentile(self._values, (share, 100 - share))
            if low < high:
                self._put((float(low), float(high)))
                self.span_chosen.emit(self.span())

    def _own(self) -> None:
        self._put((self._scale.low, self._scale.high))
        self.span_chosen.emit(None)


def _percent_field() -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setRange(0.0, 45.0)
    field.setDecimals(1)
    field.setSuffix(" % at each end")
    field.setValue(CLIP)
    field.setAccessibleName("Share of the vertices left out at each end by Clip")
    return field


class Histogram(QWidget):
    """How often each number is on the surface, in the colour it is drawn with."""

    def __init__(self, values: NDArray[np.floating], colour_map: str, colours: Palette) -> None:
        super().__init__()
        counts, edges = np.histogram(values if len(values) else [0.0], BINS)
        self._counts, self._edges = np.asarray(counts), np.asarray(edges)
        self._map, self._colours = colour_map, colours
        self._span = float(self._edges[0]), float(self._edges[-1])
        self.setFixedHeight(70)
        self.setMinimumWidth(240)
        self.setAccessibleName(f"Histogram, {self._edges[0]:.2f} to {self._edges[-1]:.2f}")

    def set_span(self, span: tuple[float, float]) -> None:
        """What the ends of the colour map stand for."""
        self._span = span
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar per bin."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._colours.view))
        painter.setPen(Qt.PenStyle.NoPen)
        middles = ((self._edges[1:] + self._edges[:-1]) / 2).astype(np.float32)
        shades = coloured(middles, *self._span, self._map)[:, :3].tolist()
        top = max(float(self._counts.max()), 1.0)
        wide = self.width() / len(self._counts)
        for place, (count, shade) in enumerate(zip(self._counts.tolist(), shades, strict=True)):
            high = count / top * (self.height() - 4)
            painter.setBrush(QColor(*shade))
            painter.drawRect(QRectF(place * wide, self.height() - high, max(wide - 1, 1), high))
        painter.end()


def ask_range(dialog: RangeDialog, told: Callable[[tuple[float, float] | None], object]) -> None:
    """Open the dialog over its panel, and pass on what is chosen."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.span_chosen.connect(told)
    dialog.open()
