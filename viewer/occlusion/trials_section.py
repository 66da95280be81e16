"""Sweeps and box jitter: what to do, how far it is, and what it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.occlusion.actions import KINDS
from viewer.occlusion.sweep_plot import SweepPlot
from viewer.occlusion.trials import TrialCommands
from viewer.state.occlusion import Occlusion, Plan
from viewer.state.running import Running
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.parts import button_row, figure, heading, note
from viewer.widgets.progress import Progress
from viewer.widgets.theme import SPACE

if TYPE_CHECKING:
    from models.robustness.jitter import Spread

PAUSE_MS = 100  # between two drawings
SLIDING = "sliding"
WHATS = {
    **{side: f"Board from the {side}" for side in ("bottom", "top", "left", "right")},
    **{kind: f"Growing {kind}" for kind in KINDS},
    SLIDING: "Patch sliding over a grid",
}
BREAKS = "Breaks at {share:.0%} covered: the mean change passes {limit:.1f} % of the face's size."
HOLDS = "Does not break: the mean change stays below {limit:.1f} % of the face's size."
WORST = "Worst with the patch in row {row}, column {column}: {percent:.1f} % of the face's size."
DEFINED = "Broken: mean change of the fused face > factor × that without an occluder + threshold."
SPREAD = (
    "Mean standard deviation of a vertex: {mm:.2f} mm, {percent:.2f} % of the face's size ({draws} boxes)."
)
SWEEP_TEXTS = {"sweep": "Start", "cancel-trial": "Cancel", "sweep-back": "Back", "export-trial": "CSV…"}
PADDING = "4px 6px"  # of buttons


class TrialsTab(QWidget):
    """Set up, run, read."""

    def __init__(
        self,
        store: Store,
        commands: TrialCommands,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._commands, self._actions = store, commands, actions
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._draw)
        self._what = self._make_what()
        self._steps = self._number("Steps of the sweep", 2, 200, "steps")
        self._cells = self._number("Rows and columns of the grid", 2, 20, "cells")
        self._patch = self._decimal(
            "Side of the patch, % of the face box", 2, 100, "patch_percent", " % of box"
        )
        self._draws = self._number("Boxes of the jitter", 2, 400, "draws")
        self._shift = self._decimal("Shift of the box, standard deviation", 0, 200, "shift_px", " px")
        self._scale = self._decimal("Size of the box, standard deviation", 0, 50, "scale_percent", " %")
        self._factor, self._threshold = self._make_breaking()
        self._bar, self.said, self.spread = (
            Progress("Progress of the trial", delay_ms=0),
            figure("Result of the sweep"),
            figure("Spread by box"),
        )
        self.plot = SweepPlot(store, commands)
        self._lay_out()
        store.on(lambda state: state.occlusion.plan, self._show_plan)
        store.on(_breaking, self._show_breaking)
        store.on(lambda state: state.occlusion.running, self._show_running)
        store.on(lambda state: state.occlusion.spread, self._show_spread)
        store.on(lambda state: (state.occlusion, state.theme), self._on_drawn_parts)

    @property
    def waiting(self) -> bool:
        """Whether a drawing is due."""
        return bool(self._timer.isActive())

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while nobody looked."""
        super().showEvent(event)
        self._timer.start(0)

    # --- its parts

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE)
        column.setSpacing(4)
        column.addWidget(heading("Sweep"))
        form = self._form = QFormLayout()
        form.setSpacing(4)
        form.addRow(self._what)
        form.addRow("Steps", self._steps)
        form.addRow("Grid, each way", self._cells)
        form.addRow("Patch", self._patch)
        column.addLayout(form)
        column.addLayout(button_row(self._actions, SWEEP_TEXTS, PADDING))
        column.addWidget(self._bar)
        column.addWidget(self.said)
        column.addWidget(self.plot)
        breaking = QFormLayout()
        breaking.setSpacing(4)
        breaking.addRow("Factor", self._factor)
        breaking.addRow("Threshold", self._threshold)
        column.addLayout(breaking)
        column.addWidget(note(DEFINED))
        column.addWidget(heading("Box jitter"))
        jitter = QFormLayout()
        jitter.setSpacing(4)
        jitter.addRow("Boxes", self._draws)
        jitter.addRow("Shift", self._shift)
        jitter.addRow("Size", self._scale)
        column.addLayout(jitter)
        column.addLayout(button_row(self._actions, {"jitter": "Start"}, PADDING))
        column.addWidget(self.spread)
        column.addStretch(1)

    def _make_what(self) -> QComboBox:
        chooser = QComboBox()
        chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        chooser.setAccessibleName("What sweeps over the face")
        chooser.setToolTip(
            "What covers the face step by step; seed and filling are those of the Occluders tab"
        )
        for name, text in WHATS.items():
            chooser.addItem(text, name)
        chooser.activated.connect(lambda i: self._plan(replace(self._occlusion.plan, what=list(WHATS)[i])))
        return chooser

    def _number(self, name: str, low: int, high: int, field: str) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.valueChanged.connect(lambda value: self._plan(replace(self._occlusion.plan, **{field: value})))
        return box

    def _decimal(self, name: str, low: float, high: float, field: str, unit: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setDecimals(1)
        box.setSuffix(unit)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.valueChanged.connect(lambda value: self._plan(replace(self._occlusion.plan, **{field: value})))
        return box

    def _make_breaking(self) -> tuple[QDoubleSpinBox, QDoubleSpinBox]:
        factor, threshold = QDoubleSpinBox(), QDoubleSpinBox()
        for box, name, high, unit in (
            (factor, "Factor of the breaking point", 20.0, " ×"),
            (threshold, "Threshold of the breaking point", 50.0, " %"),
        ):
            box.setRange(0.0, high)
            box.setSingleStep(0.5)
            box.setDecimals(1)
            box.setSuffix(unit)
            box.setAccessibleName(name)
            box.setToolTip(DEFINED)
            box.valueChanged.connect(self._define)
        return factor, threshold

    # --- the user's hand

    @property
    def _occlusion(self) -> Occlusion:
        return self._store.state.occlusion

    def _plan(self, plan: Plan) -> None:
        if plan != self._occlusion.plan:
            self._commands.plan(plan)

    @Slot()
    def _define(self) -> None:
        asked = (self._factor.value(), self._threshold.value())
        if asked != (self._occlusion.factor, self._occlusion.threshold_percent):
            self._commands.define_breaking(*asked)

    # --- what is shown

    def _show_breaking(self, breaking: tuple[float, float]) -> None:
        for box, value in zip((self._factor, self._threshold), breaking, strict=True):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)

    def _show_spread(self, spread: Spread | None) -> None:
        said = (
            SPREAD.format(mm=spread.mean_mm, percent=spread.mean_percent, draws=spread.draws)
            if spread
            else "–"
        )
        self.spread.setText(said)

    def _on_drawn_parts(self, _changed: object) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(PAUSE_MS)

    def _show_plan(self, plan: Plan) -> None:
        self._what.setCurrentIndex(self._what.findData(plan.what))
        for box, count in ((self._steps, plan.steps), (self._cells, plan.cells), (self._draws, plan.draws)):
            box.setValue(count)
        for decimal, value in (
            (self._patch, plan.patch_percent),
            (self._shift, plan.shift_px),
            (self._scale, plan.scale_percent),
        ):
            decimal.setValue(value)
        self._form.setRowVisible(self._steps, plan.what != SLIDING)
        self._form.setRowVisible(self._cells, plan.what == SLIDING)
        self._form.setRowVisible(self._patch, plan.what == SLIDING)

    def _show_running(self, running: Running | None) -> None:
        self._bar.show_running(running, can_stop=False)  # a button above does

    @Slot()
    def _draw(self) -> None:
        self.plot.draw(self._store.state)
        self.said.setText(told(self._occlusion))


def told(occlusion: Occlusion) -> str:
    """The result of the sweep in a sentence."""
    swept = occlusion.swept
    if swept is None:
        return "–"
    if swept.sweep.slides:
        cells = swept.sensitivity()
        if not np.isfinite(cells).any():
            return "–"
        row, column = np.unravel_index(int(np.nanargmax(cells)), cells.shape)
        return WORST.format(row=row + 1, column=column + 1, percent=float(np.nanmax(cells)))
    breaking = swept.breaking(occlusion.factor, occlusion.threshold_percent)
    if breaking is None:
        return HOLDS.format(limit=swept.limit_percent(occlusion.factor, occlusion.threshold_percent))
    return BREAKS.format(share=breaking.share, limit=breaking.limit_percent)


def _breaking(state: State) -> tuple[float, float]:
    return state.occlusion.factor, state.occlusion.threshold_percent
