"""Small pieces docks and bars are made of."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLayout,
    QMenu,
    QSizePolicy,
    QSlider,
    QTableWidget,
    QToolButton,
    QWidget,
)

from viewer.widgets.elided import Elided


class OpacitySlider(QWidget):
    """A slider from 0 to 100 % with its number.

    Signals:
        chosen(float): The share, 0..1, where the user put it.
    """

    chosen = Signal(float)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider, self._number = QSlider(Qt.Orientation.Horizontal), QLabel()
        self._slider.setRange(0, 100)
        self._slider.setPageStep(10)
        self._slider.setAccessibleName(name)
        self._slider.setToolTip(name)
        self._slider.valueChanged.connect(self._on_value)
        label = QLabel("Opacity")
        label.setBuddy(self._slider)
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("100 %"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        for part in (label, self._slider, self._number):
            row.addWidget(part, int(part is self._slider))
        self.set_share(1.0)

    def set_share(self, share: float) -> None:
        """Put it there. Emits nothing."""
        self._slider.blockSignals(True)
        self._slider.setValue(round(100 * share))
        self._slider.blockSignals(False)
        self._number.setText(f"{self._slider.value()} %")

    def _on_value(self, percent: int) -> None:
        self._number.setText(f"{percent} %")
        self.chosen.emit(percent / 100)


def fit_numbers(table: QTableWidget, least_px: int) -> None:
    """Columns as wide as their numbers need, `least_px` at least; the first column takes the rest."""
    header = table.horizontalHeader()
    header.setMinimumSectionSize(least_px)
    for column in range(table.columnCount()):
        as_needed, rest = QHeaderView.ResizeMode.ResizeToContents, QHeaderView.ResizeMode.Stretch
        header.setSectionResizeMode(column, as_needed if column else rest)


def heading(text: str) -> QLabel:
    """Above a group of controls."""
    return _label(text, "heading")


def note(text: str) -> QLabel:
    """A sentence that explains; wraps."""
    label = _label(text, "muted")
    label.setWordWrap(True)
    return label


def figure(name: str) -> QLabel:
    """A value that changes in place; can be selected and copied."""
    label = _label("–", "figure")
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def summary() -> Elided:
    """One quiet line that takes what room is left, cut off where that is too little."""
    label = Elided("")
    label.setProperty("role", "muted")
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def badge(text: str, good: bool) -> QLabel:
    """A sentence one should not miss: a warning, or that there is none."""
    label = _label(text, "good" if good else "warning")
    label.setWordWrap(True)
    return label


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and destroy it."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def menu_button(menu: QMenu, text: str, tooltip: str) -> QToolButton:
    """A toolbar button that opens a menu."""
    button = QToolButton()
    button.setText(text)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setToolTip(tooltip)
    button.setAccessibleName(text)
    return button


def action_button(action: QAction) -> QToolButton:
    """Does what an action does, under the action's name."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAccessibleName(action.text())
    return button


def short_button(action: QAction, text: str) -> QToolButton:
    """Does what an action does, under a shorter name; QToolButton's own default action would take it back."""
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(action.text())
    button.setCheckable(action.isCheckable())
    button.clicked.connect(lambda _on: action.trigger())

    def follow() -> None:
        button.setEnabled(action.isEnabled())
        button.setChecked(action.isChecked())
        button.setToolTip(action.toolTip())

    action.changed.connect(follow)
    button.clicked.connect(lambda _on: follow())  # a click has flipped it whether or not it did anything
    follow()
    return button


def spring() -> QWidget:
    """Pushes what follows in a toolbar to its end."""
    spring = QWidget()
    spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return spring


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setIndent(0)
    return label


def button_row(actions: Mapping[str, QAction], texts: Mapping[str, str], padding: str) -> QHBoxLayout:
    """A narrow dock's buttons side by side: name of an action -> its short text."""
    row = QHBoxLayout()
    row.setSpacing(2)
    for name, text in texts.items():
        button = short_button(actions[name], text)
        button.setStyleSheet(f"padding: {padding};")
        row.addWidget(button)
    row.addStretch(1)
    return row
