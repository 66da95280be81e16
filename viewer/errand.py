"""A session that only writes files: waits for the first answer, writes, and closes the window."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from viewer.assembly import Assembly
from viewer.command_line import Launch
from viewer.state import Severity, State

log = logging.getLogger(__name__)

SETTLE_MS = 900  # panels draw smoothly a moment after the last change


class Errand(QObject):
    """Writes what a Launch asks for once nothing changes any more, prints the paths, and ends the session.

    Attributes:
        code: 0 once everything was written and there was an answer to write; 1 until then.
    """

    def __init__(self, assembly: Assembly, launch: Launch) -> None:
        super().__init__(assembly)
        self._assembly, self._launch = assembly, launch
        self.code = 1
        self._settled = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settled.timeout.connect(self._run)
        assembly.store.changed.connect(self._follow)

    @Slot(object, object)
    def _follow(self, new: State, _old: State) -> None:
        failed = new.notice is not None and new.notice.severity is Severity.ERROR
        if new.busy or (new.shown is None and not failed):
            self._settled.stop()
        else:
            self._settled.start()

    @Slot()
    def _run(self) -> None:
        self._assembly.store.changed.disconnect(self._follow)
        state = self._assembly.store.state
        answered = state.answer is not None
        if not answered and state.notice is not None:
            print(state.notice.cause, state.notice.remedy)
        wanted = self._files(state, answered)
        written = [path for kind, path in wanted if self._write(kind, path)]
        self.code = 0 if answered and len(written) == len(wanted) else 1
        self._assembly.window.close()

    def _files(self, state: State, answered: bool) -> list[tuple[str, Path]]:
        files = [] if self._launch.screenshot is None else [("png", self._launch.screenshot)]
        if self._launch.export is not None and answered:
            stem = Path(state.source_name).stem
            files += [(kind, self._launch.export / f"{stem}.{kind}") for kind in ("ply", "glb", "json")]
        return files

    def _write(self, kind: str, path: Path) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self._assembly.controller.export_now(kind, str(path)):
            return False
        print(path)
        return True
