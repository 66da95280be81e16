"""The dock of figures against the ground truth: each with its full name, its formula a click away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from models.metrics.normalisers import NORMALISERS, normaliser
from models.metrics.scores import Figure, figures
from viewer.display.commands import DisplayCommands
from viewer.ground_truth.commands import GroundTruthCommands
from viewer.ground_truth.why_section import WhySection
from viewer.methods.table import MethodRow, MethodsTable, rows_of
from viewer.state.setting import Branch
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.parts import badge, fit_numbers, note
from viewer.widgets.theme import SPACE

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement

NO_TRUTH = (
    "No ground truth. It is found by itself when it lies beside the picture and bears its name: NAME.mat, "
    "NAME.pts, NAME.gt.npz, NAME.gt.json, NAME.gt.obj or NAME.gt.ply."
)
OTHER_FACE = "The ground truth is about face {face}; the panels show another. Press N for the next face."
VALUE_WIDTH = 48  # px
HINT = "Click a figure: its formula, and what it is divided by drawn over the photo."


class MetricsDock(QWidget):
    """One row per figure, one column per branch; on a second tab why the error is what it is."""

    def __init__(
        self,
        store: Store,
        ground_truth: GroundTruthCommands,
        display: DisplayCommands,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._display_commands = display
        self._figures: tuple[Figure, ...] = ()
        self._source, self._explained = note(""), note(HINT)
        self._source.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._explained.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._explained.setAccessibleName("How the chosen figure is computed")
        self._warning = badge("", good=False)
        self._open = QPushButton("Open…")
        self._open.setAccessibleName("Open ground truth")
        self._open.setToolTip("Choose a file of ground truth: .mat, .pts, .json, .npz, .obj or .ply (Ctrl+G)")
        self._open.clicked.connect(ground_truth.open_dialog)
        self._normaliser = self._make_normaliser()
        self._table = self._make_table()
        self._methods = MethodsTable()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._make_page(), "Figures")
        self.tabs.addTab(WhySection(store, ground_truth), "Why")
        self.tabs.setTabToolTip(1, "Why this face is off: box, place, size, rotation, parts of the face")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.tabs)
        self._store = store
        store.on(lambda state: (state.shown, state.selected_face), self._on_answer)
        store.on(lambda state: (state.judgement, state.normaliser), self._on_judgement)
        store.on(lambda state: (state.judgement, state.normaliser, state.explained), self._on_explained)
        store.on(rows_of, self._show_methods)

    def _make_page(self) -> QWidget:
        """All that scrolls, and below it, always in sight, what is said of the chosen figure."""
        body, page, scroll = QWidget(), QWidget(), QScrollArea()
        first = QHBoxLayout()
        first.addWidget(self._source, 1, Qt.AlignmentFlag.AlignTop)
        first.addWidget(self._open, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(body)
        column.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        column.addLayout(first)
        for widget in (self._warning, self._normaliser, self._table, self._methods):
            column.addWidget(widget)
        column.addStretch()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        self._table.currentCellChanged.connect(lambda row, *_: self._bring_in_sight(scroll, body, row))
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, SPACE)
        self._explained.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 0)
        whole.addWidget(scroll, 1)
        whole.addWidget(self._explained)
        return page

    def _bring_in_sight(self, scroll: QScrollArea, body: QWidget, row: int) -> None:
        """The table has no scroll bar of its own that would follow the keyboard."""
        table = self._table
        top = table.viewport().mapTo(body, QPoint(0, table.rowViewportPosition(row)))
        scroll.ensureVisible(0, top.y() + table.rowHeight(row) // 2, 0, table.rowHeight(row))

    def _make_normaliser(self) -> QComboBox:
        chooser = QComboBox()
        chooser.setAccessibleName("What errors are divided by")
        chooser.setToolTip("What errors are divided by, so that faces of all sizes compare")
        chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for row in NORMALISERS:
            chooser.addItem(f"÷ {row.name}", row.key)
        chooser.activated.connect(lambda i: self._display_commands.divide_errors_by(NORMALISERS[i].key))
        return chooser

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 0)
        table.setAccessibleName("Errors against the ground truth")
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setWordWrap(True)
        table.setShowGrid(False)
        table.setStyleSheet("QHeaderView::section { padding: 2px; } QTableWidget::item { padding: 1px 3px; }")
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setSizeAdjustPolicy(QAbstractScrollArea.SizeAdjustPolicy.AdjustToContents)
        table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        table.cellClicked.connect(self._explain)
        table.cellActivated.connect(self._explain)
        return table

    @Slot(int, int)
    def _explain(self, row: int, _column: int) -> None:
        self._display_commands.explain_figure(self._figures[row].title)

    def _show_methods(self, rows: tuple[MethodRow, ...]) -> None:
        self._methods.setVisible(bool(rows))
        self._methods.show_rows(rows)

    def _on_answer(self, _changed: object) -> None:
        self._show_source(self._store.state)

    def _on_judgement(self, _changed: object) -> None:
        self._show_figures(self._store.state)

    def _on_explained(self, _changed: object) -> None:
        self._show_explained(self._store.state)

    def _show_source(self, state: State) -> None:
        shown = state.shown
        judgement = state.judgement
        if judgement is not None:
            truth = judgement.truth
            self._source.setText(f"{truth.name}: {truth.convention}.")
        elif shown is not None and shown.judgement is not None:
            self._source.setText(OTHER_FACE.format(face=shown.judgement.face + 1))
        else:
            self._source.setText((shown.truth_problem if shown is not None else "") or NO_TRUTH)
        self._warning.setText(f"⚠  {judgement.warning}" if judgement is not None else "")
        self._warning.setVisible(judgement is not None and bool(judgement.warning))
        for widget in (self._normaliser, self._table, self._explained):
            widget.setVisible(judgement is not None)
        self._open.setEnabled(shown is not None)

    def _show_figures(self, state: State) -> None:
        judgement, table = state.judgement, self._table
        chosen = normaliser(state.normaliser)
        self._normaliser.setCurrentIndex(NORMALISERS.index(chosen))
        self._figures = () if judgement is None else figures(judgement, chosen)
        branches = [] if judgement is None else [error.branch for error in judgement.branches]
        table.setColumnCount(1 + len(branches))
        table.setHorizontalHeaderLabels(["", *(_short(name) for name in branches)])
        table.setRowCount(len(self._figures))
        for index, figure in enumerate(self._figures):
            table.setItem(index, 0, _cell(_named(figure), figure.title))
            for column, branch in enumerate(branches, start=1):
                cell = _cell(figure.number(branch), figure.sentence(branch))
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                table.setItem(index, column, cell)
        fit_numbers(table, VALUE_WIDTH)

    def _show_explained(self, state: State) -> None:
        chosen = next((row for row in self._figures if row.title == state.explained), None)
        if chosen is None or state.judgement is None:
            self._table.clearSelection()
            self._explained.setText(HINT)
        else:
            self._table.selectRow(self._figures.index(chosen))
            self._explained.setText(explained(chosen, state.judgement))


def explained(figure: Figure, judgement: Judgement) -> str:
    """A figure in full: name and value, formula, and how long what it is divided by is here."""
    text = f"{figure.sentence(judgement.branches[0].branch)}\n{figure.formula}"
    if figure.normaliser:
        chosen = next(row for row in NORMALISERS if row.name == figure.normaliser)
        text += f"\nN = {float(chosen.size(judgement.measured)):.1f} px here, drawn over the photo"
    return text


def _named(figure: Figure) -> str:
    """A figure as the head of a row; its full name is a hover or a click away."""
    return f"{figure.metric} ({figure.unit})\n{figure.points.partition(' (')[0].partition(', ')[0]}"


def _short(branch: str) -> str:
    """A branch as the head of a narrow column."""
    known = {one.value: one.title for one in Branch}
    return known.get(branch, branch.capitalize())


def _cell(text: str, meaning: str) -> QTableWidgetItem:
    cell = QTableWidgetItem(text)
    cell.setToolTip(meaning)
    cell.setData(Qt.ItemDataRole.AccessibleTextRole, meaning)
    return cell
