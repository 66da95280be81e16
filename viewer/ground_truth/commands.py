"""What a user can do with ground truth."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from models.errors import InputError
from models.reconstructor import Face
from viewer.inference.session import Session
from viewer.readouts.answer import clipped_box
from viewer.readouts.failure import failure_of
from viewer.state.shown import BoxTrial, TruthFile
from viewer.state.store import Store
from viewer.widgets.dialogs import DesktopServices


class GroundTruthCommands(QObject):
    """What the answers are held against."""

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop = store, session, desktop

    def open(self, path: str | Path) -> None:
        """Hold the answers about this picture against a file of ground truth."""
        frame = self._store.state.frame
        if frame is None:
            self._session.tell(InputError("There is no picture yet. Open it before its ground truth."))
        else:
            self._store.update(truth=TruthFile(Path(path), frame))

    def toggle_true_box(self) -> None:
        """Ask again with the box that the true landmarks span; or go back to the box before."""
        state = self._store.state
        trial, split = state.box_trial, failure_of(state)
        if trial is not None and trial.frame is state.frame:
            self._store.update(boxes=trial.boxes, selected_face=trial.face, box_trial=None)
            return
        box = None if state.judgement is None else state.judgement.truth.box
        if state.shown is None or state.frame is None or box is None or split is None:
            return
        clipped = clipped_box(box, state.frame.image.shape)
        faces = list(state.shown.faces)
        faces[state.selected_face] = Face(clipped)
        trial = BoxTrial(state.frame, state.boxes, state.selected_face, state.normaliser, split.percent)
        self._store.update(boxes=tuple(faces), box_trial=trial)

    def open_dialog(self) -> None:
        """Ask for a file of ground truth and hold the answers against it."""
        if path := self._desktop.ask_file("truth"):
            self.open(path)
