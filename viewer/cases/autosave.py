"""What is shown, kept against a crash: a file for each window, written now and then, deleted on a clean end.

Beside each file lies a lock that is free as soon as its process has ended, however it ended. So the next
window can tell what was left behind from what another window, still open, is writing.
"""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Slot

from models.errors import InputError
from models.export.outputs import put_aside
from viewer.cases.case_file import ENDING, read_file, write_file
from viewer.cases.saving import FilesBeside, case_of
from viewer.state.state import State
from viewer.state.store import Store
from viewer.tasks.latest_only import LatestOnly

log = logging.getLogger(__name__)

EVERY_MS = 3000
OPEN, LEFT = "open-", "left-"
"""How names begin: of a window that is open, and of sessions that were left, kept for the user."""
MOST_LEFT = 10


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Sessions that were not closed.

    Attributes:
        files: Their cases, the newest first; the names are such that nobody takes them for open ones.
        damaged: Files that could not be read, as they are called now.
    """

    files: tuple[Path, ...] = ()
    damaged: tuple[Path, ...] = ()


def left_behind(folder: Path) -> LeftBehind:
    """What windows left in `folder` that ended without closing; each is given to one caller only.

    The newest MOST_LEFT stay there for the user, older ones are deleted. A damaged file is put aside as .bad.
    """
    files, damaged = [], []
    for path in _cases(folder, OPEN):
        lock = _lock_of(path)
        if not lock.tryLock(0):
            continue  # another window is open, or looks at it too
        try:
            read_file(path)
        except InputError as error:
            log.warning("%s", error)
            if path.exists() and (aside := put_aside(path)) is not None:
                damaged.append(aside)
        else:
            files.append(_kept(path))
        finally:
            lock.unlock()
    for old in _cases(folder, LEFT)[MOST_LEFT:]:
        _delete(old)
    return LeftBehind(tuple(sorted(filter(None, files), key=_age)), tuple(damaged))


class Autosave(QObject):
    """Writes the window's own file a moment after anything a case holds has changed.

    Args:
        store: What is shown.
        folder: Where the file lies.
        every_ms: How soon after a change.
    """

    def __init__(
        self, store: Store, folder: Path, every_ms: int = EVERY_MS, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self.path = folder / f"{OPEN}{os.getpid()}-{secrets.token_hex(4)}{ENDING}"
        self._lock = _lock_of(self.path)
        self._timer = QTimer(self, singleShot=True, interval=every_ms)
        self._timer.timeout.connect(self.save_now)
        self._writer = LatestOnly(self._write)
        self._writer.failed.connect(self._on_failed)
        self._told = False
        self._closed = False

    def start(self) -> str:
        """Begin.

        Returns:
            Why nothing can be kept in the folder, as the end of a sentence; empty if it can.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return error.strerror or str(error)
        if not self._lock.tryLock(0):
            return "no file can be made there"
        self._store.on(_parts, lambda _parts: self._soon(), self)
        return ""

    @Slot()
    def save_now(self) -> None:
        """Write what is shown, off the GUI thread."""
        self._timer.stop()
        state = self._store.state
        if self._lock.isLocked() and state.shown is not None and state.presentation is None:
            self._writer.submit(state)

    def close(self, timeout_s: float = 1.0) -> bool:
        """A clean end: nothing is left behind. False if the file was still being written."""
        if self._closed:
            return True
        self._closed = True
        self._timer.stop()
        ended = self._writer.close(timeout_s)
        if self._lock.isLocked():
            _delete(self.path)
            self._lock.unlock()
        return ended

    def _soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _write(self, state: State) -> None:
        write_file(self.path, case_of(state, FilesBeside(self.path, None), saved_as=state.case))

    @Slot(object, object)
    def _on_failed(self, _state: State, error: BaseException) -> None:
        """Say it once: the next change tries again."""
        if not self._told:
            self._told = True
            log.warning("The session could not be kept: %s", error)


def _parts(state: State) -> tuple[object, ...]:
    """What a case holds of the State."""
    occlusion, shown = state.occlusion, state.shown
    lab = (occlusion.stack, occlusion.tool, occlusion.brush, occlusion.seed, occlusion.plan, occlusion.step)
    looks = (state.panel_layout, state.theme, state.overlays, state.styles, state.head, state.whole_photo)
    mining = state.mining
    rows = (mining.run, mining.table) if mining.running is None else None  # once they are all there
    mined = (rows, mining.marks, mining.filter, mining.sort, mining.view, mining.axes)
    return (
        *(None if shown is None else shown.bare, state.opened, state.boxes, state.truth, state.selected_face),
        *(state.method, state.weights, state.switched_off, state.detector, state.lineup, state.steady),
        *(state.camera, state.cameras, state.link, state.views, state.comparison, state.normaliser),
        *(*lab, *looks, state.notes, state.case, state.probe, state.truth_in_3d, mined),
    )


def _lock_of(path: Path) -> QLockFile:
    """Held by who writes `path`; it is free as soon as that process has ended, however old it is."""
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    return lock


def _cases(folder: Path, begins: str) -> list[Path]:
    """The case files of a folder whose names begin so, the newest first."""
    try:
        return sorted(folder.glob(f"{begins}*{ENDING}"), key=_age)
    except OSError:
        return []


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def _kept(path: Path) -> Path | None:
    """The file under a name that no window writes to; None if the folder does not let us."""
    kept = path.with_name(f"{LEFT}{path.name.removeprefix(OPEN)}")
    try:
        path.rename(kept)
    except OSError as error:
        log.warning("%s cannot be renamed (%s).", path, error.strerror)
        return None
    return kept


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be deleted (%s).", path, error.strerror)
