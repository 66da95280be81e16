"""All that can be done and the keys that do it; the keys can be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.action import ActionRow
from viewer.widgets.parts import note
from viewer.widgets.theme import SPACE
from viewer.window.commands import WindowCommands

SIZE = (620, 560)
HINT = "Choose a row, then press the keys it is to have. Delete takes them away."


class ShortcutsDialog(QDialog):
    """A table of commands by menu; under it the keys of the chosen one."""

    def __init__(
        self,
        rows: Sequence[ActionRow],  # type: ignore[type-arg]
        actions: Mapping[str, QAction],
        commands: WindowCommands,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setObjectName("shortcuts")
        self._rows, self._actions, self._commands = tuple(rows), actions, commands
        self._field, self._told = QLineEdit(), note(HINT)
        self._field.setPlaceholderText("Filter…")
        self._field.setAccessibleName("Part of a command, menu or key")
        self._field.textChanged.connect(self._narrow)
        self._table = self._make_table()
        self._keys, self._default = QKeySequenceEdit(), QPushButton("As delivered")
        self._keys.setMaximumSequenceLength(1)
        self._keys.setAccessibleName("Keys of the chosen command")
        self._keys.setClearButtonEnabled(True)
        self._keys.editingFinished.connect(self._take)
        self._default.setToolTip("Give the chosen command the keys it came with")
        self._default.clicked.connect(self._reset)
        under = QHBoxLayout()
        under.addWidget(self._keys, 1)
        under.addWidget(self._default)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        for widget in (self._field, self._table, self._told):
            column.addWidget(widget)
        column.addLayout(under)
        self.resize(*SIZE)
        self._fill()
        self._table.selectRow(0)
        self._field.setFocus()

    def choose(self, name: str) -> None:
        """As if the user had clicked the row of that action."""
        self._table.selectRow([row.name for row in self._rows].index(name))

    def press(self, keys: str) -> None:
        """As if the user had pressed these keys for the chosen row."""
        self._keys.setKeySequence(QKeySequence(keys))
        self._take()

    def told(self) -> str:
        """What the dialog says under the table."""
        return self._told.text()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(len(self._rows), 3)
        table.setAccessibleName("Commands and their keys")
        table.setHorizontalHeaderLabels(["Menu", "Command", "Keys"])
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.itemSelectionChanged.connect(self._on_chosen)
        return table

    def _fill(self) -> None:
        for index, row in enumerate(self._rows):
            for column, text in enumerate((row.menu.replace("&", ""), row.text, self._keys_of(row.name))):
                cell = QTableWidgetItem(text)
                cell.setToolTip(row.tooltip)
                self._table.setItem(index, column, cell)

    def _keys_of(self, name: str) -> str:
        return self._actions[name].shortcut().toString(QKeySequence.SequenceFormat.NativeText)

    def _chosen(self) -> ActionRow | None:  # type: ignore[type-arg]
        places = self._table.selectionModel().selectedRows()
        return self._rows[places[0].row()] if places else None

    def _on_chosen(self) -> None:
        row = self._chosen()
        for widget in (self._keys, self._default):
            widget.setEnabled(row is not None)
        if row is not None:
            self._keys.setKeySequence(self._actions[row.name].shortcut())
            self._told.setText(HINT)

    def _take(self) -> None:
        row = self._chosen()
        if row is None:
            return
        keys = self._keys.keySequence()
        other = next((one for one in self._rows if one is not row and self._has(one.name, keys)), None)
        if other is not None:
            self._told.setText(f"{keys.toString()} already does: {other.text}. Take it away there first.")
            self._keys.setKeySequence(self._actions[row.name].shortcut())
            return
        self._commands.set_keys(row.name, keys.toString(QKeySequence.SequenceFormat.PortableText))
        self._fill()

    def _has(self, name: str, keys: QKeySequence) -> bool:
        return not keys.isEmpty() and self._actions[name].shortcut() == keys

    def _reset(self) -> None:
        row = self._chosen()
        if row is not None:
            self.press(row.shortcut)

    def _narrow(self, text: str) -> None:
        wanted = text.strip().lower()
        for index in range(len(self._rows)):
            cells = (self._table.item(index, column) for column in range(3))
            words = " ".join(cell.text() for cell in cells if cell is not None).lower()
            self._table.setRowHidden(index, wanted not in words)
