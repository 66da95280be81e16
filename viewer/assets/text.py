"""The files this program runs on, as text: a table of at most 100 columns, JSON, one file's terms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import fill
from urllib.parse import urlsplit

from resources import brought_folder
from resources.keeping import FileRow, State
from resources.needs import NEEDS

__all__ = ["as_json", "as_table", "described", "megabytes", "readiness", "size_of"]

WIDTH = 100


def as_table(rows: Sequence[FileRow]) -> str:
    """Name, size, state of each file; purpose, licence, how to get it. Then what each method lacks."""
    lines = [f"Files you bring are kept in {brought_folder()}", ""]
    for row in rows:
        begun = f" ({megabytes(row.begun)} of it there)" if row.begun else ""
        lines.append(f"{row.name:<45} {megabytes(size_of(row)):>9}  {row.state.value}{begun}")
        lines.append(_indented(f"{row.asset.purpose}. Licence: {row.asset.licence}"))
        if row.state is State.TO_BRING:
            lines.append(_indented(row.asset.fetch))
    lines += ["", "Official weights:"]
    lines += [
        fill(f"{method:<17} {text}", WIDTH, initial_indent="  ", subsequent_indent=" " * 20)
        for method, text in readiness().items()
    ]
    return "\n".join(lines)


def as_json(rows: Sequence[FileRow]) -> str:
    """A list of objects, one a file."""
    return json.dumps(
        [
            {
                "name": row.name,
                "state": row.state.value,
                "path": str(row.path),
                "size": size_of(row),
                "begun": row.begun,
                "sha256": row.asset.sha256,
                "purpose": row.asset.purpose,
                "licence": row.asset.licence,
                "origin": row.asset.origin,
                "fetch": row.asset.fetch,
                "url": row.asset.url,
            }
            for row in rows
        ],
        indent=2,
        ensure_ascii=False,
    )


def described(row: FileRow) -> str:
    """Whose a file is and on which terms, to be read before it is fetched."""
    host = urlsplit(row.asset.url).hostname
    size = f", {megabytes(row.asset.size)}" if row.asset.size else ""
    terms = (
        f"{row.name}{size}, from {host}",
        _indented(f"What: {row.asset.purpose}"),
        _indented(f"Whose: {row.asset.origin}"),
        _indented(f"Licence: {row.asset.licence}"),
    )
    return "\n".join(terms)


def megabytes(size: int) -> str:
    """Bytes for people; "-" for an unknown size."""
    if not size:
        return "-"
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def readiness() -> dict[str, str]:
    """Method -> what its official weights lack, in words."""
    lacking = {
        method: ", ".join(need.any_of[0] for need in needs if not need.met())
        for method, needs in NEEDS.items()
    }
    return {method: f"lacks {names}" if names else "ready" for method, names in lacking.items()}


def size_of(row: FileRow) -> int:
    """Of the file that is there, else of the one that is known; 0 if unknown or a folder."""
    return row.path.stat().st_size if row.path.is_file() else row.asset.size


def _indented(text: str) -> str:
    return fill(text, WIDTH, initial_indent="    ", subsequent_indent="    ")
