"""Slow work off the GUI thread, and frames that arrive faster than they can be used: the newest wins."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

_STOP = object()


class Abandoned(Exception):
    """The job did not come to an end, and nobody waits for it any more."""


PATIENCE_S = 20.0  # after which a job counts as slow


class LatestOnly(QObject):
    """Runs slow work on one thread; while it runs, only the newest job waits.

    The book-keeping stays on the GUI thread, hence no lock. Give it no parent that may be destroyed before
    `close()`: the worker still speaks through it.

    Signals:
        done: (job, result), on the GUI thread.
        failed: (job, exception), on the GUI thread; the worker lives on.
        slow: A job has run for `patience_s`.
        busy_changed: Whether a job runs or waits.
    """

    done = Signal(object, object)
    failed = Signal(object, object)
    busy_changed = Signal(bool)
    slow = Signal()
    _returned = Signal(object, object, object, object)

    def __init__(
        self, work: Callable[[Any], Any], name: str = "unmask worker", patience_s: float = PATIENCE_S
    ) -> None:
        super().__init__()
        self._name = name
        self._running: Any = None
        self._patience = QTimer(self, singleShot=True, interval=round(1e3 * patience_s))
        self._patience.timeout.connect(self.slow)
        self._closing = Event()
        self._busy = False
        self._waiting: Any = None
        self._returned.connect(self._on_returned, Qt.ConnectionType.QueuedConnection)
        self._begin(work)

    def _begin(self, work: Callable[[Any], Any]) -> None:
        self._jobs: SimpleQueue[Any] = SimpleQueue()
        self._thread = Thread(target=self._loop, args=(self._jobs, work), name=self._name, daemon=True)
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
        self._run(job)
        self.busy_changed.emit(True)

    def abandon(self, work: Callable[[Any], Any]) -> None:
        """Wait no longer for the job that runs: its thread is left, and what it brings is dropped.

        The job is told as failed with `Abandoned`, and the one that waits runs next, on a thread of its own.

        Args:
            work: What runs from now on; it should share nothing with what was left.
        """
        if not self._busy or self._closing.is_set():
            return
        self._jobs.put(_STOP)  # should it ever come back
        self._begin(work)
        self._on_returned(self._jobs, self._running, None, Abandoned())

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
        self._patience.stop()
        self._jobs.put(_STOP)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self, job: Any) -> None:
        self._busy, self._running = True, job
        self._patience.start()
        self._jobs.put(job)

    def _loop(self, jobs: SimpleQueue[Any], work: Callable[[Any], Any]) -> None:
        while (job := jobs.get()) is not _STOP:
            try:
                result = work(job)
            except BaseException as error:  # shown by whoever listens; the worker lives on
                self._report(jobs, job, None, error)
            else:
                self._report(jobs, job, result, None)

    def _report(self, jobs: SimpleQueue[Any], job: Any, result: Any, error: BaseException | None) -> None:
        if not self._closing.is_set() and jobs is self._jobs:
            self._returned.emit(jobs, job, result, error)

    @Slot(object, object, object, object)
    def _on_returned(
        self, jobs: SimpleQueue[Any], job: Any, result: Any, error: BaseException | None
    ) -> None:
        if self._closing.is_set() or jobs is not self._jobs:
            return  # closed, or abandoned meanwhile
        self._busy = False
        self._patience.stop()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._run(waiting)
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
