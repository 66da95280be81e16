"""What a user can do with failure mining, as rows of menus."""

from __future__ import annotations

from functools import partial

from viewer.mining.commands import MiningCommands
from viewer.mining.written import CURVE_ENDINGS
from viewer.state.mining import Verdict
from viewer.state.state import State
from viewer.widgets.action import ActionRow


def _at_rest(state: State) -> bool:
    return state.mining.running is None


def _has_rows(state: State) -> bool:
    return len(state.mining.table) > 0


def _has_current(state: State) -> bool:
    return 0 <= state.mining.current < len(state.mining.table)


def _marking(verdict: Verdict, commands: MiningCommands) -> None:
    commands.mark(verdict)


def _export(kind: str, commands: MiningCommands) -> None:
    commands.export(kind)


CURVES = {
    "curve": (
        "cumulative error curve",
        "The share of the faces shown that are no worse than each error, by method, and the open face on it.",
    ),
    "covered": ("error by covered share", "The mean error of the faces shown against how much is covered."),
    "reliability": (
        "reliability of the likely error",
        "The true error of the faces shown against the likely error that was told of them.",
    ),
}


def _curve(kind: str, ending: str) -> ActionRow[MiningCommands]:
    what, meaning = CURVES[kind]
    return ActionRow(
        f"mine-{kind}-{ending}",
        f"Export {what} as {ending.upper()}…",
        meaning,
        "&File",
        partial(_export, f"{kind}-{ending}"),
        enabled=_has_rows,
        group="mining",
    )


ACTIONS: tuple[ActionRow[MiningCommands], ...] = (
    ActionRow(
        "mine-folder",
        "Find failures in a folder…",
        "Answer for all pictures of a folder in the background, as a table with the worst first.",
        "&Compute",
        MiningCommands.mine_folder_dialog,
        "Ctrl+Shift+F",
        enabled=_at_rest,
        group="mining",
    ),
    ActionRow(
        "mine-file",
        "Find failures in a video or file list…",
        "As in a folder; a list is a text file with the name of a picture on each line.",
        "&Compute",
        MiningCommands.mine_file_dialog,
        enabled=_at_rest,
        group="mining",
    ),
    ActionRow(
        "mine-cancel",
        "Cancel finding failures",
        "Stop the run; the rows it has so far stay.",
        "&Compute",
        MiningCommands.cancel,
        enabled=lambda state: not _at_rest(state),
        group="mining",
    ),
    ActionRow(
        "mine-good",
        "Mark answer as good",
        "Mark the row that is open; once more takes the mark back. G in the table.",
        "&Compute",
        partial(_marking, Verdict.GOOD),
        enabled=_has_current,
        group="mining-marks",
    ),
    ActionRow(
        "mine-bad",
        "Mark answer as bad",
        "Mark the row that is open; once more takes the mark back. B in the table.",
        "&Compute",
        partial(_marking, Verdict.BAD),
        enabled=_has_current,
        group="mining-marks",
    ),
    ActionRow(
        "mine-note",
        "Write a note about the answer…",
        "A few words on the row that is open. M in the table.",
        "&Compute",
        MiningCommands.note,
        enabled=_has_current,
        group="mining-marks",
    ),
    ActionRow(
        "mine-csv",
        "Export failure table as CSV…",
        "Write the rows shown, in their order, with all columns.",
        "&File",
        partial(_export, "csv"),
        enabled=_has_rows,
        group="mining",
    ),
    ActionRow(
        "mine-parquet",
        "Export failure table as Parquet…",
        "Write the rows shown, in their order, with all columns, their units and meanings.",
        "&File",
        partial(_export, "parquet"),
        enabled=_has_rows,
        group="mining",
    ),
    ActionRow(
        "mine-sheet-png",
        "Export contact sheet of worst and best as PNG…",
        "The faces at both ends of the order shown, with their figures.",
        "&File",
        partial(_export, "sheet-png"),
        enabled=_has_rows,
        group="mining",
    ),
    ActionRow(
        "mine-sheet-pdf",
        "Export contact sheet of worst and best as PDF…",
        "The faces at both ends of the order shown, with their figures.",
        "&File",
        partial(_export, "sheet-pdf"),
        enabled=_has_rows,
        group="mining",
    ),
    *(_curve(kind, ending) for kind in CURVES for ending in CURVE_ENDINGS),
)
