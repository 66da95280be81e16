"""The dock of switches: what takes part in the computation, and what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from models.reconstruction import IMAGE_SPACE, MODEL_SPACE
from viewer.display.commands import DisplayCommands
from viewer.methods.branch_commands import BranchCommands
from viewer.readouts.parts import BOTH_OFF, both_off
from viewer.state.layout import MESH_LOOKS, PANELS, Kind, panels_shown, style_of
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import OVERLAY_TEXTS, OVERLAYS, LayerStyle, Look
from viewer.widgets.parts import OpacitySlider, clear, heading, note
from viewer.widgets.theme import SPACE

BRANCH_NOTES = {
    IMAGE_SPACE: "what the pixels of the face itself say, completed from the part that was seen",
    MODEL_SPACE: "coefficients and pose guessed from the whole crop at once",
    "confidence": "sure pixels pull harder when the face is placed",
    "visibility mask": "covered pixels are kept out",
    "refinement": "every face is moved, within its model, towards landmarks read around it",
}


class LayersDock(QScrollArea):
    """Toggles for every branch, every overlay of the photo and the look of every panel."""

    def __init__(
        self,
        store: Store,
        display: DisplayCommands,
        branches: BranchCommands,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._display_commands, self._branch_commands = display, branches
        self._branches: dict[str, QCheckBox] = {}
        self._overlays: dict[str, QCheckBox] = {}
        self._looks: dict[str, QComboBox] = {}
        self._look_labels: dict[str, QLabel] = {}
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        self._column.setSpacing(2)
        self._branch_column = QVBoxLayout()
        self._part = note("")
        self._truth_in_3d = self._make_truth_in_3d()
        self._look_heading = heading("Look of the panels")
        self._mesh_look = self._make_mesh_look()
        self._opacity = OpacitySlider("Opacity of the meshes over the photo")
        self._opacity.chosen.connect(display.set_mesh_opacity)
        self._add_sections()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)
        store.on(lambda state: state.switches, self._rebuild_branches)
        store.on(lambda state: (state.switches, state.switched_off), self._tick_branches)
        store.on(lambda state: state.overlays, self._tick_overlays)
        store.on(lambda state: state.truth_in_3d, self._truth_in_3d.setChecked, self)
        store.on(truth_can_be_drawn, self._truth_in_3d.setVisible, self)
        store.on(lambda state: style_of(state, "photo"), self._show_mesh, self)
        store.on(self._looks_on, self._show_looks)
        store.on(lambda state: {row.name for row in panels_shown(state)}, self._show_choosers)
        store.on(self._has_looks, self._look_heading.setVisible, self)
        store.on(part_taken, self._part.setText, self)

    def _add_sections(self) -> None:
        self._column.addWidget(heading("Takes part in the computation"))
        self._column.addLayout(self._branch_column)
        self._column.addWidget(self._part)
        self._column.addWidget(heading("Over the photo"))
        self._column.addLayout(self._overlay_grid())
        self._column.addLayout(self._mesh_row())
        self._column.addWidget(self._opacity)
        self._column.addWidget(self._look_heading)
        self._column.addWidget(self._truth_in_3d)
        self._column.addLayout(self._look_grid())
        self._column.addStretch(1)

    def _make_truth_in_3d(self) -> QCheckBox:
        box = QCheckBox("Ground truth in 3D panels")
        box.setAccessibleName("Ground truth in the 3D panels")
        box.setToolTip("Draw the true landmarks, or the true surface, in the 3D panels too (Shift+0)")
        box.clicked.connect(self._display_commands.toggle_truth_in_3d)
        return box

    def _overlay_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(2)
        for index, name in enumerate(OVERLAYS):
            box = QCheckBox(OVERLAY_TEXTS[name])
            box.setAccessibleName(f"{OVERLAY_TEXTS[name]} over the photo")
            box.setToolTip(f"Draw {OVERLAY_TEXTS[name].lower()} over the photo (Shift+{index + 1})")
            box.clicked.connect(lambda _on, name=name: self._display_commands.toggle_overlay(name))
            grid.addWidget(box, index // 2, index % 2)
            self._overlays[name] = box
        return grid

    def _make_mesh_look(self) -> QComboBox:
        chooser = narrow_chooser()
        chooser.setAccessibleName("Look of the meshes over the photo")
        chooser.setToolTip("What gives the fused meshes over the photo their colour")
        for look in MESH_LOOKS:
            chooser.addItem(look.value, look)
        chooser.activated.connect(
            lambda index: self._display_commands.set_mesh_look(Look(chooser.itemData(index)))
        )
        return chooser

    def _mesh_row(self) -> QGridLayout:
        label = QLabel("Mesh")
        label.setBuddy(self._mesh_look)
        grid = QGridLayout()
        grid.setSpacing(SPACE)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self._mesh_look, 0, 1)
        return grid

    def _show_mesh(self, style: LayerStyle) -> None:
        self._mesh_look.setCurrentIndex(self._mesh_look.findData(style.look))
        self._opacity.set_share(style.opacity)

    def _look_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(SPACE)
        grid.setColumnStretch(1, 1)
        for index, row in enumerate(row for row in PANELS if len(row.looks) > 1):
            chooser = narrow_chooser()
            chooser.setAccessibleName(f"Look of the {row.title} panel")
            chooser.setToolTip(f"What gives the surface in the {row.title} panel its colour")
            for look in row.looks:
                chooser.addItem(look.value, look)
            chooser.activated.connect(lambda index, panel=row.name: self._choose_look(panel, index))
            label = QLabel(row.title)
            label.setBuddy(chooser)
            grid.addWidget(label, index, 0)
            grid.addWidget(chooser, index, 1)
            self._looks[row.name] = chooser
            self._look_labels[row.name] = label
        return grid

    def _tick_branches(self, switches: tuple[tuple[str, ...], frozenset[str]]) -> None:
        for name, box in self._branches.items():
            box.setChecked(name not in switches[1])

    def _tick_overlays(self, overlays: frozenset[str]) -> None:
        for name, box in self._overlays.items():
            box.setChecked(name in overlays)

    def _has_looks(self, state: State) -> bool:
        """Whether anything stands under the heading."""
        return truth_can_be_drawn(state) or any(row.name in self._looks for row in panels_shown(state))

    def _looks_on(self, state: State) -> dict[str, Look]:
        return {panel: style_of(state, panel).look for panel in self._looks}

    def _show_looks(self, looks: Mapping[str, Look]) -> None:
        for panel, look in looks.items():
            self._looks[panel].setCurrentIndex(self._looks[panel].findData(look))

    def _show_choosers(self, panels: set[str]) -> None:
        """Those of the panels in sight."""
        for panel, chooser in self._looks.items():
            chooser.setVisible(panel in panels)
            self._look_labels[panel].setVisible(panel in panels)

    def _rebuild_branches(self, switches: Sequence[str]) -> None:
        clear(self._branch_column)
        self._branches = {}
        for index, name in enumerate(switches):
            box = QCheckBox(sentence_case(name))
            explained = BRANCH_NOTES.get(name.lower(), "")
            box.setAccessibleName(f"{sentence_case(name)} takes part")
            box.setAccessibleDescription(explained)
            box.setToolTip(
                f"{sentence_case(name)}: {explained or 'a part of this method'} (Ctrl+{index + 1})"
            )
            box.clicked.connect(lambda _on, name=name: self._branch_commands.toggle_branch(name))
            self._branch_column.addWidget(box)
            self._branches[name] = box

    def _choose_look(self, panel: str, index: int) -> None:
        look = self._looks[panel].itemData(index)
        if isinstance(look, Look):
            self._display_commands.set_look(panel, look)


def narrow_chooser() -> QComboBox:
    """One as wide as there is room: the longest of its texts must not push the dock's words out of sight."""
    chooser = QComboBox()
    chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    chooser.setMinimumContentsLength(8)
    return chooser


def truth_can_be_drawn(state: State) -> bool:
    """Whether there is ground truth, and a 3D panel in sight to draw it in."""
    return state.judgement is not None and any(row.kind is Kind.SURFACE for row in panels_shown(state))


def part_taken(state: State) -> str:
    """What took part in the answer shown, and what was left out, as one sentence."""
    if not state.switches and state.answer is not None:
        return "This method has no parts to switch."
    if not state.switches:
        return "The method is being loaded." if state.busy else "No method is loaded."
    if both_off(state):
        return BOTH_OFF
    answer = state.answer
    if answer is None:
        looked = state.shown is not None and state.shown.search is not None
        return "No face was found." if looked else "No answer yet."
    took = ", ".join(answer.took_part) or "nothing"
    left = ", ".join(answer.left_out)
    return f"This answer used {took}." + (f" Left out: {left}." if left else "")


def sentence_case(text: str) -> str:
    """First letter large, the rest as it is."""
    return text[:1].upper() + text[1:]
