"""What happens on the worker thread: load a method once, find faces, reconstruct them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event, Lock
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from models.catalogue import USUAL_DETECTOR
from models.errors import DeviceFullError, MethodError, out_of_memory
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.inference.ground_truth import Judge, judged_too
from viewer.inference.occlusion import covered
from viewer.inference.request import Request
from viewer.inference.tracker import Placed, Tracker
from viewer.readouts.difference import against_first
from viewer.sources.source import Frame
from viewer.state.device import AUTO, CPU, ONLY_CPU, Device
from viewer.state.setting import NO_BRANCH, NO_BRANCH_REMEDY, Setting, nothing_left
from viewer.state.shown import FoundBy, Search, Shown

FULL_REMEDY = "Close other programs that use it, or choose the CPU in File > Preferences."

Asker = Callable[[NDArray[np.uint8], Face], Reconstruction]
Reconstruct = Callable[
    [NDArray[np.uint8], Sequence[Face], Reconstructor, frozenset[str]], Sequence[Reconstruction]
]
ReconstructAll = Callable[
    [Sequence[tuple[NDArray[np.uint8], Sequence[Face]]], Reconstructor, frozenset[str]],
    Sequence[Sequence[Reconstruction]],
]


@dataclass(frozen=True, slots=True)
class Work:
    """The models' functions the window needs; a test gives its own. None runs on the GUI thread.

    Attributes:
        load: (method, weights, device) -> the method.
        detect: ([H, W, 3] RGB, who looks) -> faces, surest first.
        reconstruct: (image, faces, method, without) -> one answer per face, in image space.
        device: What was asked for, as in State.device_wish -> where to run, e.g. "cpu" or "cuda:1".
            DeviceError if there is no such device.
        devices: What there is to run on.
        limit_threads: Lets torch use so many threads of the CPU for what the calling thread computes; 0 as
            many as at first.
        detect_all: As `detect`, of several pictures at once; None where that is no quicker.
        reconstruct_all: As `reconstruct`, of several pictures, each with its faces.
        painted: Told on the GUI thread once the window is on the screen: what would hold it up may begin.
    """

    load: Callable[[str, str, str], Reconstructor]
    detect: Callable[[NDArray[np.uint8], str], list[Face]]
    reconstruct: Reconstruct
    device: Callable[[str], str]
    devices: Callable[[], tuple[Device, ...]] = lambda: ONLY_CPU
    limit_threads: Callable[[int], None] = lambda _count: None
    detect_all: Callable[[Sequence[NDArray[np.uint8]], str], list[list[Face]]] | None = None
    reconstruct_all: ReconstructAll | None = None
    painted: Callable[[], None] = lambda: None


def one_at_a_time(work: Work) -> Work:
    """The same for several threads: who looks for faces is shared by all, hence asked by one at a time."""
    lock, all_of = Lock(), work.detect_all

    def detect(image: NDArray[np.uint8], by: str) -> list[Face]:
        with lock:
            return work.detect(image, by)

    def detect_all(images: Sequence[NDArray[np.uint8]], by: str) -> list[list[Face]]:
        assert all_of is not None
        with lock:
            return all_of(images, by)

    return replace(work, detect=detect, detect_all=None if all_of is None else detect_all)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Job:
    """One request to the worker.

    Attributes:
        generation: Grows whenever something is switched or chosen; answers of an older one are dropped.
        request: What is to be answered.
    """

    generation: int
    request: Request


@dataclass(frozen=True, eq=False, slots=True)
class Answered:
    """What the worker answers to a Job.

    Attributes:
        shown: The frame with its answers; None if the job had no frame.
        switches: What may be left out of this method's computation.
        device: Where it ran.
        devices: What there is to run on.
    """

    shown: Shown | None
    switches: tuple[str, ...]
    device: str
    devices: tuple[Device, ...] = ONLY_CPU


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OtherJob:
    """One request to somebody else, about a frame that was answered.

    Attributes:
        shown: The frame, its faces and the first answers.
        setting: Who is asked.
    """

    shown: Shown
    setting: Setting


Answers = tuple[Reconstruction, ...]


class Cancelled(Exception):
    """The window closes; nobody waits for this answer."""


class Worker:
    """Answers jobs; keeps the methods the last one needed.

    A trial asks on a thread of its own, by `asker`; the lock lets one of both into a method at a time, so
    that either waits for one answer of the other at most.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._cancelled = Event()
        self._detector = USUAL_DETECTOR
        self._searches = 0
        self._tracker = Tracker(self._detect)
        self._judge = Judge()
        self._loaded: dict[tuple[str, str], Reconstructor] = {}
        self._wish = self._device = ""  # until somebody asks
        self._devices: tuple[Device, ...] = ONLY_CPU
        self._threads = 0
        self._lock = Lock()
        self._placed: tuple[tuple[object, ...], Placed] | None = None  # where the last frame's faces are
        self._bare: tuple[tuple[object, ...], Answers] | None = None

    def cancel(self) -> None:
        """Give up at the next opportunity: between loading, detection and reconstruction. From any thread."""
        self._cancelled.set()

    def __call__(self, job: Job | OtherJob) -> Answered | Answers:
        """Answer `job`; whatever load, detect and reconstruct raise goes to the caller."""
        self._check()
        return self._other(job) if isinstance(job, OtherJob) else self._answered(job.request)

    def _answered(self, request: Request) -> Answered:
        setting = request.setting
        self._run_on(request.device, request.threads)
        method = self._method(setting.method, setting.weights)
        shown = None if request.frame is None else self._shown(request.frame, request, method)
        needed = {(one.method, one.weights) for one in (setting, *request.others)}
        with self._lock:
            self._loaded = {key: kept for key, kept in self._loaded.items() if key in needed}
        return Answered(shown, method.switches, self._device, self._devices)

    def _other(self, job: OtherJob) -> Answers:
        """What somebody else says of the same faces, held against the truth and the first answers."""
        shown, setting = job.shown, job.setting
        method = self._method(setting.method, setting.weights)
        self._check()
        if nothing_left(method.switches, setting.without):
            raise MethodError(f"{NO_BRANCH} {NO_BRANCH_REMEDY}")
        answers = self._ask(shown.frame.image, shown.faces, method, setting.without)
        told = (against_first(*pair) for pair in zip(answers, shown.answers, strict=True))
        return judged_too(tuple(told), shown.judgement)

    def _method(self, name: str, weights: str) -> Reconstructor:
        with self._lock:
            if not self._device:
                self._device = self._work.device(AUTO)
            if (name, weights) not in self._loaded:
                with self._told_if_full():
                    self._loaded[name, weights] = self._work.load(name, weights, self._device)
            return self._loaded[name, weights]

    def _run_on(self, wish: str, threads: int) -> None:
        """From now on; methods that lie on another device are let go."""
        if threads != self._threads:
            self._work.limit_threads(threads)
            self._threads = threads
        if wish == self._wish:
            return
        with self._lock:
            device, self._devices = self._work.device(wish), self._work.devices()
            if device != self._device:
                self._loaded, self._bare = {}, None
            self._wish, self._device = wish, device

    @contextmanager
    def _told_if_full(self) -> Iterator[None]:
        """Says of a device, other than the CPU, that its memory ran out."""
        try:
            yield
        except (MemoryError, RuntimeError) as error:
            if self._device == CPU or not out_of_memory(error):
                raise
            raise DeviceFullError(f"{self._device} has too little free memory. {FULL_REMEDY}") from error

    def asker(self, setting: Setting) -> Asker:
        """Who answers about one face of a picture; may be asked from any one thread."""

        def ask(image: NDArray[np.uint8], face: Face) -> Reconstruction:
            self._check()
            method = self._method(setting.method, setting.weights)
            return self._ask(image, (face,), method, setting.without)[0]

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
        with self._lock, self._told_if_full():
            return tuple(self._work.reconstruct(image, faces, method, without & frozenset(method.switches)))

    def _detect(self, image: NDArray[np.uint8]) -> list[Face]:
        return self._work.detect(image, self._detector)

    def _shown(self, frame: Frame, request: Request, method: Reconstructor) -> Shown:
        self._check()
        start = perf_counter()
        known, placed = self._find(frame, request)
        found = perf_counter()
        self._check()
        looked = not known and placed.search.found is FoundBy.DETECTED
        detection_ms = 1e3 * (found - start) if looked else 0.0
        if nothing_left(method.switches, request.setting.without):
            shown = Shown(frame, placed.faces, (), 0.0, detection_ms, placed.search, absence=NO_BRANCH)
        else:
            shown = self._reconstructed(frame, placed, request, method, detection_ms)
        self._placed = (_place_key(request), Placed(shown.faces, placed.search))
        if request.occluders is not None and not shown.absence:
            without = request.setting.without
            shown = covered(
                shown,
                request.occluders,
                lambda image, faces: self._ask(image, faces, method, without),
                self._detect,
            )
        truth = None if request.truth is None else request.truth.path
        return self._judge(replace(shown, elapsed_ms=1e3 * (perf_counter() - start)), truth)

    def _find(self, frame: Frame, request: Request) -> tuple[bool, Placed]:
        """Where the faces are; and whether that was known before."""
        if request.detector != self._detector:
            self._detector = request.detector
            self._tracker.forget()
        again, self._searches = request.searches != self._searches, request.searches
        if request.boxes is not None:
            return True, Placed(request.boxes, Search(FoundBy.DRAWN))
        if self._placed is not None and self._placed[0] == _place_key(request):
            return True, self._placed[1]
        if again:
            return False, Placed(tuple(self._detect(frame.image)), Search())
        return False, self._tracker.find(frame, request.source)

    def _reconstructed(
        self, frame: Frame, placed: Placed, request: Request, method: Reconstructor, detection_ms: float
    ) -> Shown:
        """The frame with its answers, without occluders."""
        answers = self._about(frame, placed.faces, request, method)
        faces, answers = self._tracker.settle(frame, request.source, placed, answers, request.smooth)
        shown = Shown(frame, faces, answers, 0.0, detection_ms, placed.search)
        self._tracker.remember(shown, request.source)
        return shown

    def _about(
        self, frame: Frame, faces: tuple[Face, ...], request: Request, method: Reconstructor
    ) -> Answers:
        """The answers without occluders; while those change over one frame they are asked for once."""
        key = (frame, tuple(face.box for face in faces), request.setting)
        if request.occluders is not None and self._bare is not None and self._bare[0] == key:
            return self._bare[1]
        answers = self._ask(frame.image, faces, method, request.setting.without)
        self._bare = (key, answers)
        return answers

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled


def _place_key(request: Request) -> tuple[object, ...]:
    """What the places of the faces depend on."""
    return request.frame, request.source, request.boxes, request.detector, request.searches
