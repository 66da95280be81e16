"""Waits until the window has come to rest."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from viewer.state.state import State
from viewer.state.store import Store

SETTLE_MS = 900  # panels draw smoothly a moment after the last change


class Idle(QObject):
    """Says so whenever the State fulfils a test and then nothing changes for a moment.

    Signals:
        settled: The window is at rest.
    """

    settled = Signal()

    def __init__(self, store: Store, test: Callable[[State], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._test = test
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self.settled)
        store.on(lambda state: state, self.look)

    def look(self, state: State) -> None:
        """Begin anew with the State as it is, e.g. because the test has changed."""
        if self._test(state):
            self._timer.start()
        else:
            self._timer.stop()

    def stop(self) -> None:
        """Say nothing more."""
        self._timer.stop()
        self._test = lambda _state: False


def answered_or_failed(state: State) -> bool:
    """Whether nothing is under way any more: there is a picture, or a reason why there is none."""
    failed = state.notice is not None and state.notice.severity.value == "error"
    return not state.busy and (state.shown is not None or failed)
