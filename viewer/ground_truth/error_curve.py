"""The cumulative curve of errors: what share of frames is no worse than each error, and where this one is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from viewer.state.style import Theme
from viewer.widgets import theme

HEIGHT = 150


class ErrorCurve(pg.PlotWidget):  # type: ignore[misc]
    """A rising line, and a dashed one at the frame shown."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(120)
        self.setAccessibleName("Share of frames against error, and the frame shown")
        item = self.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.showGrid(x=True, y=True, alpha=0.15)
        item.setLabel("bottom", "NME 2D, % of the true box")
        item.setLabel("left", "frames, %")
        self._line = item.plot([], [], pen=pg.mkPen("#56b4e9", width=1.8))
        self._here = pg.InfiniteLine(angle=90, pen=pg.mkPen("#ffb454", style=Qt.PenStyle.DashLine))
        item.addItem(self._here, ignoreBounds=True)

    def curve(self) -> tuple[list[float], list[float]]:
        """Errors in %, and the share of frames that are no worse, %."""
        x, y = self._line.getOriginalDataset()
        return ([], []) if x is None else (x.tolist(), y.tolist())

    def draw(self, errors: Sequence[float], here: float, colours: Theme) -> None:
        """Errors of all frames with truth, %; and that of the one shown."""
        x = np.sort(np.asarray(errors, np.float64))
        y = 100 * np.arange(1, len(x) + 1) / len(x)
        self._line.setData(x, y)
        self._here.setValue(here)
        self.setXRange(0, 1.05 * max(float(x.max()), here, 1e-6))
        self.setYRange(0, 100)
        chosen = theme.colours(colours)
        self.setBackground(chosen.surface)
        for side in ("left", "bottom"):
            self.getPlotItem().getAxis(side).setPen(chosen.line)
            self.getPlotItem().getAxis(side).setTextPen(chosen.muted)
