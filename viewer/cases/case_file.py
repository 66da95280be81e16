"""A case as a file: JSON of at most 64 MB, checked by its schema before anything of it is used. No Qt."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from models.errors import InputError
from models.export.outputs import Write, put_aside, write_whole
from viewer.cases.case import SCHEMA, Case
from viewer.cases.records import MalformedError, plain, typed

ENDING = ".case.json"
LARGEST_BYTES = 64_000_000
FAMILY = SCHEMA.partition("/")[0]


def written(case: Case) -> bytes:
    """The case as the bytes of its file; `read` is the inverse."""
    return (json.dumps(plain(case), indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def read(data: bytes, name: str) -> Case:
    """The case in the bytes of a file called `name`.

    Raises:
        InputError: It is none, or damaged; names the file, the key, and what to do.
    """
    values = _values(data, name)
    schema = values.get("schema") if isinstance(values, dict) else None
    if not isinstance(schema, str) or schema.partition("/")[0] != FAMILY:
        raise InputError(f"{name} is no case of Unmask: its schema is not {SCHEMA}. Choose a {ENDING} file.")
    if schema != SCHEMA:
        raise InputError(
            f"{name} is a case of another version ({schema[:40]}; this one reads {SCHEMA}). "
            "Open it with the version that wrote it."
        )
    try:
        case: Case = typed(Case, values)
    except MalformedError as error:
        raise damaged(name, error) from error
    except RecursionError as error:
        raise InputError(f"{name} is damaged: it is nested too deeply. Take a copy.") from error
    return case


def damaged(name: str, error: MalformedError) -> InputError:
    """What to say of a case of that name with something wrong in it."""
    return InputError(
        f"{name} is damaged: {error.key or 'the whole'} {error.what}. Mend that key, or take a copy."
    )


def read_file(path: Path) -> Case:
    """The case in a file.

    Raises:
        InputError: As `read`; or the file cannot be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path} is no file. Choose a {ENDING} file.")
        if status.st_size > LARGEST_BYTES:
            raise InputError(
                f"{path.name} is larger than a case can be ({LARGEST_BYTES // 1_000_000} MB). "
                f"Choose a {ENDING} file."
            )
        with path.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{str(path)!r} cannot be read ({reason}). Check its name and folder.") from error
    return read(data, path.name)


def write_file(path: Path, case: Case, write: Write = write_whole) -> Path | None:
    """Make `path` hold the case; a damaged case that lies there is put aside first.

    Returns:
        Where the damaged one is kept; None if there was none.

    Raises:
        InputError: The folder cannot be written to.
    """
    data = written(case)
    if len(data) > LARGEST_BYTES:
        raise InputError(
            f"The case would be larger than {LARGEST_BYTES // 1_000_000} MB. Remove painted occluders first."
        )
    aside = put_aside(path) if path.is_file() and _is_damaged(path) else None
    write(path, data)
    return aside


def _is_damaged(path: Path) -> bool:
    try:
        read_file(path)
    except InputError:
        return True
    return False


def _values(data: bytes, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refused, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120].rstrip(".") or "nested too deeply"
        raise InputError(
            f"{name} is damaged or cut off ({reason}). Take a copy of it, or save it anew."
        ) from error


def _refused(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands twice")
    return found
