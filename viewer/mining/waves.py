"""Pictures of a run read, looked at and answered several at once, which takes less of the processor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from models.batch.waves import ahead, together
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.inference.worker import Work
from viewer.sources.player import Reader
from viewer.sources.source import Frame

AT_ONCE = 8  # more are no quicker

T = TypeVar("T")
Answers = Sequence[Reconstruction]


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """A picture of the run, or why there is none.

    Attributes:
        index: Which.
        frame: None if it could not be read.
        took_ms: How long reading took.
        error: Why there is no frame.
    """

    index: int
    frame: Frame | None = None
    took_ms: float = 0.0
    error: Exception | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Shared(Generic[T]):
    """What came out for one of several pictures.

    Attributes:
        value: None if it failed.
        each_ms: The time it took, shared by the pictures or faces that went together.
        error: Why it failed.
    """

    value: T | None = None
    each_ms: float = 0.0
    error: Exception | None = None


class Pace:
    """How many pictures are taken at once: the more, the less each costs, but a run ends only between steps.

    The first rows do not wait for a whole wave either: it begins with one picture.
    """

    def __init__(self, longest_s: float) -> None:
        """With steps that are to take so long at most."""
        self._longest_s, self._size = longest_s, 1

    def took(self, step_s: float) -> None:
        """The longest step of a wave took so long."""
        if step_s > self._longest_s:
            self._size = max(1, self._size // 2)
        elif step_s < self._longest_s / 2:
            self._size = min(AT_ONCE, 2 * self._size)

    def sizes(self) -> Iterator[int]:
        """Of the waves to come."""
        while True:
            yield self._size


def read_waves(reader: Reader, count: int, thread: ThreadPoolExecutor, pace: Pace) -> Iterator[list[Read]]:
    """All pictures in their order, each once; read on the thread, the next wave ahead."""
    waves = together((_read(reader, index) for index in range(count)), _pixels, pace.sizes())
    return ahead(waves, thread)


def faces_of(frames: Sequence[Frame], detector: str, work: Work) -> list[Shared[Sequence[Face]]]:
    """The faces of each frame, looked for together; where that fails, one by one."""
    start = perf_counter()
    if work.detect_all is not None and len(frames) > 1:
        try:
            found = work.detect_all([frame.image for frame in frames], detector)
        except Exception:  # of one of them, and nobody knows which
            return [_alone_faces(frame, detector, work) for frame in frames]
        each_ms = 1e3 * (perf_counter() - start) / len(frames)
        return [Shared(tuple(faces), each_ms) for faces in found]
    return [_alone_faces(frame, detector, work) for frame in frames]


def answers_about(
    asked: Sequence[tuple[Frame, Sequence[Face]]], method: Reconstructor, without: frozenset[str], work: Work
) -> list[Shared[Answers]]:
    """A method's answers about the faces of each frame, together; where that fails, one by one."""
    start, faces = perf_counter(), sum(len(some) for _, some in asked)
    if work.reconstruct_all is not None and len(asked) > 1:
        try:
            told = work.reconstruct_all([(frame.image, some) for frame, some in asked], method, without)
        except Exception:  # as above
            return [_alone_answers(frame, some, method, without, work) for frame, some in asked]
        each_ms = 1e3 * (perf_counter() - start) / max(1, faces)
        return [Shared(answers, each_ms) for answers in told]
    return [_alone_answers(frame, some, method, without, work) for frame, some in asked]


def _read(reader: Reader, index: int) -> Read:
    start = perf_counter()
    try:
        return Read(index, reader.read(index), 1e3 * (perf_counter() - start))
    except Exception as error:  # a stranger's file: the next picture is not to suffer
        return Read(index, error=error)


def _pixels(read: Read) -> int:
    return 0 if read.frame is None else read.frame.image.shape[0] * read.frame.image.shape[1]


def _alone_faces(frame: Frame, detector: str, work: Work) -> Shared[Sequence[Face]]:
    start = perf_counter()
    try:
        return Shared(tuple(work.detect(frame.image, detector)), 1e3 * (perf_counter() - start))
    except Exception as error:  # a full memory, a picture it cannot take
        return Shared(error=error)


def _alone_answers(
    frame: Frame, faces: Sequence[Face], method: Reconstructor, without: frozenset[str], work: Work
) -> Shared[Answers]:
    start = perf_counter()
    try:
        answers = work.reconstruct(frame.image, faces, method, without)
    except Exception as error:
        return Shared(error=error)
    return Shared(answers, 1e3 * (perf_counter() - start) / max(1, len(answers)))
