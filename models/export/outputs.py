"""Files are written whole or not at all, over nothing of the user's, under names that cannot collide."""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from models.errors import InputError

Write = Callable[[Path, bytes], None]
"""Makes a path hold these bytes; InputError says why not."""

LONGEST_NAME = 200
"""Bytes of a name: file systems allow 255, and endings and numbers follow."""
NAMED = 3  # so many paths a refusal names
_UNFINISHED: set[Path] = set()
"""What this process is writing, by the names it has until it is whole."""


class Outputs:
    """The files that one run writes. It replaces nothing but what it wrote itself.

    Args:
        inputs: Files the run reads; they are never written over, whatever else is wished.
        overwrite: Whether other files that are there already may be replaced.
        agreed: Those that may be replaced in any case.
    """

    def __init__(
        self, inputs: Iterable[Path] = (), overwrite: bool = False, agreed: Iterable[Path] = ()
    ) -> None:
        read = tuple(inputs)
        self._inputs = {*map(_place, read), *filter(None, map(_identity, read))}
        self._overwrite = overwrite
        self._ours = {*map(_place, agreed)}  # what was written is added

    def refuse(self, paths: Iterable[Path]) -> None:
        """Nothing, if all of `paths` may be written.

        Raises:
            InputError: Some are inputs, or files that are there already; names the first of them.
        """
        inputs, present = [], []
        for path in paths:
            if _place(path) in self._inputs or _identity(path) in self._inputs:
                inputs.append(path)
            elif not self._overwrite and _place(path) not in self._ours and os.path.lexists(path):
                present.append(path)
        if inputs:
            raise InputError(f"{_told(inputs)} would be written over an input. Choose another folder.")
        if present:
            are = "is" if len(present) == 1 else "are"
            raise InputError(
                f"{_told(present)} {are} there already. Choose another folder, or say --overwrite."
            )

    def free(self, paths: Iterable[Path]) -> bool:
        """Whether all of `paths` may be written."""
        try:
            self.refuse(paths)
        except InputError:
            return False
        return True

    def write(self, path: Path, data: bytes) -> None:
        """Make `path` hold `data`, whole or not at all.

        Raises:
            InputError: As `refuse`; or the folder cannot be written to.
        """
        self.refuse([path])
        write_whole(path, data, replace=self._overwrite or _place(path) in self._ours)
        self._ours.add(_place(path))

    @contextmanager
    def growing(self, path: Path) -> Iterator[Callable[[str], None]]:
        """What adds text to a file while the work goes on, which becomes `path` once all is there.

        Until then, and for good if the work is stopped, it is NAME.partial and the ending, or NAME.partial-2
        and so on: whole lines as far as they came.

        Raises:
            InputError: As `write`.
        """
        self.refuse([path])
        partial, stream = _begun(path)
        try:
            with stream:
                yield lambda text: _added(path, stream, text)
                with _told_as(path):
                    os.fsync(stream.fileno())
        except BaseException:
            with suppress(OSError):
                if not partial.stat().st_size:
                    partial.unlink()
            raise
        with _told_as(path):
            _move(partial, path, self._overwrite or _place(path) in self._ours)
            partial.unlink(missing_ok=True)
        self._ours.add(_place(path))


class Names:
    """Names for files of one folder, none twice, also where upper and lower case are one; in linear time."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, wanted: str, free: Callable[[str], bool] = lambda _name: True) -> str:
        """`wanted`, cut if it is too long, or with the first number after it that is free.

        Args:
            wanted: What it would be called best.
            free: Whether nothing else speaks against a name.
        """
        wanted = _short(wanted)
        name, number = wanted, self._next.get(_folded(wanted), 2)
        while _folded(name) in self._taken or not free(name):
            name, number = f"{wanted}_{number}", number + 1
        self._next[_folded(wanted)] = number
        self._taken.add(_folded(name))
        return name


def write_whole(path: Path, data: bytes, replace: bool = True) -> None:
    """Make `path` hold `data`; whatever was there before stays until all is on the disk.

    Args:
        path: Where to; its folder is made if need be.
        data: What it is to hold.
        replace: Whether a file that is there may be replaced.

    Raises:
        InputError: The folder cannot be written to, or a file is there that may not be replaced.
    """
    with _told_as(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".unmask-", suffix=".part", dir=path.parent)
        beside = Path(name)
        _UNFINISHED.add(beside)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            beside.chmod(0o644)
            _move(beside, path, replace)
        finally:
            beside.unlink(missing_ok=True)
            _UNFINISHED.discard(beside)


@contextmanager
def _told_as(path: Path) -> Iterator[None]:
    """What the disk refuses becomes an InputError about `path`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path} cannot be written ({reason}). Choose a folder of yours with room."
        ) from error


def _begun(path: Path) -> tuple[Path, TextIO]:
    """An empty file beside `path`, under a name nobody has."""
    with _told_as(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            partial = path.with_name(f"{path.stem}.partial{f'-{number}' if number > 1 else ''}{path.suffix}")
            with suppress(FileExistsError):
                return partial, partial.open("x", encoding="utf-8", newline="")
    raise AssertionError("there is always another number")


def _added(path: Path, stream: TextIO, text: str) -> None:
    with _told_as(path):
        stream.write(text)
        stream.flush()


def put_aside(path: Path) -> Path | None:
    """Rename a damaged file to NAME.bad, or NAME.bad-2 and so on; None if its folder does not let us."""
    number, beside = 1, path.with_name(f"{path.name}.bad")
    while beside.exists():
        number += 1
        beside = path.with_name(f"{path.name}.bad-{number}")
    try:
        path.rename(beside)
    except OSError:
        return None
    return beside


def drop_unfinished() -> None:
    """Delete what is half written, for a process that ends without waiting for its threads."""
    for beside in tuple(_UNFINISHED):
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _move(beside: Path, path: Path, replace: bool) -> None:
    if replace:
        beside.replace(path)
        return
    try:
        os.link(beside, path)  # fails if something is there, in one step
    except OSError as error:
        if os.path.lexists(path):
            raise InputError(f"{path} is there already. Choose another name, or say --overwrite.") from error
        beside.replace(path)  # a file system without hard links


def _told(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(map(str, paths[:NAMED])) + more


def _place(path: Path) -> Path:
    """The folder's true place, links followed; the file itself may be a link."""
    return Path(os.path.realpath(path.parent), path.name)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever it is called; None if there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _short(name: str) -> str:
    """The name, or its beginning and a hash of the rest."""
    data = os.fsencode(name)
    if len(data) <= LONGEST_NAME:
        return name
    kept = data[: LONGEST_NAME - 9].decode(errors="ignore")
    return f"{kept}-{hashlib.sha256(data).hexdigest()[:8]}"
