"""Two reports on the same faces, face by face: `unmask evaluate --compare A.json B.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import InputError
from models.evaluation.protocol import Column
from models.evaluation.report import SCHEMA
from models.evaluation.scoring import BIN_NAMES, yaw_bin
from models.evaluation.tables import markdown
from models.export.answers import check_schema
from models.file_formats import read_bytes, reason_of
from models.geometry.arrays import Doubles
from models.metrics.bootstrap import DRAWS, interval_of

MOST_BYTES = 256 << 20
AT_FIRST = "unmask evaluation 1"  # as version 1 was called in the beginning
SMALLEST = 5  # pairs of which anything is said


@dataclass(frozen=True, eq=False, slots=True)
class Told:
    """What a report says, as far as a comparison needs it.

    Attributes:
        label: Method and weights.
        protocol: Its name; data, boxes: what was looked at, and where.
        columns: Numbers per face.
        subjects, yaw_deg, subsets, values: By name of the face; values by key of the column.
    """

    label: str
    protocol: str
    data: str
    boxes: str
    columns: tuple[Column, ...]
    subjects: dict[str, str]
    yaw_deg: dict[str, float]
    subsets: dict[str, tuple[str, ...]]
    values: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A less B over the faces that both answered.

    Attributes:
        column: Which number; group: of which faces.
        count: Pairs.
        first, second: Means.
        mean, low, high: Of the differences, with its 95 % bootstrap interval over faces (or people).
        better_share: How often A is better, ties counting half.
    """

    column: Column
    group: str
    count: int
    first: float
    second: float
    mean: float
    low: float
    high: float
    better_share: float

    @property
    def verdict(self) -> str:
        """What the interval allows to say."""
        if not math.isfinite(self.low) or self.low <= 0 <= self.high:
            return "no difference shown"
        return "A better" if (self.mean > 0) == self.column.larger_is_better else "B better"


def read_report(path: Path) -> Told:
    """A report.json, of any version so far.

    Raises:
        InputError: It is none, or of a later version.
        MissingAssetError, WeightsError: It is not there or cannot be read.
    """
    try:
        held = json.loads(read_bytes(path, MOST_BYTES))
        if not isinstance(held, dict):
            raise InputError(f"{path} is no report of unmask evaluate. Give the report.json of a run.")
        _check(path, str(held.get("schema", "")))
        return _told(held)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InputError(f"{path} is damaged ({reason_of(error)}). Run the evaluation again.") from error


def _check(path: Path, schema: str) -> None:
    try:
        check_schema(SCHEMA if schema == AT_FIRST else schema, SCHEMA)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def differences(first: Told, second: Told, draws: int = DRAWS) -> list[Difference]:
    """Every column and group both have.

    Raises:
        InputError: The two are of different protocols, or share too few faces.
    """
    if first.protocol != second.protocol:
        raise InputError(
            f"One report is of {first.protocol}, the other of {second.protocol}. Compare two of one protocol."
        )
    names = [name for name in first.values if name in second.values]
    if len(names) < SMALLEST:
        raise InputError(f"The two reports share {len(names)} faces, too few. Measure the same set.")
    keys = {column.key for column in second.columns}
    found = []
    for column in first.columns:
        if column.key in keys:
            for group, some in _groups(first, names).items():
                found += _difference(first, second, column, group, some, draws)
    return found


def comparison_text(first: Told, second: Told, found: Sequence[Difference]) -> str:
    """The comparison as Markdown."""
    header = ["figure", "faces", "n", "A", "B", "A - B", "95 % interval", "A better, %", ""]
    lines = [
        [
            *(f"{one.column.title}, {one.column.unit}".rstrip(", "), one.group, one.count),
            *(one.first, one.second, f"{one.mean:+.3f}"),
            f"{one.low:+.3f} to {one.high:+.3f}",
            *(100 * one.better_share, one.verdict),
        ]
        for one in found
    ]
    parts = [f"A: {first.label}\nB: {second.label}\n{first.protocol}, faces that both answered"]
    for what in ("data", "boxes"):
        if getattr(first, what) != getattr(second, what):
            parts.append(f"Not alike: {what} {getattr(first, what)!r} and {getattr(second, what)!r}.")
    return "\n\n".join([*parts, markdown(header, lines)])


def _told(held: dict[str, Any]) -> Told:
    faces = [face for face in held["faces"] if face["found"]]
    return Told(
        label=f"{held['method']}, {held['weights']['name']}",
        protocol=str(held["protocol"]["name"]),
        data=str(held["run"]["data"]),
        boxes=str(held["run"]["boxes"]),
        columns=tuple(Column(**column) for column in held["columns"]),
        subjects={str(face["name"]): str(face["subject"]) for face in faces},
        yaw_deg={str(face["name"]): _number(face["yaw_deg"]) for face in faces},
        subsets={str(face["name"]): tuple(map(str, face["subsets"])) for face in faces},
        values={
            str(face["name"]): {str(key): _number(value) for key, value in face["values"].items()}
            for face in faces
        },
    )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _groups(told: Told, names: Sequence[str]) -> dict[str, list[str]]:
    groups = {"all": list(names)}
    yaw = np.array([told.yaw_deg[name] for name in names], np.float64)
    if np.isfinite(yaw).any():
        which = np.where(np.isfinite(yaw), yaw_bin(yaw), -1)
        for k, title in enumerate(BIN_NAMES):
            groups[f"yaw {title}"] = [name for name, b in zip(names, which, strict=True) if b == k]
    for subset in sorted({subset for name in names for subset in told.subsets[name]}):
        groups[subset] = [name for name in names if subset in told.subsets[name]]
    return groups


def _difference(
    first: Told, second: Told, column: Column, group: str, names: Sequence[str], draws: int
) -> list[Difference]:
    a, b = (_values(told, column.key, names) for told in (first, second))
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < SMALLEST:
        return []
    a, b = a[both], b[both]
    less = a - b
    clusters = [first.subjects[name] for name, ok in zip(names, both, strict=True) if ok]
    low, high = interval_of(np.mean, less, clusters, draws)
    better = less > 0 if column.larger_is_better else less < 0
    share = float((better + 0.5 * (less == 0)).mean())
    means = float(a.mean()), float(b.mean()), float(less.mean())
    return [Difference(column, group, len(less), *means, low, high, share)]


def _values(told: Told, key: str, names: Sequence[str]) -> Doubles:
    return np.array([told.values[name].get(key, math.nan) for name in names], np.float64)
