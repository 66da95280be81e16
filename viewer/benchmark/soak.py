"""A long session without anybody at it: what grows, and what is not given back."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import monotonic

import av
import numpy as np
from numpy.typing import NDArray
from OpenGL import GL
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QOffscreenSurface, QOpenGLContext
from PySide6.QtWidgets import QApplication, QDockWidget

import resources
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.app import startup
from viewer.app.assembly import FIRST_SIZE, Assembly
from viewer.app.idle import Idle, answered_or_failed
from viewer.app.models_work import models_work
from viewer.cli.options import Launch
from viewer.inference.worker import Work
from viewer.sources.still import read_still
from viewer.state.comparison import A_B
from viewer.state.setting import METHODS

PAUSE_MS = 1500
WARM_UP_S = 180.0  # of a long session; of a short one a third
WARM_UP_ROUNDS = 2  # the start, and the first time that everything is switched
LEAST_ROUNDS = 4  # after that
RISES = 3  # so often a count must rise, and never fall, to be a leak: shaders are made when first needed
GROWTH_PERCENT = 5.0
FRAMES = 24
CLIP_PX = 320
MOST_NAMES = 1 << 14  # of GL objects that are asked for
SIZES = ((1280, 720), (1600, 1000), (1000, 900))


@dataclass(frozen=True, slots=True)
class Count:
    """What the process holds at the end of a round, the window at rest on the clip's first frame.

    Attributes:
        s: Since the start, seconds.
        bytes: Resident memory without what was freed; 0 where the system does not say.
        threads, files: Threads of the system, open file descriptors; 0 where the system does not say.
        objects: Buffers, textures, programs and shaders of OpenGL.
    """

    s: float
    bytes: int
    threads: int
    files: int
    objects: int


def judge(counts: Sequence[Count], growth_percent: float = GROWTH_PERCENT) -> list[str]:
    """What is wrong with a session, a sentence each; empty if nothing is.

    Args:
        counts: One a round. The first rounds, WARM_UP_ROUNDS and until WARM_UP_S or a third of the time is
            over, are the warm-up: methods are loaded and caches filled.
        growth_percent: By how much memory may grow after it: the median of the last three rounds against
            that of the first three; from the round on in which the last OpenGL objects were made, for what
            is made late, a shader or a texture, takes its memory with it.
    """
    ends = counts[-1].s if counts else 0.0
    steady = [count for count in counts[WARM_UP_ROUNDS:] if count.s >= min(WARM_UP_S, ends / 3)]
    if len(steady) < LEAST_ROUNDS:
        return [f"There were fewer than {LEAST_ROUNDS} rounds after the warm-up. Give it more minutes."]
    wrong = []
    made = [place for place, (one, two) in enumerate(pairwise(steady), 1) if two.objects > one.objects]
    level = steady[made[-1] :] if made and len(steady) - made[-1] >= LEAST_ROUNDS else steady
    before = float(np.median([count.bytes for count in level[:3]]))
    after = float(np.median([count.bytes for count in level[-3:]]))
    if after > before * (1 + growth_percent / 100):
        wrong.append(
            f"Memory grew by {100 * (after / before - 1):.1f} %, {(after - before) / 2**20:.0f} MiB."
        )
    for name in ("threads", "files", "objects"):
        held = [int(getattr(count, name)) for count in steady]
        steps = [two - one for one, two in pairwise(held)]
        if min(steps) >= 0 and sum(step > 0 for step in steps) >= RISES:
            wrong.append(f"{name} grew from {held[0]} to {held[-1]} and never fell.")
    return wrong


def soak(
    minutes: float, growth_percent: float = GROWTH_PERCENT, pause_ms: int = PAUSE_MS
) -> tuple[list[Count], list[str]]:
    """Live through `minutes` of a session: a video, and everything that is switched while it plays.

    Args:
        minutes: How long; longer if there were too few rounds for a judgement.
        growth_percent: See `judge`.
        pause_ms: Between two things that are done.

    Returns:
        A count a round, and what is wrong, see `judge`; also what the session did not recover from.
    """
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip)
        launch = Launch(screenshot=Path(folder) / "never written.png", paths=(clip,))  # unattended
        startup.make_application()
        settings = startup.settings_for(launch, Path(folder))
        work, failing = failing_once(models_work())
        assembly = Assembly(settings, startup.first_state(settings, launch), work, startup.make_panels)
        startup.install_hooks(assembly.report)
        session = Soak(assembly, failing, minutes * 60, pause_ms)
        assembly.show(FIRST_SIZE)
        QTimer.singleShot(0, assembly, lambda: startup.begin(assembly, launch))
        QApplication.exec()
        ended = assembly.close()
        startup.remove_hooks()
    wrong = session.wrong + judge(session.counts, growth_percent)
    return session.counts, wrong if ended else [*wrong, "A thread did not end on closing."]


def failing_once(work: Work) -> tuple[Work, threading.Event]:
    """The same work, and an event: once it is set, the next picture costs more memory than there is."""
    failing = threading.Event()

    def reconstruct(
        image: NDArray[np.uint8], faces: Sequence[Face], method: Reconstructor, without: frozenset[str]
    ) -> Sequence[Reconstruction]:
        if failing.is_set():
            failing.clear()
            raise MemoryError
        return work.reconstruct(image, faces, method, without)

    return replace(work, reconstruct=reconstruct), failing


def write_clip(path: Path) -> None:
    """A bundled face that goes to and fro, as .mp4."""
    picture = read_still(resources.samples()[0]).image
    side = min(picture.shape[:2]) * 3 // 4
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=12)
        stream.width = stream.height = CLIP_PX
        stream.pix_fmt = "yuv420p"
        for index in range(FRAMES):
            at = round((1 - np.cos(2 * np.pi * index / FRAMES)) * side / 12)
            cut = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[at : at + side, at : at + side]))
            container.mux(stream.encode(cut.reformat(CLIP_PX, CLIP_PX, "yuv420p")))
        container.mux(stream.encode())


class Soak(QObject):
    """Goes through rounds until the time is over, and counts at the end of each.

    Attributes:
        counts: One a round.
        wrong: What a round ended with that it should not have.
    """

    def __init__(self, assembly: Assembly, failing: threading.Event, seconds: float, pause_ms: int) -> None:
        super().__init__(assembly)
        self._assembly, self._failing, self._seconds = assembly, failing, seconds
        self.counts: list[Count] = []
        self.wrong: list[str] = []
        self._began = monotonic()
        self._left: Iterator[Callable[[], object]] = iter(())
        self._next = QTimer(self, interval=pause_ms)
        self._next.timeout.connect(self._go)
        self._rest = Idle(assembly.store, self._is_at_rest, self)
        self._rest.settled.connect(self._count)

    def _is_at_rest(self, state: object) -> bool:
        return not self._next.isActive() and answered_or_failed(self._assembly.store.state)

    def _round(self) -> Iterator[Callable[[], object]]:
        commands, window = self._assembly.commands, self._assembly.window
        yield commands.playback.play_or_pause
        for index, name in enumerate(("x-ray", A_B, METHODS, "branches")):
            yield partial(commands.display.set_panel_layout, name)
            yield partial(window.resize, *SIZES[index % 3])
        for method in ("prnet", "dsfnet"):
            yield partial(commands.branches.choose_method, method)
        for _ in range(2):
            yield partial(commands.branches.toggle_branch_at, 0)
        yield partial(self._float, True)
        yield self._failing.set
        yield partial(self._float, False)
        yield commands.display.toggle_theme
        yield commands.display.toggle_theme

    def _float(self, floats: bool) -> None:
        for dock in self._assembly.window.findChildren(QDockWidget):
            dock.setFloating(floats)

    @Slot()
    def _go(self) -> None:
        act = next(self._left, None)
        if act is not None:
            act()
            return
        self._next.stop()
        commands, session = self._assembly.commands, self._assembly.session
        if session.playing:
            commands.playback.play_or_pause()
        commands.window.dismiss_notice()
        self._assembly.window.resize(*FIRST_SIZE)
        commands.playback.seek(0)
        self._rest.look(self._assembly.store.state)

    @Slot()
    def _count(self) -> None:
        """The window is at rest: after a round, or for the first time."""
        if self._assembly.store.state.answer is None:
            self.wrong.append(f"Round {len(self.counts)} ended without an answer.")
        self.counts.append(count(monotonic() - self._began))
        enough = len(self.counts) >= WARM_UP_ROUNDS + LEAST_ROUNDS
        if (enough and monotonic() - self._began > self._seconds) or self.wrong:
            self._rest.stop()
            self._assembly.window.close()
            return
        self._left = self._round()
        self._next.start()


def count(s: float) -> Count:
    """What this process holds now, once what was freed went back to the system.

    Threads that come and go leave holes in the C library's heaps: without that, resident memory creeps up by
    a tenth within a dozen rounds, though nothing is kept.
    """
    gc.collect()
    give_back_freed()
    me = Path("/proc/self")
    pages = int((me / "statm").read_text().split()[1]) if me.exists() else 0
    return Count(
        s,
        pages * os.sysconf("SC_PAGE_SIZE") if pages else 0,
        len(os.listdir(me / "task")) if pages else 0,
        len(os.listdir(me / "fd")) if pages else 0,
        gl_objects(),
    )


def give_back_freed() -> None:
    """Let the C library return free memory to the system, where it can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def gl_objects() -> int:
    """How many names of objects that contexts share are in use: all panels share with Qt's own context."""
    shared = QOpenGLContext.globalShareContext()
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    context.setShareContext(shared)
    if not (context.create() and context.makeCurrent(surface)):
        raise RuntimeError("no OpenGL context to count in")
    try:
        asks = (GL.glIsBuffer, GL.glIsTexture, GL.glIsProgram, GL.glIsShader)
        return sum(bool(ask(name)) for ask in asks for name in range(1, MOST_NAMES))
    finally:
        context.doneCurrent()


def soak_report(minutes: float) -> tuple[str, bool]:
    """The table of a session's rounds and the verdict, and whether all is well."""
    counts, wrong = soak(minutes)
    lines = [f"{'minutes':>8}{'MiB':>8}{'threads':>9}{'files':>7}{'GL objects':>12}"]
    lines += [f"{c.s / 60:8.1f}{c.bytes / 2**20:8.0f}{c.threads:9}{c.files:7}{c.objects:12}" for c in counts]
    return "\n".join([*lines, *(wrong or ["Nothing grew."])]), not wrong
