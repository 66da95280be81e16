"""A batch whose pictures and answers cost next to nothing, for runs that are killed; no torch."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np

from models.batch.plan import Plan, begin, planned
from models.batch.rows import Makers, Seen
from models.batch.shard import Found, Part, Picture, Work
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct

LOCK = "lock"  # beside the folder of a batch
BAD = 7  # each so-many-th picture cannot be read


def read(part: Part, tell: Callable[[], None] = lambda: None) -> Iterator[Picture]:
    """Pictures of a shade that their number gives."""
    for index in range(part.start, part.stop, part.step):
        tell()
        seen = Seen(str(part.path), index, index / 25, 40, 30)
        if index % BAD == BAD - 1:
            yield Picture(seen, problem="It is damaged.")
        else:
            yield Picture(seen, np.full((30, 40, 3), index % 256, np.uint8))


@dataclass
class FakeEngine:
    """As many faces as the shade says, 0..2, in places that it says too.

    Attributes:
        tell: Called for each picture.
        sick: A file: the process that first finds it takes it away and answers no more.
        deadly: A shade at which the process is killed.
    """

    tell: Callable[[], None] = lambda: None
    sick: Path | None = None
    deadly: int = -1
    held: TextIO | None = None

    def __call__(self, pictures: Sequence[Picture]) -> list[Found]:
        self.check()
        method = FakeReconstructor()
        found = []
        for picture in pictures:
            self.tell()
            shade = int(picture.image[0, 0, 0])
            if shade == self.deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            faces = [Face((2.0 + k, 3.0, 20.0 + shade / 50, 25.0), 0.9 - k / 10) for k in range(shade % 3)]
            found.append(Found(faces, fake_reconstruct(picture.image, faces, method), 1.0))
        return found

    def check(self) -> None:
        if self.sick is not None and self.sick.exists():
            if self.sick.suffix != ".now":
                self.sick = self.sick.rename(self.sick.with_suffix(".now"))
            raise RuntimeError("CUDA error: device-side assert triggered")


def loaded(sick: Path | None = None, deadly: int = -1, lock: Path | None = None) -> FakeEngine:
    """With a shared lock on a file, for as long as the process lives."""
    engine = FakeEngine(sick=sick, deadly=deadly)
    if lock is not None:
        engine.held = lock.open("a")
        fcntl.flock(engine.held, fcntl.LOCK_SH)
    return engine


def plan(count: int, size: int) -> Plan:
    """Of two videos, one as long as the other."""
    return planned([Part(Path("a.mp4"), stop=count // 2), Part(Path("b.mp4"), stop=count // 2)], {}, size)


def work(
    out: Path, form: str = "jsonl", meshes: str = "", sick: Path | None = None, deadly: int = -1
) -> Work:
    return Work(out, read, partial(loaded, sick, deadly), Makers("1", "fake", None, "fake"), form, meshes)


def run_until_killed(out: str, count: int, size: int, workers: int, meshes: str, pipe) -> None:
    """A whole run in a process of its own, which takes a byte, and sends one, at whatever it does."""
    from models.batch.executors import here, in_processes

    def tell() -> None:
        os.read(pipe.fileno(), 1)
        os.write(pipe.fileno(), b".")

    whole = plan(count, size)
    begin(whole, Path(out), resume=True)
    what = work(Path(out), meshes=meshes)
    if workers > 1:
        opened = partial(loaded, lock=Path(out).parent / LOCK)
        for _ in in_processes(whole.shards, replace(what, open=opened), workers):
            tell()
    else:
        watched = replace(what, read=partial(read, tell=tell), open=partial(FakeEngine, tell))
        for _ in here(whole.shards, watched):
            tell()
