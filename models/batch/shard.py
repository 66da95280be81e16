"""A shard of a batch: so many pictures, answered and written as one file, whole or not at all.

`answer_shard` is all that an executor runs, on whichever machine: a second call finds the file and does
nothing, so a shard may be tried again anywhere, and no row is lost or told twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.batch.rows import Makers, Row, Seen, Took, row
from models.batch.tables import encoded, read_rows
from models.batch.waves import ahead, together
from models.errors import UnmaskError, told
from models.export.files import write_picture
from models.export.mesh import write_mesh
from models.export.outputs import write_whole
from models.export.overlay import draw_overlay
from models.geometry.rescaling import AS_SHOWN
from models.reconstruction import Reconstruction
from models.reconstructor import Face

TABLE, MESHES, EVIDENCE = "table", "meshes", "evidence"
"""Folders of a batch, within its own."""

MESH_KINDS = ("ply", "glb", "obj")


class SickError(RuntimeError):
    """The model of this process no longer answers: the process must end, and another one try again."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some pictures of a file: a picture, frames of a video or members of an archive.

    Attributes:
        path: The file.
        start, stop: Its first picture, and the one after its last, counted from 0.
        step: Each so-many-th of them.
        problem: Why the file can have no pictures; it is told as a row.
    """

    path: Path
    start: int = 0
    stop: int = 1
    step: int = 1
    problem: str = ""

    def __len__(self) -> int:
        """How many pictures that is."""
        return len(range(self.start, self.stop, self.step))


@dataclass(frozen=True, slots=True)
class Shard:
    """The pictures of one file of the table.

    Attributes:
        number: From 0.
        parts: In the order of the table.
    """

    number: int
    parts: tuple[Part, ...]

    def __len__(self) -> int:
        """How many pictures that is."""
        return sum(map(len, self.parts))


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A picture that was read, or why not.

    Attributes:
        seen: What it is called, and its size in its file.
        image: [H, W, 3] uint8 RGB; None where it could not be read.
        problem: Why not.
        T_file_image: [3, 3], px of `image` to px of the file.
        read_ms: How long that took.
    """

    seen: Seen
    image: NDArray[np.uint8] | None = None
    problem: str = ""
    T_file_image: NDArray[np.float64] = field(default_factory=AS_SHOWN.copy)
    read_ms: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What was found in a picture.

    Attributes:
        faces: The most prominent first.
        answers: One per face.
        detect_ms: How long looking for faces took, the share of this picture.
    """

    faces: Sequence[Face] = ()
    answers: Sequence[Reconstruction] = ()
    detect_ms: float | None = None


class Engine(Protocol):
    """Who answers about pictures: detector and method, loaded once in a process."""

    def __call__(self, pictures: Sequence[Picture]) -> list[Found]:
        """What is found in each of the pictures, all of which were read."""

    def check(self) -> None:
        """Answer about something known; whatever is raised says that this process is of no more use."""


Read = Callable[[Part], Iterator[Picture]]
"""The pictures of a part, in order; what cannot be read is a picture with a problem."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done with every shard; it can be sent to another process.

    Attributes:
        out: The folder of the batch.
        read: Reads pictures.
        open: Loads the engine; called once in every process.
        makers: Named in every row.
        form: Of the table: one of `tables.FORMS`.
        meshes: One of `MESH_KINDS`; empty for none.
        evidence: Whether a picture of what was seen is written for each picture.
    """

    out: Path
    read: Read
    open: Callable[[], Engine]
    makers: Makers
    form: str = "parquet"
    meshes: str = ""
    evidence: bool = False

    def file(self, shard: Shard) -> Path:
        """The shard's part of the table."""
        return self.out / TABLE / f"part-{shard.number:06d}.{self.form}"


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that is done.

    Attributes:
        number: Which.
        pictures, faces, problems: How many it holds.
    """

    number: int
    pictures: int
    faces: int
    problems: int


def answer_shard(shard: Shard, work: Work, engine: Engine) -> Done:
    """Answer about the pictures of a shard and write its file, unless it is there.

    While the engine answers about some pictures the next are read, and the meshes of the last are written.

    Raises:
        SickError: The engine no longer answers; nothing is written for this shard.
        InputError: The folder cannot be written to.
    """
    path = work.file(shard)
    if path.exists():
        return _counted(shard, read_rows(path))
    rows: list[Row] = []
    pictures = itertools.chain.from_iterable(map(_reading(work.read), shard.parts))
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for some in ahead(together(pictures, _pixels), reader):
            told_of, files = _answered(some, work, engine, f"{shard.number:06d}", len(rows))
            rows += told_of
            if written is not None:
                written.result()
            written = writer.submit(_write_all, files)
        if written is not None:
            written.result()
    write_whole(path, encoded(rows, work.form))
    return _counted(shard, rows)


def _counted(shard: Shard, rows: Iterable[Row]) -> Done:
    pictures, faces, problems = set(), 0, 0
    for cells in rows:
        pictures.add((cells["input"], cells["frame"]))
        faces += cells["face"] is not None
        problems += cells["problem"] is not None
    return Done(shard.number, len(pictures), faces, problems)


def _reading(read: Read) -> Callable[[Part], Iterator[Picture]]:
    """As `read`, but whatever it raises is one more picture with a problem."""

    def pictures(part: Part) -> Iterator[Picture]:
        try:
            if part.problem:
                yield Picture(Seen(str(part.path)), problem=part.problem)
            else:
                yield from read(part)
        except Exception as error:  # whatever one file does, the others are answered
            yield Picture(Seen(str(part.path)), problem=told(error))

    return pictures


def _pixels(picture: Picture) -> int:
    return 0 if picture.image is None else picture.image.shape[0] * picture.image.shape[1]


Files = list[Callable[[], None]]


def _answered(
    pictures: Sequence[Picture], work: Work, engine: Engine, name: str, first: int
) -> tuple[list[Row], Files]:
    """The rows of pictures, the `first` rows of the shard being there, and what is to be written beside."""
    found = _found(pictures, engine)
    rows: list[Row] = []
    files: Files = []
    for picture, result in zip(pictures, found, strict=True):
        if isinstance(result, str) or not result.faces:
            problem = result if isinstance(result, str) else ""
            took = Took(picture.read_ms, None if isinstance(result, str) else result.detect_ms)
            rows.append(row(None, None, picture.seen, work.makers, took=took, problem=problem))
            continue
        evidence = f"{EVIDENCE}/{name}/{first + len(rows):06d}.png" if work.evidence else None
        if evidence is not None:
            files.append(_picture_writer(work.out / evidence, picture, result.answers))
        for number, (face, answer) in enumerate(zip(result.faces, result.answers, strict=True), 1):
            mesh = f"{MESHES}/{name}/{first + len(rows):06d}.{work.meshes}" if work.meshes else None
            if mesh is not None:
                files.append(_mesh_writer(work.out / mesh, picture, answer))
            timing = answer.timing
            took = Took(picture.read_ms, result.detect_ms, None if timing is None else timing.ms_per_face)
            cells = row(
                answer, face, picture.seen, work.makers, number, took, T_file_image=picture.T_file_image
            )
            rows.append(cells | {"mesh": mesh, "evidence": evidence})
    return rows, files


def _found(pictures: Sequence[Picture], engine: Engine) -> list[Found | str]:
    """Of each picture what was found, or why nothing could be; where that fails at once, one by one."""
    readable = [picture for picture in pictures if picture.image is not None]
    try:
        results: Iterator[Found | str] = iter(engine(readable) if readable else [])
    except Exception as error:
        results = iter([told(error)] if len(readable) == 1 else [_alone(one, engine) for one in readable])
        if not isinstance(error, UnmaskError | ValueError):
            _check(engine, error)
    return [picture.problem if picture.image is None else next(results) for picture in pictures]


def _alone(picture: Picture, engine: Engine) -> Found | str:
    try:
        return engine([picture])[0]
    except Exception as error:  # whatever one picture does, the others are answered
        return told(error)


def _check(engine: Engine, error: Exception) -> None:
    """Nothing, if the engine still answers about what is known: then it was the picture's fault."""
    try:
        engine.check()
    except Exception as also:
        raise SickError(f"the method answers no more: {told(error)} ({told(also)})") from error


def _picture_writer(path: Path, picture: Picture, answers: Sequence[Reconstruction]) -> Callable[[], None]:
    assert picture.image is not None
    drawn = draw_overlay(picture.image, answers)
    return lambda: write_picture(path, drawn)


def _mesh_writer(path: Path, picture: Picture, answer: Reconstruction) -> Callable[[], None]:
    bare = replace(answer, layers=())  # its maps are not held until it is written
    return lambda: write_mesh(path, bare, picture.image, T_file_image=picture.T_file_image)


def _write_all(files: Files) -> None:
    for write in files:
        write()
