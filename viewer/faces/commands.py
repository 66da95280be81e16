"""What a user can do about faces: find them, draw a box, choose which one is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject

from models.errors import InputError
from models.geometry.arrays import Box
from models.geometry.turning import UPRIGHT
from models.metrics.errors import box_iou
from models.reconstructor import Face
from viewer.inference.session import Session
from viewer.readouts.answer import SAME_FACE, clipped_box, faces_with
from viewer.sources.source import Frame
from viewer.state.store import Store
from viewer.tasks.edits import Edits

SMALLEST_BOX_PX = 8.0
NUDGE = 0.01  # of the box's size, and at least a pixel: how far an arrow key moves it
GROW = 1.04
BOXES = "boxes"
"""What these edits are about."""
NUDGING, SIZING = 4, 5
"""Edits of one number become one."""

Boxes = tuple[Face, ...] | None


class FaceCommands(QObject):
    """Where to look for faces, and which of them the panels show."""

    def __init__(self, store: Store, session: Session, edits: Edits, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._session, self._edits = store, session, edits
        self._found: tuple[Frame, tuple[Face, ...]] | None = None  # what the detector said, before any edit
        self._turn = UPRIGHT  # how the picture lay that the edits are about
        store.on(lambda state: state.frame, self._on_frame)

    def draw_box(self, drawing: bool) -> None:
        """Begin or give up drawing a face box on the photo."""
        self._store.update(drawing_box=drawing and self._store.state.frame is not None)

    def toggle_drawing(self) -> None:
        """`draw_box`, on or off."""
        self.draw_box(not self._store.state.drawing_box)

    def look_at_box(self, box: tuple[float, float, float, float]) -> None:
        """Reconstruct the face in a box (x0, y0, x1, y1) the user drew, image px; corners in any order.

        It takes the place of the face it is drawn around, if it is around one; the other faces stay.
        """
        self._store.update(drawing_box=False)
        frame = self._store.state.frame
        if frame is None:
            return
        clipped = clipped_box(box, frame.image.shape)
        if min(clipped[2] - clipped[0], clipped[3] - clipped[1]) < SMALLEST_BOX_PX:
            self._session.tell(
                InputError("The box is too small for a face. Drag from the brows to the chin.")
            )
            return
        known = self._store.state.shown
        faces, place = faces_with(known if known is not None and known.bare is frame else None, clipped)
        self._edit("Draw face box", faces, place)

    def find_faces(self) -> None:
        """Forget boxes drawn by hand and look for faces again."""
        if self._store.state.boxes is not None:
            self._edit("Find faces again", None, 0)
        self._store.update(searches=self._store.state.searches + 1, boxes_locked=False)

    def place_box(self, box: Box, resized: bool, drag: int) -> None:
        """Put the selected box where the hand drags it, x0, y0, x1, y1 in image px; a drag is one edit."""
        self._replace("Resize face box" if resized else "Move face box", box, drag)

    def give_up_box(self, drag: int) -> None:
        """Put the box back to where it was before that drag."""
        self._edits.give_up(drag)

    def move_box(self, right: int, down: int) -> None:
        """Move the selected box by steps of a hundredth of its size; steps in a row are one edit."""
        if (box := self._box) is not None:
            step = max(1.0, round(NUDGE * max(box[2] - box[0], box[3] - box[1])))
            x, y = right * step, down * step
            self._replace("Move face box", (box[0] + x, box[1] + y, box[2] + x, box[3] + y), NUDGING)

    def resize_box(self, steps: int) -> None:
        """Grow the selected box around its middle; shrink it if negative. Steps in a row are one edit."""
        if (box := self._box) is not None:
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            half = [GROW**steps * length / 2 for length in (box[2] - box[0], box[3] - box[1])]
            self._replace("Resize face box", (x - half[0], y - half[1], x + half[0], y + half[1]), SIZING)

    def remove_box(self) -> None:
        """Answer about the other faces only."""
        faces, place = self._faces, self._store.state.selected_face
        if 0 <= place < len(faces):
            others = (*faces[:place], *faces[place + 1 :])
            self._edit("Remove face box", others, max(min(place, len(others) - 1), 0))

    def reset_box(self) -> None:
        """Put the selected box back where the detector found that face; it goes if none was found there."""
        state, known = self._store.state, self._found
        faces, place = self._faces, state.selected_face
        if state.boxes is None or not 0 <= place < len(faces):
            return
        if known is None or not (known[0] is state.frame or state.boxes_locked):
            self._edit("Reset face boxes", None, place)  # nobody has looked for faces here yet
            return
        others = [face.box for face in (*faces[:place], *faces[place + 1 :])]
        free = [face for face in known[1] if max(_overlaps(face.box, others), default=0.0) <= SAME_FACE]
        found = found_at(free, faces[place].box)
        if found is None:
            self.remove_box()
        else:
            self._edit("Reset face box", (*faces[:place], found, *faces[place + 1 :]), place)

    def toggle_lock(self) -> None:
        """Keep the boxes where they are over the frames that follow, or look for faces in each again."""
        if self._store.state.boxes_locked:
            self._store.update(boxes_locked=False)
        elif faces := self._faces:
            self._store.update(boxes=faces, boxes_locked=True)

    def choose_detector(self, detector: str) -> None:
        """Let another one of DETECTOR_NEEDS look for faces, in this picture and from now on."""
        self._store.update(detector=detector, boxes=None, boxes_locked=False)

    def select_face(self, index: int) -> None:
        """Show another face of the frame in the panels."""
        self._store.update(selected_face=index, probe=None)

    def next_face(self) -> None:
        """Show the next face of the frame, after the last the first."""
        shown = self._store.state.shown
        if shown is not None and shown.answers:
            self.select_face((self._store.state.selected_face + 1) % len(shown.answers))

    @property
    def _faces(self) -> tuple[Face, ...]:
        """Where the faces of this frame are: as drawn, else as found."""
        state = self._store.state
        if state.boxes is not None:
            return state.boxes
        return state.shown.faces if state.shown is not None and state.shown.bare is state.frame else ()

    @property
    def _box(self) -> Box | None:
        faces, place = self._faces, self._store.state.selected_face
        return faces[place].box if 0 <= place < len(faces) else None

    def _replace(self, text: str, box: Box, drag: int = 0) -> None:
        """Another box in place of the selected one; none that is not a face's any more."""
        frame, faces, place = self._store.state.frame, self._faces, self._store.state.selected_face
        if frame is None or not 0 <= place < len(faces):
            return
        clipped = clipped_box(box, frame.image.shape)
        if min(clipped[2] - clipped[0], clipped[3] - clipped[1]) >= SMALLEST_BOX_PX:
            moved = Face(clipped, identity=faces[place].identity)
            self._edit(text, (*faces[:place], moved, *faces[place + 1 :]), place, drag)

    def _edit(self, text: str, boxes: Boxes, selected: int, drag: int = 0) -> None:
        state = self._store.state
        if state.boxes is None and state.frame is not None:
            self._found = state.frame, self._faces
        before, face = state.boxes, state.selected_face
        self._edits.push(
            text,
            undo=lambda: self._apply(before, face),
            redo=lambda: self._apply(boxes, selected),
            about=BOXES,
            drag=drag,
            thing=selected,
        )

    def _apply(self, boxes: Boxes, selected: int) -> None:
        self._store.update(boxes=boxes, selected_face=selected, probe=None, box_trial=None)

    def _on_frame(self, frame: Frame | None) -> None:
        """Boxes are about one frame as it lies, but for those that are locked."""
        before, self._turn = self._turn, UPRIGHT if frame is None else frame.turn
        if not self._store.state.boxes_locked or self._turn != before:
            self._edits.forget(BOXES)


def found_at(faces: Sequence[Face], box: Box) -> Face | None:
    """The one of `faces` that overlaps a box most; None if none does."""
    overlaps = _overlaps(box, [face.box for face in faces])
    return faces[int(np.argmax(overlaps))] if overlaps and max(overlaps) > 0 else None


def _overlaps(box: Box, others: Sequence[Box]) -> list[float]:
    """Intersection over union with each."""
    return [float(box_iou(np.array(box), np.array(other))) for other in others]
