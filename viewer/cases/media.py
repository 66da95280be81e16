"""The files a case rests on: told by hash and by a path beside the case, and found again when they moved."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from models.errors import InputError
from resources.provenance import sha256_of
from viewer.cases.case import MediaFile, Who

if TYPE_CHECKING:
    from viewer.sources.source import Frame
    from viewer.state.setting import Setting

MOST_LOOKED_AT = 5000  # files beside the case, when one has moved


class Files(Protocol):
    """What a case needs to know of the disk; paths count from the case file's folder."""

    def file(self, path: Path) -> MediaFile:
        """A file by its content; InputError if it cannot be read."""

    def picture(self, frame: Frame) -> MediaFile | None:
        """The file a frame of a camera is kept in; None: such frames are not kept."""

    def relative(self, path: Path) -> str:
        """A path as the case names it."""

    def who(self, setting: Setting) -> Who:
        """Who answers, and the hash of the weights."""

    def detector(self, name: str) -> str:
        """The SHA-256 of a detector's weights; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a file of the case is now.

    Attributes:
        path: None if it is nowhere to be found.
        same: Whether its content is that of the case.
        moved: It was not where the case says.
    """

    path: Path | None
    same: bool = False
    moved: bool = False


def media_file(path: Path, folder: Path, told: Callable[[int], object] = lambda _count: None) -> MediaFile:
    """A file as a case in `folder` names it; `told` as of `sha256_of`.

    Raises:
        InputError: It cannot be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path} is no file. A case can hold files and folders of pictures only.")
        digest = sha256_of(path, told)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read ({reason}). Open it again, then save the case.") from error
    return MediaFile(relative(path, folder), digest, status.st_size)


def relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder, with / between its parts; absolute where there is no way between both."""
    place = Path(os.path.realpath(path.parent), path.name)
    try:
        return Path(os.path.relpath(place, os.path.realpath(folder))).as_posix()
    except ValueError:  # another drive
        return place.as_posix()


def absolute(name: str, folder: Path) -> Path:
    """What `relative` has written."""
    return Path(os.path.normpath(Path(os.path.realpath(folder)) / name))


def find(file: MediaFile, folder: Path) -> Found:
    """Where a file of a case in `folder` is: where it was; else beside the case, known by its hash."""
    there = absolute(file.path, folder)
    if holds(there, file):
        return Found(there, same=True)
    for path in _beside(folder):
        if holds(path, file):
            return Found(path, same=True, moved=True)
    return Found(there if there.is_file() else None)


def holds(path: Path, file: MediaFile) -> bool:
    """Whether a path is a regular file of that content; its hash is only taken if the size is right."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != file.bytes:
            return False
        return sha256_of(path) == file.sha256
    except (OSError, ValueError):
        return False


def _beside(folder: Path) -> Iterator[Path]:
    """The files of a folder, then those of the folders in it."""
    looked = 0
    for place in (folder, *_folders(folder)):
        try:
            entries = sorted(place.iterdir())
        except OSError:
            continue
        for path in entries:
            looked += 1
            if looked > MOST_LOOKED_AT:
                return
            if not path.is_dir():
                yield path


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []
