"""The rows as files: CSV and Parquet tables, contact sheets of the worst and the best, curves of errors."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.batch.rows import Kind
from models.errors import InputError
from models.export.outputs import Outputs
from viewer.mining.contact_sheet import as_pdf, as_png
from viewer.mining.curves import covered_sheet, cumulative_sheet, reliable_sheet
from viewer.state.mining import COLUMNS, Mining, MiningColumn
from viewer.tasks.file_writer import Step
from viewer.widgets.figure_file import figure_file

if TYPE_CHECKING:
    from models.export.sheet import Sheet

CURVE_ENDINGS = ("png", "pdf")
SCHEMA = "unmask.mining/1"
NO_PARQUET = (
    "Parquet needs pyarrow, which is not installed. Run pip install 'unmask[batch]', or write a CSV table."
)

Order = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file.

    Attributes:
        stem: What it holds, for its name.
        ending: Of its name.
        encoded: (mining, rows) -> the whole file.
    """

    stem: str
    ending: str
    encoded: Callable[[Mining, Order], bytes]


def written(form: Form, path: Path, mining: Mining, rows: Order, inputs: Sequence[Path], step: Step) -> None:
    """Write these rows, in this order, over nothing that was read, unless `step` stops it before.

    Raises:
        InputError: It cannot be written.
    """
    data = form.encoded(mining, rows)
    step(0, 0)
    Outputs(inputs, overwrite=True).write(path, data)


def as_csv(mining: Mining, rows: Order) -> bytes:
    """A line per row, the full names of all columns first; empty where nothing is known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(one.name for one in COLUMNS)
    columns = [list(_as_texts(one, mining, rows)) for one in COLUMNS]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode(errors="surrogateescape")


def as_parquet(mining: Mining, rows: Order) -> bytes:
    """Columns by their full names, units and meanings in their metadata; null where nothing is known.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError(NO_PARQUET) from error
    fields, arrays = [], []
    for one in COLUMNS:
        arrays.append(pyarrow.array(_cells(one, mining, rows), _type(pyarrow, one)))
        meaning = {"unit": one.column.unit, "doc": one.column.doc}
        fields.append(pyarrow.field(one.name, arrays[-1].type, metadata=meaning))
    schema = pyarrow.schema(fields, metadata={"schema": SCHEMA})
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def _type(pyarrow: Any, one: MiningColumn) -> Any:
    if one.column.kind is Kind.TEXTS:
        return pyarrow.list_(pyarrow.string())
    if not one.is_number:
        return pyarrow.string()
    return pyarrow.int32() if one.column.kind is Kind.WHOLE else pyarrow.float64()


def _cells(one: MiningColumn, mining: Mining, rows: Order) -> Sequence[list[str] | str | int | float | None]:
    if not one.is_number:
        told = (mining.text(one.name, row) for row in rows.tolist())
        texts = [text.encode(errors="surrogateescape").decode(errors="backslashreplace") for text in told]
        return (
            [text.split() for text in texts] if one.column.kind is Kind.TEXTS else [t or None for t in texts]
        )
    values = mining.table.numbers[one.name][rows].tolist()
    whole = one.column.kind is Kind.WHOLE
    return [None if value != value else int(value) if whole else value for value in values]


def _as_texts(one: MiningColumn, mining: Mining, rows: Order) -> Iterator[str]:
    if not one.is_number:
        yield from (mining.text(one.name, row) for row in rows.tolist())
        return
    digits = "" if one.column.kind is Kind.WHOLE else one.column.digits
    for value in _cells(one, mining, rows):
        yield "" if value is None else format(value, digits)


def _curve(kind: str, stem: str, sheet: Callable[[Mining, Order], Sheet]) -> dict[str, Form]:
    """A figure in each kind of file there is for it."""

    def encoded(ending: str) -> Callable[[Mining, Order], bytes]:
        return lambda mining, rows: figure_file(sheet(mining, rows), Path(f"{stem}.{ending}"))

    return {f"{kind}-{ending}": Form(stem, ending, encoded(ending)) for ending in CURVE_ENDINGS}


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "csv": Form("mining", "csv", as_csv),
        "parquet": Form("mining", "parquet", as_parquet),
        "sheet-png": Form("worst-and-best", "png", as_png),
        "sheet-pdf": Form("worst-and-best", "pdf", as_pdf),
        **_curve("curve", "error-curve", cumulative_sheet),
        **_curve("covered", "error-by-covered", covered_sheet),
        **_curve("reliability", "reliability", reliable_sheet),
    }
)
"""What rows can be written as."""
