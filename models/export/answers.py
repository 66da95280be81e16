"""Answers written as JSON, read back: also those of older versions of this program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.errors import InputError

SCHEMA = "unmask.answer/1"

FACE = (
    *("method", "space", "topology", "box", "pose_deg", "landmarks", "landmark_states", "visible_share"),
    *("state_shares", "likely_error", "likely_range", "mm_per_px", "took_part", "left_out", "steadied"),
    *("alarms", "scalars", "vertex_count", "triangle_count"),
)
"""What is told of a face, see `files.answer_record`."""


def read_answers(path: Path) -> dict[str, Any]:
    """The record that `files.write_answers` made, of this version or an older one.

    Returns:
        As it stands in the file; each of `faces` has all of `FACE`, None where the version did not tell it.

    Raises:
        InputError: It is no such file, or of a later version.
    """
    try:
        record = json.loads(path.read_bytes())
        schema = str(record["schema"])
        faces = [dict.fromkeys(FACE) | dict(face) for face in record["faces"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path.name} is no answer of Unmask. Give a JSON file that it wrote.") from error
    check_schema(schema, SCHEMA)
    return record | {"faces": faces}


def check_schema(schema: str, ours: str) -> None:
    """Nothing, if what was written under a schema ("NAME/VERSION") can be read where `ours` is written.

    Raises:
        InputError: It is of another name, or a later version.
    """
    (kind, _, version), (our_kind, _, our_version) = schema.partition("/"), ours.partition("/")
    if kind != our_kind or not version.isdecimal() or int(version) < 1:
        raise InputError(f"{schema!r} is not {our_kind}. Give a file that Unmask wrote as such.")
    if int(version) > int(our_version):
        raise InputError(
            f"{kind} of version {version} is newer than this program, which reads up to {our_version}. "
            "Install a newer Unmask."
        )
