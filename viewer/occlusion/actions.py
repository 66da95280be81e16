"""The rows of ACTIONS about covers and trials."""

from __future__ import annotations

from collections.abc import Callable

from viewer.app.commands import Controller
from viewer.occlusion.selectors import reference_of
from viewer.state.occlusion import Tool
from viewer.state.state import State
from viewer.widgets.action import ActionRow, Test

KINDS = ("mask", "sunglasses", "hand", "half board", "scarf", "microphone", "cup", "random")
"""Those of models.occlusion.kinds, which the window must not import before it stands."""
MENU = "&Occlusion"


def _has_reference(state: State) -> bool:
    return state.shown is not None and reference_of(state) is not None


def _has_layer(state: State) -> bool:
    return state.lab.layer is not None


def _may_try(state: State) -> bool:
    return _has_reference(state) and state.lab.running is None


def _add(kind: str) -> ActionRow:
    return _row(
        f"cover-{kind.replace(' ', '-')}",
        f"Cover with: {kind}",
        f"Lay a {kind} on the selected face; its look goes by the seed of the occlusion lab.",
        lambda controller: controller.occluding.add(kind),
        enabled=_has_reference,
        group="add",
    )


def _tool(tool: Tool, text: str, tooltip: str, shortcut: str) -> ActionRow:
    return _row(
        f"tool-{tool.name.lower()}",
        text,
        tooltip,
        lambda controller: controller.occluding.choose_tool(tool),
        shortcut,
        icon=tool.name.lower(),
        enabled=lambda state: state.shown is not None,
        checked=lambda state: state.lab.tool is tool,
        group="paint",
    )


def _row(
    name: str,
    text: str,
    tooltip: str,
    verb: Callable[[Controller], None],
    shortcut: str = "",
    *,
    icon: str = "",
    enabled: Test,
    checked: Test | None = None,
    group: str,
) -> ActionRow:
    return ActionRow(
        name, text, tooltip, MENU, verb, shortcut, icon, enabled=enabled, checked=checked, group=group
    )


LAB_ACTIONS: tuple[ActionRow, ...] = (
    _row(
        "undo",
        "Undo",
        "Take back the last edit of the covers.",
        lambda controller: controller.occluding.undo(),
        "Ctrl+Z",
        icon="undo",
        enabled=lambda state: bool(state.lab.undo),
        group="undo",
    ),
    _row(
        "redo",
        "Redo",
        "Do again what was taken back.",
        lambda controller: controller.occluding.redo(),
        "Ctrl+Shift+Z",
        icon="redo",
        enabled=lambda state: bool(state.lab.redo),
        group="undo",
    ),
    *(_add(kind) for kind in KINDS),
    _tool(Tool.BRUSH, "Paint over the photo", "Drag over the photo to paint a cover by hand.", "Shift+B"),
    _tool(
        Tool.ERASER,
        "Erase from the cover",
        "Drag over the selected cover to take parts of it away.",
        "Shift+E",
    ),
    _row(
        "cover-duplicate",
        "Duplicate cover",
        "Lay a copy of the selected cover beside it.",
        lambda controller: controller.occluding.duplicate(),
        "Ctrl+Shift+D",
        icon="copy",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "cover-remove",
        "Remove cover",
        "Take the selected cover away.",
        lambda controller: controller.occluding.remove(),
        "Del",
        icon="trash",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "cover-hide",
        "Hide or show cover",
        "Leave the selected cover out, or lay it again.",
        lambda controller: controller.occluding.toggle_shown(),
        "H",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "cover-raise",
        "Raise cover",
        "Lay the selected cover above the next one.",
        lambda controller: controller.occluding.raise_by(1),
        "Ctrl+Up",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "cover-lower",
        "Lower cover",
        "Lay the selected cover beneath the one before.",
        lambda controller: controller.occluding.raise_by(-1),
        "Ctrl+Down",
        enabled=_has_layer,
        group="layer",
    ),
    _row(
        "cover-clear",
        "Remove all covers",
        "Take all covers away.",
        lambda controller: controller.occluding.clear(),
        enabled=lambda state: bool(state.lab.stack.layers),
        group="layer",
    ),
    _row(
        "cover-follow",
        "Covers follow the face",
        "Bind the covers to the selected face, so that they move with it in a video.",
        lambda controller: controller.occluding.follow_face(controller.state.lab.stack.anchor is None),
        enabled=lambda state: bool(state.lab.stack.layers),
        checked=lambda state: state.lab.stack.anchor is not None,
        group="follow",
    ),
    _row(
        "cover-anew",
        "Look for the face under covers",
        "Look for faces in the covered photo; off, the box of the bare photo is kept, so that only the cover "
        "changes.",
        lambda controller: controller.occluding.look_anew(not controller.state.lab.anew),
        enabled=lambda state: state.shown is not None,
        checked=lambda state: state.lab.anew,
        group="follow",
    ),
    _row(
        "sweep",
        "Sweep",
        "Cover the face step by step, as set in the occlusion lab, and plot what changes.",
        lambda controller: controller.trials.sweep(),
        "Ctrl+R",
        enabled=_may_try,
        group="trial",
    ),
    _row(
        "jitter",
        "Jitter the face box",
        "Ask about boxes beside the box and colour the face by how much the answer moves.",
        lambda controller: controller.trials.jitter(),
        enabled=_may_try,
        group="trial",
    ),
    _row(
        "cancel-trial",
        "Cancel the trial",
        "Stop the sweep or jitter under way; what it has so far stays.",
        lambda controller: controller.trials.cancel(),
        enabled=lambda state: state.lab.running is not None,
        group="trial",
    ),
    _row(
        "sweep-back",
        "Back to my covers",
        "Lay the covers of the list again in place of the step of the sweep that is shown.",
        lambda controller: controller.trials.show_step(None),
        enabled=lambda state: state.lab.step is not None,
        group="trial",
    ),
    _row(
        "export-trial",
        "Export trial as CSV…",
        "Write the last sweep, or the spread of the box jitter, as a table.",
        lambda controller: controller.trials.export(),
        enabled=lambda state: state.lab.swept is not None or state.lab.spread is not None,
        group="trial",
    ),
)
