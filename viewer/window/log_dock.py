"""The log: what happened, bounded, filtered and copied; any thread may write to it."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.theme import SPACE, monospace
from viewer.window.commands import WindowCommands

COLUMNS = ("Time", "Level", "From", "Message")
MOST_ROWS = 2000
LEVELS = {
    "Everything": logging.DEBUG,
    "From information": logging.INFO,
    "From warnings": logging.WARNING,
    "Errors only": logging.ERROR,
}
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
LEVEL_ROLE = Qt.ItemDataRole.UserRole
LEVEL_WIDTH = 84


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the log.

    Attributes:
        time: As a clock shows it.
        level: Of `logging`.
        source: Which part of the application spoke.
        message: What it said; a traceback follows on further lines.
    """

    time: str
    level: int
    source: str
    message: str

    @property
    def text(self) -> str:
        """As it is copied."""
        return f"{self.time}  {logging.getLevelName(self.level):8}  {self.source}  {self.message}"


class LogRelay(QObject):
    """Carries rows from the thread that logs to the thread that shows.

    Signals:
        written: A LogRow; emitted on the thread that logged.
    """

    written = Signal(object)


class LogHandler(logging.Handler):
    """Hands every record to a LogRelay; safe from any thread."""

    def __init__(self, relay: LogRelay) -> None:
        super().__init__(logging.INFO)
        self._relay = relay

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging`."""
        try:
            message = self.format(record)
            time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
            self._relay.written.emit(
                LogRow(time, record.levelno, record.name.removeprefix("viewer."), message)
            )
        except Exception:  # logging must never break what it reports on
            self.handleError(record)


class LogModel(QAbstractTableModel):
    """The newest MOST_ROWS rows, oldest first."""

    def __init__(self, relay: LogRelay, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: deque[LogRow] = deque()
        relay.written.connect(self.append, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def append(self, row: LogRow) -> None:
        """Add a row; the oldest goes when there are too many."""
        if len(self._rows) >= MOST_ROWS:
            self.beginRemoveRows(NOWHERE, 0, 0)
            self._rows.popleft()
            self.endRemoveRows()
        self.beginInsertRows(NOWHERE, len(self._rows), len(self._rows))
        self._rows.append(row)
        self.endInsertRows()

    def text(self) -> str:
        """All rows, one per line."""
        return "\n".join(row.text for row in self._rows)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Time, level, source, message."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text of a cell, its tooltip, or its level."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == LEVEL_ROLE:
            return row.level
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.message
        if role == Qt.ItemDataRole.DisplayRole:
            level = logging.getLevelName(row.level).capitalize()
            return (row.time, level, row.source, row.message.partition("\n")[0])[index.column()]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Names of the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None


class LogFilter(QSortFilterProxyModel):
    """Rows of a level or worse that hold a text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._level, self._wanted = logging.INFO, ""

    def set_level(self, level: int) -> None:
        """Show rows from this level on."""
        self._level = level
        self.invalidate()

    def set_text(self, wanted: str) -> None:
        """Show rows that hold this text, in any case."""
        self._wanted = wanted.casefold()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Asked by Qt."""
        model = self.sourceModel()
        message = model.index(row, len(COLUMNS) - 1, parent)
        if int(message.data(LEVEL_ROLE)) < self._level:
            return False
        source = model.index(row, 2, parent).data()
        return self._wanted in f"{source} {message.data(Qt.ItemDataRole.ToolTipRole)}".casefold()


class LogDock(QWidget):
    """The log with a filter and a button that copies it."""

    def __init__(self, model: LogModel, commands: WindowCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._model, self._commands = model, commands
        self._filter = LogFilter(self)
        self._filter.setSourceModel(model)
        self._table = self._made_table()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(self._controls())
        column.addWidget(self._table)
        self._filter.rowsInserted.connect(self._table.scrollToBottom)

    def _controls(self) -> QHBoxLayout:
        level, text, copy = QComboBox(), QLineEdit(), QPushButton("Copy log")
        level.addItems(list(LEVELS)[1:])
        level.setAccessibleName("Least level shown in the log")
        level.setToolTip("Show only rows of this level or worse")
        level.currentTextChanged.connect(lambda name: self._filter.set_level(LEVELS[name]))
        text.setPlaceholderText("Filter…")
        text.setClearButtonEnabled(True)
        text.setAccessibleName("Text the log is filtered by")
        text.setToolTip("Show only rows that hold this text")
        text.textChanged.connect(self._filter.set_text)
        copy.setAccessibleName("Copy the whole log")
        copy.setToolTip("Put the whole log on the clipboard, e.g. to report a problem")
        copy.clicked.connect(self.copy)
        row = QHBoxLayout()
        row.addWidget(level)
        row.addWidget(text, 1)
        row.addWidget(copy)
        return row

    def _made_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._filter)
        table.setAccessibleName("Log")
        table.setFont(monospace())
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)  # the contents' size leaves out padding
        header.resizeSection(1, LEVEL_WIDTH)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        return table

    @Slot()
    def copy(self) -> None:
        """The whole log, filtered or not, to the clipboard."""
        self._commands.copy(self._model.text())
