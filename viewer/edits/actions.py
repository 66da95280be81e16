"""Undo and redo, as rows of menus."""

from __future__ import annotations

from viewer.state.state import State
from viewer.tasks.edits import Edits
from viewer.widgets.action import ActionRow

MENU = "&Edit"


def _undo_text(state: State) -> str:
    return f"Undo: {state.undo}" if state.undo else "Undo"


def _redo_text(state: State) -> str:
    return f"Redo: {state.redo}" if state.redo else "Redo"


ACTIONS: tuple[ActionRow[Edits], ...] = (
    ActionRow(
        "undo",
        "Undo",
        "Take back the last edit of an occluder, a face box or a mark in the failure table, or of how"
        " the photo and the panels are drawn.",
        MENU,
        Edits.undo,
        "Ctrl+Z",
        "undo",
        enabled=lambda state: bool(state.undo),
        text_now=_undo_text,
        group="undo",
    ),
    ActionRow(
        "redo",
        "Redo",
        "Do again what was taken back.",
        MENU,
        Edits.redo,
        "Ctrl+Shift+Z",
        "redo",
        enabled=lambda state: bool(state.redo),
        text_now=_redo_text,
        group="undo",
    ),
)
