"""The plot of a sweep: change against covered share, the breaking point, and the step that is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from models.reconstruction import FUSED, IMAGE_SPACE, MODEL_SPACE, branch_text
from viewer.occlusion.trials import TrialCommands
from viewer.state.occlusion import Occlusion
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets import theme

COLOURS = {FUSED: "#ffb454", IMAGE_SPACE: "#56b4e9", MODEL_SPACE: "#cc79a7"}
BROKEN = "#ff7b72"
HEIGHT = 160


class SweepPlot(pg.PlotWidget):  # type: ignore[misc]
    """A line per branch; a click shows the step nearest to it on the photo."""

    def __init__(self, store: Store, commands: TrialCommands) -> None:
        super().__init__(enableMenu=False)
        self._store, self._commands = store, commands
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(120)
        self.setAccessibleName("Change against covered share; a click shows that step on the photo")
        self.setToolTip("Mean change of each branch against how much is covered. Click: show that step.")
        self.scene().sigMouseClicked.connect(self.on_click)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.showGrid(x=True, y=True, alpha=0.15)
        item.setLabel("bottom", "covered, % of the face")
        item.setLabel("left", "change, %")
        item.addLegend(offset=(8, 4), labelTextSize="8pt", verSpacing=-6)
        self._lines = {
            branch: item.plot(
                [], [], pen=pg.mkPen(colour, width=1.8), name=branch_text(branch), connect="finite"
            )
            for branch, colour in COLOURS.items()
        }
        self._dots = pg.ScatterPlotItem(size=5, brush=pg.mkBrush(COLOURS[FUSED]), pen=None)
        self._limit = pg.InfiniteLine(angle=0, pen=pg.mkPen(BROKEN, style=Qt.PenStyle.DotLine))
        self._break = pg.InfiniteLine(angle=90, pen=pg.mkPen(BROKEN, width=1.5))
        self._here = pg.InfiniteLine(angle=90, pen=pg.mkPen("#9aa0a9", style=Qt.PenStyle.DashLine))
        for mark in (self._dots, self._limit, self._break, self._here):
            item.addItem(mark, ignoreBounds=mark is not self._dots)

    def curve(self, branch: str) -> tuple[list[float], list[float]]:
        """What a line shows: covered share in %, change in % of the face's size."""
        x, y = self._lines[branch].getOriginalDataset()
        return ([], []) if x is None else (x.tolist(), y.tolist())

    def on_click(self, event: Any) -> None:
        """A click in the plot: pyqtgraph's event."""
        if event.button() == Qt.MouseButton.LeftButton:
            at = self.getPlotItem().vb.mapSceneToView(event.scenePos())
            self.show_nearest(float(at.x()), float(at.y()))

    def show_nearest(self, share_percent: float, change_percent: float) -> None:
        """Show the step nearest a place of the plot."""
        swept = self._store.state.occlusion.swept
        if swept is None:
            return
        x, y = 100 * swept.shares, swept.percent()
        width, height = max(float(np.ptp(x)), 1e-9), max(float(np.ptp(y)), 1e-9)
        away = np.hypot((x - share_percent) / width, (y - change_percent) / height)
        self._commands.show_step(int(np.argmin(away)))

    def draw(self, state: State) -> None:
        """The sweep so far. A patch that slides has no order of shares: dots alone."""
        occlusion, swept = state.occlusion, state.occlusion.swept
        self._dress(theme.colours(state.theme))
        shares = np.zeros(0) if swept is None else 100 * swept.shares
        for branch, line in self._lines.items():
            known = swept is not None and branch in swept.branches and not swept.sweep.slides
            line.setData(shares, swept.percent(branch)) if swept is not None and known else line.setData(
                [], []
            )
        self._dots.setData(shares, shares if swept is None else swept.percent())
        step = occlusion.step if occlusion.step is not None and occlusion.step < len(shares) else None
        self._here.setVisible(step is not None)
        if step is not None:
            self._here.setValue(shares[step])
        self._mark_breaking(occlusion)

    def _mark_breaking(self, occlusion: Occlusion) -> None:
        swept = occlusion.swept
        breaking = None if swept is None else swept.breaking(occlusion.factor, occlusion.threshold_percent)
        self._break.setVisible(breaking is not None)
        self._limit.setVisible(swept is not None and not swept.sweep.slides)
        if swept is None:
            return
        limit = swept.limit_percent(occlusion.factor, occlusion.threshold_percent)
        self._limit.setValue(limit)
        if breaking is not None:
            self._break.setValue(100 * breaking.share)
        self.setXRange(0, 100 * max(float(swept.shares.max()), 0.05))
        self.setYRange(0, 1.15 * max(float(swept.percent().max()), limit))

    def _dress(self, colours: theme.Colours) -> None:
        self.setBackground(colours.surface)
        item = self.getPlotItem()
        for side in ("left", "bottom"):
            item.getAxis(side).setPen(colours.line)
            item.getAxis(side).setTextPen(colours.muted)
        item.legend.setLabelTextColor(colours.text)
