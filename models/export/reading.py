"""Answers read back from JSON that this or an older version wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import InputError
from models.export.answers import SCHEMA, check_schema
from models.export.camera import Camera
from models.reconstruction import Array, Coefficients, frozen

MOST_BYTES = 256 << 20


@dataclass(frozen=True, eq=False, slots=True)
class WrittenFace:
    """What a file says of one face; px of the picture's file.

    Attributes:
        method: Who answered.
        box: (x0, y0, x1, y1); None if not told.
        landmarks: [68, 3] float32; NaN where a number was not finite.
        pose_deg: Pitch, yaw, roll, AFLW2000 convention.
        landmark_states: [68, 3] P(seen), P(turned away), P(covered); None if not told.
        camera: None in files of version 1.
        coefficients: Empty in files of version 1.
        alarms: Their codes.
        record: All of it, as JSON values.
    """

    method: str
    box: tuple[float, float, float, float] | None
    landmarks: Array
    pose_deg: tuple[float, float, float]
    landmark_states: Array | None
    camera: Camera | None
    coefficients: tuple[Coefficients, ...]
    alarms: tuple[str, ...]
    record: dict[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class WrittenAnswers:
    """What a file says of one picture.

    Attributes:
        version: Of the file's schema.
        image_name: What the picture was called.
        size: (width, height) of the picture's file, px.
        faces: In the order of the file.
    """

    version: int
    image_name: str
    size: tuple[int, int]
    faces: tuple[WrittenFace, ...]


def read_answers(path: Path) -> WrittenAnswers:
    """The answers in a JSON that `unmask run` or the window wrote, of any version so far.

    Raises:
        InputError: It is no such file, or of a newer version; a sentence.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path.name} is too large for an answer. Choose another file.")
        held = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}). Check its path.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no JSON. Choose an answer that unmask wrote.") from error
    schema = str(held.get("schema", "") if isinstance(held, dict) else "")
    try:
        check_schema(schema, SCHEMA)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from error
    version = schema.rpartition("/")[2]
    try:
        image = held["image"]
        size = int(image["width_px"]), int(image["height_px"])
        return WrittenAnswers(int(version), str(image["name"]), size, tuple(map(_face, held["faces"])))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path.name} is damaged ({error!r}). Write the answer again.") from error


def _face(record: dict[str, Any]) -> WrittenFace:
    pitch, yaw, roll = (_float(record["pose_deg"][name]) for name in ("pitch", "yaw", "roll"))
    box = record["box"]
    if box is not None:
        x0, y0, x1, y1 = map(_float, box)
    states = record["landmark_states"]
    return WrittenFace(
        method=str(record["method"]),
        box=None if box is None else (x0, y0, x1, y1),
        landmarks=_table(record["landmarks"], (68, 3)),
        pose_deg=(pitch, yaw, roll),
        landmark_states=None if states is None else _table([row["probabilities"] for row in states], (68, 3)),
        camera=_camera(record.get("camera")),
        coefficients=tuple(
            Coefficients(str(part["name"]), _table(part["values"]), str(part["unit"]))
            for part in record.get("coefficients", ())
        ),
        alarms=tuple(str(alarm["code"]) for alarm in record["alarms"]),
        record=record,
    )


def _camera(record: dict[str, Any] | None) -> Camera | None:
    if record is None:
        return None
    rotation, shift = _table(record["rotation"], (3, 3)), _table(record["translation_px"], (3,))
    return Camera(_float(record["px_per_mm"]), rotation.astype(np.float64), shift.astype(np.float64))


def _table(rows: Any, shape: tuple[int, ...] | None = None) -> Array:
    """Numbers, null as NaN; ValueError if they have another shape."""
    values = np.array(rows, object)
    table = frozen(np.where(values == None, np.nan, values).astype(np.float64))  # noqa: E711
    if shape is not None and table.shape != shape:
        raise ValueError(f"numbers of shape {list(table.shape)}, not {list(shape)}")
    return table


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)
