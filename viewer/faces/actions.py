"""What a user can do about faces, as rows of menus."""

from __future__ import annotations

from viewer.faces.commands import FaceCommands
from viewer.state.state import State
from viewer.widgets.action import ActionRow, has_frame


def _has_faces(state: State) -> bool:
    return state.shown is not None and len(state.shown.answers) > 1


ACTIONS: tuple[ActionRow[FaceCommands], ...] = (
    ActionRow(
        "draw-box",
        "Draw face box",
        "Drag a box over the photo from the brows to the chin; Shift and drag does so at any time.",
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
)
