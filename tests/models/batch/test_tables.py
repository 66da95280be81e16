"""Tables as files: what an older version wrote is read, with the columns of today."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from models.batch.rows import BY_NAME, SCHEMA
from models.batch.tables import FORMS, encoded, read_rows
from models.errors import InputError

FIRST = {
    **{"schema": "unmask.rows/1", "input": "a.png", "frame": 0, "face": 1, "x0": 1.5, "method": "dsfnet"},
    **{"landmarks": [0.5, 2.0], "alarms": ["empty-mask"], "abandoned": 7},
}
"""A row as an early version had it: few of today's columns, and one that is gone."""


def write(path: Path, cells: dict[str, object]) -> Path:
    match path.suffix:
        case ".parquet":
            pyarrow = pytest.importorskip("pyarrow", reason="pip install 'unmask[batch]'")
            parquet = pytest.importorskip("pyarrow.parquet")
            parquet.write_table(pyarrow.Table.from_pylist([cells]), path)
        case ".jsonl":
            path.write_text(json.dumps(cells) + "\n")
        case _:
            with path.open("w", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(cells)
                writer.writerow(
                    " ".join(map(str, cell)) if isinstance(cell, list) else str(cell)
                    for cell in cells.values()
                )
    return path


@pytest.mark.parametrize("form", FORMS)
def test_a_table_of_an_early_version_is_read_with_the_columns_of_today(form, tmp_path):
    (row,) = read_rows(write(tmp_path / f"part-000000.{form}", FIRST))
    assert list(row) == list(BY_NAME)
    assert {name: row[name] for name in FIRST if name in BY_NAME} == {
        name: cell for name, cell in FIRST.items() if name in BY_NAME
    }
    assert row["likely_error_percent"] is None


@pytest.mark.parametrize("form", FORMS)
def test_a_table_of_a_later_version_or_of_something_else_is_told(form, tmp_path):
    later = write(tmp_path / f"later.{form}", FIRST | {"schema": "unmask.rows/2"})
    with pytest.raises(InputError, match="version 2 is newer"):
        list(read_rows(later))
    other = write(tmp_path / f"other.{form}", {"name": "a.png"})
    with pytest.raises(InputError, match=r"is not unmask\.rows"):
        list(read_rows(other))


@pytest.mark.parametrize("form", FORMS)
def test_every_row_that_is_written_tells_its_version(form, tmp_path):
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="pip install 'unmask[batch]'")
    row = dict.fromkeys(BY_NAME) | {"schema": SCHEMA, "input": "a.png"}
    path = tmp_path / f"a.{form}"
    path.write_bytes(encoded([row, row], form))
    assert [cells["schema"] for cells in read_rows(path)] == [SCHEMA, SCHEMA]
    if form == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        assert parquet.read_schema(path).metadata[b"schema"].decode() == SCHEMA
