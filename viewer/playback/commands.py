"""What a user can do with sources: open them, play them, go through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from models.errors import InputError
from models.geometry.turning import Turn
from viewer.inference.session import Session
from viewer.sources import is_case
from viewer.sources.cameras import CameraName
from viewer.sources.pasted import pasted
from viewer.state.state import with_recent
from viewer.state.store import Store
from viewer.state.webcam import Size
from viewer.widgets.dialogs import DesktopServices

NOTHING_TO_PASTE = (
    "There is no picture on the clipboard, nor the path of one. Copy a picture or a file, then paste again."
)


class PlaybackCommands(QObject):
    """What to look at: pictures, folders, videos, cameras, and which frame of them.

    Signals:
        case_named: What was to be opened is a case file, at this path: that is for others to open.
    """

    case_named = Signal(str)

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop = store, session, desktop

    def open(self, path: str | Path) -> None:
        """Open a picture, a folder or a video; what is open now stays if that fails."""
        path = str(path)
        if is_case(path):
            self.case_named.emit(path)
            return
        try:
            source = self._desktop.open_path(path)
        except InputError as error:
            self._session.tell(error)
            return
        self._store.update(recent=with_recent(self._store.state.recent, str(Path(path).absolute())))
        self._session.begin(source, [path])

    def paste(self) -> None:
        """Open what is on the clipboard: a picture, or files, also as their paths."""
        try:
            found = self._desktop.pasted()
        except InputError as error:
            self._session.tell(error)
            return
        if found.image is not None:
            self.open_pasted(found.image)
        elif found.paths:
            self.open_several(found.paths)
        else:
            self._session.tell(InputError(NOTHING_TO_PASTE))

    def open_pasted(self, image: NDArray[np.uint8]) -> None:
        """Open a picture that is no file: [H, W, 3] RGB, read-only."""
        self._session.begin(pasted(image))

    def open_several(self, paths: Sequence[str]) -> None:
        """Open what was dropped or named: one thing as `open` does, several pictures to go through."""
        if len(paths) == 1:
            self.open(paths[0])
        elif paths:
            try:
                self._session.begin(self._desktop.open_paths(paths), paths)
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
        if path := self._desktop.ask_open():
            self.open(path)

    def open_folder_dialog(self) -> None:
        """Ask for a folder and open it."""
        if path := self._desktop.ask_folder():
            self.open(path)

    def forget_recent(self) -> None:
        """Forget which files were opened before."""
        self._store.update(recent=())

    def open_camera(self, index: int | None = None) -> None:
        """Show what a camera sees, newest frame first: the one of that index, or that chosen last."""
        webcam = self._store.state.webcam
        webcam = webcam if index is None else replace(webcam, index=index)
        self._store.update(webcam=webcam)
        try:
            self._session.begin(self._desktop.open_camera(webcam))
        except InputError as error:
            self._session.tell(error)

    def cameras(self) -> Sequence[CameraName]:
        """The cameras there are."""
        return self._desktop.cameras()

    def choose_camera_size(self, size: Size | None) -> None:
        """Ask cameras for pictures of this size, px; None for their own. An open camera is opened anew."""
        self._store.update(webcam=replace(self._store.state.webcam, size=size))
        if self._session.watches_camera:
            self.open_camera()

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

    def turn(self, quarters: int) -> None:
        """Turn the picture by a quarter to the right; to the left if negative."""
        self._session.turn(self._session.picture_turn.right(quarters))

    def turn_as(self, turn: Turn) -> None:
        """Turn the picture, as it lies in its file, like this."""
        self._session.turn(turn)

    def mirror(self) -> None:
        """Mirror the picture left to right."""
        self._session.turn(self._session.picture_turn.mirror())

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
