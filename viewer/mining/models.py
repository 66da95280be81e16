"""The rows as Qt's views ask for them: as a table, and as a grid of thumbnails; no row is touched unseen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QImage

from viewer.mining.cells import caption, cell_text, row_tip
from viewer.mining.thumbnails import Thumbnails, wish_of
from viewer.state.mining import COLUMNS, Mining

TABLE_COLUMNS = tuple(column for column in COLUMNS if column.shown)
NOWHERE = QModelIndex()

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
Rows = NDArray[np.int64]
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class FaceTable(QAbstractTableModel):
    """One row per answer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mining, self._rows = Mining(), np.zeros(0, np.int64)
        self._bad, self._muted = QColor(), QColor()

    def dress(self, bad: QColor, muted: QColor) -> None:
        """Colours of rows without an answer, and of what is said of them."""
        self._bad, self._muted = bad, muted
        self._redraw()

    def show(self, mining: Mining, rows: Rows) -> None:
        """Rows of its table, in this order. Views stay where they are scrolled to."""
        if mining.run is not self._mining.run or len(mining.table) < len(self._mining.table):
            self.beginResetModel()
            self._mining, self._rows = mining, rows
            self.endResetModel()
            return
        before, now = len(self._rows), len(rows)
        if now < before:
            self.beginRemoveRows(NOWHERE, now, before - 1)
            self._rows = self._rows[:now]
            self.endRemoveRows()
        elif now > before:
            self.beginInsertRows(NOWHERE, before, now - 1)
            self._mining, self._rows = mining, np.concatenate([self._rows, rows[before:]])
            self.endInsertRows()
        self._mining, self._rows = mining, rows  # what stands where has changed, but no place came or went
        self._redraw()

    def row_at(self, place: int) -> int:
        """Which row of the table stands at a place; -1 for none."""
        return int(self._rows[place]) if 0 <= place < len(self._rows) else -1

    def place_of(self, row: int) -> int:
        """Where a row of the table stands; -1 if it is not shown."""
        found = np.flatnonzero(self._rows == row)
        return int(found[0]) if len(found) else -1

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """As many as are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """TABLE_COLUMNS."""
        return 0 if parent.isValid() else len(TABLE_COLUMNS)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """A cell."""
        row = self.row_at(index.row()) if index.isValid() else -1
        if row < 0:
            return None
        column = TABLE_COLUMNS[index.column()]
        match role:
            case Role.DisplayRole:
                return cell_text(self._mining, column, row)
            case Role.TextAlignmentRole:
                return _RIGHT if column.is_number else _LEFT
            case Role.ToolTipRole:
                return row_tip(self._mining, row)
            case Role.ForegroundRole if column.name == "mark":
                return self._bad if cell_text(self._mining, column, row) == "bad" else None
            case Role.ForegroundRole if self._mining.table.texts["outcome"][row] != "answered":
                return self._bad if column.name in ("outcome", "problem") else self._muted
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Headings and their meanings."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(TABLE_COLUMNS):
            return None
        column = TABLE_COLUMNS[section]
        if role == Role.DisplayRole:
            unit = {"deg": "°"}.get(column.column.unit, column.column.unit)
            return f"{column.heading} {unit}".strip()
        if role == Role.ToolTipRole:
            return f"{column.column.doc}\nIn filters: {column.word}"
        if role == Role.TextAlignmentRole:
            return _RIGHT if column.is_number else _LEFT
        return None

    def _redraw(self) -> None:
        if len(self._rows):
            last = self.index(len(self._rows) - 1, len(TABLE_COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)


class FaceGrid(QAbstractTableModel):
    """The same rows, several beside each other, each with its picture."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mining, self._rows, self._across = Mining(), np.zeros(0, np.int64), 1
        self._thumbnails = thumbnails
        self._places: dict[int, int] = {}  # of rows whose picture was asked for
        thumbnails.arrived.connect(self._on_arrived)

    def show(self, mining: Mining, rows: Rows) -> None:
        """Rows of its table, in this order."""
        self.beginResetModel()
        self._mining, self._rows = mining, rows
        self._places.clear()
        self._thumbnails.begin(mining.run)
        self._thumbnails.forget_wishes()
        self.endResetModel()

    def set_across(self, across: int) -> None:
        """So many stand beside each other."""
        if across != self._across:
            self.beginResetModel()
            self._across = max(1, across)
            self.endResetModel()

    def row_of(self, index: Index) -> int:
        """Which row of the table stands there; -1 for none."""
        place = index.row() * self._across + index.column() if index.isValid() else -1
        return int(self._rows[place]) if 0 <= place < len(self._rows) else -1

    def index_of(self, row: int) -> QModelIndex:
        """Where a row of the table stands; an invalid index if it is not shown."""
        found = np.flatnonzero(self._rows == row)
        return self.index(*divmod(int(found[0]), self._across)) if len(found) else QModelIndex()

    def beside(self, index: Index, by: int) -> QModelIndex:
        """Where the row so many places on stands, in reading order; at the ends the last there is."""
        place = index.row() * self._across + index.column() + by
        place = min(max(place, 0), len(self._rows) - 1)
        return self.index(*divmod(place, self._across))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Lines of the grid."""
        return 0 if parent.isValid() else -(-len(self._rows) // self._across)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """As many as stand beside each other."""
        return 0 if parent.isValid() else self._across

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Places after the last row are empty."""
        return super().flags(index) if self.row_of(index) >= 0 else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Caption, picture, mark."""
        row = self.row_of(index)
        if row < 0:
            return None
        match role:
            case Role.DisplayRole:
                return caption(self._mining, row)
            case Role.DecorationRole:
                return self._picture(index, row)
            case Role.ToolTipRole:
                return row_tip(self._mining, row)
            case Role.UserRole:
                return self._mining.text("mark", row)
            case Role.AccessibleTextRole:
                return f"{cell_text(self._mining, COLUMNS[0], row)}, {caption(self._mining, row)}"
        return None

    def _picture(self, index: Index, row: int) -> QImage | None:
        self._places[row] = index.row() * self._across + index.column()
        return self._thumbnails.get(wish_of(self._mining.table, row))

    def _on_arrived(self, rows: list[int]) -> None:
        for row in rows:
            place = self._places.get(row, -1)
            if 0 <= place < len(self._rows) and self._rows[place] == row:
                index = self.index(*divmod(place, self._across))
                self.dataChanged.emit(index, index, [Role.DecorationRole])
