"""What a user can do about faces: find them, draw a box, choose which one is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject

from models.errors import InputError
from viewer.inference.session import Session
from viewer.readouts.answer import clipped_box, faces_with
from viewer.state.store import Store

SMALLEST_BOX_PX = 8.0


class FaceCommands(QObject):
    """Where to look for faces, and which of them the panels show."""

    def __init__(self, store: Store, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._session = store, session

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
        self._store.update(boxes=faces, selected_face=place, probe=None)

    def find_faces(self) -> None:
        """Forget boxes drawn by hand and look for faces again."""
        self._store.update(boxes=None, searches=self._store.state.searches + 1)

    def choose_detector(self, detector: str) -> None:
        """Let another one of DETECTOR_NEEDS look for faces, in this picture and from now on."""
        self._store.update(detector=detector, boxes=None)

    def select_face(self, index: int) -> None:
        """Show another face of the frame in the panels."""
        self._store.update(selected_face=index, probe=None)

    def next_face(self) -> None:
        """Show the next face of the frame, after the last the first."""
        shown = self._store.state.shown
        if shown is not None and shown.answers:
            self.select_face((self._store.state.selected_face + 1) % len(shown.answers))
