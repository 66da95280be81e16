"""Answers about many pictures as a table, and which of them are looked at. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.batch.rows import BY_NAME, Cell, Column, Kind, Row
from models.errors import InputError
from models.geometry.arrays import Box, Doubles
from viewer.state.running import Running
from viewer.state.setting import Setting

NO_ANSWER = 100.0
"""The suspicion of a picture about which there is no answer."""

LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class MiningColumn:
    """A column of the table.

    Attributes:
        column: Its name, unit and meaning, as every table of answers has it.
        heading: What its head says.
        word: What it is called in filters, besides its full name.
        shown: Whether the window shows it; all are written to files.
    """

    column: Column
    heading: str
    word: str
    shown: bool = True

    @property
    def name(self) -> str:
        """Its full name."""
        return self.column.name

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers; else they are texts."""
        return self.column.kind in (Kind.NUMBER, Kind.WHOLE)

    @property
    def title(self) -> str:
        """Heading and unit."""
        return f"{self.heading} ({self.column.unit})" if self.column.unit else self.heading


SUSPICION = Column(
    "suspicion",
    Kind.NUMBER,
    "%",
    "The error against the truth; the likely error where there is no truth; 100 where there is no answer.",
    ".2f",
)
OUTCOME = Column("outcome", Kind.TEXT, "", "answered, no face, or problem.")
NME = Column(
    "nme_percent",
    Kind.NUMBER,
    "%",
    "NME 2D, 68 points, sqrt(w h) of the truth's box; of the face the truth is about.",
    ".2f",
)
CORRECTION = Column(
    "correction_mm", Kind.NUMBER, "mm", "Mean length of the method's own correction to its fusion.", ".2f"
)
JITTER = Column(
    "jitter_percent",
    Kind.NUMBER,
    "%",
    "Of a video: mean second difference of the 68 landmarks over this frame and the two before, "
    "% of sqrt(w h) of their box.",
    ".2f",
)
BOX_JITTER = Column(
    "box_jitter_percent",
    Kind.NUMBER,
    "%",
    "Mean standard deviation of the vertices when the box is jittered, % of the size of the face.",
    ".2f",
)
BOX_IOU = Column(
    "box_iou", Kind.NUMBER, "", "Overlap of the face's box with that of the true landmarks, 0..1.", ".3f"
)
PICTURE = Column("picture", Kind.WHOLE, "", "Number of the picture in the run, from 0.")
SETTING = Column("setting", Kind.WHOLE, "", "Number of the run's method, from 0.")
MARK = Column("mark", Kind.TEXT, "", "good or bad, as somebody marked it.")
NOTE = Column("note", Kind.TEXT, "", "What somebody wrote about it.")


def _row(name: str, heading: str, word: str = "", shown: bool = True) -> MiningColumn:
    return MiningColumn(BY_NAME[name], heading, word or name, shown)


COLUMNS = (
    _row("input", "Picture", "name"),
    MiningColumn(SUSPICION, "Suspicion", "suspicion"),
    MiningColumn(MARK, "Mark", "mark"),
    _row("frame", "Frame"),
    _row("face", "Face"),
    MiningColumn(NME, "NME", "nme"),
    _row("likely_error_percent", "Likely error", "likely"),
    _row("seen_percent", "Seen", "seen"),
    _row("covered_percent", "Covered", "covered"),
    _row("disagreement_mm", "Branches differ", "disagreement"),
    MiningColumn(CORRECTION, "Own correction", "correction"),
    MiningColumn(JITTER, "Jitter", "jitter"),
    MiningColumn(BOX_JITTER, "Box jitter", "box_jitter"),
    _row("pitch_deg", "Pitch", "pitch"),
    _row("yaw_deg", "Yaw", "yaw"),
    _row("roll_deg", "Roll", "roll"),
    MiningColumn(BOX_IOU, "Box IoU", "iou"),
    _row("score", "Detector", "score"),
    _row("alarms", "Alarms"),
    MiningColumn(NOTE, "Note", "note"),
    _row("method", "Method"),
    _row("weights", "Weights"),
    MiningColumn(OUTCOME, "Outcome", "outcome"),
    _row("problem", "Problem"),
    _row("turned_away_percent", "Turned away", "turned", shown=False),
    _row("left_out", "Left out", shown=False),
    _row("width_px", "Width", "width", shown=False),
    _row("height_px", "Height", "height", shown=False),
    _row("time_s", "Time", "time", shown=False),
    *(_row(name, name, shown=False) for name in ("x0", "y0", "x1", "y1", "turn_deg")),
    _row("notices", "Notices", shown=False),
    MiningColumn(PICTURE, "Number", "picture", shown=False),
    MiningColumn(SETTING, "Setting", "setting", shown=False),
)
"""All columns, in the order of the table. What is in every table of answers is called as there."""

COLUMN: Mapping[str, MiningColumn] = MappingProxyType({one.name: one for one in COLUMNS})
WORDS: Mapping[str, MiningColumn] = MappingProxyType(
    {name: one for one in COLUMNS for name in (one.name, one.word)}
)
"""What filters call them."""

MARKED = frozenset({MARK.name, NOTE.name})
NUMBERS = tuple(one.name for one in COLUMNS if one.is_number)
TEXTS = tuple(one.name for one in COLUMNS if not one.is_number and one.name not in MARKED)
PLOTTED = tuple(one for one in COLUMNS if one.is_number and one.shown and one.name not in ("frame", "face"))


class Verdict(Enum):
    """What somebody thinks of an answer."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody said about one answer; a mark that says nothing is not kept."""

    verdict: Verdict | None = None
    note: str = ""


NO_MARK = Mark()


@dataclass(frozen=True, slots=True)
class FaceKey:
    """Which answer a mark is about, also in another run over the same pictures.

    Attributes:
        input: The file, as it was named.
        frame: Which frame of it.
        face: Number of the face from 1; 0 where none was found.
        method, weights, left_out: Who answered, and without what.
    """

    input: str
    frame: int
    face: int
    method: str
    weights: str
    left_out: str = ""


Marks = Mapping[FaceKey, Mark]
NO_MARKS: Marks = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Rows by columns; only ever longer.

    Attributes:
        numbers: Name -> [N]; NaN where nothing is known.
        texts: Name -> N texts; empty where there is nothing.
    """

    numbers: Mapping[str, Doubles]
    texts: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.texts["input"])

    def extended(self, rows: Sequence[Row]) -> Table:
        """With more rows at the end."""
        if not rows:
            return self
        numbers = {
            name: np.concatenate([known, np.array([_number(row.get(name)) for row in rows])])
            for name, known in self.numbers.items()
        }
        texts = {
            name: known + tuple(_text(row.get(name)) for row in rows) for name, known in self.texts.items()
        }
        for column in numbers.values():
            column.flags.writeable = False
        return Table(MappingProxyType(numbers), MappingProxyType(texts))

    def number(self, name: str, row: int) -> float:
        """One number; NaN where nothing is known."""
        return float(self.numbers[name][row])

    def whole(self, name: str, row: int) -> int:
        """One whole number; 0 where nothing is known."""
        value = self.number(name, row)
        return int(value) if math.isfinite(value) else 0

    def key(self, row: int) -> FaceKey:
        """What a mark on that row is kept by."""
        texts = (self.texts[name][row] for name in ("method", "weights", "left_out"))
        return FaceKey(self.texts["input"][row], self.whole("frame", row), self.whole("face", row), *texts)

    def box(self, row: int) -> Box | None:
        """(x0, y0, x1, y1) of the face, px of the picture's file; None where there is no face."""
        x0, y0, x1, y1 = (self.number(name, row) for name in ("x0", "y0", "x1", "y1"))
        return (x0, y0, x1, y1) if math.isfinite(x0 + y0 + x1 + y1) else None


NO_ROWS = Table(
    MappingProxyType({name: np.zeros(0) for name in NUMBERS}), MappingProxyType(dict.fromkeys(TEXTS, ()))
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the next run asks.

    Attributes:
        settings: Who answers; none: who answers in the window.
        draws: How many jittered boxes each face is asked about besides; 0 for none.
    """

    settings: tuple[Setting, ...] = ()
    draws: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What is gone through.

    Attributes:
        name: What the user calls it.
        paths: The pictures; or one video.
        is_video: Whether it is a video.
        settings: Who answers.
        detector: Who looks for faces.
        draws: As in Plan.
    """

    name: str
    paths: tuple[Path, ...]
    is_video: bool
    settings: tuple[Setting, ...]
    detector: str
    draws: int = 0

    def lacks(self) -> frozenset[str]:
        """Columns in which none of its rows can have anything."""
        video_only = () if self.is_video else ("frame", JITTER.name)
        return frozenset((*video_only, *(() if self.draws else (BOX_JITTER.name,))))


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column rows are sorted; what is not known comes last either way."""

    column: str = SUSPICION.name
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Brush:
    """Rows whose values lie within these limits, both included.

    Attributes:
        x, low, high: A column and its limits.
        y, y_low, y_high: Another; empty for none.
    """

    x: str
    low: float
    high: float
    y: str = ""
    y_low: float = -math.inf
    y_high: float = math.inf

    def holds(self, table: Table) -> NDArray[np.bool_]:
        """[N]: which rows lie within; none whose value is not known."""
        x = table.numbers[self.x]
        within = (x >= self.low) & (x <= self.high)
        if self.y:
            y = table.numbers[self.y]
            within &= (y >= self.y_low) & (y <= self.y_high)
        return np.asarray(within)


class View(Enum):
    """How rows are shown."""

    TABLE = "table"
    GRID = "thumbnails"


class Plot(Enum):
    """What is drawn beside the rows."""

    HISTOGRAM = "histogram"
    SCATTER = "scatter"
    CUMULATIVE = "cumulative curve"


@dataclass(frozen=True, slots=True)
class Axes:
    """What the plot is of.

    Attributes:
        plot: A histogram of `x`, `y` over `x`, or the share of rows whose `x` is no greater.
        x, y: Columns.
    """

    plot: Plot = Plot.HISTOGRAM
    x: str = SUSPICION.name
    y: str = "covered_percent"


@dataclass(frozen=True, eq=False, slots=True)
class Mining:
    """A run over many pictures, and what is looked at of it.

    Attributes:
        plan: What the next run does.
        run: What was gone through last; None before the first.
        running: How far it is; None when it is at rest.
        table: What it answered so far.
        marks: What somebody said about answers, of this run and of others.
        filter: Which rows are shown, as `viewer.mining.filtering` reads it; empty for all.
        sort: Their order.
        brush: Of the rows the filter leaves, those that were picked in a plot; None for all.
        current: The row that is open in the panels; -1 for none.
        view, axes: How they are shown.
        shows: How often somebody wished to see all this: the dock then comes to the front.
    """

    plan: Plan = Plan()
    run: Run | None = None
    running: Running | None = None
    table: Table = NO_ROWS
    marks: Marks = field(default_factory=lambda: NO_MARKS)
    filter: str = ""
    sort: Sort = Sort()
    brush: Brush | None = None
    current: int = -1
    view: View = View.TABLE
    axes: Axes = field(default_factory=Axes)
    shows: int = 0

    def mark(self, row: int) -> Mark:
        """What somebody said about that row."""
        return self.marks.get(self.table.key(row), NO_MARK)

    def with_mark(self, face: FaceKey, mark: Mark) -> Mining:
        """With another mark on that answer."""
        marks = {key: known for key, known in self.marks.items() if key != face}
        if mark != NO_MARK:
            marks[face] = mark
        return replace(self, marks=MappingProxyType(marks))

    def text(self, name: str, row: int) -> str:
        """A text of that row, marks included."""
        if name == MARK.name:
            verdict = self.mark(row).verdict
            return "" if verdict is None else verdict.value
        return self.mark(row).note if name == NOTE.name else self.table.texts[name][row]


def marks_as_json(marks: Marks) -> list[dict[str, Any]]:
    """Marks as a list of objects that JSON can hold, in a fixed order."""
    told = [
        {
            "input": key.input,
            "frame": key.frame,
            "face": key.face,
            "method": key.method,
            "weights": key.weights,
            "left_out": key.left_out,
            "mark": None if mark.verdict is None else mark.verdict.value,
            "note": mark.note,
        }
        for key, mark in marks.items()
    ]
    return sorted(told, key=lambda one: (one["input"], one["frame"], one["face"], one["method"], str(one)))


def marks_from_json(value: Any) -> Marks:
    """What `marks_as_json` wrote.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, list):
        raise InputError("The marks are no list. Save them again from the window.")
    return MappingProxyType(dict(map(_mark, value)))


def _mark(value: Any) -> tuple[FaceKey, Mark]:
    try:
        texts = {name: value[name] for name in ("input", "method", "weights", "left_out", "note")}
        wholes = {name: value[name] for name in ("frame", "face")}
        verdict = None if value["mark"] is None else Verdict(value["mark"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"A mark lacks something ({error}). Save the marks again.") from error
    fits = all(isinstance(text, str) for text in texts.values())
    if not fits or not all(type(whole) is int and whole >= 0 for whole in wholes.values()):
        raise InputError("A mark holds a text where a number belongs, or the reverse. Save the marks again.")
    note = texts.pop("note")[:LONGEST_NOTE]
    return FaceKey(**texts, **wholes), Mark(verdict, note)


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else math.nan


def _text(cell: Cell) -> str:
    if isinstance(cell, list):
        return " ".join(str(part).replace(" ", "-") for part in cell)
    return "" if cell is None else str(cell)


def distinct(texts: Iterable[str]) -> dict[str, int]:
    """Every text once -> its place among them in alphabetical order."""
    return {text: place for place, text in enumerate(sorted(set(texts)))}
