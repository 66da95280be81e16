"""The bar above a dock: its name, and buttons that let it float or hide it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from viewer.widgets.theme import SPACE


class DockTitle(QWidget):
    """Stands in for the style's own bar, which cuts letters off where a style sheet gives it space."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.setObjectName("dockTitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        label = QLabel(dock.windowTitle())
        label.setProperty("role", "dock")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACE, 4, SPACE, 4)
        row.setSpacing(2)
        row.addWidget(label, 1)
        row.addWidget(_button("↗", f"Let {dock.windowTitle()} float, or put it back", dock.objectName()))
        row.addWidget(
            _button("×", f"Hide {dock.windowTitle()}; the View menu brings it back", dock.objectName())
        )
        floats, hides = self.findChildren(QToolButton)
        floats.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        hides.clicked.connect(dock.hide)


def _button(sign: str, meaning: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(sign)
    button.setToolTip(meaning)
    button.setAccessibleName(meaning)
    button.setObjectName(f"{name} {sign}")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
