"""What a user can do about who answers, as rows of menus."""

from __future__ import annotations

from viewer.methods.branch_commands import BranchCommands
from viewer.state.state import State
from viewer.widgets.action import ActionRow


def _branch(index: int) -> ActionRow[BranchCommands]:
    unnamed = f"Use part {index + 1} of the computation"

    def text(state: State) -> str:
        return f"Use {state.switches[index]}" if index < len(state.switches) else unnamed

    def checked(state: State) -> bool:
        return index < len(state.switches) and state.switches[index] not in state.switched_off

    return ActionRow(
        f"branch-{index + 1}",
        unnamed,
        "Leave this part out of the computation, or take it in again; the answer is computed anew.",
        "&Compute",
        lambda commands: commands.toggle_branch_at(index),
        f"Ctrl+{index + 1}",
        enabled=lambda state: index < len(state.switches),
        checked=checked,
        text_now=text,
        group="branches",
    )


ACTIONS: tuple[ActionRow[BranchCommands], ...] = (
    *(_branch(index) for index in range(4)),
    ActionRow(
        "steady",
        "Steady video",
        "Take the tremble out of meshes, landmarks and pose in a video; maps stay as they were seen.",
        "&Compute",
        BranchCommands.toggle_steady,
        "Ctrl+Shift+S",
        checked=lambda state: state.steady,
        group="video",
    ),
    ActionRow(
        "open-weights",
        "Open weights file…",
        "Use the weights in a .safetensors file; the present ones stay if they do not fit.",
        "&Compute",
        BranchCommands.open_weights_dialog,
        "Ctrl+Shift+W",
        group="method",
    ),
)
