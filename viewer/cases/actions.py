"""What a user can do with cases, as rows of menus."""

from __future__ import annotations

from viewer.cases.commands import CaseCommands
from viewer.widgets.action import ActionRow, has_frame

ACTIONS: tuple[ActionRow[CaseCommands], ...] = (
    ActionRow(
        "save-case",
        "Save case",
        "Write all that is shown to a case file, which opens it again or replays it.",
        "&File",
        CaseCommands.save,
        "Ctrl+S",
        enabled=has_frame,
        group="case",
    ),
    ActionRow(
        "save-case-as",
        "Save case as…",
        "Write the case to another file.",
        "&File",
        CaseCommands.save_as,
        enabled=has_frame,
        group="case",
    ),
    ActionRow(
        "open-case",
        "Open case…",
        "Show again what a case file holds; dropping it on the window does the same.",
        "&File",
        CaseCommands.open_dialog,
        group="case",
    ),
    ActionRow(
        "case-notes",
        "Case notes…",
        "Write about what is shown; the notes are kept in the case file.",
        "&File",
        CaseCommands.edit_notes,
        "Ctrl+Shift+N",
        enabled=has_frame,
        group="case",
    ),
)
