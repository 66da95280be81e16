"""Plays, pauses and seeks whatever can be read by index, on a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from models.errors import InputError
from viewer.sources.source import Deliver, Fail, Frame

JOIN_S = 1.0
PATIENCE = 3
LATE_S = 0.25
USUAL_FPS, FASTEST_FPS = 25.0, 240.0


class Reader(Protocol):
    """Frames by index. All calls come from the player's thread, between `open` and `close`."""

    def open(self) -> int:
        """How many frames there are, at least one; raises InputError if none can be read."""

    def read(self, index: int) -> Frame:
        """That frame; raises InputError if it cannot be read."""

    def due_s(self, index: int) -> float:
        """When that frame is shown, seconds since the first."""

    def close(self) -> None:
        """Let go of files. Called once for each `open`, also for one that failed."""


class Player:
    """A Recording over a Reader.

    The thread alone reads; what the verbs wish is left under one lock. Pauses after three frames in a row
    that cannot be read. Whatever a reader raises is told and survived: the next verb works.
    """

    live = False

    def __init__(self, name: str, reader: Reader) -> None:
        self.name = name
        self._reader = reader
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._wish: int | None = 0
        self._playing = False
        self._at = 0
        self._count = 0
        self._speed, self._loop = 1.0, False
        self._played: tuple[int, int] | None = None
        self._began_s = 0.0  # the clock's time at which frame 0 would have been due

    @property
    def playing(self) -> bool:
        """Whether frames follow each other by themselves now."""
        with self._changed:
            return self._playing

    def start(self, deliver: Deliver, fail: Fail) -> None:
        """Read frame 0, paused."""
        self.stop()
        self._stopping = threading.Event()
        self._wish, self._playing, self._at, self._count = 0, False, 0, 0
        self._thread = threading.Thread(
            target=self._run, args=(deliver, fail, self._stopping), name=f"player {self.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End; a read that hangs is abandoned after a while, and what it brings is dropped."""
        with self._changed:
            self._stopping.set()
            self._playing = False
            self._changed.notify_all()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_S)

    def play(self) -> None:
        """Go on from here; from the beginning of the span if at its end, or outside of it."""
        with self._changed:
            first, last = self._span
            here = self._at if self._wish is None else self._wish
            if self._count and not first <= here < last:
                self._wish = first
            self._playing = True
            self._restart_clock()
            self._changed.notify_all()

    def pause(self) -> None:
        """Stay here."""
        with self._changed:
            self._playing = False
            self._changed.notify_all()

    def seek(self, index: int) -> None:
        """Show that frame next; go on playing from there if playing."""
        with self._changed:
            self._wish = index
            self._changed.notify_all()

    def step(self, by: int) -> None:
        """Pause, and show the frame that many further on."""
        with self._changed:
            self._playing = False
            self._wish = (self._at if self._wish is None else self._wish) + by
            self._changed.notify_all()

    def pace(self, speed: float, loop: bool, span: tuple[int, int] | None) -> None:
        """Play so many times as fast, over and over or once, between two frames."""
        with self._changed:
            self._speed, self._loop, self._played = speed, loop, span
            self._restart_clock()
            self._changed.notify_all()

    def _run(self, deliver: Deliver, fail: Fail, stopping: threading.Event) -> None:
        """Open and serve; a file that cannot be opened is opened anew with the next wish."""
        while not stopping.is_set():
            try:
                try:
                    count = self._reader.open()
                    with self._changed:
                        self._count = count
                    self._serve(deliver, fail, stopping)
                finally:
                    self._reader.close()
                return
            except Exception as error:
                if not stopping.is_set():
                    fail(self._told(error))
            self._await_wish(stopping)

    def _serve(self, deliver: Deliver, fail: Fail, stopping: threading.Event) -> None:
        failures = 0
        while (index := self._next(stopping)) is not None:
            try:
                frame = self._reader.read(index)
            except Exception as error:  # a damaged file breaks a decoder in any way; the thread lives on
                failures += 1
                if failures >= PATIENCE:
                    self.pause()
                if not stopping.is_set():
                    fail(self._told(error))
                continue
            failures = 0
            if not stopping.is_set():
                deliver(frame)

    def _told(self, error: Exception) -> InputError:
        if isinstance(error, InputError):
            return error
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        told = InputError(f"{self.name} cannot be read here ({reason}). Go on, or convert the file.")
        told.__cause__ = error
        return told

    def _await_wish(self, stopping: threading.Event) -> None:
        with self._changed:
            self._wish, self._playing, self._count = None, False, 0
            self._changed.wait_for(lambda: stopping.is_set() or self._playing or self._wish is not None)
            if self._wish is None:
                self._wish = 0

    def _next(self, stopping: threading.Event) -> int | None:
        """Wait for the next frame to read; None when stopping."""
        with self._changed:
            while not stopping.is_set():
                if self._wish is not None:
                    self._at = min(max(self._wish, 0), self._count - 1)
                    self._wish = None
                    self._restart_clock()
                    return self._at
                first, last = self._span
                if self._playing and self._at >= last and not (self._loop and last > first):
                    self._playing = False
                wait_s = self._wait_s() if self._playing else None
                if wait_s is not None and wait_s <= 0:
                    self._go_on()
                    return self._at
                self._changed.wait(wait_s)
        return None

    def _go_on(self) -> None:
        """To the next frame, or from the last one of the span back to its first."""
        first, last = self._span
        if self._at < last:
            self._at += 1
        else:
            self._at = first
            self._restart_clock()

    @property
    def _span(self) -> tuple[int, int]:
        first, last = self._played or (0, self._count - 1)
        last = min(last, max(self._count - 1, 0))
        return min(first, last), last

    def _wait_s(self) -> float:
        """Until the next frame is due. A reader that falls behind slows the clock; no frame is skipped."""
        wait_s = self._began_s + self._next_due_s() / self._speed - time.monotonic()
        if wait_s < -LATE_S:
            self._began_s -= wait_s
        return wait_s

    def _next_due_s(self) -> float:
        """When the next frame is due at the own speed; the last one stays as long as the one before."""
        if self._at < self._span[1]:
            return self._reader.due_s(self._at + 1)
        here_s = self._reader.due_s(self._at)
        return 2 * here_s - self._reader.due_s(self._at - 1)

    def _restart_clock(self) -> None:
        due_s = self._reader.due_s(self._at) if self._count else 0.0
        self._began_s = time.monotonic() - due_s / self._speed


def frames_per_s(reader: Reader, every: int) -> float:
    """How fast each so-many-th frame of an open reader follows the last; USUAL_FPS where nobody knows."""
    try:
        between = reader.due_s(every) - reader.due_s(0)
    except (InputError, IndexError, ValueError):
        return USUAL_FPS
    return 1 / between if between > 1 / FASTEST_FPS else USUAL_FPS
