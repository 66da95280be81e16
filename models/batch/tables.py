"""Tables of rows as files: Parquet, CSV or JSON lines, written and read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.batch.rows import COLUMNS, SCHEMA, Column, Kind, Row, as_text, from_text, known
from models.errors import InputError, told

FORMS = ("parquet", "csv", "jsonl")
"""What a table can be written as; also the endings of the files."""
MISSING = "Parquet needs pyarrow, which is absent. Run pip install 'unmask[batch]', or say --format csv."
LARGEST_CELL = 1_000_000


def check_form(form: str) -> None:
    """Nothing, if tables of that form can be written here.

    Raises:
        ValueError: There is no such form.
        InputError: Its library is not installed.
    """
    if form not in FORMS:
        raise ValueError(f"a table is written as one of {FORMS}, not as {form!r}")
    if form == "parquet":
        _arrow()


def encoded(rows: Sequence[Row], form: str) -> bytes:
    """The table as a whole file.

    Args:
        rows: With all `COLUMNS`.
        form: One of `FORMS`.

    Raises:
        ValueError, InputError: As `check_form`.
    """
    check_form(form)
    if form == "parquet":
        return _parquet(rows)
    text = io.StringIO()
    if form == "jsonl":
        text.writelines(json.dumps(cells, allow_nan=False) + "\n" for cells in rows)
    else:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(column.name for column in COLUMNS)
        writer.writerows([as_text(column.name, cells[column.name]) for column in COLUMNS] for cells in rows)
    return text.getvalue().encode(errors="surrogateescape")


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a table that some version of this program wrote, with the columns of today.

    Args:
        path: A file of one of `FORMS`, or a folder of such files, read in the order of their names.

    Raises:
        InputError: It is none, or of a later version.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for file in files:
        if file.suffix.lstrip(".") in FORMS or file == path:
            yield from _read(file)


def _read(path: Path) -> Iterator[Row]:
    try:
        yield from map(known, _cells(path))
    except InputError:
        raise
    except Exception as error:  # a damaged file breaks a reader in any way
        raise InputError(f"{path} cannot be read as a table ({told(error)}). Write it anew.") from error


def _cells(path: Path) -> Iterator[Mapping[str, Any]]:
    match path.suffix:
        case ".parquet":
            yield from _arrow().parquet.read_table(path, partitioning=None).to_pylist()
        case ".jsonl":
            with path.open(encoding="utf-8", errors="surrogateescape") as stream:
                yield from map(json.loads, stream)
        case ".csv":
            yield from _csv_rows(path)
        case _:
            raise InputError(f"{path.name} is no table of answers. Give a file ending in {FORMS}.")


def _csv_rows(path: Path) -> Iterator[Row]:
    names = {column.name for column in COLUMNS}
    csv.field_size_limit(LARGEST_CELL)
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        for cells in csv.DictReader(stream):
            yield {name: from_text(name, text) for name, text in cells.items() if name in names}


def _parquet(rows: Sequence[Row]) -> bytes:
    pyarrow = _arrow()
    schema = pyarrow.schema(
        [
            pyarrow.field(column.name, _type(column), metadata={"unit": column.unit, "doc": column.doc})
            for column in COLUMNS
        ],
        metadata={"schema": SCHEMA},
    )
    table = pyarrow.Table.from_pylist([_told(cells) for cells in rows], schema=schema)
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _told(cells: Row) -> Row:
    """File names that are no UTF-8 with the odd bytes written out: Parquet holds Unicode alone."""
    return {
        name: cell.encode(errors="surrogateescape").decode(errors="backslashreplace")
        if isinstance(cell, str)
        else cell
        for name, cell in cells.items()
    }


def _type(column: Column) -> Any:
    pyarrow = _arrow()
    return {
        Kind.TEXT: pyarrow.string(),
        Kind.WHOLE: pyarrow.int32(),
        Kind.NUMBER: pyarrow.float64(),
        Kind.FLAG: pyarrow.bool_(),
        Kind.TEXTS: pyarrow.list_(pyarrow.string()),
        Kind.WHOLES: pyarrow.list_(pyarrow.uint8()),
        Kind.NUMBERS: pyarrow.list_(pyarrow.float32()),
    }[column.kind]


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(MISSING) from error
    return pyarrow
