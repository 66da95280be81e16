"""Which pictures and videos are meant by words, folders, patterns and lists. No Qt."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from models.errors import InputError

LONGEST_LIST_BYTES = 64_000_000
LONGEST_PATTERN = 1024  # characters; to understand brackets takes time that grows with their square


def expanded(
    words: Sequence[Path],
    lists: Sequence[Path] = (),
    recursive: bool = False,
    endings: tuple[str, ...] = (),
) -> tuple[Path, ...]:
    """The files meant, in order, each once.

    Args:
        words: Files, folders, patterns (`*.jpg`) and lists (`@list.txt`). A file of that very name
            comes first.
        lists: Files that name a file, folder or pattern on each line.
        recursive: Whether folders are taken with all folders inside.
        endings: Of names, in lower case, of files that are taken from folders beside pictures and videos.

    Raises:
        InputError: A list or folder cannot be read, a pattern or folder has nothing, or nothing is meant.
    """
    files = dict.fromkeys(file for word in words for file in _meant(word, recursive, True, endings))
    for path in lists:
        files.update(dict.fromkeys(_listed(path, recursive, endings)))
    if not files:
        raise InputError("There is nothing to answer for: the list is empty. Name pictures or videos.")
    return tuple(files)


def lists_of(words: Sequence[Path], lists: Sequence[Path]) -> tuple[Path, ...]:
    """The lists that are read: they are inputs too."""
    named = [Path(str(word)[1:]) for word in words if str(word).startswith("@") and not os.path.lexists(word)]
    return (*named, *lists)


def is_video(path: Path) -> bool:
    """Whether its name says so, and it does not begin like a picture."""
    from viewer.sources import VIDEO_SUFFIXES
    from viewer.sources.still import is_picture

    return path.suffix.lower() in VIDEO_SUFFIXES and not is_picture(path)


def _meant(word: Path, recursive: bool, lists: bool, endings: tuple[str, ...]) -> Iterator[Path]:
    text = str(word)
    if os.path.isdir(word):  # False also where no disk can hold the name
        yield from _inside(word, recursive, endings)
    elif os.path.lexists(word):
        yield word
    elif lists and text.startswith("@"):
        yield from _listed(Path(text[1:]), recursive, endings)
    elif glob.has_magic(text):
        if len(text) > LONGEST_PATTERN:
            raise InputError(f"The pattern {text[:40]}... is longer than any name. Check it.")
        found = sorted(glob.glob(text, recursive=recursive), key=_natural)
        if not found:
            raise InputError(f"Nothing fits the pattern {text}. Check its folder and ending.")
        for path in found:
            yield from _meant(Path(path), recursive, False, endings)
    else:
        yield word  # told as absent when its turn comes


def _inside(folder: Path, recursive: bool, endings: tuple[str, ...]) -> Iterator[Path]:
    from models.file_formats.picture_formats import SUFFIXES
    from viewer.sources import VIDEO_SUFFIXES

    taken = SUFFIXES | VIDEO_SUFFIXES
    found = [
        path
        for path in _walked(folder, recursive)
        if path.suffix.lower() in taken or path.name.lower().endswith(endings)
    ]
    if not found:
        more = "" if recursive else " itself; with --recursive the commands look into the folders inside"
        raise InputError(f"There is no picture or video in {folder}. Choose a folder that holds some{more}.")
    yield from found


def _walked(folder: Path, recursive: bool) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir(), key=_natural)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The folder {folder} cannot be read ({reason}). Choose another folder.") from error
    for path in entries:
        if path.name.startswith("."):
            continue
        if path.is_file():
            yield path
        elif recursive and path.is_dir() and not path.is_symlink():  # a link may lead back up
            yield from _walked(path, recursive)


def _listed(path: Path, recursive: bool, endings: tuple[str, ...]) -> Iterator[Path]:
    """Relative names count from the current folder, as typed ones do."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST_LIST_BYTES:
            raise InputError(f"{path} is no list of files. Give a text file with a file's name a line.")
        lines = os.fsdecode(path.read_bytes()).lstrip("\ufeff").splitlines()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The list {path} cannot be read ({reason}). Check its name and folder.") from error
    for line in _told(lines):
        yield from _meant(Path(line), recursive, False, endings)


def _told(lines: Iterable[str]) -> Iterator[str]:
    """Without empty lines and remarks; a name that begins with # is written ./#name."""
    for line in lines:
        text = line.strip()
        if "\0" in text:
            raise InputError("The list holds bytes that no name can hold. Give a text file, a name a line.")
        if text and not text.startswith("#"):
            yield text


def _natural(path: Path | str) -> list[tuple[int, str]]:
    from viewer.sources.folder import natural

    return natural(Path(path))
