"""Which panel of a figure, and how large: asked in one dialog."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from models.export.wish import Wish
from models.reconstruction import branch_text
from viewer.widgets.parts import note
from viewer.widgets.theme import SPACE

ALL = "All panels"
LEAST_PX, MOST_PX = 64, 16384  # of a side
LONGEST_CAPTION = 200
TOLD = "It is drawn anew at that size, whatever the size of the window. SVG and PDF keep text as text."


class FigureDialog(QDialog):
    """Panel, width and height in px, legend, transparency, caption."""

    def __init__(self, panels: tuple[str, ...], usual: Wish, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("figure")
        self.setWindowTitle("Export panels at any size")
        self._usual = usual
        self.panel = QComboBox()
        self.panel.addItem(ALL, "")
        for name in panels:
            self.panel.addItem(branch_text(name).capitalize(), name)
        self.width_px, self.height_px = _side(usual.width), _side(usual.height)
        self.legend, self.transparent = (
            QCheckBox("&Legend: what the colours mean"),
            QCheckBox("&Transparent background"),
        )
        self.legend.setChecked(usual.legend)
        self.transparent.setChecked(usual.transparent)
        self.caption = QLineEdit(usual.caption)
        self.caption.setMaxLength(LONGEST_CAPTION)
        form = QFormLayout()
        rows = (
            ("&Panel", self.panel),
            ("&Width", self.width_px),
            ("&Height", self.height_px),
            ("&Caption", self.caption),
        )
        for name, field in rows:
            field.setAccessibleName(name.replace("&", ""))
            form.addRow(name, field)
        for box in (self.legend, self.transparent):
            form.addRow("", box)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.addLayout(form)
        column.addWidget(note(TOLD))
        column.addWidget(buttons)

    def wish(self) -> Wish:
        """What the fields say."""
        return replace(
            self._usual,
            width=self.width_px.value(),
            height=self.height_px.value(),
            only=str(self.panel.currentData()),
            legend=self.legend.isChecked(),
            transparent=self.transparent.isChecked(),
            caption=self.caption.text().strip(),
        )


def _side(value: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(LEAST_PX, MOST_PX)
    field.setSuffix(" px")
    field.setValue(value)
    return field
