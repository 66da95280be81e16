"""The row of a face in a table of answers: which columns there are, and what stands in them.

`COLUMNS` is the one description of a table: what is written as CSV, JSON lines or Parquet, by whichever
command, takes its names, units and meanings from here. A cell is None where nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Provenance
from models.export.answers import check_schema
from models.geometry.rescaling import AS_SHOWN, moved, moved_box
from models.metrics.disagreement import disagreement_px
from models.metrics.states import landmark_probabilities, landmark_states, state_shares
from models.reconstruction import Reconstruction, State
from models.reconstructor import Face

VERSION = 1
SCHEMA = f"unmask.rows/{VERSION}"
"""Of the columns: a new one leaves the number as it is; one renamed or changed in meaning raises it."""

Cell = str | int | float | bool | list[float] | list[int] | list[str] | None
Row = dict[str, Cell]


class Kind(Enum):
    """What a cell holds, if anything."""

    TEXT = "text"
    WHOLE = "whole"  # fits 32 bits, signed
    NUMBER = "number"  # a float of 64 bits
    FLAG = "flag"
    TEXTS = "texts"  # a list; in CSV joined by spaces, with hyphens for the spaces within
    WHOLES = "wholes"  # a list of whole numbers, 0..255
    NUMBERS = "numbers"  # a list of floats of 32 bits


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: Its heading, with the unit at its end if it has one.
        kind: What a cell holds.
        unit: Of the numbers; empty where they have none.
        doc: What it means, in a sentence.
        digits: How a number is written as text, as a format.
        repeats: Whether another run over the same pictures tells the same.
    """

    name: str
    kind: Kind
    unit: str
    doc: str
    digits: str = ".6g"
    repeats: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture a row is about.

    Attributes:
        name: The file, as it was named; of a member of an archive "ARCHIVE!MEMBER".
        frame: Which frame of it, from 0.
        time_s: Since the beginning of the video; None for a picture.
        width_px, height_px: Its size in its file, upright; None where it could not be read.
        notices: Sentences on what was done to read it.
    """

    name: str
    frame: int = 0
    time_s: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Makers:
    """Who made the rows of a table; the same in all of them.

    Attributes:
        program: Version of this program.
        method: Face alignment method.
        weights: Those it was loaded with; None where nobody knows.
        detector: Who looked for faces; empty where their places were given.
    """

    program: str
    method: str
    weights: Provenance | None = None
    detector: str = ""


@dataclass(frozen=True, slots=True)
class Took:
    """How long the row's picture took, ms; None where nobody measured.

    Attributes:
        read_ms: Reading and decoding it.
        detect_ms: Looking for faces.
        answer_ms: The method, per face: of a batch, the whole batch's time shared by its faces.
    """

    read_ms: float | None = None
    detect_ms: float | None = None
    answer_ms: float | None = None


UNTIMED = Took()

COLUMNS = (
    Column("input", Kind.TEXT, "", "The file, as it was named; of a member of an archive ARCHIVE!MEMBER."),
    Column("frame", Kind.WHOLE, "", "Which frame of the file, from 0."),
    Column("time_s", Kind.NUMBER, "s", "Since the beginning of the video; none for a picture."),
    Column(
        "face",
        Kind.WHOLE,
        "",
        "Number of the face from 1: the most prominent of the picture first; where faces were followed "
        "through a video, of the person. None: no face was found, or the row tells a problem.",
    ),
    Column("width_px", Kind.WHOLE, "px", "Of the picture in its file, upright: all px below are px of it."),
    Column("height_px", Kind.WHOLE, "px", "Likewise."),
    Column(
        "score", Kind.NUMBER, "", "How sure the detector is, 0..1: that share of such finds are faces.", ".4f"
    ),
    Column("x0", Kind.NUMBER, "px", "Left edge of the face's box.", ".2f"),
    Column("y0", Kind.NUMBER, "px", "Upper edge.", ".2f"),
    Column("x1", Kind.NUMBER, "px", "Right edge.", ".2f"),
    Column("y1", Kind.NUMBER, "px", "Lower edge.", ".2f"),
    Column("turn_deg", Kind.NUMBER, "deg", "By how much the crop was turned, clockwise as seen.", ".3f"),
    Column("pitch_deg", Kind.NUMBER, "deg", "R = Rx(-pitch) Ry(-yaw) Rz(-roll), y up (AFLW2000).", ".3f"),
    Column("yaw_deg", Kind.NUMBER, "deg", "As pitch_deg.", ".3f"),
    Column("roll_deg", Kind.NUMBER, "deg", "As pitch_deg.", ".3f"),
    Column(
        "mm_per_px",
        Kind.NUMBER,
        "mm/px",
        "Scale of the camera, a scaled orthographic one: px = diag(1, -1, 1) R X / mm_per_px + centre, "
        "X in mm about the face's own centre, y up, z towards the camera.",
    ),
    Column("centre_x", Kind.NUMBER, "px", "The camera's shift: mean of the vertices, image px.", ".3f"),
    Column("centre_y", Kind.NUMBER, "px", "Likewise; y down.", ".3f"),
    Column("centre_z", Kind.NUMBER, "px", "Likewise; z towards the camera.", ".3f"),
    Column(
        "coefficients",
        Kind.NUMBERS,
        "",
        "Of the method's face model, part after part as the answer names them; none where it tells none.",
    ),
    Column(
        "landmarks",
        Kind.NUMBERS,
        "px",
        "68 points in iBUG order, x y z one after the other: 204 numbers. x right, y down, z towards the "
        "camera; (0, 0) is the centre of the top-left pixel.",
        ".3f",
    ),
    Column(
        "landmark_states",
        Kind.WHOLES,
        "",
        "Of the 68 landmarks: 0 seen, 1 turned away, 2 covered; none where the method does not say.",
    ),
    Column(
        "landmark_probabilities",
        Kind.NUMBERS,
        "",
        "P(seen), P(turned away), P(covered) of each landmark: 204 numbers.",
        ".4f",
    ),
    Column("seen_percent", Kind.NUMBER, "%", "Share of the vertices that were seen.", ".2f"),
    Column(
        "turned_away_percent", Kind.NUMBER, "%", "Hidden by the head itself, or outside the picture.", ".2f"
    ),
    Column("covered_percent", Kind.NUMBER, "%", "Hidden by something that lies before the face.", ".2f"),
    Column(
        "likely_error_percent",
        Kind.NUMBER,
        "%",
        "Mean distance of the landmarks, % of sqrt(width x height) of their box, as often exceeded as not.",
        ".3g",
    ),
    Column("likely_low_percent", Kind.NUMBER, "%", "Half of such answers err by more than this ...", ".3g"),
    Column("likely_high_percent", Kind.NUMBER, "%", "... and less than that.", ".3g"),
    Column("disagreement_mm", Kind.NUMBER, "mm", "Mean distance between the method's branches.", ".3f"),
    Column("alarms", Kind.TEXTS, "", "Codes of what the method did silently, e.g. empty-mask."),
    Column("took_part", Kind.TEXTS, "", "Parts of the method that entered the computation."),
    Column("left_out", Kind.TEXTS, "", "Parts that were switched off."),
    Column("steadied", Kind.FLAG, "", "Whether the answer was smoothed over the frames of a video."),
    Column("read_ms", Kind.NUMBER, "ms", "Reading and decoding the picture.", ".2f", repeats=False),
    Column("detect_ms", Kind.NUMBER, "ms", "Looking for faces in it.", ".2f", repeats=False),
    Column("answer_ms", Kind.NUMBER, "ms", "The method, per face of its batch.", ".2f", repeats=False),
    Column("method", Kind.TEXT, "", "Face alignment method."),
    Column(
        "mesh", Kind.TEXT, "", "File with the face's mesh, from the batch's folder; none if not asked for."
    ),
    Column("evidence", Kind.TEXT, "", "Picture with what was seen drawn in, likewise."),
    Column("topology", Kind.TEXT, "", "Name of the mesh the method answers with."),
    Column("weights", Kind.TEXT, "", "What its weights are called."),
    Column("weights_sha256", Kind.TEXT, "", "Of the weights' file."),
    Column("detector", Kind.TEXT, "", "Who looked for faces; none where their places were given."),
    Column("program", Kind.TEXT, "", "Version of Unmask."),
    Column("schema", Kind.TEXT, "", "Version of these columns."),
    Column("notices", Kind.TEXT, "", "Sentences on what was done to read the picture."),
    Column("problem", Kind.TEXT, "", "Why there is no answer; none where there is one, or no face."),
)
"""All columns in the order of the table. Names of one thing are those of `unmask run`'s files."""

BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
REPEATING = tuple(column.name for column in COLUMNS if column.repeats)
"""What another run over the same pictures tells again."""


def row(
    answer: Reconstruction | None,
    face: Face | None,
    seen: Seen,
    makers: Makers,
    number: int | None = None,
    took: Took = UNTIMED,
    problem: str = "",
    T_file_image: NDArray[np.float64] = AS_SHOWN,
) -> Row:
    """One face answered, or a picture without a face or an answer, as the cells of all `COLUMNS`.

    Args:
        answer: In IMAGE space; None where no face was found or something went wrong.
        face: What the method was asked about.
        seen: The picture.
        makers: Who answered.
        number: Of the face, see the column "face".
        took: How long it took.
        problem: Why there is no answer.
        T_file_image: [3, 3], from px of the frame answered about to px of the picture's file; does not turn.

    Returns:
        Every column by its name, in their order; a number that is not finite is None.
    """
    cells: Row = dict.fromkeys(BY_NAME)
    cells |= {
        "input": seen.name,
        "frame": seen.frame,
        "time_s": seen.time_s,
        "width_px": seen.width_px,
        "height_px": seen.height_px,
        "notices": " ".join(seen.notices) or None,
        "method": makers.method,
        "detector": makers.detector or None,
        "program": makers.program,
        "schema": SCHEMA,
        "problem": problem or None,
        "read_ms": _number(took.read_ms),
        "detect_ms": _number(took.detect_ms),
    }
    if makers.weights is not None:
        cells |= {"weights": makers.weights.name, "weights_sha256": makers.weights.sha256 or None}
    if face is not None and answer is not None:
        cells |= {"face": number, "score": _number(face.score), "answer_ms": _number(took.answer_ms)}
        cells |= _answered(answer, face, T_file_image)
    return cells


def _answered(answer: Reconstruction, face: Face, T_file_image: NDArray[np.float64]) -> Row:
    """The cells that an answer fills."""
    shares = state_shares(answer) or {}
    states, probabilities = landmark_states(answer), landmark_probabilities(answer)
    apart = disagreement_px(answer)
    centre = moved(answer.vertices.mean(0, dtype=np.float64)[None], T_file_image)[0]
    low, high = answer.likely_range or (None, None)
    return {
        **_named(("x0", "y0", "x1", "y1"), moved_box(answer.box or face.box, T_file_image)),
        "turn_deg": _number(answer.turn_deg),
        **_named(("pitch_deg", "yaw_deg", "roll_deg"), answer.pose_deg),
        "mm_per_px": _number(answer.mm_per_px / float(T_file_image[0, 0])),
        **_named(("centre_x", "centre_y", "centre_z"), centre),
        "coefficients": [value for part in answer.coefficients for value in part.values.tolist()] or None,
        "landmarks": moved(answer.landmarks, T_file_image).astype(np.float32).ravel().tolist(),
        "landmark_states": None if states is None else states.tolist(),
        "landmark_probabilities": None if probabilities is None else probabilities.ravel().tolist(),
        "seen_percent": _percent(shares.get(State.SEEN)),
        "turned_away_percent": _percent(shares.get(State.TURNED_AWAY)),
        "covered_percent": _percent(shares.get(State.COVERED)),
        "likely_error_percent": _number(answer.likely_error),
        "likely_low_percent": _number(low),
        "likely_high_percent": _number(high),
        "disagreement_mm": None if apart is None else _number(apart[0] * answer.mm_per_px),
        "alarms": [alarm.code for alarm in answer.alarms],
        "took_part": list(answer.took_part),
        "left_out": list(answer.left_out),
        "steadied": bool(answer.steadied),
        "topology": answer.topology.name,
    }


def from_text(name: str, text: str) -> Cell:
    """The cell that `as_text` wrote so; names within TEXTS keep their hyphens.

    Raises:
        KeyError: There is no such column.
        ValueError: That is no such cell.
    """
    if not text:
        return [] if BY_NAME[name].kind is Kind.TEXTS else None
    parts = text.split(" ")
    match BY_NAME[name].kind:
        case Kind.TEXT:
            return text
        case Kind.WHOLE:
            return int(text)
        case Kind.NUMBER:
            return float(text)
        case Kind.FLAG:
            return bool(int(text))
        case Kind.TEXTS:
            return parts
        case Kind.WHOLES:
            return [int(part) for part in parts]
        case Kind.NUMBERS:
            return [float(part) for part in parts]


def as_text(name: str, cell: Cell) -> str:
    """A cell of the column of that name as CSV holds it; empty where nothing is known.

    Raises:
        KeyError: There is no such column.
    """
    column = BY_NAME[name]
    match cell:
        case None:
            return ""
        case bool():
            return str(int(cell))
        case list() if column.kind is Kind.TEXTS:
            return " ".join(str(part).replace(" ", "-") for part in cell)
        case list() if column.kind is Kind.NUMBERS:
            return " ".join(format(part, column.digits) for part in cell)
        case list():
            return " ".join(map(str, cell))
        case float():
            return format(cell, column.digits)
        case _:
            return str(cell)


def known(cells: Mapping[str, Any]) -> Row:
    """A row of a table as some version wrote it, with the columns of today.

    What it has no cell for is None; columns of a later program are left out.

    Raises:
        InputError: Its schema is another one, or of a later version.
    """
    check_schema(str(cells.get("schema", "")), SCHEMA)
    return {name: cells.get(name) for name in BY_NAME}


def documented() -> str:
    """The columns as a Markdown table, for the documentation."""
    lines = ["| column | holds | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.kind.value} | {c.unit} | {c.doc} |" for c in COLUMNS]
    return "\n".join(lines)


def _named(names: Iterable[str], values: Iterable[Any]) -> Row:
    return {name: _number(value) for name, value in zip(names, values, strict=True)}


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
