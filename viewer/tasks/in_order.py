"""Slow work off the GUI thread, all of it, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread

log = logging.getLogger(__name__)

Job = Callable[[], object]


class InOrder:
    """Runs jobs on one thread, begun with the first, in the order in which they came.

    What a job raises goes into the log. The thread dies with the process: one that never returns is no harm.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._closing = Event()
        self._thread = Thread(target=self._loop, name=name, daemon=True)

    def submit(self, job: Job) -> None:
        """Run it when those before have ended. After `close()` nothing runs any more."""
        if self._closing.is_set():
            return
        self._jobs.put(job)
        if self._thread.ident is None:
            self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """Forget what waits and let what runs end; False if it did not in time and is left behind."""
        self._closing.set()
        self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closing.is_set():
            try:
                job()
            except BaseException:  # the next job runs all the same
                if not self._closing.is_set():
                    log.exception("A job of the %s failed.", self._thread.name)
