"""A session that only writes files: waits for the first answer, writes, and closes the window."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from viewer.app.assembly import Assembly
from viewer.app.idle import Idle, answered_or_failed
from viewer.cli.options import Launch
from viewer.state.state import State

log = logging.getLogger(__name__)


class Unattended(QObject):
    """Writes what a Launch asks for once nothing changes any more, prints the paths, and ends the session.

    Attributes:
        code: 0 once everything was written and there was an answer to write; 1 until then.
    """

    def __init__(self, assembly: Assembly, launch: Launch) -> None:
        super().__init__(assembly)
        self._assembly, self._launch = assembly, launch
        self.code = 1
        self._settled = Idle(assembly.store, answered_or_failed, self)
        self._settled.settled.connect(self._run)

    @Slot()
    def _run(self) -> None:
        self._settled.stop()
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
        if not self._assembly.commands.export.export_now(kind, str(path)):
            return False
        print(path)
        return True
