"""The methods side by side in figures: a row each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from viewer.readouts.lineup import Standing, absence, mean_to_first, nme, spans, standing
from viewer.state.setting import METHODS, worded
from viewer.state.state import State, line, setting_of
from viewer.widgets.parts import fit_numbers

COLUMNS = ("", "mm", "NME", "ms")
MEANINGS = (
    "Method and weights",
    "Mean distance of the vertices to those of the first method, mm, after a shift in depth",
    "NME 2D of the 68 points in %, divided as chosen above; with ground truth only",
    "Crop, network and back into the picture together, per face, without looking for faces",
)
VALUE_WIDTH = 48  # px

MethodRow = tuple[tuple[str, str], ...]
"""(text, tooltip) per column."""


class MethodsTable(QTableWidget):
    """Distance to the first, error and time of every method in line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.setAccessibleName("Methods side by side")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setShowGrid(False)
        self.setStyleSheet("QHeaderView::section { padding: 2px; } QTableWidget::item { padding: 1px 3px; }")
        self.verticalHeader().hide()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for column, (name, meaning) in enumerate(zip(COLUMNS, MEANINGS, strict=True)):
            item = QTableWidgetItem(name)
            item.setToolTip(meaning)
            self.setHorizontalHeaderItem(column, item)
        fit_numbers(self, VALUE_WIDTH)

    def show_rows(self, rows: Sequence[MethodRow]) -> None:
        """As `rows_of` gives them."""
        self.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, (text, meaning) in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(meaning)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        self.resizeRowsToContents()
        height = sum(self.rowHeight(row) for row in range(self.rowCount()))
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + height + 2 * self.frameWidth())


def rows_of(state: State) -> tuple[MethodRow, ...]:
    """A row for each method in line; none while they do not stand side by side."""
    if state.panel_layout != METHODS:
        return ()
    places = (standing(state, slot) for slot in range(len(line(state))))
    return tuple(_row(state, place) for place in places if place is not None)


def _row(state: State, place: Standing) -> MethodRow:
    name, answer = worded(place.setting), place.answer
    if answer is None:
        return (name, absence(state, place)), ("–", ""), ("–", ""), ("–", "")
    first = place.setting == setting_of(state) or state.answer is None
    apart = None if first or state.answer is None else mean_to_first(answer, state.answer)
    error, timing = nme(state, answer), answer.timing
    return (
        (name, name),
        ("–", "The first itself") if apart is None else (f"{apart[0]:.1f}", f"Mean over {apart[1]}, mm"),
        ("–" if error is None else f"{error:.2f}", MEANINGS[2]),
        ("–", "") if timing is None else (f"{timing.ms_per_face:.0f}", spans(timing)),
    )
