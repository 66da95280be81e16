"""Files are written off the GUI thread, one after the other, and none is left half written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, Signal


class FileWriter(QObject):
    """Runs what writes a file on a thread of its own, in the order it was asked.

    Signals:
        written: The path of a file that is complete; on the GUI thread.
        failed: The exception instead; on the GUI thread.
    """

    written = Signal(str)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="unmask exporter")

    def write(self, path: str, export: Callable[[], None]) -> None:
        """Call `export`, which writes `path`."""
        self._thread.submit(self._run, path, export)

    def close(self) -> None:
        """Let the file being written come to its end, forget others, and end the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _run(self, path: str, export: Callable[[], None]) -> None:
        try:
            export()
        except Exception as error:  # whoever listens says it; the window lives on
            self.failed.emit(error)
        else:
            self.written.emit(path)
