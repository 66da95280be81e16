"""Which rows are shown, in which order. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles
from viewer.mining.filtering import FilterError, parsed
from viewer.state.mining import COLUMN, Mining, Sort, distinct


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """The rows of a table that are shown.

    Attributes:
        rows: Indices into the table, in their order.
        filtered: Indices of those that the filter leaves, whatever the brush says; as in the table.
        trouble: Why the filter cannot be understood; all rows are shown then.
    """

    rows: NDArray[np.int64]
    filtered: NDArray[np.int64]
    trouble: str = ""


def shown_rows(mining: Mining) -> Shown:
    """What the filter and the brush leave, sorted."""
    trouble = ""
    try:
        held = parsed(mining.filter)(mining)
    except FilterError as error:
        held, trouble = np.ones(len(mining.table), bool), str(error)
    filtered = np.flatnonzero(held)
    if mining.brush is not None:
        held = held & mining.brush.holds(mining.table)
    rows = np.flatnonzero(held)
    return Shown(rows[order(mining, rows, mining.sort)], filtered, trouble)


def order(mining: Mining, rows: NDArray[np.int64], sort: Sort) -> NDArray[np.int64]:
    """Indices into `rows` that sort them; equal ones as in the table, what is not known last."""
    values = _values(mining, rows, sort.column)
    unknown = np.isnan(values)
    sorted_known = np.argsort(-values if sort.descending else values, kind="stable")  # NaN comes last
    assert not unknown.any() or unknown[sorted_known[-1]]
    return sorted_known


def _values(mining: Mining, rows: NDArray[np.int64], name: str) -> Doubles:
    """[len(rows)] what the rows are sorted by; NaN where nothing is known."""
    if name == "input":  # pictures come in the order of the run, which is that of their names
        return mining.table.numbers["picture"][rows]
    if COLUMN[name].is_number:
        return mining.table.numbers[name][rows]
    texts = [mining.text(name, row) for row in rows.tolist()] if name not in mining.table.texts else None
    if texts is None:
        column = mining.table.texts[name]
        texts = [column[row] for row in rows.tolist()]
    place = distinct(texts)
    return np.array([place[text] if text else np.nan for text in texts], np.float64)
