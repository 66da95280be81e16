"""What a user can take along: files of the answer, a picture of the window."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from models.errors import InputError
from models.export.outputs import Outputs
from models.reconstruction import MeshLayer, Reconstruction
from models.reconstructor import Face
from viewer.export.clip import clip_of, clip_video
from viewer.export.toggled import Toggled, write_toggled
from viewer.inference.session import Session
from viewer.state.notice import Notice, Severity
from viewer.state.setting import Setting, worded
from viewer.state.state import State, setting_of
from viewer.state.store import Store
from viewer.tasks.file_writer import FileWriter, Step
from viewer.widgets.dialogs import BRANCH, WISHES, DesktopServices, ending_of

if TYPE_CHECKING:
    from viewer.export.covered import Ask

log = logging.getLogger(__name__)
NO_FACE = "There is no face to export yet. Open a photo with a face first."
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
            self._session.tell(InputError(NO_FACE))
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
            inputs = _inputs(state)
            self._writer.write(
                path, lambda step: write_toggled(Path(path), inputs, ask, parts, step), self._on_written
            )

    def export_sized(self) -> None:
        """Write one panel or all of them as large as the user wishes."""
        from viewer.widgets.figure_file import drawn, panels_of

        state = self._store.state
        if state.answer is None:
            self._session.tell(InputError(NO_FACE))
            return
        wish = self._desktop.ask_figure(panels_of(state), WISHES["figure"])
        if wish is None:
            return
        panel = f"-{wish.only.replace(' ', '-')}" if wish.only else ""
        path = self._desktop.ask_save("figure", f"{_stem(state)}{panel}{ending_of('figure')}")
        if path:
            inputs = _inputs(state)

            def write(step: Step) -> None:
                data = drawn(state, wish, Path(path), step)
                step(0, 0)
                Outputs(inputs, overwrite=True).write(Path(path), data)

            self._writer.write(path, write, self._on_written)

    def export_covered(self) -> None:
        """Write a figure of the selected face as it is and under each occluder, by all who are compared."""
        from models.occlusion.kinds import KINDS
        from viewer.export.covered import Covered, write_covered  # brings OpenCV, as above

        state = self._store.state
        if state.shown is None or state.answer is None:
            self._session.tell(InputError(NO_FACE))
            return
        path = self._desktop.ask_save("occluders", f"{_stem(state)}{ending_of('occluders')}")
        if path:
            image, face = state.shown.bare.image, state.shown.faces[state.selected_face]
            ask = asking(self._session, (setting_of(state), *state.shown.others), face)
            covered, inputs = Covered(image, ask, KINDS), _inputs(state)
            self._writer.write(
                path, lambda step: write_covered(Path(path), inputs, covered, step), self._on_written
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


def asking(session: Session, settings: Sequence[Setting], face: Face) -> Ask:
    """Who answers about one face of a picture: each setting, called as the window calls it."""
    askers = [(setting, session.asker(setting)) for setting in settings]
    usual = Setting(settings[0].method, settings[0].weights)

    def ask(image: NDArray[np.uint8]) -> list[Reconstruction]:
        answers = [(setting, ask(image, face)) for setting, ask in askers]
        peers = [replace(answer, method=worded(setting, usual)) for setting, answer in answers[1:]]
        return [answers[0][1], *peers]

    return ask


def _inputs(state: State) -> list[Path]:
    """The files that are open, over which nothing is written."""
    return [Path(one) for one in state.opened if Path(one).is_file()]


def _stem(state: State) -> str:
    """What a file about the frame shown is called: after its picture, or its video and its number there."""
    if state.shown is None:
        return "unmask"
    frame = state.shown.frame
    stem = Path(frame.name).stem or "unmask"
    return stem if frame.path is not None or frame.count == 1 else f"{stem}-frame-{frame.index + 1}"
