"""What a user can do with A and B, as rows of menus."""

from __future__ import annotations

from viewer.compare.commands import CompareCommands
from viewer.state.comparison import A_B, Mode
from viewer.state.state import State
from viewer.widgets.action import ActionRow, has_answer


def _compares(state: State) -> bool:
    return state.panel_layout == A_B


ACTIONS: tuple[ActionRow[CompareCommands], ...] = (
    ActionRow(
        "ab-pin",
        "Pin as A",
        "Keep the answer shown, with its frame, as A, and compare what comes with it.",
        "&Compute",
        lambda commands: commands.pin(),
        "Ctrl+P",
        enabled=has_answer,
        group="compare",
    ),
    ActionRow(
        "ab-swap",
        "Swap A and B",
        "A becomes B, and B becomes A.",
        "&View",
        lambda commands: commands.swap(),
        "Shift+X",
        enabled=_compares,
        group="compare",
    ),
    ActionRow(
        "ab-flip",
        "Flip A and B",
        "Show A whole, then B whole; dragging the line shows both again.",
        "&View",
        lambda commands: commands.flip_by_hand(),
        "X",
        enabled=_compares,
        group="compare",
    ),
    ActionRow(
        "ab-blink",
        "Blink A and B",
        "Let A and B take turns by themselves, or stand side by side again.",
        "&View",
        lambda commands: commands.toggle_blink(),
        "K",
        enabled=_compares,
        checked=lambda state: state.comparison.mode is Mode.BLINK,
        group="compare",
    ),
)
