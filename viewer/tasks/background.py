"""Finite work off the GUI thread: one series at a time, with progress, the time left, and cancel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Thread
from time import perf_counter
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from viewer.tasks.latest_only import Newest


@dataclass(frozen=True, eq=False, slots=True)
class SeriesProgress:
    """How far a series has come.

    Attributes:
        done, total: Values so far, and in all.
        left_s: How long the rest will take at this pace.
        value: The newest.
    """

    done: int
    total: int
    left_s: float
    value: Any


class Background(QObject):
    """Takes values from a series on a thread of its own until it ends or is cancelled.

    Between two values it looks whether it was cancelled, so that takes as long as one value at most. Give it
    no parent that may be destroyed before `close()`.

    Signals:
        progressed: The newest SeriesProgress; some may be skipped, the last is not.
        ended: (last value or None, exception or None); also after `cancel`, then with what there was.
    """

    progressed = Signal(object)
    ended = Signal(object, object)
    _returned = Signal(object, object, object)

    def __init__(self) -> None:
        super().__init__()
        self._thread: Thread | None = None
        self._cancelled = Event()
        self._news = Newest(self)
        self._news.arrived.connect(self._on_news)
        self._returned.connect(self._on_returned, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a series is under way."""
        return self._thread is not None

    def start(self, series: Iterator[Any], total: int) -> None:
        """Take all of `series`; its code runs on the other thread. ValueError while another is under way."""
        if self.busy:
            raise ValueError("another series is under way; cancel it first")
        self._cancelled = Event()
        self._thread = Thread(
            target=self._run, args=(series, total, self._cancelled), name="unmask trial", daemon=True
        )
        self._thread.start()

    def cancel(self) -> None:
        """Take no more values; `ended` follows."""
        self._cancelled.set()

    def close(self, timeout_s: float = 10.0) -> bool:
        """Cancel, and end the thread; nothing is reported. False if it did not end in time."""
        thread, self._thread = self._thread, None
        self._cancelled.set()
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _run(self, series: Iterator[Any], total: int, cancelled: Event) -> None:
        start, last, error = perf_counter(), None, None
        try:
            for done, last in enumerate(series, 1):
                if cancelled.is_set():
                    break
                left_s = (perf_counter() - start) / done * (total - done)
                self._news.put(SeriesProgress(done, total, left_s, last))
        except Exception as raised:  # shown by whoever listens
            error = raised
        self._returned.emit(cancelled, last, error)

    @Slot()
    def _on_news(self) -> None:
        progress = self._news.take()
        if progress is not None and self.busy and not self._cancelled.is_set():
            self.progressed.emit(progress)

    @Slot(object, object, object)
    def _on_returned(self, cancelled: Event, value: Any, error: Exception | None) -> None:
        if cancelled is not self._cancelled or self._thread is None:
            return  # of a series that was closed
        self._thread.join()
        self._thread = None
        self._news.take()
        self.ended.emit(value, error)
