"""ACTIONS: everything a user can do; menus, toolbar, shortcuts and command palette come from this table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from viewer.cameras import actions as cameras
from viewer.cameras.commands import CameraCommands
from viewer.cases import actions as cases
from viewer.cases.commands import CaseCommands
from viewer.compare import actions as compare
from viewer.compare.commands import CompareCommands
from viewer.display import actions as display
from viewer.display.commands import DisplayCommands
from viewer.edits import actions as edits
from viewer.export import actions as export
from viewer.export.commands import ExportCommands
from viewer.faces import actions as faces
from viewer.faces.commands import FaceCommands
from viewer.ground_truth import actions as ground_truth
from viewer.ground_truth.commands import GroundTruthCommands
from viewer.methods import actions as methods
from viewer.methods.branch_commands import BranchCommands
from viewer.mining import actions as mining
from viewer.mining.commands import MiningCommands
from viewer.occlusion import actions as occlusion
from viewer.occlusion.commands import OcclusionCommands
from viewer.occlusion.trials import TrialCommands
from viewer.playback import actions as playback
from viewer.playback.commands import PlaybackCommands
from viewer.playback.timeline_commands import TimelineCommands
from viewer.presentation import actions as presentation
from viewer.presentation.commands import PresentationCommands
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import Theme
from viewer.tasks.edits import Edits
from viewer.widgets import theme
from viewer.widgets.action import ActionRow
from viewer.window import actions as window
from viewer.window.commands import WindowCommands

MENUS = (
    "&File",
    edits.MENU,
    export.MENU,
    "&Playback",
    "&Compute",
    "&Occlusion",
    "&View",
    cameras.VIEWPOINT,
    "&Look",
    "&Help",
)


class AllCommands(Protocol):
    """The commands of every feature that has actions."""

    playback: PlaybackCommands
    timeline: TimelineCommands
    cases: CaseCommands
    ground_truth: GroundTruthCommands
    edits: Edits
    export: ExportCommands
    branches: BranchCommands
    faces: FaceCommands
    occlusion: OcclusionCommands
    trials: TrialCommands
    mining: MiningCommands
    display: DisplayCommands
    compare: CompareCommands
    cameras: CameraCommands
    presentation: PresentationCommands
    window: WindowCommands


Rows = tuple[ActionRow[Any], ...]

TABLE: tuple[tuple[Rows, Callable[[AllCommands], object]], ...] = (
    (edits.ACTIONS, lambda every: every.edits),
    (playback.ACTIONS, lambda every: every.playback),
    (playback.TIMELINE_ACTIONS, lambda every: every.timeline),
    (cases.ACTIONS, lambda every: every.cases),
    (ground_truth.ACTIONS, lambda every: every.ground_truth),
    (export.ACTIONS, lambda every: every.export),
    (methods.ACTIONS, lambda every: every.branches),
    (mining.ACTIONS, lambda every: every.mining),
    (window.ASSET_ACTIONS, lambda every: every.window),
    (faces.ACTIONS, lambda every: every.faces),
    (occlusion.ACTIONS, lambda every: every.occlusion),
    (occlusion.TRIAL_ACTIONS, lambda every: every.trials),
    (display.LAYOUT_ACTIONS, lambda every: every.display),
    (compare.ACTIONS, lambda every: every.compare),
    (cameras.ACTIONS, lambda every: every.cameras),
    (display.ACTIONS, lambda every: every.display),
    (presentation.ACTIONS, lambda every: every.presentation),
    (window.ACTIONS, lambda every: every.window),
)
"""A feature's rows, and the commands they call; in the order of the menus."""

ACTIONS: Rows = tuple(row for rows, _ in TABLE for row in rows)


def make_actions(parent: QObject, commands: AllCommands, store: Store) -> dict[str, QAction]:
    """A QAction per row, by name, kept true to the Store."""
    actions = {row.name: _made(row, parent, own(commands), store) for rows, own in TABLE for row in rows}
    for row in ACTIONS:
        action = actions[row.name]
        store.on(partial(_face_of, row), partial(_show, action), action)
        store.on(partial(_keys_of, row), partial(_set_keys, action, row.tooltip), action)
        store.on(partial(_icon, row), partial(_dress, action), action)
    return actions


def _made(row: ActionRow[Any], parent: QObject, commands: object, store: Store) -> QAction:
    action = QAction(row.text, parent)
    action.setObjectName(row.name)
    action.setIconText(row.toolbar or row.text)
    action.setCheckable(row.checked is not None)
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    action.triggered.connect(lambda _on: _run(row, commands, action, store))
    return action


def _run(row: ActionRow[Any], commands: object, action: QAction, store: Store) -> None:
    row.verb(commands)
    if row.checked is not None:
        action.setChecked(row.checked(store.state))  # a click has flipped it whether or not it did anything


def _keys_of(row: ActionRow[Any], state: State) -> str:
    return state.keys.get(row.name, row.shortcut)


def _set_keys(action: QAction, tooltip: str, keys: str) -> None:
    sequence = QKeySequence(keys)
    hint = f"  ({sequence.toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
    action.setShortcut(sequence)
    action.setToolTip(tooltip + hint)


class _Face(NamedTuple):
    """How an action looks now."""

    text: str
    enabled: bool
    visible: bool
    checked: bool


def _face_of(row: ActionRow[Any], state: State) -> _Face:
    text = row.text if row.text_now is None else row.text_now(state)
    checked = row.checked is not None and row.checked(state)
    return _Face(text, row.enabled(state), row.visible(state), checked)


def _show(action: QAction, face: _Face) -> None:
    action.setText(face.text)
    action.setEnabled(face.enabled)
    action.setVisible(face.visible)
    action.setChecked(face.checked)


def _icon(row: ActionRow[Any], state: State) -> tuple[str, Theme]:
    """Which icon an action has now, empty for none; and what colours."""
    on = bool(row.icon_on) and row.checked is not None and row.checked(state)
    return row.icon_on if on else row.icon, state.theme


def _dress(action: QAction, icon: tuple[str, Theme]) -> None:
    name, colours = icon
    if name:
        action.setIcon(theme.icon(name, theme.colours(colours).text))
