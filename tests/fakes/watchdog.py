"""Notices when the GUI thread does not come back to its event loop for too long."""

from __future__ import annotations

from time import perf_counter, process_time

from PySide6.QtCore import QObject, QTimer, Slot

BEAT_MS = 5


class Watchdog(QObject):
    """A heartbeat of the event loop.

    A pause counts for as long as this process computed in it, on whichever thread: that is the work of the
    GUI thread itself, and of a thread that kept it waiting. What another process took does not count, so
    that a busy machine does not bark.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest_s = 0.0
        self._last = (perf_counter(), process_time())
        self._beat = QTimer(self, interval=BEAT_MS)
        self._beat.timeout.connect(self._on_beat)
        self._beat.start()

    @Slot()
    def _on_beat(self) -> None:
        now = (perf_counter(), process_time())
        paused, computed = now[0] - self._last[0], now[1] - self._last[1]
        self.longest_s = max(self.longest_s, min(paused, computed))
        self._last = now
