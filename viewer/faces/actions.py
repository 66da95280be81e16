"""What a user can do about faces, as rows of menus."""

from __future__ import annotations

from collections.abc import Callable

from viewer.faces.commands import FaceCommands
from viewer.state.state import State
from viewer.widgets.action import ActionRow, Test, has_answer, has_frame

MENU = "&Edit"
NUDGES = "Move the box of the selected face by a hundredth of its size."
RESIZES = "Change the size of the selected face's box around its middle."


def _has_faces(state: State) -> bool:
    return state.shown is not None and len(state.shown.answers) > 1


def _box_row(
    name: str,
    text: str,
    tooltip: str,
    verb: Callable[[FaceCommands], object],
    shortcut: str,
    enabled: Test = has_answer,
) -> ActionRow[FaceCommands]:
    return ActionRow(name, text, tooltip, MENU, verb, shortcut, enabled=enabled, group="box")


ACTIONS: tuple[ActionRow[FaceCommands], ...] = (
    ActionRow(
        "draw-box",
        "Draw face box",
        "Drag a box over the photo from the brows to the chin; Shift and drag does so at any time."
        " The selected box is dragged by its border, and resized by its handles.",
        "&Compute",
        FaceCommands.toggle_drawing,
        "B",
        "box",
        toolbar="Face box",
        enabled=has_frame,
        checked=lambda state: state.drawing_box,
        group="faces",
    ),
    ActionRow(
        "find-faces",
        "Find faces again",
        "Forget the box drawn by hand and look for faces in the photo.",
        "&Compute",
        FaceCommands.find_faces,
        "Ctrl+F",
        "face",
        enabled=has_frame,
        group="faces",
    ),
    ActionRow(
        "next-face",
        "Next face",
        "Show the next face of this photo in the panels.",
        "&Compute",
        FaceCommands.next_face,
        "N",
        enabled=_has_faces,
        group="faces",
    ),
    _box_row("box-left", "Move face box left", NUDGES, lambda commands: commands.move_box(-1, 0), "Alt+Left"),
    _box_row(
        "box-right", "Move face box right", NUDGES, lambda commands: commands.move_box(1, 0), "Alt+Right"
    ),
    _box_row("box-up", "Move face box up", NUDGES, lambda commands: commands.move_box(0, -1), "Alt+Up"),
    _box_row("box-down", "Move face box down", NUDGES, lambda commands: commands.move_box(0, 1), "Alt+Down"),
    _box_row("box-grow", "Grow face box", RESIZES, lambda commands: commands.resize_box(1), "Alt++"),
    _box_row("box-shrink", "Shrink face box", RESIZES, lambda commands: commands.resize_box(-1), "Alt+-"),
    _box_row(
        "box-reset",
        "Reset face box",
        "Put the selected box back where the detector found the face.",
        FaceCommands.reset_box,
        "Alt+Home",
        enabled=lambda state: state.boxes is not None and has_answer(state),
    ),
    _box_row(
        "box-remove",
        "Remove face box",
        "Leave the selected face out; the others are answered.",
        FaceCommands.remove_box,
        "Alt+Del",
    ),
    ActionRow(
        "box-lock",
        "Lock face boxes",
        "Keep the boxes where they are over the frames of this video that follow.",
        MENU,
        FaceCommands.toggle_lock,
        "Alt+L",
        enabled=lambda state: state.boxes_locked or has_answer(state),
        checked=lambda state: state.boxes_locked,
        group="box",
    ),
)
