"""Occluders to choose from, the stack of those that lie on the photo, and the brush."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QColorDialog,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.occlusion.actions import KINDS
from viewer.occlusion.commands import OcclusionCommands
from viewer.state.occlusion import Brush, Occlusion
from viewer.state.store import Store
from viewer.widgets.parts import button_row, heading, note, short_button
from viewer.widgets.raster import qimage
from viewer.widgets.theme import SPACE

FILLINGS = {
    "colour": "Colour",
    "noise": "Noise",
    "blur": "Blur of the photo",
    "patch": "Patch of the photo",
}
SHORT = {"half board": "board", "sunglasses": "glasses", "microphone": "mike"}
THUMBNAIL = QSize(48, 40)
NONE = "Nothing yet."
MOST_ROWS = 4  # of the list, before it scrolls
HOW = (
    "Drag an occluder to move it; its corners scale it, the round handle turns it (Shift: steps of 15°). "
    "Over it the wheel scales, with Shift it turns; arrows, + and -, comma and dot do the same."
)
LAYER_TEXTS = {
    "occluder-raise": "Up",
    "occluder-lower": "Down",
    "occluder-duplicate": "Copy",
    "occluder-hide": "Hide",
    "occluder-remove": "Remove",
}
BRUSH_TEXTS = {"tool-brush": "Brush", "tool-eraser": "Eraser", "undo": "Undo", "redo": "Redo"}
PADDING = "4px 4px"  # of buttons


class OccludersTab(QWidget):
    """What lies on the photo."""

    def __init__(
        self,
        store: Store,
        commands: OcclusionCommands,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._commands, self._actions = store, commands, actions
        self._thumbnails_asked = False
        self._kinds = {kind: self._kind_button(kind) for kind in KINDS}
        self._seed, self.layers, self._none = self._make_seed(), self._make_list(), note(NONE)
        self._filling, self._colour, self._size = self._make_filling(), QPushButton(), self._make_size()
        self._colour.setAccessibleName("Colour of the brush")
        self._colour.setToolTip("Choose the colour the brush paints with")
        self._colour.clicked.connect(self._ask_colour)
        self._follows, self._anew = self._check("occluder-follow"), self._check("occluder-anew")
        self._lay_out()
        commands.sketched.connect(self._on_sketched)
        store.on(lambda state: (state.occlusion.stack, state.occlusion.selected), self._on_stack)
        store.on(lambda state: state.occlusion.anew, self._anew.setChecked)
        store.on(lambda state: state.occlusion.seed, self._seed.setValue)
        store.on(lambda state: state.occlusion.brush, self._show_brush)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Have the thumbnails drawn the first time somebody looks; Qt shows docks in passing, unpainted."""
        super().paintEvent(event)
        if not self._thumbnails_asked:
            self._thumbnails_asked = True
            for kind in KINDS:
                self._commands.sketch(kind)

    # --- its parts

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE)
        column.setSpacing(4)
        kinds = QGridLayout()
        kinds.setSpacing(2)
        for index, button in enumerate(self._kinds.values()):
            kinds.addWidget(button, index // 4, index % 4)
        seed = QHBoxLayout()
        seed.addWidget(heading("Add an occluder"), 1)
        seed.addWidget(_named("Seed", self._seed))
        seed.addWidget(self._seed)
        column.addLayout(seed)
        column.addLayout(kinds)
        column.addWidget(heading("On the photo, topmost first"))
        column.addWidget(self._none)
        column.addWidget(self.layers)
        column.addLayout(button_row(self._actions, LAYER_TEXTS, PADDING))
        column.addWidget(self._follows)
        column.addWidget(self._anew)
        column.addWidget(heading("Paint by hand"))
        column.addLayout(button_row(self._actions, BRUSH_TEXTS, PADDING))
        brush = QHBoxLayout()
        brush.addWidget(self._filling, 1)
        brush.addWidget(self._colour)
        column.addLayout(brush)
        size = QHBoxLayout()
        size.addWidget(_named("Size", self._size))
        size.addWidget(self._size, 1)
        column.addLayout(size)
        column.addWidget(note(HOW))
        column.addStretch(1)

    def _kind_button(self, kind: str) -> QToolButton:
        action = self._actions[f"occluder-{kind.replace(' ', '-')}"]
        button = short_button(action, SHORT.get(kind, kind).capitalize())
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(THUMBNAIL)
        button.setFixedWidth(58)
        button.setStyleSheet("padding: 2px 0; font-size: 8pt;")
        return button

    def _make_seed(self) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(0, 99_999)
        spin.setAccessibleName("Seed of occluders and trials")
        spin.setToolTip("Which look and place the next occluder gets; also the seed of sweeps and box jitter")
        spin.valueChanged.connect(self._commands.choose_seed)
        return spin

    def _make_list(self) -> QListWidget:
        found = QListWidget()
        found.setAccessibleName("Occluders on the photo, topmost first")
        found.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        found.currentRowChanged.connect(self._on_row)
        found.itemChanged.connect(self._on_item)
        return found

    def _make_filling(self) -> QComboBox:
        chooser = QComboBox()
        chooser.setAccessibleName("What the brush paints")
        chooser.setToolTip("What the brush paints, and what a sliding patch shows")
        for name, text in FILLINGS.items():
            chooser.addItem(text, name)
        chooser.activated.connect(
            lambda i: self._brush(replace(self._occlusion.brush, filling=list(FILLINGS)[i]))
        )
        return chooser

    def _make_size(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(2, 60)
        slider.setAccessibleName("Size of the brush")
        slider.setToolTip("Diameter of brush and eraser, in % of the size of the face")
        slider.valueChanged.connect(
            lambda percent: self._brush(replace(self._occlusion.brush, percent=percent))
        )
        return slider

    def _check(self, name: str) -> QCheckBox:
        action = self._actions[name]
        box = QCheckBox(action.text())
        box.setToolTip(action.toolTip())
        box.setAccessibleName(action.text())
        box.clicked.connect(lambda _on: action.trigger())
        return box

    # --- the user's hand

    @property
    def _occlusion(self) -> Occlusion:
        return self._store.state.occlusion

    def _brush(self, brush: Brush) -> None:
        if brush != self._occlusion.brush:
            self._commands.choose_brush(brush)

    def _ask_colour(self) -> None:
        dialog = QColorDialog(QColor(*self._occlusion.brush.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._on_colour)
        dialog.open()

    @Slot(QColor)
    def _on_colour(self, colour: QColor) -> None:
        self._brush(replace(self._occlusion.brush, colour=(colour.red(), colour.green(), colour.blue())))

    @Slot(int)
    def _on_row(self, row: int) -> None:
        self._commands.select(len(self._occlusion.stack.layers) - 1 - row if row >= 0 else -1)

    @Slot(QListWidgetItem)
    def _on_item(self, item: QListWidgetItem) -> None:
        index = len(self._occlusion.stack.layers) - 1 - self.layers.row(item)
        if self._occlusion.stack.layers[index].shown is not (item.checkState() is Qt.CheckState.Checked):
            self._commands.toggle_shown(index)

    # --- what is shown

    def _on_stack(self, _changed: object) -> None:
        occlusion = self._occlusion
        self._fill(occlusion)
        self._follows.setChecked(occlusion.stack.anchor is not None)
        self._follows.setEnabled(bool(occlusion.stack.layers))

    def _show_brush(self, brush: Brush) -> None:
        self._filling.setCurrentIndex(self._filling.findData(brush.filling))
        self._size.setValue(round(brush.percent))
        pixmap = QPixmap(28, 14)
        pixmap.fill(QColor(*brush.colour))
        self._colour.setIcon(QIcon(pixmap))
        self._colour.setEnabled(brush.filling == "colour")

    def _fill(self, occlusion: Occlusion) -> None:
        """The list, without its own signals: it only shows."""
        self.layers.blockSignals(True)
        self.layers.clear()
        for layer in reversed(occlusion.stack.layers):
            item = QListWidgetItem(layer.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if layer.shown else Qt.CheckState.Unchecked)
            self.layers.addItem(item)
        rows = min(self.layers.count(), MOST_ROWS)
        self._none.setVisible(not rows)
        self.layers.setVisible(rows > 0)
        self.layers.setFixedHeight(rows * self.layers.sizeHintForRow(0) + 2 * self.layers.frameWidth() + 2)
        if occlusion.selected >= 0:
            self.layers.setCurrentRow(len(occlusion.stack.layers) - 1 - occlusion.selected)
        self.layers.blockSignals(False)

    @Slot(str, object)
    def _on_sketched(self, kind: str, picture: object) -> None:
        scaled = QPixmap.fromImage(qimage(picture)).scaled(  # type: ignore[arg-type]
            THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        canvas = QPixmap(THUMBNAIL)  # all of one size: else the names below stand at different heights
        canvas.fill(Qt.GlobalColor.transparent)
        painter = QPainter(canvas)
        painter.drawPixmap(
            (canvas.width() - scaled.width()) // 2, (canvas.height() - scaled.height()) // 2, scaled
        )
        painter.end()
        self._kinds[kind].setIcon(QIcon(canvas))


def _named(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    return label
