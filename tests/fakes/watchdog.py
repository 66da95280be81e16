"""Notices when the GUI thread does not come back to its event loop for too long."""

from __future__ import annotations

import contextlib
from pathlib import Path
from time import perf_counter, thread_time

from PySide6.QtCore import QObject, QTimer, Slot

BEAT_MS = 10
TASKS = Path("/proc/self/task")


class Watchdog(QObject):
    """A heartbeat of the event loop.

    A pause counts as long as the GUI thread computed in it, or waited, be it for another thread of ours. What
    any of our threads waited for a processor does not count, so that a busy machine does not bark.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest_s = 0.0
        self._last = (perf_counter(), thread_time(), queued_s())
        self._beat = QTimer(self, interval=BEAT_MS)
        self._beat.timeout.connect(self.beat)
        self._beat.start()

    @Slot()
    def beat(self) -> None:
        """The event loop came by."""
        now = (perf_counter(), thread_time(), queued_s())
        paused, computed = now[0] - self._last[0], now[1] - self._last[1]
        queued = sum(seconds - self._last[2].get(thread, seconds) for thread, seconds in now[2].items())
        self.longest_s = max(self.longest_s, computed, paused - queued)
        self._last = now


def queued_s() -> dict[str, float]:
    """Thread -> how long it was ready and waited for a processor since it began; nothing but on Linux."""
    waited = {}
    for task in TASKS.iterdir() if TASKS.exists() else ():
        with contextlib.suppress(OSError):  # it ended meanwhile
            waited[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return waited
