"""What a user can take along: files of the answer, a picture of the window."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from models.errors import InputError
from models.reconstruction import MeshLayer
from viewer.inference.session import Session
from viewer.state.notice import Notice, Severity
from viewer.state.store import Store
from viewer.tasks.file_writer import FileWriter
from viewer.widgets.dialogs import BRANCH, DesktopServices, ending_of

log = logging.getLogger(__name__)


class ExportCommands(QObject):
    """What is taken along: the answer, the window.

    Signals:
        exported: The path of a file that was written.
    """

    exported = Signal(str)

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop = store, session, desktop
        self._writer = FileWriter(self)
        self._writer.written.connect(self._on_written)
        self._writer.failed.connect(session.tell)

    def export(self, kind: str) -> None:
        """Write the selected answer or the window ("png") to a file the user names, see `Desktop.export`."""
        state = self._store.state
        if kind != "png" and state.answer is None:
            self._session.tell(InputError("There is no face to export yet. Open a photo with a face first."))
            return
        stem = Path(state.source_name).stem or "unmask"
        path = self._desktop.ask_save(kind, f"{stem}{ending_of(kind)}")
        if path and kind == "png":
            self.export_now(kind, path)  # a picture of the window can only be taken on its own thread
        elif path:
            self._store.update(notice=Notice(Severity.INFO, f"Writing {path}…"))
            self._writer.write(path, lambda: self._desktop.export(kind, path, state))

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
            self._desktop.export(kind, path, self._store.state)
        except (InputError, OSError) as error:
            self._session.tell(error)
            return False
        self._on_written(path)
        return True

    def close(self) -> None:
        """Let an export that has begun come to its end."""
        self._writer.close()

    @Slot(str)
    def _on_written(self, path: str) -> None:
        log.info("Wrote %s.", path)
        self._store.update(notice=Notice(Severity.INFO, f"Wrote {path}."))
        self.exported.emit(path)
