"""How far something is that takes a while, how long it will still take, and a button that ends it."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from viewer.readouts.progress import progress_text, time_text
from viewer.state.running import Running
from viewer.widgets.parts import summary

DELAY_MS = 1000  # what takes no longer is not told
BEAT_MS = 1000
BAR = (90, 8)  # px


class Progress(QWidget):
    """Hidden while nothing runs. Where nobody knows how much there is to do, it tells how long it has run.

    It moves once a second at most where nothing is known: any animation makes Qt compose the whole window.

    Args:
        name: What assistive tools call it.
        delay_ms: From when on it is shown.

    Signals:
        cancelled: The user wants it to end.
    """

    cancelled = Signal()

    def __init__(self, name: str, delay_ms: int = DELAY_MS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running: Running | None = None
        self._since_s = 0.0
        self._text, self.bar, self.button = summary(), QProgressBar(), QPushButton()
        self.bar.setAccessibleName(name)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(*BAR)
        self.button.setText("Cancel")
        self.button.setAccessibleName(f"Cancel: {name}")
        self.button.setToolTip("End this; what it has so far stays where that makes sense")
        self.button.setStyleSheet("padding: 0 8px; min-height: 16px;")  # no higher than a line
        self.button.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar)
        row.addWidget(self._text, 1)
        row.addWidget(self.button)
        self._delay = QTimer(self, singleShot=True, interval=delay_ms)
        self._delay.timeout.connect(self.show)
        self._beat = QTimer(self, interval=BEAT_MS)
        self._beat.timeout.connect(self._tell)
        self.hide()

    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def show_running(self, running: Running | None, can_stop: bool = True) -> None:
        """How far it is; None: nothing runs."""
        before, self._running = self._running, running
        if running is None:
            self._delay.stop()
            self._beat.stop()
            self.hide()
            return
        if before is None or before.title != running.title:
            self._since_s = monotonic()
        if before is None:
            self._beat.start()
            if self._delay.interval():
                self._delay.start()
            else:
                self.show()
        self.button.setVisible(can_stop)
        self.bar.setVisible(running.total > 0)
        self.bar.setRange(0, max(running.total, 1))
        self.bar.setValue(running.done)
        self._tell()

    @Slot()
    def _tell(self) -> None:
        running = self._running
        if running is None:
            return
        known = progress_text(running) if running.total else time_text(monotonic() - self._since_s)
        self._text.setText(": ".join(filter(None, (running.title, known))))
