"""What a user can do with occluders and trials, as rows of menus."""

from __future__ import annotations

from collections.abc import Callable

from viewer.occlusion.commands import OcclusionCommands
from viewer.occlusion.selectors import reference_of
from viewer.occlusion.trials import TrialCommands
from viewer.state.occlusion import Tool
from viewer.state.state import State
from viewer.widgets.action import ActionRow, Test

KINDS = ("mask", "sunglasses", "hand", "half board", "scarf", "microphone", "cup", "random")
"""Those of models.occlusion.kinds, which the window must not import before it stands."""
MENU = "&Occlusion"


def _has_reference(state: State) -> bool:
    return state.shown is not None and reference_of(state) is not None


def _has_layer(state: State) -> bool:
    return state.occlusion.layer is not None


def _may_try(state: State) -> bool:
    return _has_reference(state) and state.occlusion.running is None


def _add(kind: str) -> ActionRow[OcclusionCommands]:
    return _row(
        f"occluder-{kind.replace(' ', '-')}",
        f"Add occluder: {kind}",
        f"Lay a {kind} on the selected face; its look goes by the seed of the occlusion lab.",
        lambda commands: commands.add(kind),
        enabled=_has_reference,
        group="add",
    )


def _tool(tool: Tool, text: str, tooltip: str, shortcut: str) -> ActionRow[OcclusionCommands]:
    return _row(
        f"tool-{tool.name.lower()}",
        text,
        tooltip,
        lambda commands: commands.choose_tool(tool),
        shortcut,
        icon=tool.name.lower(),
        enabled=lambda state: state.shown is not None,
        checked=lambda state: state.occlusion.tool is tool,
        group="paint",
    )


def _row(
    name: str,
    text: str,
    tooltip: str,
    verb: Callable[[OcclusionCommands], object],
    shortcut: str = "",
    *,
    icon: str = "",
    enabled: Test,
    checked: Test | None = None,
    group: str,
) -> ActionRow[OcclusionCommands]:
    return ActionRow(
        name, text, tooltip, MENU, verb, shortcut, icon, enabled=enabled, checked=checked, group=group
    )


def _trial(
    name: str,
    text: str,
    tooltip: str,
    verb: Callable[[TrialCommands], object],
    shortcut: str = "",
    *,
    enabled: Test,
) -> ActionRow[TrialCommands]:
    return ActionRow(name, text, tooltip, MENU, verb, shortcut, enabled=enabled, group="trial")


ACTIONS: tuple[ActionRow[OcclusionCommands], ...] = (
    *(_add(kind) for kind in KINDS),
    _tool(Tool.BRUSH, "Paint over the photo", "Drag over the photo to paint an occluder by hand.", "Shift+B"),
    _tool(
        Tool.ERASER,
        "Erase from the occluder",
        "Drag over the selected occluder to remove parts of it.",
        "Shift+E",
    ),
    _row(
        "occluder-duplicate",
        "Duplicate occluder",
        "Lay a copy of the selected occluder beside it.",
        lambda commands: commands.duplicate(),
        "Ctrl+Shift+D",
        icon="copy",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "occluder-remove",
        "Remove occluder",
        "Remove the selected occluder.",
        lambda commands: commands.remove(),
        "Del",
        icon="trash",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "occluder-hide",
        "Hide or show occluder",
        "Leave the selected occluder out, or lay it again.",
        lambda commands: commands.toggle_shown(),
        "H",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "occluder-raise",
        "Raise occluder",
        "Lay the selected occluder above the next one.",
        lambda commands: commands.raise_by(1),
        "Ctrl+Up",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "occluder-lower",
        "Lower occluder",
        "Lay the selected occluder beneath the one before.",
        lambda commands: commands.raise_by(-1),
        "Ctrl+Down",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "occluder-clear",
        "Remove all occluders",
        "Remove all occluders from the photo.",
        lambda commands: commands.clear(),
        enabled=lambda state: bool(state.occlusion.stack.layers),
        group="layer",
    ),
    _row(
        "occluder-follow",
        "Occluders follow the face",
        "Bind the occluders to the selected face, so that they move with it in a video.",
        lambda commands: commands.toggle_follow(),
        enabled=lambda state: bool(state.occlusion.stack.layers),
        checked=lambda state: state.occlusion.stack.anchor is not None,
        group="follow",
    ),
    _row(
        "occluder-anew",
        "Detect the face under occluders",
        "Look for faces in the covered photo; off, the box of the bare photo is kept, so that only "
        "the occluder changes.",
        lambda commands: commands.toggle_anew(),
        enabled=lambda state: state.shown is not None,
        checked=lambda state: state.occlusion.anew,
        group="follow",
    ),
)

TRIAL_ACTIONS: tuple[ActionRow[TrialCommands], ...] = (
    _trial(
        "sweep",
        "Sweep",
        "Cover the face step by step, as set in the occlusion lab, and plot what changes.",
        lambda commands: commands.sweep(),
        "Ctrl+R",
        enabled=_may_try,
    ),
    _trial(
        "jitter",
        "Jitter the face box",
        "Ask about boxes beside the box and colour the face by how much the answer moves.",
        lambda commands: commands.jitter(),
        enabled=_may_try,
    ),
    _trial(
        "cancel-trial",
        "Cancel the trial",
        "Stop the sweep or jitter under way; what it has so far stays.",
        lambda commands: commands.cancel(),
        enabled=lambda state: state.occlusion.running is not None,
    ),
    _trial(
        "sweep-back",
        "Back to my occluders",
        "Lay the occluders of the list again in place of the step of the sweep that is shown.",
        lambda commands: commands.show_step(None),
        enabled=lambda state: state.occlusion.step is not None,
    ),
    _trial(
        "export-trial",
        "Export trial as CSV…",
        "Write the last sweep, or the spread of the box jitter, as a table.",
        lambda commands: commands.export(),
        enabled=lambda state: state.occlusion.swept is not None or state.occlusion.spread is not None,
    ),
)
