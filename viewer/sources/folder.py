"""Pictures of a folder, or of a list, one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models.errors import InputError
from models.file_formats.picture_formats import SUFFIXES
from viewer.sources.source import Frame
from viewer.sources.still import read_still

PICTURE_S = 1.0


class PictureReader:
    """Stills by index: a Reader of files, each read only when it is asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)

    def open(self) -> int:
        """How many pictures there are."""
        return len(self._paths)

    def read(self, index: int) -> Frame:
        """That picture."""
        return replace(read_still(self._paths[index]), index=index, count=len(self._paths))

    def due_s(self, index: int) -> float:
        """One picture a second."""
        return index * PICTURE_S

    def close(self) -> None:
        """Nothing is held open."""


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The pictures of a folder by file name, numbers in their numerical order; not those of folders inside.

    Raises:
        InputError: There is none, or the folder may not be read.
    """
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The folder {folder} cannot be read ({reason}). Choose another folder.") from error
    paths = [path for path in paths if not path.name.startswith(".")]
    if not paths:
        raise InputError(f"There is no picture in {folder}. Choose a folder that holds pictures itself.")
    return tuple(sorted(paths, key=natural))


def natural(path: Path) -> list[tuple[int, str]]:
    """A key that sorts "face 10" after "face 9"."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
