"""The folder of brought files: what is in it, how files get in and out. Nothing of a user's is ever lost."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from resources import ROOT, Asset, brought_folder, manifest
from resources.fetching import Received, checksum, download, part_of

__all__ = ["FileRow", "KeepError", "State", "fetch", "keep", "remove", "row", "rows"]

BROUGHT = "brought/"


class KeepError(Exception):
    """A file that is not taken, replaced or removed; the message says why and what to do."""


class State(Enum):
    """Where a file of the manifest stands."""

    SHIPS = "ships"
    THERE = "there"
    FETCHABLE = "can be fetched"
    TO_BRING = "to bring"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the manifest on this machine.

    Attributes:
        asset: Its row of the manifest.
        name: What it is called, e.g. "mb05_120x120.pth".
        path: Where it is, or would be.
        state: Where it stands.
        begun: Bytes of a download that can be gone on with; 0 for none.
    """

    asset: Asset
    name: str
    path: Path
    state: State
    begun: int = 0


def rows(root: Path = ROOT) -> tuple[FileRow, ...]:
    """Every file of the manifest, in its order."""
    return tuple(_row(asset, root) for asset in manifest(root))


def row(name: str, root: Path = ROOT) -> FileRow:
    """The row of that name; KeepError if there is none."""
    found = [row for row in rows(root) if row.name == name]
    if not found:
        raise KeepError(f"{name} is not known. `unmask assets` lists the names.")
    return found[0]


def fetch(name: str, replace: bool = False, root: Path = ROOT) -> Iterator[Received]:
    """Download a file into the folder, while it is iterated; its licence must have been accepted before.

    Raises:
        KeepError: It has no address, or another file of that name is there.
        FetchError: See resources.fetching.download.
    """
    wanted, part = row(name, root), part_of(brought_folder() / name)
    asset = wanted.asset
    if not asset.url:
        raise KeepError(f"{name} cannot be fetched. {asset.fetch or 'It ships.'}")
    if wanted.path.exists():
        if asset.sha256 and checksum(wanted.path) == asset.sha256:
            return
        _refuse_other(wanted.path, replace)
    yield from download(asset.url, part, sha256=asset.sha256, size=asset.size)
    _put(part, wanted.path)


def keep(source: Path, name: str, replace: bool = False) -> Path:
    """Copy a user's file, or a folder with what lies in it, into the folder under `name`; returns where.

    Nothing happens where the same file is there already.

    Args:
        source: Stays as it is.
        name: A name of the manifest.
        replace: Put another file of that name aside, as NAME.old, instead of refusing.

    Raises:
        KeepError: Another file of that name is there, or the copy failed.
    """
    target = brought_folder() / name
    if target.exists():
        if source.samefile(target) or _same(source, target):
            return target
        _refuse_other(target, replace)
    unfinished = target.with_name(f"{name}.copying")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, unfinished, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, unfinished)
    except OSError as error:
        _discard(unfinished)
        raise KeepError(
            f"{source.name} cannot be copied to {target.parent} ({error.strerror or error}). "
            "Free some space, or set UNMASK_ASSETS to another folder."
        ) from error
    _put(unfinished, target)
    return target


def remove(name: str) -> Path:
    """Delete a file or folder of the folder of brought files; returns where it was.

    Raises:
        KeepError: There is none of that name, or it cannot be deleted.
    """
    target = brought_folder() / name
    if target.parent != brought_folder() or name in {"", ".", ".."}:
        raise KeepError(f"{name} is no name of a file. `unmask assets` lists the names.")
    if not target.exists():
        raise KeepError(f"{name} does not lie in {target.parent}; nothing was removed.")
    try:
        shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink()
    except OSError as error:
        raise KeepError(f"{target} cannot be removed ({error.strerror}).") from error
    return target


def _row(asset: Asset, root: Path) -> FileRow:
    if not asset.path.startswith(BROUGHT):
        path = root / asset.path
        return FileRow(asset, path.name, path, State.SHIPS)
    name = asset.path.removeprefix(BROUGHT)
    path = brought_folder() / name
    if path.exists():
        return FileRow(asset, name, path, State.THERE)
    part = part_of(path)
    begun = part.stat().st_size if part.is_file() else 0
    return FileRow(asset, name, path, State.FETCHABLE if asset.url else State.TO_BRING, begun)


def _refuse_other(target: Path, replace: bool) -> None:
    if not replace:
        raise KeepError(
            f"Another {target.name} is in {target.parent} and is not overwritten. To put it aside as "
            f"{target.name}.old, say --replace on the command line, or tick the box in the window."
        )


def _put(whole: Path, target: Path) -> None:
    """Give a finished file its name; another of that name is put aside under the first free one."""
    try:
        if target.exists():
            numbers = ("", *range(2, 1000))
            olds = (target.with_name(f"{target.name}.old{number}") for number in numbers)
            os.replace(target, next(old for old in olds if not old.exists()))
        os.replace(whole, target)
    except OSError as error:
        raise KeepError(f"{target} cannot be written ({error.strerror}); see {whole}.") from error


def _same(one: Path, other: Path) -> bool:
    if one.is_dir() or other.is_dir():
        return False
    return filecmp.cmp(one, other, shallow=False)


def _discard(unfinished: Path) -> None:
    """Of our own making; what cannot be deleted stays."""
    if unfinished.is_dir():
        shutil.rmtree(unfinished, ignore_errors=True)
    else:
        unfinished.unlink(missing_ok=True)
