"""What a user can take along: files of the answer, a picture of the window."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from models.errors import InputError
from models.export.outputs import Outputs
from models.reconstruction import MeshLayer
from viewer.export.clip import clip_of, clip_video
from viewer.export.toggled import Toggled, write_toggled
from viewer.inference.session import Session
from viewer.state.notice import Notice, Severity
from viewer.state.state import State, setting_of
from viewer.state.store import Store
from viewer.tasks.file_writer import FileWriter, Step
from viewer.widgets.dialogs import BRANCH, DesktopServices, ending_of

log = logging.getLogger(__name__)
NO_TOGGLE = "There are no two branches to leave out in turn. Open a photo with a face, answered by DSFNet."


class ExportCommands(QObject):
    """What is taken along: the answer, the window.

    Signals:
        exported: The path of a file that was written.
    """

    exported = Signal(str)

    def __init__(
        self,
        store: Store,
        session: Session,
        desktop: DesktopServices,
        writer: FileWriter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop, self._writer = store, session, desktop, writer

    def export(self, kind: str) -> None:
        """Write the selected answer or the window ("png") to a file the user names, see `Desktop.export`."""
        state = self._store.state
        if kind != "png" and state.answer is None:
            self._session.tell(InputError("There is no face to export yet. Open a photo with a face first."))
            return
        path = self._desktop.ask_save(kind, f"{_stem(state)}{ending_of(kind)}")
        if path and kind == "png":
            picture = self._desktop.picture()
            self._writer.write(
                path, lambda _step: self._desktop.write_picture(picture, path, state), self._on_written
            )
        elif path:
            self._writer.write(
                path, lambda step: self._desktop.export(kind, path, state, step), self._on_written
            )

    def export_clip(self) -> None:
        """Write the open video between in and out point, with what was seen drawn over it."""
        clip = clip_of(self._store.state)
        if clip is None:
            self._session.tell(InputError("No video is open. Open one; a folder or a camera is none."))
            return
        path = self._desktop.ask_save("clip", f"{clip.video.stem}{ending_of('clip')}")
        if path:
            work = self._session.work

            def write(step: Step) -> None:
                data = clip_video(
                    clip, self._desktop.reader(clip.video), work, Path(path).suffix.lower(), step
                )
                step(0, 0)
                Outputs([clip.video], overwrite=True).write(Path(path), data)

            self._writer.write(path, write, self._on_written)

    def export_toggling(self) -> None:
        """Write a video of the selected face with both branches, then computed without each of them."""
        from models.export.figure import TOGGLED  # brings OpenCV, which no start has to wait for

        state = self._store.state
        parts = [part for part in state.switches if part in TOGGLED]
        if state.shown is None or state.answer is None or len(parts) < len(TOGGLED):
            self._session.tell(InputError(NO_TOGGLE))
            return
        path = self._desktop.ask_save("toggle", f"{_stem(state)}{ending_of('toggle')}")
        if path:
            image, face = state.shown.frame.image, state.shown.faces[state.selected_face]
            ask = Toggled(self._session.asker, setting_of(state), image, face)
            inputs = [Path(one) for one in state.opened if Path(one).is_file()]
            self._writer.write(
                path, lambda step: write_toggled(Path(path), inputs, ask, parts, step), self._on_written
            )

    def cancel(self) -> None:
        """End the file that is being written, if it can be stopped; nothing of it is kept."""
        self._writer.cancel()

    def export_branch(self) -> None:
        """Write the mesh of a branch that the user picks, as what they name the file."""
        answer = self._store.state.answer
        names = () if answer is None else tuple(m.name for m in answer.layers if isinstance(m, MeshLayer))
        if not names:
            self._session.tell(InputError("This answer has no branches. Choose DSFNet as the method."))
            return
        if name := self._desktop.ask_choice("Which surface?", names):
            self.export(f"{BRANCH}{name}")

    def export_now(self, kind: str, path: str) -> bool:
        """`export` to a path that is known, before this returns; whether it was written."""
        try:
            if kind == "png":
                self._desktop.write_picture(self._desktop.picture(), path, self._store.state)
            else:
                self._desktop.export(kind, path, self._store.state)
        except (InputError, OSError) as error:
            self._session.tell(error)
            return False
        self._on_written(path)
        return True

    def _on_written(self, path: str) -> None:
        log.info("Wrote %s.", path)
        self._store.update(notice=Notice(Severity.INFO, f"Wrote {path}."))
        self.exported.emit(path)


def _stem(state: State) -> str:
    """What a file about the frame shown is called: after its picture, or its video and its number there."""
    if state.shown is None:
        return "unmask"
    frame = state.shown.frame
    stem = Path(frame.name).stem or "unmask"
    return stem if frame.path is not None or frame.count == 1 else f"{stem}-frame-{frame.index + 1}"
