"""What was mined, as a part of a case: which pictures, who answered, the rows, and how they are seen."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np

from resources.needs import is_path
from viewer.cases.case import Count, Name, Text, Who
from viewer.cases.media import Files, absolute
from viewer.cases.records import Checked, MalformedError, Sized, plain, typed
from viewer.state.mining import NUMBERS, TEXTS, Axes, Run, Sort, Table, View
from viewer.state.setting import Setting
from viewer.state.state import Changes, State

MINED = "mined"  # the key of it among the sections of a case
MOST_ROWS = 20_000  # more than that are for a table of their own
LONGEST_TABLE = 40_000_000
DIGITS = ".8g"


def _sort(sort: Sort) -> Sort:
    if sort.column not in (*NUMBERS, *TEXTS, "mark", "note"):
        raise ValueError(f"no column is called {sort.column}")
    return sort


def _axes(axes: Axes) -> Axes:
    if not {axes.x, axes.y} <= set(NUMBERS):
        raise ValueError("only columns of numbers are plotted")
    return axes


@dataclass(frozen=True, slots=True)
class Mined:
    """A run and its rows.

    Attributes:
        paths: Of the pictures, or of one video.
        table: CSV, the names of the columns first; empty where nothing is known.
        others: As of `viewer.state.mining.Run` and `Mining`.
    """

    name: Name
    paths: Annotated[tuple[Name, ...], Sized(MOST_ROWS)]
    is_video: bool
    who: Annotated[tuple[Who, ...], Sized(64)]
    detector: Text
    draws: Count
    table: Annotated[str, Sized(LONGEST_TABLE)]
    filter: Name
    sort: Annotated[Sort, Checked(_sort)]
    view: View
    axes: Annotated[Axes, Checked(_axes)]


class MinedSection:
    """The last run, if it is no longer than a case should be; it takes the place of the one that is there."""

    def of(self, state: State, files: Files) -> Any:
        """A `Mined`."""
        mining, run = state.mining, state.mining.run
        if run is None or max(len(run.paths), len(mining.table)) > MOST_ROWS:
            return None
        told = Mined(
            name=run.name,
            paths=tuple(map(files.relative, run.paths)),
            is_video=run.is_video,
            who=tuple(map(files.who, run.settings)),
            detector=run.detector,
            draws=run.draws,
            table=_csv(mining.table),
            filter=mining.filter,
            sort=mining.sort,
            view=mining.view,
            axes=mining.axes,
        )
        return plain(told)

    def restored(self, values: Any, state: State, key: str, folder: Path) -> Changes:
        """Nothing while another run is under way."""
        mined: Mined = typed(Mined, values, key)
        table = _table(mined, key)
        mining = state.mining
        if mining.running is not None:
            return {}
        run = Run(
            mined.name,
            tuple(absolute(name, folder) for name in mined.paths),
            mined.is_video,
            tuple(_setting(who, folder) for who in mined.who),
            mined.detector,
            mined.draws,
        )
        restored = replace(
            mining,
            run=run,
            table=table,
            filter=mined.filter,
            sort=mined.sort,
            view=mined.view,
            axes=mined.axes,
            brush=None,
            current=-1,
            shows=mining.shows + 1,
        )
        return {"mining": restored}


def _setting(who: Who, folder: Path) -> Setting:
    by_path = is_path(who.weights)
    return Setting(who.method, str(absolute(who.weights, folder)) if by_path else who.weights, who.without)


@lru_cache(maxsize=1)  # a session is kept whenever anything changes, and the table hardly ever does
def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*NUMBERS, *TEXTS))
    columns: list[Iterable[str]] = [map(_told, table.numbers[name].tolist()) for name in NUMBERS]
    columns += [table.texts[name] for name in TEXTS]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def _told(value: float) -> str:
    return "" if math.isnan(value) else format(value, DIGITS)


def _table(mined: Mined, key: str) -> Table:
    """MalformedError where a row is about none of the pictures, or a number is none."""
    key = f"{key}.table"
    rows = list(_rows(mined.table, key))
    if len(rows) > MOST_ROWS:
        raise MalformedError(key, f"holds more than {MOST_ROWS} rows")
    numbers = {name: np.array([_number(row[name], key) for row in rows]) for name in NUMBERS}
    for column in numbers.values():
        column.flags.writeable = False
    pictures = math.inf if mined.is_video else len(mined.paths)
    for name, limit in (("picture", pictures), ("setting", len(mined.who))):
        if not ((numbers[name] >= 0) & (numbers[name] < limit)).all():
            raise MalformedError(key, f"has a {name} that is not there")
    texts = {name: tuple(row[name] for row in rows) for name in TEXTS}
    return Table(MappingProxyType(numbers), MappingProxyType(texts))


def _rows(text: str, key: str) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
    try:
        if not {*NUMBERS, *TEXTS} <= set(reader.fieldnames or ()):
            raise MalformedError(key, "lacks a column")
        yield from reader
    except csv.Error as error:
        raise MalformedError(key, f"is no CSV ({error})") from error


def _number(text: str, key: str) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        raise MalformedError(key, f"holds {text[:20]!r} in place of a number") from None
