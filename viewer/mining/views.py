"""The table and the grid of thumbnails: a click or an arrow key opens a row, letters mark it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from viewer.mining.models import TABLE_COLUMNS, FaceGrid, FaceTable
from viewer.state.mining import Sort, Verdict
from viewer.widgets.theme import SPACE, Colours

ROW_HEIGHT = 24
LEAST_WIDTH = {
    "input": 160,
    "mark": 60,
    "alarms": 140,
    "note": 140,
    "method": 90,
    "weights": 90,
    "problem": 400,
}  # px
TILE, CAPTION = 104, 20  # px
WALKING = (
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right),
    *(Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End),
)


class MarkKeys(QObject):
    """Letters that mark the open row while a view has the focus, though the window uses them elsewhere.

    Signals:
        verdict: G or B was pressed: a Verdict.
        note: M was pressed.
    """

    verdict = Signal(object)
    note = Signal()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the letters before the window's shortcuts do; arrows and paging keys too."""
        if not isinstance(event, QKeyEvent) or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        key = event.key()
        letter = key in (Qt.Key.Key_G, Qt.Key.Key_B, Qt.Key.Key_M)
        if event.type() == QEvent.Type.ShortcutOverride and (letter or key in WALKING):
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and letter:
            if key == Qt.Key.Key_M:
                self.note.emit()
            else:
                self.verdict.emit(Verdict.GOOD if key == Qt.Key.Key_G else Verdict.BAD)
            return True
        return False


class TableView(QTableView):
    """Rows by columns.

    Signals:
        chosen: The user went to a row of the table, by its index there.
        sorted_by: The user clicked a head: a Sort.
    """

    chosen = Signal(int)
    sorted_by = Signal(object)

    def __init__(self, faces: FaceTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._faces, self._sort = faces, Sort()
        self.setModel(faces)
        self.setAccessibleName("Answers of the run")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAutoScroll(False)  # rows that come in do not take the user elsewhere
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setHighlightSections(False)
        header.sectionClicked.connect(self._on_head)
        for place, column in enumerate(TABLE_COLUMNS):
            heading = faces.headerData(place, Qt.Orientation.Horizontal)
            width = self.fontMetrics().horizontalAdvance(str(heading)) + 5 * SPACE
            self.setColumnWidth(place, max(width, LEAST_WIDTH.get(column.name, 0)))
        self.clicked.connect(lambda index: self.chosen.emit(faces.row_at(index.row())))

    def show_columns(self, lacking: frozenset[str]) -> None:
        """All but those."""
        for place, column in enumerate(TABLE_COLUMNS):
            self.setColumnHidden(place, column.name in lacking)

    def show_sort(self, sort: Sort) -> None:
        """The arrow in the head of the column that sorts."""
        self._sort = sort
        names = [column.name for column in TABLE_COLUMNS]
        down = Qt.SortOrder.DescendingOrder if sort.descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(
            names.index(sort.column) if sort.column in names else -1, down
        )

    def show_current(self, row: int) -> None:
        """Which row of the table is open; -1 for none."""
        place = self._faces.place_of(row)
        column = max(0, self.currentIndex().column())
        if place != self.currentIndex().row() or not self.selectionModel().isRowSelected(place):
            self.setCurrentIndex(self._faces.index(place, column) if place >= 0 else QModelIndex())
        if place < 0:
            self.clearSelection()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, and open what is walked to."""
        before = self.currentIndex().row()
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._faces.rowCount() - 1}
        if event.key() in ends:  # Qt would go to the ends of the row
            place = max(0, self.currentIndex().column())
            self.setCurrentIndex(self._faces.index(ends[Qt.Key(event.key())], place))
        else:
            super().keyPressEvent(event)
        now = self.currentIndex()
        if now.row() != before and event.key() in WALKING:
            self.scrollTo(now)
            self.chosen.emit(self._faces.row_at(now.row()))

    def _on_head(self, place: int) -> None:
        column = TABLE_COLUMNS[place]
        same = column.name == self._sort.column
        self.sorted_by.emit(Sort(column.name, not self._sort.descending if same else column.is_number))


class GridView(QTableView):
    """Thumbnails in lines, as many as fit.

    Signals:
        chosen: The user went to a row of the table, by its index there.
        scrolled: What was in sight is not any more.
    """

    chosen = Signal(int)
    scrolled = Signal()

    def __init__(self, faces: FaceGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._faces = faces
        self.setModel(faces)
        self.tiles = TileDelegate(self)
        self.setItemDelegate(self.tiles)
        self.setAccessibleName("Faces of the run")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAutoScroll(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        for header, size in ((self.horizontalHeader(), TILE), (self.verticalHeader(), TILE + CAPTION)):
            header.hide()
            header.setMinimumSectionSize(1)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setDefaultSectionSize(size + SPACE)
        self.verticalScrollBar().valueChanged.connect(self.scrolled)
        self.clicked.connect(lambda index: self._choose(index))

    def show_current(self, row: int) -> None:
        """Which row of the table is open; -1 for none."""
        index = self._faces.index_of(row)
        if index != self.currentIndex():
            self.setCurrentIndex(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many beside each other as fit."""
        super().resizeEvent(event)
        row = self._faces.row_of(self.currentIndex())
        self._faces.set_across(max(1, self.viewport().width() // (TILE + SPACE)))
        self.show_current(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk in reading order and open what is walked to."""
        across = max(1, self._faces.columnCount())
        page = across * max(1, self.viewport().height() // (TILE + CAPTION + SPACE))
        far = across * (self._faces.rowCount() + 1)
        steps = (-across, across, -1, 1, -page, page, -far, far)
        by = dict(zip(WALKING, steps, strict=True)).get(Qt.Key(event.key()))
        if by is None or not self._faces.rowCount():
            super().keyPressEvent(event)
            return
        here = self.currentIndex()
        there = self._faces.beside(here, by) if here.isValid() else self._faces.index(0, 0)
        self.setCurrentIndex(there)
        self.scrollTo(there)
        self._choose(there)

    def _choose(self, index: QModelIndex) -> None:
        row = self._faces.row_of(index)
        if row >= 0:
            self.chosen.emit(row)


class TileDelegate(QStyledItemDelegate):
    """A face, its caption, its mark."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._colours: Colours | None = None

    def dress(self, colours: Colours) -> None:
        """The theme's colours."""
        self._colours = colours

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        """One size for all."""
        return QSize(TILE + SPACE, TILE + CAPTION + SPACE)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one tile; the picture once it is there."""
        text, colours = index.data(), self._colours
        if text is None or colours is None:
            return
        whole: QRect = option.rect
        left, top = whole.left() + SPACE // 2, whole.top() + SPACE // 2
        picture = QRect(left, top, TILE, TILE)
        face = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(face, QImage):
            painter.drawImage(picture, face)
        else:
            painter.fillRect(picture, QColor(colours.raised))
        mark = index.data(Qt.ItemDataRole.UserRole)
        if mark:
            painter.fillRect(left, top, TILE, 4, QColor(colours.good if mark == "good" else colours.error))
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(colours.accent), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(picture.adjusted(1, 1, -2, -2))
        painter.setPen(QColor(colours.text))
        below = QRect(left, top + TILE, TILE, CAPTION)
        elided = painter.fontMetrics().elidedText(str(text), Qt.TextElideMode.ElideRight, TILE)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, elided)
