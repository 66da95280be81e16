"""Files as parts of a batch: pictures, frames of videos, members of tar archives."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from time import perf_counter

from models.batch.rows import Seen
from models.batch.shard import Part, Picture
from models.errors import InputError, told
from models.file_formats.picture_formats import SUFFIXES
from models.geometry.arrays import Box
from viewer.cli.clip import reader_of
from viewer.cli.inputs import check_box
from viewer.sources.source import Frame
from viewer.sources.still import first_bytes, read_still

ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MARK = "!"  # between an archive and its member
LARGEST_MEMBER_BYTES = 1 << 30


def is_archive(path: Path) -> bool:
    """Whether its name says that it is a tar archive, packed or not."""
    return path.name.lower().endswith(ARCHIVE_ENDINGS)


def part_of(path: Path, video: bool, every: int = 1) -> Part:
    """All pictures of a file; one that cannot be counted is a part with a problem.

    Args:
        path: The file. Of an archive every member whose name is a picture's counts, in the archive's order;
            the shards of WebDataset are such archives.
        video: Whether it is one.
        every: Of a video, each so-many-th frame.
    """
    try:
        if is_archive(path):
            return Part(path, stop=sum(1 for _ in _members(path)))
        if video:
            reader = reader_of(path)
            try:
                return Part(path, stop=reader.open(), step=every)
            finally:
                reader.close()
    except Exception as error:  # a damaged file can break a decoder in any way at all
        return Part(path, problem=told(error))
    return Part(path)


def read_part(part: Part, box: Box | None = None) -> Iterator[Picture]:
    """The pictures of a part, in order; what cannot be read is a picture with a problem.

    Args:
        part: As `part_of` has it, or a piece of it.
        box: Where the face is to be in every picture, px of its file: where it lies outside is a problem.
    """
    if is_archive(part.path):
        frames = _of_archive(part)
    elif part.stop > 1 or part.step > 1:
        frames = _of_video(part)
    else:
        frames = _of_still(part)
    start = perf_counter()
    for seen, frame in frames:
        yield _picture(seen, frame, box, 1e3 * (perf_counter() - start))
        start = perf_counter()


Reading = Iterator[tuple[Seen, Frame | str]]


def _picture(seen: Seen, frame: Frame | str, box: Box | None, read_ms: float) -> Picture:
    if isinstance(frame, str):
        return Picture(seen, problem=frame, read_ms=read_ms)
    width, height = frame.full_size
    seen = replace(seen, width_px=width, height_px=height, notices=frame.notices)
    try:
        if box is not None:
            check_box(box, width, height)
    except InputError as error:
        return Picture(seen, problem=told(error), read_ms=read_ms)
    return Picture(seen, frame.image, T_file_image=frame.T_file_shown, read_ms=read_ms)


def _of_still(part: Part) -> Reading:
    seen = Seen(str(part.path))
    try:
        yield seen, read_still(part.path)
    except InputError as error:
        yield seen, told(error)


def _of_video(part: Part) -> Reading:
    reader = reader_of(part.path)
    try:
        reader.open()
        for index in range(part.start, part.stop, part.step):
            seen = Seen(str(part.path), index, reader.due_s(index))
            try:
                frame: Frame | str = reader.read(index)
            except Exception as error:  # the frames after it may be sound
                frame = told(error)
            yield seen, frame
    finally:
        reader.close()


def _of_archive(part: Part) -> Reading:
    with tempfile.TemporaryDirectory(prefix="unmask-") as folder:
        for index, (archive, member) in enumerate(_members(part.path)):
            if index >= part.stop:
                return
            if index not in range(part.start, part.stop, part.step):
                continue
            seen = Seen(f"{part.path}{MARK}{member.name}")
            try:
                yield seen, _member(archive, member, Path(folder))
            except (InputError, OSError, tarfile.TarError, EOFError) as error:
                yield seen, told(error)


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> Frame:
    """Through a file, for decoders want one; it is named like the member, as messages name it."""
    if member.size > LARGEST_MEMBER_BYTES:
        raise InputError(f"{member.name} is too large for a picture. Take it out of the archive.")
    stream = archive.extractfile(member)
    data = b"" if stream is None else stream.read()
    path = folder / PurePosixPath(member.name).name
    path.write_bytes(data)
    try:
        return replace(read_still(path), path=None)
    finally:
        path.unlink()


def _members(path: Path) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """The pictures in an archive, in its order, with the open archive.

    Raises:
        InputError: It cannot be read.
    """
    first_bytes(path)
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                if member.isfile() and not name.startswith(".") and _is_picture_name(name):
                    yield archive, member
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{path.name} is no archive that can be read ({error}). Copy it again.") from error


def _is_picture_name(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES
