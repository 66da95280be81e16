"""`unmask assets`: what ships, what can be fetched, what a user must bring; and getting it. No Qt here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.errors import UnmaskError
from resources.fetching import FetchError, Received, checksum
from resources.keeping import FileRow, KeepError, State, fetch, keep, remove, row, rows
from resources.needs import BETTER_WITH, NEEDS, made_possible
from viewer.assets.text import as_json, as_table, described, megabytes

__all__ = ["Assets", "adding", "assets_of", "fetching", "fill_assets", "run_assets", "wanted_rows"]

STOPPED = 130  # as shells count an interrupt


@dataclass(frozen=True, slots=True)
class Assets:
    """What `unmask assets` was asked to do.

    Attributes:
        verb: "list", "fetch", "add" or "remove".
        names: Of files or methods to fetch, of files to remove; paths to add.
        json: Whether to list as JSON.
        accepted: Whether the licence was accepted beforehand, or the removal agreed to.
        replace: Whether another file of the same name is put aside.
    """

    verb: str = "list"
    names: tuple[str, ...] = ()
    json: bool = False
    accepted: bool = False
    replace: bool = False


def fill_assets(parser: argparse.ArgumentParser) -> None:
    """The options of `unmask assets`."""
    parser.description = (
        "Lists the files this program runs on: those that ship, those that can be fetched and "
        "those you must bring. Files are kept in $UNMASK_ASSETS, else in your data folder."
    )
    parser.add_argument("--json", action="store_true", help="list as JSON")
    verbs = parser.add_subparsers(dest="verb", metavar="fetch | add | remove")
    fetching = verbs.add_parser("fetch", help="download a file, or what a method needs")
    fetching.add_argument("names", nargs="+", metavar="NAME", help=f"a file, or one of {', '.join(NEEDS)}")
    fetching.add_argument("--accept-licence", dest="accepted", action="store_true", help="do not ask")
    adding = verbs.add_parser("add", help="copy files of yours to where they are found, whatever their names")
    adding.add_argument("names", nargs="+", metavar="FILE", help="a file or a folder")
    removing = verbs.add_parser("remove", help="delete a file from there")
    removing.add_argument("names", nargs="+", metavar="NAME")
    removing.add_argument("--yes", dest="accepted", action="store_true", help="do not ask")
    for verb in (fetching, adding):
        verb.add_argument(
            "--replace", action="store_true", help="put another file of that name aside as .old"
        )


def assets_of(found: argparse.Namespace) -> Assets:
    """What was asked for."""
    given = vars(found)
    return Assets(
        verb=found.verb or "list",
        names=tuple(given.get("names", ())),
        json=found.json,
        accepted=given.get("accepted", False),
        replace=given.get("replace", False),
    )


def run_assets(asked: Assets, ask: Callable[[str], str] = input) -> int:
    """Do it and say so; returns the exit status: 0, 1 if anything failed, 130 if it was stopped."""
    work: dict[str, Callable[[], Iterable[bool]]] = {
        "list": lambda: [_list(asked.json)],
        "fetch": lambda: (_fetch(name, asked, ask) for name in asked.names),
        "add": lambda: (_add(Path(name), asked.replace) for name in asked.names),
        "remove": lambda: (_remove(name, asked.accepted, ask) for name in asked.names),
    }
    try:
        done = list(work[asked.verb]())
    except KeyboardInterrupt:
        _complain("Stopped. What came so far is kept; fetch again to go on from there.")
        return STOPPED
    return 0 if all(done) else 1


def wanted_rows(name: str) -> tuple[FileRow, ...]:
    """The row of a file; of a method's name, what its official weights lack, or are better with.

    Raises:
        KeepError: No such name, or nothing of the method's can be fetched.
    """
    if name not in NEEDS:
        return (row(name),)
    lacking = [need for need in NEEDS[name] if not need.met()]
    choices = [need.any_of for need in lacking] + [(file,) for file in BETTER_WITH.get(name, ())]
    files = [[file for file in map(row, choice) if file.state is State.FETCHABLE] for choice in choices]
    if lacking and not any(files):
        raise KeepError(" ".join(need.sentence() for need in lacking))
    return tuple(choice[0] for choice in files if choice)


def adding(path: Path, replace: bool) -> Iterator[str]:
    """Recognise a file, or all a folder holds, and keep copies where the loaders look; a sentence for each.

    What is damaged in a folder, or cannot be kept, does not stop the rest.

    Raises:
        UnmaskError: As `recognise`.
        KeepError: In the end, a line for each that was not taken.
    """
    from models.file_formats.identify import recognise  # numpy, scipy, perhaps torch: only now

    failed: list[Exception] = []
    for find in recognise(path, failed.append):
        try:
            target = keep(find.source, find.name, replace)
        except KeepError as error:
            failed.append(error)
            continue
        yield f"{find.source} is {find.name}: {_checked(row(find.name), target)}Kept as {target}."
    if failed:
        raise KeepError("\n".join(map(str, failed)))


def fetching(wanted: FileRow, replace: bool) -> Iterator[Received]:
    """Fetch a file, while it is iterated. One whose checksum is not known must be what its name says.

    Raises:
        FetchError, KeepError: As `fetch`, or it is something else; then it was thrown away.
    """
    yield from fetch(wanted.name, replace)
    if wanted.asset.sha256:
        return
    from models.file_formats.identify import recognise

    try:
        names, reason = {find.name for find in recognise(wanted.path)}, ""
    except UnmaskError as error:
        names, reason = set[str](), f" {error}"
    if wanted.name not in names:
        remove(wanted.name)
        raise KeepError(f"What came is not {wanted.name}, so it was thrown away.{reason}")


def _list(json: bool) -> bool:
    print(as_json(rows()) if json else as_table(rows()))
    return True


def _fetch(name: str, asked: Assets, ask: Callable[[str], str]) -> bool:
    try:
        wanted = wanted_rows(name)
        if not wanted:
            print(f"{name} lacks nothing.")
        return all([_fetch_one(file, asked, ask) for file in wanted])
    except KeepError as error:
        _complain(str(error))
        return False


def _fetch_one(wanted: FileRow, asked: Assets, ask: Callable[[str], str]) -> bool:
    name = wanted.name
    if wanted.asset.url:
        print(described(wanted))
        if not asked.accepted and not _agreed(f"Fetch {name} under this licence? [y/N] ", ask):
            _complain(f"{name} was not fetched. Say --accept-licence to accept without being asked.")
            return False
    before, shown = made_possible(), -1
    try:
        for progress in fetching(wanted, asked.replace):
            percent = 100 * progress.there // max(progress.total, 1)
            if percent != shown and sys.stderr.isatty():
                shown = percent
                text = f"{megabytes(progress.there)} of {megabytes(progress.total)}, {percent} %"
                print(f"\r{name}: {text}   ", end="", file=sys.stderr, flush=True)
        if shown >= 0:
            print(file=sys.stderr)
    except FetchError as error:
        _complain(f"{error} Or bring it: {wanted.asset.fetch}")
        return False
    except KeepError as error:
        _complain(str(error))
        return False
    print(f"{name} is there: {wanted.path}")
    _say_possible(before)
    return True


def _add(path: Path, replace: bool) -> bool:
    before = made_possible()
    try:
        for sentence in adding(path, replace):
            print(sentence)
    except (UnmaskError, KeepError) as error:
        _complain(str(error))
        return False
    _say_possible(before)
    return True


def _remove(name: str, agreed: bool, ask: Callable[[str], str]) -> bool:
    try:
        known = row(name)
        if known.state is not State.THERE:
            raise KeepError(f"{name} does not lie among your files; nothing was removed.")
        if not agreed and not _agreed(f"Delete {known.path}? [y/N] ", ask):
            _complain(f"{name} was not removed.")
            return False
        print(f"{remove(name)} was removed.")
    except KeepError as error:
        _complain(str(error))
        return False
    return True


def _checked(known: FileRow, target: Path) -> str:
    if not known.asset.sha256:
        return ""
    same = checksum(target) == known.asset.sha256
    return "the very file known here. " if same else "its form agrees, its checksum differs from the known. "


def _say_possible(before: tuple[str, ...]) -> None:
    for method in made_possible():
        if method not in before:
            print(f"Now possible: --method {method} --weights official")


def _agreed(question: str, ask: Callable[[str], str]) -> bool:
    try:
        return ask(question).strip().lower() in {"y", "yes"}
    except EOFError:  # nobody there to answer
        print()
        return False


def _complain(text: str) -> None:
    print(text, file=sys.stderr)
