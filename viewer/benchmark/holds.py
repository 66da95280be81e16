"""How long the window's thread is away: between turns of its event loop nothing is drawn, no key heard."""

from __future__ import annotations

import linecache
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread, get_ident
from time import perf_counter, thread_time
from types import FrameType

from PySide6.QtCore import QObject, Qt, QTimer, Slot

BEAT_MS = 5
LATE_S = 0.03  # after which it is looked what the thread is at
LOOK_S = 0.005
OWN = Path(__file__).resolve().parents[2]  # frames below it are told, beside the innermost
TOLD = 6  # stacks of a hold, the most frequent first


@dataclass(frozen=True, slots=True)
class Hold:
    """The longest time without a turn of the event loop.

    Attributes:
        wall_ms: By the clock.
        cpu_ms: Of it, the thread's own processor time; the rest it waited: for the interpreter's lock, the
            disk, or a processor.
        why: What it was at, a line a stack with how often it was seen; empty unless that was asked for.
    """

    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    why: str = ""


class Holds(QObject):
    """A pulse of the thread it is made on.

    Attributes:
        longest: Since `begin`.
    """

    def __init__(self, parent: QObject, why: bool = False) -> None:
        """With `why`, another thread looks what this one is at while the pulse is late."""
        super().__init__(parent)
        self._thread = get_ident()
        self._seen: Counter[str] = Counter()
        self._ended = Event()
        self._beat = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._on_beat)
        self.begin()
        self._beat.start()
        self._watcher = Thread(target=self._watch, name="unmask holds", daemon=True)
        if why:
            self._watcher.start()

    def begin(self) -> None:
        """Count anew."""
        self.longest = Hold()
        self._at, self._cpu = perf_counter(), thread_time()
        self._seen.clear()

    def end(self) -> None:
        """Count no more."""
        self._beat.stop()
        self._ended.set()

    @Slot()
    def _on_beat(self) -> None:
        now, cpu = perf_counter(), thread_time()
        wall_ms = 1e3 * (now - self._at) - BEAT_MS
        if wall_ms > self.longest.wall_ms:
            why = "\n".join(f"{count:5} x {stack}" for stack, count in self._seen.most_common(TOLD))
            self.longest = Hold(wall_ms, 1e3 * (cpu - self._cpu), why)
        self._seen = Counter()
        self._at, self._cpu = now, cpu

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            if perf_counter() - self._at > LATE_S:
                frame = sys._current_frames().get(self._thread)
                self._seen[_told(frame)] += 1


def _told(frame: FrameType | None) -> str:
    """The innermost line, and those of this program that led to it, from the inside out."""
    lines: list[str] = []
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        own = OWN in path.parents and "site-packages" not in path.parts
        if own or not lines:
            where = f"{path.relative_to(OWN) if own else path.name}:{frame.f_lineno}"
            text = linecache.getline(str(path), frame.f_lineno).strip() if not lines else ""
            lines.append(f"{where} {frame.f_code.co_qualname} {text}".rstrip())
        frame = frame.f_back
    return " <- ".join(lines[:-1] or lines)  # the outermost is the benchmark
