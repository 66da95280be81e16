"""Why an answer is off: its error by cause, by parts of the face and by state, and among the other frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from models.metrics.failure import Cause, Failure, Share, share_below
from viewer.ground_truth.commands import GroundTruthCommands
from viewer.ground_truth.error_curve import ErrorCurve
from viewer.readouts.failure import box_told, failure_of, method_told, reason
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.parts import badge, fit_numbers, heading, note
from viewer.widgets.theme import SPACE

VALUE_WIDTH = 52  # px
NO_LANDMARKS = "This needs ground truth with landmarks for the face shown."
CAUSES = "Replaced by the truth in turn"
PARTS = "Parts of the face, worst first"
STATES = "Points that were"
FITTED = "With place, size and rotation from the truth: what is left is shape, expression and marking."


class WhySection(QScrollArea):
    """Sentence, box, three small tables and the curve of the folder."""

    def __init__(
        self, store: Store, ground_truth: GroundTruthCommands, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._reason, self._box, self._told = badge("", good=False), note(""), note("")
        self._none, self._below = note(NO_LANDMARKS), note("")
        self._try = QPushButton()
        self._try.setAccessibleName("Run with the true box, or go back to the box before")
        self._try.clicked.connect(ground_truth.toggle_true_box)
        self._causes = _table("Error by cause", ("", "%", "left"))
        self._parts = _table("Error by part of the face", ("", "%", "fitted"))
        self._states = _table("Error by what was seen", ("", "%", "fitted"))
        self._curve = ErrorCurve()
        self._states_heading, self._curve_heading = heading(STATES), heading("Among the frames so far")
        body = QWidget()
        column = QVBoxLayout(body)
        bar = self.verticalScrollBar().sizeHint().width()
        column.setContentsMargins(SPACE, SPACE, SPACE + bar, SPACE)
        self._content = QWidget()
        inner = QVBoxLayout(self._content)
        inner.setContentsMargins(0, 0, 0, 0)
        for widget in (
            *(self._reason, heading("Box"), self._box, self._try),
            *(heading(CAUSES), self._causes, self._told),
            *(heading(PARTS), self._parts, self._states_heading, self._states),
            *(self._curve_heading, self._below, self._curve),
        ):
            inner.addWidget(widget)
        column.addWidget(self._none)
        column.addWidget(self._content)
        column.addStretch(1)
        self.setWidget(body)
        self._store = store
        store.on(_told_by, self._show)

    def _show(self, _changed: object) -> None:
        state = self._store.state
        split = failure_of(state)
        self._content.setVisible(split is not None)
        self._none.setVisible(split is None)
        if split is None:
            return
        self._reason.setText(reason(split))
        self._box.setText(box_told(split, state))
        tried = state.box_trial is not None and state.box_trial.frame is state.frame
        self._try.setText("Back to the box before" if tried else "Run with the true box")
        self._try.setToolTip("Ask the method again, with the box that the true landmarks span")
        self._told.setText(method_told(split))
        _fill(self._causes, map(_cause_row, split.causes))
        _fill(self._parts, map(_share_row, split.parts))
        _fill(self._states, map(_share_row, split.states))
        for widget in (self._states, self._states_heading):
            widget.setVisible(bool(split.states))
        self._show_curve(state, split)

    def _show_curve(self, state: State, split: Failure) -> None:
        errors = [record.error_percent for record in state.history.records]
        known = [error for error in errors if error == error]
        several = len(known) > 1
        for widget in (self._curve_heading, self._below, self._curve):
            widget.setVisible(several)
        if several:
            mine = next(
                (r.error_percent for r in state.history.records if r.index == _index(state)), split.percent
            )
            share = share_below(known, mine)
            self._below.setText(f"{share:.0%} of {len(known)} frames with truth are no worse than this one.")
            self._curve.draw(known, mine, state.theme)


def _told_by(state: State) -> tuple[object, ...]:
    """What the section depends on."""
    return state.judgement, state.normaliser, state.box_trial, state.history, state.stale, state.theme


def _index(state: State) -> int:
    return -1 if state.shown is None else state.shown.frame.index


Row = tuple[tuple[str, str], ...]


def _cause_row(cause: Cause) -> Row:
    meaning = f"NME {cause.left_percent:.2f} % once this is replaced too"
    return (
        (cause.name, meaning),
        (number(cause.percent), meaning),
        (number(cause.left_percent), meaning),
    )


def _share_row(share: Share) -> Row:
    meaning = f"NME of {share.count} landmarks"
    return (
        (f"{share.name} ({share.count})", meaning),
        (number(share.percent), meaning),
        (number(share.fitted_percent), FITTED),
    )


def number(value: float) -> str:
    """Two decimals, none from 100 on."""
    if value != value:
        return "–"
    return f"{round(value, 2) + 0.0:.2f}" if abs(value) < 100 else f"{value:.0f}"  # never -0.00


def _table(name: str, heads: Sequence[str]) -> QTableWidget:
    table = QTableWidget(0, len(heads))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(list(heads))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setShowGrid(False)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setStyleSheet("QHeaderView::section { padding: 2px; } QTableWidget::item { padding: 1px 3px; }")
    fit_numbers(table, VALUE_WIDTH)
    return table


def _fill(table: QTableWidget, rows: Iterable[Row]) -> None:
    """These rows, and as high as they need."""
    listed = list(rows)
    table.setRowCount(len(listed))
    for index, row in enumerate(listed):
        for column, (text, meaning) in enumerate(row):
            cell = QTableWidgetItem(text)
            cell.setToolTip(meaning)
            if column:
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(index, column, cell)
    table.ensurePolished()
    line = table.fontMetrics().height() + SPACE
    table.verticalHeader().setDefaultSectionSize(line)
    table.setFixedHeight(table.horizontalHeader().sizeHint().height() + 4 + line * len(listed))
