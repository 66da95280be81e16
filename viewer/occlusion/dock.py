"""The dock of the occlusion lab: occluders, trials, and what they change."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from models.reconstruction import branch_text
from viewer.occlusion.commands import OcclusionCommands
from viewer.occlusion.occluders_section import OccludersTab
from viewer.occlusion.trials import TrialCommands
from viewer.occlusion.trials_section import TrialsTab
from viewer.state.setting import Branch
from viewer.state.shown import Shown
from viewer.state.store import Store
from viewer.widgets.parts import heading, note
from viewer.widgets.theme import SPACE

TRIALS = 1  # index of the tab
COLUMNS = ("all", "open", "covered")
SHORT = {branch.value: branch.title.lower() for branch in Branch}
MEANING = (
    "Mean over all vertices",
    "Mean over the vertices that no occluder hides",
    "Mean over the vertices under an occluder",
)
NOTHING = "Add an occluder to the photo: its answer is compared with the one without it."
LOST = "The face is not detected any more under these occluders."
SAID = "{share:.0%} of the face covered. Mean vertex shift, in % of its size:"


class OcclusionDock(QWidget):
    """Two tabs, and under them how far each branch went."""

    def __init__(
        self,
        store: Store,
        occlusion: OcclusionCommands,
        trials: TrialCommands,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.occluders, self.trials = (
            OccludersTab(store, occlusion, actions),
            TrialsTab(store, trials, actions),
        )
        for title, tab in (("Occluders", self.occluders), ("Trials", self.trials)):
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setWidget(tab)
            bar = area.verticalScrollBar().sizeHint().width()
            area.setMinimumWidth(tab.minimumSizeHint().width() + bar)  # nothing lies under the bar
            self.tabs.addTab(area, title)
        self._said, self._table = note(NOTHING), _table()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, SPACE)
        column.setSpacing(4)
        column.addWidget(self.tabs, 1)
        below = QVBoxLayout()
        below.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 0)
        below.addWidget(heading("Changed by occlusion"))
        below.addWidget(self._said)
        below.addWidget(self._table)
        column.addLayout(below)
        store.on(lambda state: state.occlusion.running is not None, self._on_running)
        store.on(lambda state: (state.shown, state.selected_face), self._show_change)

    def said(self) -> str:
        """What stands above the table."""
        return self._said.text()

    def cell(self, branch: str, column: str) -> str:
        """What the table says; empty if it has no such row."""
        for row in range(self._table.rowCount()):
            header = self._table.verticalHeaderItem(row)
            if header is not None and header.text() == SHORT.get(branch, branch):
                item = self._table.item(row, COLUMNS.index(column))
                return "" if item is None else item.text()
        return ""

    def _on_running(self, running: bool) -> None:
        if running:
            self.tabs.setCurrentIndex(TRIALS)  # where its progress and result stand

    def _show_change(self, answered: tuple[Shown | None, int]) -> None:
        shown, selected = answered
        occluded = None if shown is None else shown.occluded
        self._table.setVisible(occluded is not None and bool(occluded.changes))
        if occluded is None:
            self._said.setText(NOTHING)
            return
        if not occluded.changes:
            self._said.setText(LOST)
            return
        face = min(selected, len(occluded.changes) - 1)
        change = occluded.changes[face]
        self._said.setText(SAID.format(share=occluded.shares[face]))
        self._table.setRowCount(len(change.rows))
        for index, row in enumerate(change.rows):
            head = QTableWidgetItem(SHORT.get(row.branch, row.branch))
            head.setToolTip(branch_text(row.branch))
            self._table.setVerticalHeaderItem(index, head)
            for place, mm in enumerate((row.all_mm, row.open_mm, row.covered_mm)):
                text = "–" if mm != mm else f"{change.percent(mm):.2f} %\n{mm:.2f} mm"
                item = QTableWidgetItem(text)
                item.setToolTip(MEANING[place])
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(index, place, item)
        self._table.resizeRowsToContents()
        rows = sum(self._table.rowHeight(i) for i in range(self._table.rowCount()))
        self._table.setFixedHeight(rows + self._table.horizontalHeader().sizeHint().height() + 4)


def _table() -> QTableWidget:
    table = QTableWidget(0, len(COLUMNS))
    table.setAccessibleName("Mean vertex shift of each branch")
    table.setHorizontalHeaderLabels(list(COLUMNS))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTextElideMode(Qt.TextElideMode.ElideNone)
    table.setStyleSheet("QTableView::item { padding: 0 2px; } QHeaderView::section { padding: 2px 4px; }")
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    return table
