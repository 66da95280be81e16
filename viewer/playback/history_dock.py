"""The dock of plots over the frames: one row per quantity, one axis; a click goes to the frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from viewer.playback.commands import PlaybackCommands
from viewer.state.history import History, Record
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets import theme
from viewer.widgets.parts import note
from viewer.widgets.raster import qimage

PAUSE_MS = 100  # between two drawings
AXIS_WIDTH, AXIS_HEIGHT, ROW_HEIGHT = 46, 20, 40  # px
NOTHING = "Plots begin with the second frame of a video, a folder or a camera."
KEPT = "A camera cannot go back: this is the kept picture of second {time:.1f}."


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: what a legend calls it, its colour, and its value at a record."""

    name: str
    colour: str
    value: Callable[[Record], float]


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One plot.

    Attributes:
        key, title: What its switch says.
        unit: Of its axis.
        meaning: One sentence.
        curves: What is drawn.
    """

    key: str
    title: str
    unit: str
    meaning: str
    curves: tuple[Curve, ...]


ROWS = (
    CurveRow(
        "pose",
        "Pose",
        "°",
        "Pitch, yaw and roll in degrees, AFLW2000 convention",
        (
            Curve("pitch", "#56b4e9", lambda record: record.pose_deg[0]),
            Curve("yaw", "#e69f00", lambda record: record.pose_deg[1]),
            Curve("roll", "#cc79a7", lambda record: record.pose_deg[2]),
        ),
    ),
    CurveRow(
        "seen",
        "Seen",
        "%",
        "Share of the face's vertices that were seen",
        (Curve("seen", "#2ab7a9", lambda record: record.seen_percent),),
    ),
    CurveRow(
        "apart",
        "Branches differ",
        "mm",
        "Mean distance of the two branches in millimetres",
        (Curve("disagreement", "#d55e00", lambda record: record.disagreement_mm),),
    ),
    CurveRow(
        "jitter",
        "Jitter",
        "%",
        "Mean second difference of the 68 landmarks, in % of sqrt(w h) of their box; steady motion gives 0",
        (Curve("jitter", "#b79ced", lambda record: record.jitter_percent),),
    ),
    CurveRow(
        "fps",
        "Speed",
        "fps",
        "Frames answered per second while playing",
        (Curve("speed", "#9aa0a9", lambda record: record.fps),),
    ),
    CurveRow(
        "error",
        "Error",
        "%",
        "NME 2D, 68 points, sqrt(w h) of the truth's box, where there is ground truth",
        (Curve("error", "#7cc96b", lambda record: record.error_percent),),
    ),
)
"""A new quantity is one more row, and one more field of Record."""


class HistoryDock(QWidget):
    """Plots of State.history; made once somebody looks, drawn at most ten times a second while they do."""

    def __init__(self, store: Store, commands: PlaybackCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._commands = store, commands
        self._drawn: tuple[object, ...] = ()
        self.drawings = 0
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._draw)
        self._area = QWidget()
        self._plots: dict[str, Any] = {}
        self._lines: dict[str, Any] = {}
        self._here: list[Any] = []
        self._nothing, self._kept, self._kept_text = note(NOTHING), QLabel(), note("")
        self._kept.setAccessibleName("Kept picture of a camera's frame")
        self.switches = {row.key: self._switch(row) for row in ROWS}
        self._lay_out()
        self.setMinimumHeight(90)
        store.on(lambda state: (state.history, state.shown, state.theme, state.visited), self._on_drawn_parts)

    def curve(self, name: str) -> tuple[list[float], list[float]]:
        """What a curve shows: its points' x and y; NaN left as it is."""
        x, y = self._lines[name].getOriginalDataset()
        return ([], []) if x is None else (x.tolist(), y.tolist())

    @property
    def waiting(self) -> bool:
        """Whether a drawing is due."""
        return bool(self._timer.isActive())

    def shown_plots(self) -> list[str]:
        """Keys of the rows that are drawn, from top to bottom."""
        return [row.key for row in ROWS if self._plots[row.key].isVisibleTo(self._area)]

    def place_of(self, key: str, x: float) -> QPointF:
        """Where in a row's scene a place on the axis lies."""
        view = self._plots[key].getPlotItem().vb
        at: QPointF = view.mapViewToScene(QPointF(x, view.viewRect().center().y()))
        return at

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while nobody looked."""
        super().showEvent(event)
        if not self._plots:  # no start has to wait for them
            self._make_plots()
        self._timer.start(0)

    def _make_plots(self) -> None:
        first = None
        for row in ROWS:
            plot = pg.PlotWidget(enableMenu=False)
            plot.setAccessibleName(f"{row.title} over the frames; a click goes to the frame")
            plot.setToolTip(row.meaning)
            plot.scene().sigMouseClicked.connect(lambda event, key=row.key: self.on_click(key, event))
            item = plot.getPlotItem()
            item.hideButtons()
            item.setMouseEnabled(x=True, y=False)
            item.showGrid(x=True, y=True, alpha=0.15)
            item.getAxis("left").setWidth(AXIS_WIDTH)
            item.getAxis("left").setStyle(maxTickLevel=0, textFillLimits=[(0, 0.5)])
            if first is None:
                first = plot
            else:
                item.setXLink(first)  # not to itself: it would cease to follow its curves
            item.addLegend(offset=(4, 2), labelTextSize="8pt", verSpacing=-6, colCount=3)
            for curve in row.curves:
                self._lines[curve.name] = _line(item, curve, row.unit)
            here = pg.InfiniteLine(angle=90, pen=pg.mkPen("#ffb454", width=1))
            item.addItem(here, ignoreBounds=True)
            self._here.append(here)
            self._plots[row.key] = plot
            self._rows.addWidget(plot, 1)
        self._place_plots()

    def _switch(self, row: CurveRow) -> QToolButton:
        button = QToolButton()
        button.setText(row.title)
        button.setCheckable(True)
        button.setChecked(row.key not in ("fps", "error"))
        button.setToolTip(row.meaning)
        button.setAccessibleName(f"Plot of: {row.title}")
        button.toggled.connect(self._place_plots)
        return button

    def _lay_out(self) -> None:
        switches = QHBoxLayout()
        switches.setSpacing(4)
        for button in self.switches.values():
            switches.addWidget(button)
        switches.addWidget(self._kept)
        switches.addWidget(self._kept_text, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(4)
        column.addLayout(switches)
        column.addWidget(self._nothing)
        column.addWidget(self._area, 1)
        self._rows = QVBoxLayout(self._area)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._area.hide()

    @Slot()
    def _place_plots(self) -> None:
        """Show the rows that are switched on; the lowest bears the axis's numbers."""
        wanted = [row.key for row in ROWS if self.switches[row.key].isChecked()]
        for key, plot in self._plots.items():
            plot.setVisible(key in wanted)
            lowest = key in wanted[-1:]
            plot.getPlotItem().getAxis("bottom").setStyle(showValues=lowest)
            plot.setMinimumHeight(ROW_HEIGHT + (AXIS_HEIGHT if lowest else 0))

    def _on_drawn_parts(self, _changed: object) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(PAUSE_MS)

    @Slot()
    def _draw(self) -> None:
        state = self._store.state
        history, seen = state.history, (state.history, state.shown, state.theme, state.visited)
        if all(a is b for a, b in zip(seen, self._drawn, strict=False)) and self._drawn:
            return
        self._drawn = seen
        self.drawings += 1
        self._dress(theme.colours(state.theme))
        x = np.array([history.position(record) for record in history.records])
        for row in ROWS:
            for curve in row.curves:
                y = np.array([curve.value(record) for record in history.records], float)
                self._lines[curve.name].setData(x, y)
        self._nothing.setVisible(len(x) < 2)
        self._area.setVisible(len(x) >= 2)
        self._mark_here(state)
        self._show_kept(history, state.visited)

    def _dress(self, colours: theme.Colours) -> None:
        for plot in self._plots.values():
            plot.setBackground(colours.surface)
            item = plot.getPlotItem()
            for side in ("left", "bottom"):
                item.getAxis(side).setPen(colours.line)
                item.getAxis(side).setTextPen(colours.muted)
            item.legend.setLabelTextColor(colours.text)
            item.legend.setBrush(colours.surface)

    def _mark_here(self, state: State) -> None:
        frame = None if state.shown is None else state.shown.frame
        live = state.history.live
        for line in self._here:
            line.setVisible(frame is not None)
            if frame is not None:
                line.setValue(frame.time_s if live else frame.index + 1)

    def _show_kept(self, history: History, visited: int | None) -> None:
        record = next((r for r in history.records if history.live and r.index == visited), None)
        shown = record is not None and record.thumbnail is not None
        self._kept.setVisible(shown)
        self._kept_text.setText(KEPT.format(time=record.time_s) if record is not None and shown else "")
        if record is not None and record.thumbnail is not None:
            self._kept.setPixmap(QPixmap.fromImage(qimage(record.thumbnail)).scaledToHeight(56))

    def visit(self, x: float) -> None:
        """Go to the frame nearest a place on the axis."""
        record = self._store.state.history.nearest(x)
        if record is not None:
            self._commands.visit(record.index)

    def on_click(self, key: str, event: Any) -> None:
        """A click in the scene of a row: pyqtgraph's event."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.visit(float(self._plots[key].getPlotItem().vb.mapSceneToView(event.scenePos()).x()))


def _line(item: Any, curve: Curve, unit: str) -> Any:
    """An empty curve in a plot. No symbols: pyqtgraph 0.14 crashes on those of values that are not known."""
    pen = pg.mkPen(curve.colour, width=1.5)
    return item.plot([], [], pen=pen, name=f"{curve.name} ({unit})", connect="finite")
