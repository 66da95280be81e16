"""Every action by typing a part of its name."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    QSortFilterProxyModel,
    QStringListModel,
    Qt,
    Slot,
)
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.theme import SPACE

SIZE = (520, 380)
GAP = "    "  # between a command's name and its keys
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QDialog):
    """A list of what can be done now, filtered while one types; Return does it."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self._actions = {_line(action): action for action in actions if action.isEnabled()}
        self._filter = QSortFilterProxyModel(self)
        self._filter.setSourceModel(QStringListModel(list(self._actions), self))
        self._filter.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._field, self._list = QLineEdit(), QListView()
        self._field.setPlaceholderText("What do you want to do?")
        self._field.setAccessibleName("Part of a command's name")
        self._list.setAccessibleName("Commands")
        self._list.setModel(self._filter)
        self._list.setItemDelegate(CommandRow(self._list))
        self._field.textChanged.connect(self._narrow)
        self._field.installEventFilter(self)
        self._list.activated.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.addWidget(self._field)
        column.addWidget(self._list)
        self.resize(*SIZE)
        self._narrow("")

    @property
    def lines(self) -> list[str]:
        """What the list shows now."""
        return [self._filter.index(row, 0).data() for row in range(self._filter.rowCount())]

    def type_in(self, text: str) -> None:
        """As if the user had typed it."""
        self._field.setText(text)

    def accept(self) -> None:
        """Close, then do what is chosen."""
        line = self._list.currentIndex().data()
        super().accept()
        if line in self._actions:
            self._actions[line].trigger()

    def showEvent(self, event: QShowEvent) -> None:
        """What is typed goes to the field at once."""
        super().showEvent(event)
        self.activateWindow()
        self._field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while the field keeps the focus."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in MOVES:
                self._list.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.accept()
                return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _narrow(self, text: str) -> None:
        self._filter.setFilterFixedString(text.strip())
        self._list.setCurrentIndex(self._filter.index(0, 0))


class CommandRow(QStyledItemDelegate):
    """A command's name, and its keys at the right end: the name is cut off before it runs into them."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The row as the style paints it, but for the words."""
        self.initStyleOption(option, index)
        text, _, keys = str(index.data()).partition(GAP)
        option.text = ""
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        area = option.rect.adjusted(SPACE, 0, -SPACE, 0)
        metrics = QFontMetrics(option.font)
        role = QPalette.ColorRole.Text
        painter.save()
        painter.setPen(option.palette.color(role))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
        area.setRight(area.right() - metrics.horizontalAdvance(keys) - (2 * SPACE if keys else 0))
        cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, cut)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """High enough for the font at any scale, and never wider than the list."""
        height = max(super().sizeHint(option, index).height(), QFontMetrics(option.font).height() + SPACE)
        return QSize(0, height)


def _line(action: QAction) -> str:
    text = action.text().replace("&", "")
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text}{GAP}{keys}" if keys else text
