"""What is made of the rows of a protocol: means and medians by group with intervals, curves, the worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.evaluation.protocol import NAN, Column, Protocol, Row, Rows
from models.evaluation.scoring import BIN_NAMES, yaw_bin
from models.geometry.arrays import Doubles, Ints
from models.metrics.bootstrap import DRAWS, interval, interval_of
from models.metrics.errors import area_under_curve, failure_share

ALL, BALANCED = "all", "balanced"
POOLED_DRAWS = 200
COVERED_EDGES = (0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report.

    Attributes:
        figure: What was measured, e.g. "NME 2D, 68 points".
        unit: "%", "mm", "°" or "".
        group: Of which faces, e.g. "yaw 30-60".
        statistic: "mean", "median", "over 10 %", ...; "pooled" if it is no statistic of numbers per face.
        count: Faces it rests on.
        value: NaN where it is not defined.
        low, high: 95 % bootstrap interval; NaN where there is none.
    """

    figure: str
    unit: str
    group: str
    statistic: str
    count: int
    value: float
    low: float
    high: float


def found_rows(rows: Rows) -> list[Row]:
    """Those with an answer."""
    return [row for row in rows if row.found]


def lost_rows(rows: Rows) -> list[Row]:
    """Those the finder missed; a face that could not be read or measured is none of them."""
    return [row for row in rows if not row.found and not row.problem]


def values_of(rows: Rows, key: str) -> Doubles:
    """[F] of a column; NaN where not known."""
    return np.array([row.values.get(key, NAN) for row in rows], np.float64)


def groups_of(rows: Rows, by_yaw: bool) -> dict[str, list[Row]]:
    """Name of a group -> its faces: all, then yaw bins, then subsets by name."""
    groups = {ALL: list(rows)}
    if by_yaw:
        which = yaw_bin(np.array([row.yaw_deg for row in rows], np.float64))
        known = np.isfinite([row.yaw_deg for row in rows])
        for k, name in enumerate(BIN_NAMES):
            inside = known & (which == k)
            groups[f"yaw {name}"] = [row for row, ok in zip(rows, inside, strict=True) if ok]
    for subset in sorted({subset for row in rows for subset in row.subsets}):
        groups[subset] = [row for row in rows if subset in row.subsets]
    return {name: group for name, group in groups.items() if group}


def figures(protocol: Protocol, rows: Rows, draws: int = DRAWS) -> list[Figure]:
    """All of a report, column by column, group by group; pooled ones last.

    Means and medians are over the faces with an answer. Shares above a limit and areas under the curve count
    the lost faces as failures.
    """
    answered, told = found_rows(rows), [row for row in rows if not row.problem]
    found: list[Figure] = []
    for column in protocol.columns:
        for name, group in groups_of(answered, protocol.by_yaw).items():
            found += _of_column(column, name, group, draws)
        if protocol.by_yaw:
            found += _balanced(column, answered, draws)
        if column.key in protocol.limits:
            for name, group in groups_of(told, protocol.by_yaw).items():
                found += _beyond(column, name, group, protocol.limits[column.key], draws)
    for pooled in protocol.pooled:
        for name, group in groups_of(answered, protocol.by_yaw).items():
            found += _pooled(pooled.title, pooled.unit, pooled.of, name, group, min(draws, POOLED_DRAWS))
    return found


def by_covered(rows: Rows, key: str) -> dict[str, Doubles]:
    """Covered share, as a title -> the errors of the faces with it; empty where nobody says."""
    covered = np.array([row.covered for row in rows], np.float64)
    values, edges = values_of(rows, key), (0.0, *COVERED_EDGES, 1.0 + 1e-9)
    bins = {
        f"{100 * low:.0f}-{100 * min(high, 1):.0f}": values[(covered >= low) & (covered < high)]
        for low, high in pairwise(edges)
    }
    return {name: some[np.isfinite(some)] for name, some in bins.items() if np.isfinite(some).any()}


def _of_column(column: Column, name: str, group: Rows, draws: int) -> list[Figure]:
    rows = [row for row in group if np.isfinite(row.values.get(column.key, NAN))]
    values = values_of(rows, column.key)
    if not len(values):
        return []
    clusters = [row.subject for row in rows]
    found = []
    for statistic, of in (("mean", np.mean), ("median", np.median)):
        low, high = interval_of(of, values, clusters, draws)
        found.append(
            Figure(column.title, column.unit, name, statistic, len(values), float(of(values)), low, high)
        )
    return found


def _balanced(column: Column, rows: Rows, draws: int) -> list[Figure]:
    """The mean of the means of the three yaw bins."""
    rows = [row for row in rows if np.isfinite(row.values.get(column.key, NAN)) and np.isfinite(row.yaw_deg)]
    values = values_of(rows, column.key)
    which = yaw_bin(np.array([row.yaw_deg for row in rows], np.float64))
    if len(set(which.tolist())) < len(BIN_NAMES):
        return []

    def mean(some: Ints) -> float:
        bins = [values[some][which[some] == k] for k in range(len(BIN_NAMES))]
        return float(np.mean([bin.mean() for bin in bins])) if all(map(len, bins)) else NAN

    low, high = interval(mean, [row.subject for row in rows], draws)
    value = mean(np.arange(len(rows)))
    return [Figure(column.title, column.unit, BALANCED, "mean", len(rows), value, low, high)]


def _beyond(column: Column, name: str, group: Rows, limit: float, draws: int) -> list[Figure]:
    """Share of failures and area under the curve, in %; lost faces are failures."""
    rows = [row for row in group if not row.found or np.isfinite(row.values.get(column.key, NAN))]
    values, clusters = values_of(rows, column.key), [row.subject for row in rows]
    found = []
    for statistic, of in (("over", failure_share), ("area under curve to", area_under_curve)):

        def share(some: Ints, of: Callable[[Doubles, float], float] = of) -> float:
            return 100 * of(values[some], limit)

        low, high = interval(share, clusters, draws)
        value = share(np.arange(len(rows)))
        title = f"{statistic} {limit:g} {column.unit}"
        found.append(Figure(column.title, "%", name, title, len(rows), value, low, high))
    return found


def _pooled(
    title: str, unit: str, of: Callable[[Rows], float], name: str, group: Sequence[Row], draws: int
) -> list[Figure]:
    value = of(group)
    if not np.isfinite(value):
        return []
    low, high = interval(lambda some: of([group[i] for i in some]), [row.subject for row in group], draws)
    return [Figure(title, unit, name, "pooled", len(group), value, low, high)]


def cumulative(values: Doubles, lost: int) -> tuple[Doubles, Doubles]:
    """The cumulative error curve: errors in rising order, and the share of all faces at or below each.

    Args:
        values: [F]; those not known are left out.
        lost: Faces without an answer, which never count as below.
    """
    known = np.sort(values[np.isfinite(values)])
    return known, np.arange(1, len(known) + 1) / max(len(known) + lost, 1)


def worst(rows: Rows, column: Column, count: int) -> list[Row]:
    """The faces with the worst numbers, the worst first."""
    sign: Mapping[bool, float] = {True: 1.0, False: -1.0}
    known = [row for row in found_rows(rows) if np.isfinite(row.values.get(column.key, NAN))]
    return sorted(known, key=lambda row: sign[column.larger_is_better] * row.values[column.key])[:count]
