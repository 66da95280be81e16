"""The version of the answers that are written as JSON, and which versions can be read."""

from __future__ import annotations

from models.errors import InputError

SCHEMA = "unmask.answer/2"


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
