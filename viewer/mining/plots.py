"""A histogram or cumulative curve of one column, or two columns over each other; a drag picks rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QGraphicsRectItem,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from viewer.mining.curves import COVERED, by_setting, means, shares
from viewer.state.mining import COLUMN, PLOTTED, Axes, Brush, Mining, Plot
from viewer.widgets.theme import SPACE, Colours

MOST_POINTS = 5000
"""More are drawn as a density, which takes as long for 10^5 as for a few."""

BINS, DENSITY = 40, 96
HINT = "Drag over the plot to pick rows; a click shows all again."


class BrushBox(pg.ViewBox):  # type: ignore[misc]
    """A view whose left drag is a brush.

    Signals:
        brushed: (x0, x1, y0, y1) in the plot's units.
        cleared: A click.
    """

    brushed = Signal(float, float, float, float)
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(False, False)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Draw the rectangle, and tell it once the button is up."""
        if ev.button() != Qt.MouseButton.LeftButton:
            ev.ignore()
            return
        ev.accept()
        if not ev.isFinish():
            self.updateScaleBox(ev.buttonDownPos(), ev.pos())
            return
        self.rbScaleBox.hide()
        first, second = self.mapToView(ev.buttonDownPos()), self.mapToView(ev.pos())
        (x0, x1), (y0, y1) = sorted((first.x(), second.x())), sorted((first.y(), second.y()))
        self.brushed.emit(x0, x1, y0, y1)

    def mouseClickEvent(self, ev: Any) -> None:
        """All rows again."""
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.cleared.emit()

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """The plot always shows all rows."""
        ev.ignore()


class RowAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis that may count rows, of which there is no half.

    Attributes:
        counts: Whether it does.
    """

    counts = False

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """pyqtgraph's; whole numbers alone where it counts."""
        levels: list[tuple[float, float]] = super().tickSpacing(minVal, maxVal, size)
        if not self.counts:
            return levels
        return [(step, offset) for step, offset in levels if step >= 1] or [(1.0, 0.0)]


class FacePlot(QWidget):
    """The plot with what it is of.

    Signals:
        chosen: Axes the user chose.
        brushed: A Brush, or None for all rows.
    """

    chosen = Signal(object)
    brushed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes = Axes()
        self._colours: Colours | None = None
        self._kind, self._x, self._y = QComboBox(), QComboBox(), QComboBox()
        for kind in Plot:
            self._kind.addItem(kind.value.capitalize(), kind)
        for box, what in ((self._x, "along x"), (self._y, "along y")):
            box.setAccessibleName(f"Column {what}")
            box.setToolTip(f"Column {what}")
            for column in PLOTTED:
                box.addItem(column.heading, column.name)
        self._kind.setAccessibleName("What is drawn")
        for box in (self._kind, self._x, self._y):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(3)
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.activated.connect(self._on_chosen)
        self.box = BrushBox()
        self.box.brushed.connect(self._on_brushed)
        self.box.cleared.connect(lambda: self.brushed.emit(None))
        self._plot = pg.PlotWidget(viewBox=self.box, axisItems={"left": RowAxis("left")}, enableMenu=False)
        self._plot.setAccessibleName("Plot of the rows")
        self._plot.setToolTip(HINT)
        self._plot.hideButtons()
        self._plot.setMinimumSize(180, 60)
        self._frame = QGraphicsRectItem()
        self._marks: list[Any] = []
        self._curves: list[Any] = []
        self._plot.addLegend(offset=(-8, -8), labelTextSize="8pt", verSpacing=-6)
        self._nothing = QLabel("", self._plot)
        self._lay_out()

    def dress(self, colours: Colours) -> None:
        """The theme's colours."""
        self._colours = colours
        self._plot.setBackground(colours.surface)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(colours.muted)
            axis.setTextPen(colours.muted)
        self._plot.getPlotItem().legend.setLabelTextColor(colours.text)

    def show_rows(self, mining: Mining, rows: NDArray[np.int64]) -> None:
        """Draw those rows; the brushed ones of them in the accent's colour."""
        self._show_axes(mining.axes)
        if self._colours is None or not self.isVisible():
            return
        item = self._plot.getPlotItem()
        item.clear()
        self._curves = []
        held = rows if mining.brush is None else rows[mining.brush.holds(mining.table)[rows]]
        draws = {
            Plot.HISTOGRAM: self._histogram,
            Plot.SCATTER: self._scatter,
            Plot.CUMULATIVE: self._cumulative,
        }
        count = draws[mining.axes.plot](mining, rows, held)
        self._marks = []
        self.show_current(mining)
        self._nothing.setText("" if count else "Nothing is known of this column.")
        self._nothing.adjustSize()
        self._nothing.move(60, 16)
        self._show_brush(mining.brush)

    def show_current(self, mining: Mining) -> None:
        """Mark the row that is open: a line at its number, in a scatter plot a ring around its point."""
        for mark in self._marks:
            self._plot.removeItem(mark)
        self._marks = []
        row = mining.current
        if self._colours is None or not 0 <= row < len(mining.table):
            return
        x, y = (float(mining.table.numbers[name][row]) for name in (self._axes.x, self._axes.y))
        pen = pg.mkPen(self._accent, width=1.8, style=Qt.PenStyle.DashLine)
        if self._axes.plot is Plot.SCATTER and np.isfinite(x) and np.isfinite(y):
            self._marks = [
                pg.ScatterPlotItem([x], [y], size=13, pen=pg.mkPen(self._accent, width=2), brush=None)
            ]
        elif self._axes.plot is not Plot.SCATTER and np.isfinite(x):
            self._marks = [pg.InfiniteLine(x, angle=90, pen=pen)]
        for mark in self._marks:
            self._plot.addItem(mark, ignoreBounds=True)

    def marked(self) -> list[tuple[float, ...]]:
        """Where the row that is open is marked: x, and y in a scatter plot."""
        lines = [(float(mark.value()),) for mark in self._marks if isinstance(mark, pg.InfiniteLine)]
        rings = [mark.getData() for mark in self._marks if isinstance(mark, pg.ScatterPlotItem)]
        return [*lines, *((float(x[0]), float(y[0])) for x, y in rings)]

    def curves(self) -> dict[str, NDArray[np.float64]]:
        """The lines that are drawn, by name: [N, 2]."""
        return {curve.name(): np.column_stack(curve.getData()) for curve in self._curves}

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        choosers = QHBoxLayout()
        choosers.setSpacing(SPACE // 2)
        for box in (self._kind, self._x, self._y):
            choosers.addWidget(box, 1)
        column.addLayout(choosers)
        column.addWidget(self._plot, 1)

    def _show_axes(self, axes: Axes) -> None:
        self._axes = axes
        scatter = axes.plot is Plot.SCATTER
        self._kind.setCurrentIndex(self._kind.findData(axes.plot))
        self._x.setCurrentIndex(self._x.findData(axes.x))
        self._y.setCurrentIndex(self._y.findData(axes.y))
        self._y.setVisible(scatter)
        self._plot.setLabel("bottom", COLUMN[axes.x].title)
        self._plot.getAxis("left").counts = axes.plot is Plot.HISTOGRAM
        up = {Plot.SCATTER: COLUMN[axes.y].title, Plot.CUMULATIVE: "Rows no greater, %"}
        self._plot.setLabel("left", up.get(axes.plot, "Rows"))

    def _histogram(self, mining: Mining, rows: NDArray[np.int64], held: NDArray[np.int64]) -> int:
        values = _known(mining, self._axes.x, rows)
        if not len(values):
            return 0
        low, high = float(values.min()), float(values.max())
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
        for chosen, colour in ((values, self._faint), (_known(mining, self._axes.x, held), self._accent)):
            counts, _ = np.histogram(chosen, edges)
            width = edges[1] - edges[0]
            bars = pg.BarGraphItem(x0=edges[:-1], width=width, height=counts, brush=colour, pen=None)
            self._plot.addItem(bars)
        self.box.setRange(
            xRange=(edges[0], edges[-1]), yRange=(0, self._highest(values, edges)), padding=0.02
        )
        return len(values)

    def _highest(self, values: NDArray[np.float64], edges: NDArray[np.float64]) -> float:
        return float(max(1, np.histogram(values, edges)[0].max()))

    def _scatter(self, mining: Mining, rows: NDArray[np.int64], held: NDArray[np.int64]) -> int:
        points = _pairs(mining, self._axes, rows)
        if not len(points):
            return 0
        chosen = _pairs(mining, self._axes, held)
        low, high = points.min(0), points.max(0)
        span = np.where(high > low, high - low, 1.0)
        for some, colour in ((points, self._faint), (chosen, self._accent)):
            if len(some) > MOST_POINTS:
                self._plot.addItem(_density(some, low, span, colour))
            else:
                dots = pg.ScatterPlotItem(some[:, 0], some[:, 1], size=5, pen=None, brush=colour)
                self._plot.addItem(dots)
        if self._axes.x == COVERED:
            for number, (name, mine) in enumerate(by_setting(mining, rows)):
                line = means(*(mining.table.numbers[column][mine] for column in (self._axes.x, self._axes.y)))
                if len(line):
                    self._add_curve(f"{name}, mean", line, number)
        x_range, y_range = zip(low, low + span, strict=True)
        self.box.setRange(xRange=x_range, yRange=y_range, padding=0.06)
        return len(points)

    def _cumulative(self, mining: Mining, rows: NDArray[np.int64], held: NDArray[np.int64]) -> int:
        """A curve for each method; of the brushed rows alone where there are some."""
        values = mining.table.numbers[self._axes.x]
        ends = []
        for number, (name, mine) in enumerate(by_setting(mining, held)):
            line = shares(values[mine])
            if len(line):
                self._add_curve(name, line, number)
                ends.append((line[0, 0], line[-1, 0]))
        if not ends:
            return 0
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        self.box.setRange(xRange=(low, high if high > low else low + 1), yRange=(0, 100), padding=0.02)
        return len(ends)

    def _add_curve(self, name: str, line: NDArray[np.float64], number: int) -> None:
        from models.export.figure import SERIES  # brings what no start has to wait for

        pen = pg.mkPen(SERIES[number % len(SERIES)], width=2)
        curve = pg.PlotDataItem(line, pen=pen, name=name)
        self._plot.addItem(curve)
        self._curves.append(curve)

    @property
    def _faint(self) -> QColor:
        assert self._colours is not None
        return QColor(self._colours.muted)

    @property
    def _accent(self) -> QColor:
        assert self._colours is not None
        return QColor(self._colours.accent)

    def _show_brush(self, brush: Brush | None) -> None:
        if brush is None or brush.x != self._axes.x:
            return
        (left, right), (bottom, top) = self.box.viewRange()
        low, high = max(brush.low, left), min(brush.high, right)
        y_low, y_high = max(brush.y_low, bottom), min(brush.y_high, top)
        self._frame = QGraphicsRectItem(QRectF(low, y_low, high - low, y_high - y_low))
        pen = QPen(self._accent, 1.5)
        pen.setCosmetic(True)
        self._frame.setPen(pen)
        self._plot.addItem(self._frame, ignoreBounds=True)

    def _on_chosen(self, _index: int) -> None:
        axes = Axes(self._kind.currentData(), self._x.currentData(), self._y.currentData())
        self.chosen.emit(replace(axes))

    def _on_brushed(self, x0: float, x1: float, y0: float, y1: float) -> None:
        axes = self._axes
        flat = axes.plot is not Plot.SCATTER
        self.brushed.emit(Brush(axes.x, x0, x1) if flat else Brush(axes.x, x0, x1, axes.y, y0, y1))


def _known(mining: Mining, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    values = mining.table.numbers[name][rows]
    return values[np.isfinite(values)]


def _pairs(mining: Mining, axes: Axes, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """[K, 2] the rows of which both are known."""
    points = np.column_stack([mining.table.numbers[name][rows] for name in (axes.x, axes.y)])
    return points[np.isfinite(points).all(1)]


def _density(
    points: NDArray[np.float64], low: NDArray[np.float64], span: NDArray[np.float64], colour: QColor
) -> Any:
    """How many lie where, as a picture in one colour; the logarithm, so that single ones are seen."""
    cells = np.minimum((points - low) / span * DENSITY, DENSITY - 1).astype(np.int64)
    counts = np.bincount(cells[:, 0] * DENSITY + cells[:, 1], minlength=DENSITY**2).reshape(DENSITY, DENSITY)
    shares = np.log1p(counts) / np.log1p(counts.max())
    pixels = np.zeros((DENSITY, DENSITY, 4), np.uint8)
    pixels[..., :3] = colour.red(), colour.green(), colour.blue()
    pixels[..., 3] = np.where(counts > 0, 70 + 185 * shares, 0)
    picture = pg.ImageItem(pixels, axisOrder="col-major")
    picture.setRect(QRectF(low[0], low[1], span[0], span[1]))
    return picture
