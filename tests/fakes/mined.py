"""Rows of a run, as a test wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.batch.rows import Row
from viewer.state.mining import NO_ROWS, Mark, Mining, Run, Table
from viewer.state.setting import Setting


def mined_row(index: int = 0, **cells: Any) -> Row:
    """An answered face of picture number `index`."""
    return {
        "input": f"/faces/face {index}.png",
        "frame": 0,
        "face": 1,
        "method": "fake",
        "weights": "open",
        "left_out": [],
        "outcome": "answered",
        "picture": index,
        "setting": 0,
        "x0": 20.0,
        "y0": 30.0,
        "x1": 120.0,
        "y1": 140.0,
        "suspicion": 1.0,
    } | cells


def mined_table(*rows: Row) -> Table:
    """Those rows."""
    return NO_ROWS.extended(rows)


def mined(*rows: Row) -> Mining:
    """A run that ended with those rows."""
    paths = tuple(Path(str(row["input"])) for row in rows)
    return Mining(
        run=Run("faces", paths, False, (Setting("fake", "open"),), "finder"), table=mined_table(*rows)
    )


def marked(mining: Mining, row: int, mark: Mark) -> Mining:
    """With another mark on a row."""
    return mining.with_mark(mining.table.key(row), mark)
