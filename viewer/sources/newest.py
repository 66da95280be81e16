"""A letter box with room for one frame, between a source's thread and the window's."""

from __future__ import annotations

import threading

from viewer.sources.source import Frame


class Newest:
    """Keeps only the newest frame, so that a camera cannot pile up pictures before a busy window.

    The source's thread puts; where `put` says True the window must be woken once, and then takes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: Frame | None = None

    def put(self, frame: Frame) -> bool:
        """Leave `frame` here, in place of one not taken yet; True if the box was empty."""
        with self._lock:
            was_empty = self._frame is None
            self._frame = frame
        return was_empty

    def take(self) -> Frame | None:
        """The newest frame, once; None if there is none since."""
        with self._lock:
            frame, self._frame = self._frame, None
        return frame
