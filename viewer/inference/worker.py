"""What happens on the worker thread: load a method once, find faces, reconstruct them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from models.catalogue import USUAL_FINDER
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.inference.ground_truth import Judge, judged_too
from viewer.inference.occlusion import covered
from viewer.inference.request import Wanted
from viewer.inference.tracker import Follower, drawn
from viewer.readouts.difference import against_first
from viewer.sources.source import Frame
from viewer.state.setting import Setting
from viewer.state.shown import Found, Search, Shown

Asker = Callable[[NDArray[np.uint8], Face], Reconstruction]
Reconstruct = Callable[
    [NDArray[np.uint8], Sequence[Face], Reconstructor, frozenset[str]], Sequence[Reconstruction]
]


@dataclass(frozen=True, slots=True)
class Work:
    """The models' functions the window needs; a test gives its own. All run on the worker thread only.

    Attributes:
        load: (method, weights, device) -> the method.
        detect: ([H, W, 3] RGB, who looks) -> faces, surest first.
        reconstruct: (image, faces, method, without) -> one answer per face, in image space.
        device: Where to run, e.g. "cpu" or "cuda".
    """

    load: Callable[[str, str, str], Reconstructor]
    detect: Callable[[NDArray[np.uint8], str], list[Face]]
    reconstruct: Reconstruct
    device: Callable[[], str]


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """One question to the worker.

    Attributes:
        generation: Grows with every change of input or settings; answers of an older one are stale.
        frame: The picture; None only loads the method.
        faces: Where to look; None looks for faces first.
        method, weights: Who answers.
        without: Parts of the computation to leave out.
        search: How `faces` were found; None where the user drew them.
        source: Number of the source the frame is from: faces are followed within one only.
        truth: Ground truth the user opened; None looks for it beside the picture.
        others: Who else will be asked about the same faces: what they need stays loaded.
        steady: Take the tremble out of the answers about a video; left alone while others answer too, or
            covers lie on it, so that like is held against like.
        wanted: What to lay over the frame; None for nothing.
        finder: Who looks for faces.
    """

    generation: int
    frame: Frame | None
    faces: tuple[Face, ...] | None
    method: str
    weights: str
    without: frozenset[str] = frozenset()
    search: Search | None = None
    source: int = 0
    truth: Path | None = None
    others: tuple[Setting, ...] = ()
    steady: bool = True
    wanted: Wanted | None = None
    finder: str = USUAL_FINDER


@dataclass(frozen=True, eq=False, slots=True)
class Answered:
    """What the worker answers to a Job.

    Attributes:
        shown: The frame with its answers; None if the job had no frame.
        switches: What may be left out of this method's computation.
        device: Where it ran.
    """

    shown: Shown | None
    switches: tuple[str, ...]
    device: str


@dataclass(frozen=True, eq=False, slots=True)
class Another:
    """The question to somebody else about a frame that was answered.

    Attributes:
        shown: The frame, its faces and the first answers.
        setting: Who is asked.
    """

    shown: Shown
    setting: Setting


Answers = tuple[Reconstruction, ...]


class Cancelled(Exception):
    """The window closes; nobody waits for this answer."""


class Bench:
    """Answers jobs; keeps the methods the last one needed.

    A trial asks on a thread of its own, by `asker`; the lock lets one of both into a method at a time, so
    that either waits for one answer of the other at most.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._cancelled = Event()
        self._finder = USUAL_FINDER
        self._follower = Follower(self._detect)
        self._judge = Judge()
        self._loaded: dict[tuple[str, str], Reconstructor] = {}
        self._device = ""
        self._lock = Lock()
        self._bare: tuple[tuple[object, ...], Answers] | None = None

    def cancel(self) -> None:
        """Give up at the next opportunity: between loading, detection and reconstruction. From any thread."""
        self._cancelled.set()

    def __call__(self, job: Job | Another) -> Answered | Answers:
        """Answer `job`; whatever load, detect and reconstruct raise goes to the caller."""
        self._check()
        return self._another(job) if isinstance(job, Another) else self._answered(job)

    def _answered(self, job: Job) -> Answered:
        method = self._method(job.method, job.weights)
        shown = None if job.frame is None else self._shown(job.frame, job, method)
        needed = {(job.method, job.weights), *((other.method, other.weights) for other in job.others)}
        with self._lock:
            self._loaded = {key: kept for key, kept in self._loaded.items() if key in needed}
        return Answered(shown, method.switches, self._device)

    def _another(self, job: Another) -> Answers:
        """What somebody else says of the same faces, held against the truth and the first answers."""
        shown, setting = job.shown, job.setting
        method = self._method(setting.method, setting.weights)
        self._check()
        answers = self._ask(shown.frame.image, shown.faces, method, setting.without)
        told = (against_first(*pair) for pair in zip(answers, shown.answers, strict=True))
        return judged_too(tuple(told), shown.judgement)

    def _method(self, name: str, weights: str) -> Reconstructor:
        with self._lock:
            if (name, weights) not in self._loaded:
                self._device = self._device or self._work.device()
                self._loaded[name, weights] = self._work.load(name, weights, self._device)
            return self._loaded[name, weights]

    def asker(self, name: str, weights: str, without: frozenset[str]) -> Asker:
        """Who answers about one face of a picture; may be asked from any one thread."""

        def ask(image: NDArray[np.uint8], face: Face) -> Reconstruction:
            self._check()
            method = self._method(name, weights)
            return self._ask(image, (face,), method, without)[0]

        return ask

    def _ask(
        self,
        image: NDArray[np.uint8],
        faces: Sequence[Face],
        method: Reconstructor,
        without: frozenset[str],
    ) -> Answers:
        self._check()
        if not faces:
            return ()
        with self._lock:
            return tuple(self._work.reconstruct(image, faces, method, without & frozenset(method.switches)))

    def _detect(self, image: NDArray[np.uint8]) -> list[Face]:
        return self._work.detect(image, self._finder)

    def _shown(self, frame: Frame, job: Job, method: Reconstructor) -> Shown:
        self._check()
        if job.finder != self._finder:
            self._finder = job.finder
            self._follower.forget()
        start = perf_counter()
        known = None if job.faces is None else drawn(job.faces, job.search)
        placed = known or self._follower.find(frame, job.source)
        found = perf_counter()
        self._check()
        answers = self._about(frame, placed.faces, job, method)
        steady = job.steady and not job.others and job.wanted is None
        faces, answers = self._follower.settle(frame, job.source, placed, answers, steady)
        looked = known is None and placed.search.found is Found.DETECTED
        detection_ms = 1e3 * (found - start) if looked else 0.0
        shown = Shown(frame, faces, answers, 0.0, detection_ms, placed.search)
        self._follower.remember(shown, job.source)
        if job.wanted is not None:
            shown = covered(
                shown,
                job.wanted,
                lambda image, faces: self._ask(image, faces, method, job.without),
                self._detect,
            )
        return self._judge(replace(shown, elapsed_ms=1e3 * (perf_counter() - start)), job.truth)

    def _about(self, frame: Frame, faces: tuple[Face, ...], job: Job, method: Reconstructor) -> Answers:
        """The answers without covers; while covers change over one frame they are asked for once."""
        key = (frame, tuple(face.box for face in faces), job.method, job.weights, job.without)
        if job.wanted is not None and self._bare is not None and self._bare[0] == key:
            return self._bare[1]
        answers = self._ask(frame.image, faces, method, job.without)
        self._bare = (key, answers)
        return answers

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
