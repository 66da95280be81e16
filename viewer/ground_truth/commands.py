"""What a user can do with ground truth."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from models.errors import InputError
from viewer.inference.session import Session
from viewer.state.shown import TruthFile
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

    def open_dialog(self) -> None:
        """Ask for a file of ground truth and hold the answers against it."""
        if path := self._desktop.ask_truth():
            self.open(path)
