"""Files are written off the GUI thread, one after the other, and none is left half written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import perf_counter

from PySide6.QtCore import QObject, Signal, Slot

from viewer.state.notice import Notice, Severity
from viewer.state.running import Running
from viewer.state.store import Store
from viewer.tasks.in_order import InOrder

Step = Callable[[int, int], None]
"""(done, total): how far what writes a file is; 0, 0 where nobody knows. Does not return if it is to stop."""
BETWEEN_S = 0.1  # two words of how far a file is


class Stopped(Exception):
    """Nobody wants the file any more."""


class FileWriter(QObject):
    """Runs what writes a file on a thread of its own, in the order it was asked; keeps `State.writing` true.

    Signals:
        failed: The exception of a file that was not written; on the GUI thread.
    """

    failed = Signal(object)
    _written = Signal(str, object)
    _stopped = Signal(str)
    _told = Signal(object)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._jobs = InOrder("unmask exporter")
        self._stopping, self._closing = Event(), False
        self._written.connect(self._on_written)
        self._stopped.connect(self._on_stopped)
        self._told.connect(self._on_told)

    def write(
        self,
        path: str,
        export: Callable[[Step], None],
        then: Callable[[str], object] = lambda _path: None,
        stops: bool = True,
    ) -> None:
        """Call `export`, which writes `path`; then `then`, on the GUI thread.

        `export` tells how far it is, at least once before anything is written: there it can be stopped. If it
        does not, `stops` is False.
        """
        self._store.update(notice=Notice(Severity.INFO, f"Writing {path}…"))
        self._jobs.submit(lambda: self._run(path, export, then, stops))

    def cancel(self) -> None:
        """End the file that is being written, if it can be stopped; nothing of it is kept then."""
        writing = self._store.state.writing
        if writing is not None and writing.stops:
            self._stopping.set()
            self._store.update(writing=Running(f"Cancelling: {writing.title}", 0, 0, stops=False))

    def close(self, timeout_s: float = 10.0) -> bool:
        """Forget the files that wait; that being written comes to its end if it takes one step, or is ended.

        Returns:
            False if it did not in time; it is left behind.
        """
        self._closing = True
        self._stopping.set()
        return self._jobs.close(timeout_s)

    def _run(
        self, path: str, export: Callable[[Step], None], then: Callable[[str], object], stops: bool
    ) -> None:
        self._stopping.clear()
        title, start, last = f"Writing {Path(path).name}", perf_counter(), 0.0

        def step(done: int, total: int) -> None:
            nonlocal last
            if self._stopping.is_set() and (total or not self._closing):
                raise Stopped
            now = perf_counter()
            if not total:
                return
            if now - last >= BETWEEN_S or done == total:
                last = now
                left_s = (now - start) / done * (total - done) if done else None
                self._told.emit(Running(title, done, total, left_s))

        self._told.emit(Running(title, 0, 0, stops=stops))
        try:
            export(step)
        except Stopped:
            self._stopped.emit(path)
        except BaseException as error:  # whoever listens says it; the window lives on
            self.failed.emit(error)
        else:
            self._written.emit(path, then)
        self._told.emit(None)

    @Slot(str, object)
    def _on_written(self, path: str, then: Callable[[str], object]) -> None:
        then(path)

    @Slot(str)
    def _on_stopped(self, path: str) -> None:
        self._store.update(notice=Notice(Severity.INFO, f"{path} was not written: it was cancelled."))

    @Slot(object)
    def _on_told(self, running: Running | None) -> None:
        """What was told before it was cancelled may come in after."""
        if running is None or not self._stopping.is_set():
            self._store.update(writing=running)
