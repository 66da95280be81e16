"""What a protocol is: which faces, what is measured of each answer, and what is made of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.evaluation.calibration import Reliability
from models.geometry.arrays import Box
from models.reconstruction import Reconstruction

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Column:
    """One number per face.

    Attributes:
        key: Short, stable: names it in CSV and JSON.
        title: As tables have it, e.g. "NME 2D, 68 points".
        unit: "%", "mm", "°" or "".
        larger_is_better: Of two methods; errors are the usual case.
    """

    key: str
    title: str
    unit: str
    larger_is_better: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """What one answer gave.

    Attributes:
        values: Column key -> number; NaN or absent where it is not defined.
        arrays: What figures over all faces need, by name; numbers only.
    """

    values: Mapping[str, float]
    arrays: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One face to ask about.

    Attributes:
        name: Tells it from all others of the set.
        image: Reads [H, W, 3] RGB.
        measure: Holds an answer in image px against the truth.
        box: Where the face is, image px; None leaves it to the finder.
        square: The picture is a crop already: the method is shown all of it.
        yaw_deg: Of the truth; NaN where nobody says.
        covered: Share of the face that something hides, 0..1; NaN where nobody says.
        subsets: Parts of the set it belongs to, each with figures of its own.
        subject: Who it is; pictures of one person are resampled together. Empty: someone of his own.
        points: [K, >= 2] true points to draw, image px; None without any.
    """

    name: str
    image: Callable[[], NDArray[np.uint8]]
    measure: Callable[[Reconstruction], Measured]
    box: Box | None = None
    square: bool = False
    yaw_deg: float = NAN
    covered: float = NAN
    subsets: tuple[str, ...] = ()
    subject: str = ""
    points: NDArray[np.floating] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """What is known of one face once the method was asked.

    Attributes:
        name, yaw_deg, covered, subsets, subject: As in Sample.
        found: Whether there was an answer: the finder may miss a face.
        ms: Crop to answer.
        values, arrays: As in Measured; empty where there was no answer. `arrays` also holds "landmarks",
            [68, 2] float32, image px.
        problem: Why it could not be measured; empty if it could. Such faces are left out and told of.
    """

    name: str
    yaw_deg: float
    covered: float
    subsets: tuple[str, ...]
    subject: str
    found: bool
    ms: float
    values: Mapping[str, float]
    arrays: Mapping[str, NDArray[np.generic]]
    problem: str = ""


Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Pooled:
    """A figure that is no mean of numbers per face, e.g. a median over all points of all faces.

    Attributes:
        title, unit: As in Column.
        of: The figure of some faces, all of them found; NaN where it is not defined.
    """

    title: str
    unit: str
    of: Callable[[Rows], float]


@dataclass(frozen=True, slots=True)
class Published:
    """A figure that someone published.

    Attributes:
        system: Who, e.g. "PRNet".
        figure: Which, in the words of its source.
        value: As printed.
        source: Where it stands.
        ours: The figure of ours it may be held against: title, group, statistic; None if there is none.
    """

    system: str
    figure: str
    value: str
    source: str
    ours: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What of a protocol may be chosen.

    Attributes:
        limit: Only this many faces, evenly spread; None for all.
        seed: Of rendered faces.
        count: How many of those.
        face_model: BFM as the user has it (BFM.mat of face3d), for dense truth; None looks where brought
            files lie.
    """

    limit: int | None = None
    seed: int = 987_654_321
    count: int = 200
    face_model: Path | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a method is measured on one set.

    Attributes:
        name: As the command has it.
        title: Of the set.
        layout: What DATA must hold.
        source: Who defined the protocol.
        notes: Its conventions, a sentence each: whatever must be said beside a figure.
        samples: The faces of a folder; raises InputError where it does not hold the set.
        columns: Numbers per face, the one that curves and worst faces go by first.
        pooled: Figures over all faces.
        published: Figures of others.
        reliability: What was told against what came true, where the protocol knows it.
        by_yaw: Whether figures come by yaw bin and balanced.
        limits: Column key -> error at which failures and the area under the curve are counted.
        needs_data: False if the faces are made here.
    """

    name: str
    title: str
    layout: str
    source: str
    notes: tuple[str, ...]
    samples: Callable[[Path, Setting], Sequence[Sample]]
    columns: tuple[Column, ...]
    pooled: tuple[Pooled, ...] = ()
    published: tuple[Published, ...] = ()
    reliability: Callable[[Rows], Mapping[str, Reliability]] | None = None
    by_yaw: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)
    needs_data: bool = True
