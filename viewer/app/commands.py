"""The verbs of the window. Each changes the Store or asks the Session; none draws."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from models.errors import InputError
from models.metrics.correspondence import counterpart
from models.reconstruction import Topology
from models.reconstructor import Face
from viewer.cameras.commands import Viewpoints
from viewer.compare.commands import Comparing
from viewer.display.commands import Looks
from viewer.inference.session import Session
from viewer.methods.available import best_offer
from viewer.methods.commands import Lining
from viewer.occlusion.commands import Occluding
from viewer.occlusion.trials import Trials
from viewer.readouts.answer import clipped_box, face_at, nearest_vertex, probed
from viewer.state.notice import Notice, Severity
from viewer.state.shown import TruthFile
from viewer.state.state import State, toggled, with_recent
from viewer.state.store import Store
from viewer.tasks.file_writer import Exporter
from viewer.widgets.dialogs import Outside

log = logging.getLogger(__name__)

SMALLEST_BOX_PX = 8.0
WINDOW_WISHES = ("palette", "about", "assets", "copy-log", "reset-layout", "quit")


class Controller(QObject):
    """What a user can do, by name; menus, docks, panels and the command palette all call these.

    Attributes:
        looks: The verbs that only change how things are drawn.
        comparing: The verbs of A against B.
        viewpoints: The verbs of the cameras.
        occluding: The verbs of covers on the photo.
        trials: The verbs of sweeps and box jitter.
        lining: The verbs of methods side by side.

    Signals:
        exported: The path of a file that was written.
        asked: Something only the window can do: one of WINDOW_WISHES.
    """

    looks: Looks
    comparing: Comparing
    viewpoints: Viewpoints
    occluding: Occluding
    trials: Trials
    lining: Lining

    exported = Signal(str)
    asked = Signal(str)

    def __init__(
        self, store: Store, session: Session, outside: Outside, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._session = session
        self._outside = outside
        self._exporter = Exporter(self)
        self._exporter.written.connect(self._on_written)
        self._exporter.failed.connect(session.tell)
        self.looks = Looks(store, self)
        self.viewpoints = Viewpoints(store, outside, self)
        self.comparing = Comparing(store, session, outside, self)
        self.occluding = Occluding(store, session, self)
        self.trials = Trials(store, session, outside, self)
        self.lining = Lining(store, session, outside, self)

    @property
    def state(self) -> State:
        """What the window shows now."""
        return self._store.state

    # ---- what to look at -----------------------------------------------------------------------------

    def load_method(self) -> None:
        """Get the method ready before the first picture is opened."""
        self._session.start()

    def open(self, path: str | Path) -> None:
        """Open a picture, a folder or a video; what is open now stays if that fails."""
        path = str(path)
        try:
            source = self._outside.open_path(path)
        except InputError as error:
            self._session.tell(error)
            return
        self._store.update(recent=with_recent(self._store.state.recent, str(Path(path).absolute())))
        self._session.begin(source)

    def open_several(self, paths: Sequence[str]) -> None:
        """Open what was dropped or named: one thing as `open` does, several pictures to go through."""
        if len(paths) == 1:
            self.open(paths[0])
        elif paths:
            try:
                self._session.begin(self._outside.open_paths(paths))
            except InputError as error:
                self._session.tell(error)
        else:
            self._session.tell(
                InputError(
                    "What was dropped is no file. Drop a picture, a video or a folder from this machine."
                )
            )

    def open_dialog(self) -> None:
        """Ask for a picture, folder or video and open it."""
        if path := self._outside.ask_open():
            self.open(path)

    def open_folder_dialog(self) -> None:
        """Ask for a folder and open it."""
        if path := self._outside.ask_folder():
            self.open(path)

    def open_camera(self, index: int = 0) -> None:
        """Show what a camera sees, newest frame first."""
        try:
            self._session.begin(self._outside.open_camera(index))
        except InputError as error:
            self._session.tell(error)

    def open_truth(self, path: str | Path) -> None:
        """Hold the answers about this picture against a file of ground truth."""
        frame = self._store.state.frame
        if frame is None:
            self._session.tell(InputError("There is no picture yet. Open it before its ground truth."))
        else:
            self._store.update(truth=TruthFile(Path(path), frame))

    def open_truth_dialog(self) -> None:
        """Ask for a file of ground truth and hold the answers against it."""
        if path := self._outside.ask_truth():
            self.open_truth(path)

    def stop(self) -> None:
        """Stop the camera or video; the last picture stays."""
        if self._session.recording is not None:
            self._session.set_playing(False)
        else:
            self._session.leave()
            self._store.update(live=False, fps=0.0)

    def play_or_pause(self) -> None:
        """Let a folder or video run, or hold it."""
        frame = self._store.state.frame
        if self._session.recording is not None and frame is not None and frame.count != 1:
            self._session.set_playing(not self._session.playing)

    def step(self, by: int) -> None:
        """Go to a neighbouring frame."""
        if self._session.recording is not None:
            self._session.recording.step(by)
            self._store.update(live=False, fps=0.0)

    def seek(self, index: int) -> None:
        """Go to a frame by its index."""
        if self._session.recording is not None:
            self._session.recording.seek(index)

    def visit(self, index: int) -> None:
        """Look at a frame of the history; of a camera, which cannot go back, at its kept picture."""
        if self._session.recording is None:
            self._store.update(visited=index)
        else:
            if self._session.playing:
                self._session.set_playing(False)
            self.seek(index)

    # ---- how to compute ------------------------------------------------------------------------------

    def toggle_branch(self, name: str) -> None:
        """Leave a part out of the computation, or take it in again; the answer is computed anew."""
        self._store.update(switched_off=toggled(self._store.state.switched_off, name))

    def toggle_branch_at(self, index: int) -> None:
        """`toggle_branch` by position."""
        if index < len(self._store.state.switches):
            self.toggle_branch(self._store.state.switches[index])

    def toggle_steady(self) -> None:
        """Smooth answers about a video over its frames, or give them as the method says them."""
        self._store.update(steady=not self._store.state.steady)

    def choose_method(self, method: str) -> None:
        """Let another method answer, with the first weights there are; else the present one stays."""
        if method != self._store.state.method:
            self.lining.put(0, best_offer(method).setting)

    def choose_weights(self, weights: str) -> None:
        """Use other weights: a name, or the path of a file; if they do not fit, the present ones stay."""
        self._store.update(weights=weights)

    def open_weights_dialog(self) -> None:
        """Ask for a weights file and use it."""
        if path := self._outside.ask_weights():
            self.choose_weights(path)

    def draw_box(self, drawing: bool) -> None:
        """Begin or give up drawing a face box on the photo."""
        self._store.update(drawing_box=drawing and self._store.state.frame is not None)

    def toggle_drawing(self) -> None:
        """`draw_box`, on or off."""
        self.draw_box(not self._store.state.drawing_box)

    def look_at_box(self, box: tuple[float, float, float, float]) -> None:
        """Reconstruct the face in a box (x0, y0, x1, y1) the user drew, image px; corners in any order."""
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
        self._store.update(boxes=(Face(clipped),))

    def find_faces(self) -> None:
        """Forget boxes drawn by hand and look for faces again."""
        self._store.update(boxes=None, searches=self._store.state.searches + 1)

    def choose_detector(self, detector: str) -> None:
        """Let another one of FINDERS look for faces, in this picture and from now on."""
        self._store.update(detector=detector, boxes=None)

    # ---- which face, which vertex ----------------------------------------------------------------------

    def pick(self, x: float, y: float) -> None:
        """Read out the vertex at a point of the photo, image px; a click on another face selects that."""
        state = self._store.state
        if state.shown is None:
            return
        index = face_at(state.shown, state.selected_face, x, y)
        if index is None:
            self._store.update(probe=None)
            return
        answer = state.shown.answers[index]
        vertex = nearest_vertex(answer.vertices, x, y)
        self._store.update(selected_face=index, probe=None if vertex is None else probed(answer, vertex))

    def probe_vertex(self, vertex: int) -> None:
        """Read out a vertex of the selected answer."""
        answer = self._store.state.answer
        if answer is not None and 0 <= vertex < len(answer.vertices):
            self._store.update(probe=probed(answer, vertex))

    def probe_on(self, topology: Topology, vertex: int) -> None:
        """Read out the vertex of the selected answer at the place of a vertex of some method's mesh."""
        answer = self._store.state.answer
        place = None if answer is None else counterpart(topology, vertex, answer.topology)
        if place is not None:
            self.probe_vertex(place)

    def select_face(self, index: int) -> None:
        """Show another face of the frame in the panels."""
        self._store.update(selected_face=index, probe=None)

    def next_face(self) -> None:
        """Show the next face of the frame, after the last the first."""
        shown = self._store.state.shown
        if shown is not None and shown.answers:
            self.select_face((self._store.state.selected_face + 1) % len(shown.answers))

    # ---- what to take along --------------------------------------------------------------------------

    def export(self, kind: str) -> None:
        """Write the selected answer ("ply", "glb", "json") or the window ("png") to a file the user names."""
        state = self._store.state
        if kind != "png" and state.answer is None:
            self._session.tell(InputError("There is no face to export yet. Open a photo with a face first."))
            return
        stem = Path(state.source_name).stem or "unmask"
        path = self._outside.ask_save(kind, f"{stem}.{kind}")
        if path and kind == "png":
            self.export_now(kind, path)  # a picture of the window can only be taken on its own thread
        elif path:
            self._store.update(notice=Notice(Severity.INFO, f"Writing {path}…"))
            self._exporter.write(path, lambda: self._outside.export(kind, path, state))

    def export_now(self, kind: str, path: str) -> bool:
        """`export` to a path that is known, before this returns; whether it was written."""
        try:
            self._outside.export(kind, path, self._store.state)
        except (InputError, OSError) as error:
            self._session.tell(error)
            return False
        self._on_written(path)
        return True

    def close(self) -> None:
        """End a trial; let an export or a drawing that has begun come to its end."""
        self.trials.close()
        self.occluding.close()
        self._exporter.close()

    def copy(self, text: str) -> None:
        """Put a text, e.g. the log, on the clipboard."""
        self._outside.copy(text)

    def ask_window(self, wish: str) -> None:
        """Something only the window can do: one of WINDOW_WISHES."""
        assert wish in WINDOW_WISHES, wish
        self.asked.emit(wish)

    def dismiss_notice(self) -> None:
        """The user has read the banner."""
        self._store.update(notice=None)

    @Slot(str)
    def _on_written(self, path: str) -> None:
        log.info("Wrote %s.", path)
        self._store.update(notice=Notice(Severity.INFO, f"Wrote {path}."))
        self.exported.emit(path)
