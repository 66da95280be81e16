"""Ctrl+C and the system's wish to end close the window as a click would, while Qt has the thread."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Slot

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED_BY = 128  # shells add the signal's number


class Stopping(QObject):
    """Ends the window on the GUI thread when the process is asked to stop. Python alone would wait for Qt.

    From its making on no exception comes out of nowhere, which would tear a window half built.

    Attributes:
        status: The exit status to leave with; None while nobody asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.status: int | None = None
        self._end: Callable[[], object] | None = None
        self._hear, self._speak = socket.socketpair()
        for each in (self._hear, self._speak):
            each.setblocking(False)
        self._notifier = QSocketNotifier(self._hear.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_signal)
        self._former_fd = signal.set_wakeup_fd(self._speak.fileno(), warn_on_full_buffer=False)
        self._former = {number: signal.signal(number, self._note) for number in SIGNALS}

    def ends(self, end: Callable[[], object]) -> None:
        """Call `end` when asked; once the loop runs, if that was meanwhile."""
        self._end = end
        if self.status is not None:
            QTimer.singleShot(0, self, end)

    def close(self) -> None:
        """Signals do what they did before."""
        for number, handler in self._former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._former_fd)
        self._notifier.setEnabled(False)
        self._hear.close()
        self._speak.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        """Python's side of a signal; Qt is woken by the socket."""
        self.status = STOPPED_BY + number

    @Slot()
    def _on_signal(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._hear.recv(64)
        if self.status is not None and self._end is not None:
            self._end()
