"""Slow work off the GUI thread, and frames that arrive faster than they can be used: the newest wins."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

_STOP = object()


class LatestOnly(QObject):
    """Runs slow work on one thread; while it runs, only the newest job waits.

    The book-keeping stays on the GUI thread, hence no lock. Give it no parent that may be destroyed before
    `close()`: the worker still speaks through it.

    Signals:
        done: (job, result), on the GUI thread.
        failed: (job, exception), on the GUI thread; the worker lives on.
        busy_changed: Whether a job runs or waits.
    """

    done = Signal(object, object)
    failed = Signal(object, object)
    busy_changed = Signal(bool)
    _returned = Signal(object, object, object)

    def __init__(self, work: Callable[[Any], Any], name: str = "unmask worker") -> None:
        super().__init__()
        self._work = work
        self._jobs: SimpleQueue[Any] = SimpleQueue()
        self._closing = Event()
        self._busy = False
        self._waiting: Any = None
        self._returned.connect(self._on_returned, Qt.ConnectionType.QueuedConnection)
        self._thread = Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return self._busy

    def submit(self, job: Any) -> None:
        """Run `job` now or next; a job still waiting is dropped. After `close()` nothing runs any more."""
        if self._closing.is_set():
            return
        if self._busy:
            self._waiting = job
            return
        self._busy = True
        self._jobs.put(job)
        self.busy_changed.emit(True)

    def forget_waiting(self) -> None:
        """Drop the job that waits, if any; the one that runs goes on."""
        self._waiting = None

    def close(self, timeout_s: float = 10.0) -> bool:
        """Drop what waits, let what runs end, and end the thread; its result is not reported.

        Returns:
            False if the work did not end in time; the thread is then left behind and dies with the process.
        """
        self._closing.set()
        self._waiting = None
        self._jobs.put(_STOP)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not _STOP:
            try:
                result = self._work(job)
            except (Exception, SystemExit) as error:  # shown by whoever listens; the worker lives on
                self._report(job, None, error)
            else:
                self._report(job, result, None)

    def _report(self, job: Any, result: Any, error: BaseException | None) -> None:
        if not self._closing.is_set():
            self._returned.emit(job, result, error)

    @Slot(object, object, object)
    def _on_returned(self, job: Any, result: Any, error: BaseException | None) -> None:
        if self._closing.is_set():
            return
        self._busy = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._busy = True
            self._jobs.put(waiting)
        if error is None:
            self.done.emit(job, result)
        else:
            self.failed.emit(job, error)
        if not self._busy:
            self.busy_changed.emit(False)


class Newest(QObject):
    """Hands values from any thread to the GUI thread; one not yet taken is replaced by the next.

    However fast a camera is, at most one event waits for the GUI thread, so latency cannot grow.

    Signals:
        arrived: A value waits for `take`; on the GUI thread.
    """

    arrived = Signal()
    _announced = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = Lock()
        self._value: Any = None
        self._announced.connect(self._on_announced, Qt.ConnectionType.QueuedConnection)

    def put(self, value: Any) -> None:
        """Offer `value`, from any thread."""
        with self._lock:
            announced = self._value is not None
            self._value = value
        if not announced:
            self._announced.emit()

    def take(self) -> Any:
        """The newest value, once; None if it was taken already."""
        with self._lock:
            value, self._value = self._value, None
        return value

    @Slot()
    def _on_announced(self) -> None:
        self.arrived.emit()
