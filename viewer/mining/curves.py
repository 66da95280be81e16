"""Curves of a run: the share of answers no worse than each error; errors by how much is covered. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.geometry.arrays import Doubles
from viewer.state.mining import COLUMN, NME, Mining
from viewer.state.setting import worded

if TYPE_CHECKING:
    from models.export.figure import Series
    from models.export.sheet import Sheet

COVERED = "covered_percent"
LIKELY = "likely_error_percent"
ERRORS = (NME.name, LIKELY)
"""What an error is: against the truth where any is known, else as the method expects it."""
STEP = 10.0  # % of covered share that answers are averaged over
MOST = 99.0  # percentile of the errors a curve ends at: a lost face must not flatten the others
NOTHING = "No row shown has an error to draw a curve of: neither ground truth nor a likely error."
NO_SHARE = "No row shown has both an error and a covered share: this method does not say what is covered."
NO_LIKELY = "No row shown has both ground truth and a likely error: there is nothing to hold it against."

Order = NDArray[np.int64]


def error_column(mining: Mining, rows: Order) -> str:
    """Which of ERRORS the rows have; InputError if none."""
    for name in ERRORS:
        if np.isfinite(mining.table.numbers[name][rows]).any():
            return name
    raise InputError(NOTHING)


def by_setting(mining: Mining, rows: Order) -> Iterator[tuple[str, Order]]:
    """Who answered, and which of the rows are theirs."""
    settings = () if mining.run is None else mining.run.settings
    which = mining.table.numbers["setting"][rows]
    for index, setting in enumerate(settings):
        if (mine := rows[which == index]).size:
            yield worded(setting), mine


def shares(values: Doubles) -> Doubles:
    """[K] numbers, some NaN -> [N, 2]: each that is known, rising, and the % of them that are no greater."""
    known = np.sort(values[np.isfinite(values)])
    return np.column_stack([known, 100 * np.arange(1, len(known) + 1) / max(len(known), 1)])


def means(x: Doubles, y: Doubles) -> Doubles:
    """[K], [K] -> [B, 2]: mean x and y of the points in every STEP of x that has any."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    part = np.floor(np.clip(x, 0, 100 - 1e-9) / STEP)
    return np.array([(x[part == k].mean(), y[part == k].mean()) for k in np.unique(part)]).reshape(-1, 2)


def cumulative_sheet(mining: Mining, rows: Order) -> Sheet:
    """A curve for each method, and where the face that is open stands; InputError without errors."""
    from models.export.figure import Series, cumulative, curves_figure  # brings what no start has to wait for

    name = error_column(mining, rows)
    values = mining.table.numbers[name]
    known = values[rows][np.isfinite(values[rows])]
    most = max(float(np.percentile(known, MOST)), 1e-6)
    series = []
    for who, mine in by_setting(mining, rows):
        errors = values[mine][np.isfinite(values[mine])]
        if len(errors):
            series.append(Series(f"{who} ({len(errors)})", cumulative(errors, most) * (1, 100)))
    series += _current(mining, rows, name, most)
    return curves_figure(series, COLUMN[name].title, "faces no worse, %")


def covered_sheet(mining: Mining, rows: Order) -> Sheet:
    """Mean errors by covered share, a line for each method; InputError where no row has both."""
    from models.export.figure import Series, curves_figure

    name = error_column(mining, rows)
    table = mining.table.numbers
    series = [
        Series(f"{who}: mean of {STEP:.0f} % each", line)
        for who, mine in by_setting(mining, rows)
        if len(line := means(table[COVERED][mine], table[name][mine]))
    ]
    if not series:
        raise InputError(NO_SHARE)
    return curves_figure(series, COLUMN[COVERED].title, COLUMN[name].title)


def reliable_sheet(mining: Mining, rows: Order) -> Sheet:
    """True errors against the likely ones that were told, and where both would be the same.

    A line for each method; InputError where no row has both.
    """
    from models.export.figure import Series, curves_figure

    told, true = (mining.table.numbers[name] for name in (LIKELY, NME.name))
    series = []
    for who, mine in by_setting(mining, rows):
        line = tenths(told[mine], true[mine])
        if len(line):
            count = int((np.isfinite(told[mine]) & np.isfinite(true[mine])).sum())
            off = float(np.abs(line[:, 0] - line[:, 1]).mean())
            series.append(Series(f"{who} ({count}): {off:.1f} off on the mean", line))
    if not series:
        raise InputError(NO_LIKELY)
    return curves_figure(series, COLUMN[LIKELY].title, COLUMN[NME.name].title, diagonal=True)


def tenths(told: Doubles, true: Doubles) -> Doubles:
    """[K], [K] -> [B, 2]: mean of both over each tenth of the pairs known, by what was told; NaN left out.

    Fewer than ten pairs stand each for itself.
    """
    known = np.isfinite(told) & np.isfinite(true)
    order = np.argsort(told[known], kind="stable")
    parts = np.array_split(order, min(10, max(1, len(order))))
    pairs = np.column_stack([told[known], true[known]])
    return np.array([pairs[part].mean(0) for part in parts if len(part)]).reshape(-1, 2)


def _current(mining: Mining, rows: Order, name: str, most: float) -> Iterator[Series]:
    """An upright line at the error of the face that is open, as high as the share of its method's curve."""
    from models.export.figure import Series

    row = mining.current
    if not 0 <= row < len(mining.table) or row not in rows:
        return
    error = float(mining.table.numbers[name][row])
    own = next((mine for _, mine in by_setting(mining, rows) if row in mine), rows[:0])
    known = mining.table.numbers[name][own]
    if np.isfinite(error) and error <= most:
        share = 100 * float((known[np.isfinite(known)] <= error).mean())
        told = f"the face shown: {error:.2f}, {share:.0f} % no worse"
        yield Series(told, np.array([(error, 0.0), (error, share)]))
