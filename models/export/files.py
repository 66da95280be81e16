"""Answers as files: the whole answer as JSON, a picture of what was seen.

How a file is written, and what it may replace, is the business of `outputs`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Provenance
from models.export.answers import SCHEMA
from models.export.camera import camera_of
from models.export.maps import png
from models.export.outputs import Write, write_whole
from models.export.surface import in_file_px
from models.geometry.rescaling import rescaling
from models.metrics.states import (
    STATE_NAMES,
    landmark_probabilities,
    landmark_states,
    seen_share,
    state_shares,
)
from models.reconstruction import SEEN_ABOVE, Array, Reconstruction, State


def write_answers(
    path: Path,
    answers: Sequence[Reconstruction],
    image_name: str,
    image_size: tuple[int, int],
    version: str,
    weights: Provenance | None = None,
    write: Write = write_whole,
    file_size: tuple[int, int] | None = None,
) -> None:
    """Write `answers_json` to `path`, whose folder is made if need be.

    Raises:
        InputError: The folder cannot be written to.
    """
    write(path, answers_json(answers, image_name, image_size, version, weights, file_size))


def answers_json(
    answers: Sequence[Reconstruction],
    image_name: str,
    image_size: tuple[int, int],
    version: str,
    weights: Provenance | None = None,
    file_size: tuple[int, int] | None = None,
) -> bytes:
    """All answers about one frame as JSON; what the fields mean stands in the file itself.

    Args:
        answers: In IMAGE space.
        image_name: What the user calls the frame.
        image_size: (width, height) of the frame the answers are about, px.
        version: Of this program.
        weights: Those the method was loaded with; None where nobody knows.
        file_size: (width, height) of the picture's file, upright, in whose px boxes, landmarks and sizes are
            written; None if it is `image_size`.
    """
    T_file_image = rescaling(image_size, file_size or image_size)
    record = {
        "schema": SCHEMA,
        "written_by": f"unmask {version}",
        "weights": None if weights is None else weights_record(weights),
        "image": _image_record(image_name, image_size, file_size or image_size),
        "conventions": {
            "space": "px of the upright file, x right, y down, z towards the camera; "
            "(0, 0) = centre of the top-left pixel",
            "box": "x0, y0, x1, y1, px",
            "landmarks": "68 points (x, y, z) in iBUG order, px, as 3D benchmarks have them",
            "landmarks_by_hand": "the same where people who label pictures put them on average (jaw "
            "as it is); null if not known",
            "pose_deg": "R = Rx(-pitch) Ry(-yaw) Rz(-roll), y up (AFLW2000)",
            "visible_share": f"share of vertices whose P(seen) is above {SEEN_ABOVE}; null if not known",
            "states": "seen; turned away: hidden by the head itself, or outside the picture; covered: "
            "something lies before it. Seen where P(seen) is above "
            f"{SEEN_ABOVE}, else the likelier of the other two",
            "state_shares": "share of the vertices in each state; null if not known",
            "landmark_states": "of the 68 landmarks: state, and P(seen), P(turned away), P(covered)",
            "camera": "(x, -y, z) of a px = px_per_mm rotation X + translation_px, X in mm of the face "
            "model, y up; the origin is where the mean face would have it",
            "coefficients": "of the method's own face model, of this frame alone; none where it has none",
            "likely_error": "mean distance of the landmarks, % of sqrt(width x height) of their box, that is "
            "as often exceeded as not; half of such answers lie in likely_range; null if not known",
        },
        "faces": [answer_record(in_file_px(answer, T_file_image)) for answer in answers],
    }
    return (json.dumps(record, indent=1, allow_nan=False) + "\n").encode()


def weights_record(weights: Provenance) -> dict[str, str | None]:
    """Which weights answered and under which terms, as JSON values; null where it is not known."""
    return {
        "name": weights.name,
        "sha256": weights.sha256 or None,
        "licence": weights.licence,
        "origin": weights.origin or None,
    }


def _image_record(name: str, shown: tuple[int, int], file: tuple[int, int]) -> dict[str, Any]:
    record: dict[str, Any] = {"name": name, "width_px": file[0], "height_px": file[1]}
    if shown != file:
        record["answered_at"] = {
            "width_px": shown[0],
            "height_px": shown[1],
            "T_file_answered": rescaling(shown, file).tolist(),
        }
    return record


def answer_record(answer: Reconstruction) -> dict[str, Any]:
    """One face, in IMAGE space, as JSON values: plain numbers and strings, null where one is not finite."""
    return {
        "method": answer.method,
        "space": answer.space.value,
        "topology": answer.topology.name,
        "box": answer.box and [_number(edge) for edge in answer.box],
        "pose_deg": dict(zip(("pitch", "yaw", "roll"), map(_number, answer.pose_deg), strict=True)),
        "landmarks": [[_number(value) for value in point] for point in answer.landmarks],
        "landmarks_by_hand": None
        if answer.to_hand_mm is None
        else [[_number(value) for value in point] for point in answer.landmarks_by_hand],
        "landmark_states": _landmark_record(answer),
        "visible_share": seen_share(answer),
        "state_shares": _named(state_shares(answer)),
        "likely_error": _known(answer.likely_error),
        "likely_range": answer.likely_range and [_number(end) for end in answer.likely_range],
        "mm_per_px": _number(answer.mm_per_px),
        "camera": _camera_record(answer),
        "coefficients": [
            {"name": part.name, "unit": part.unit, "values": [_number(value) for value in part.values]}
            for part in answer.coefficients
        ],
        "took_part": list(answer.took_part),
        "left_out": list(answer.left_out),
        "steadied": answer.steadied,
        "alarms": [{"code": alarm.code, "text": alarm.text, "count": alarm.count} for alarm in answer.alarms],
        "scalars": {scalar.name: _summary(scalar.values, scalar.unit) for scalar in answer.scalars},
        "vertex_count": len(answer.vertices),
        "triangle_count": len(answer.topology.triangles),
    }


def write_picture(path: Path, image: NDArray[np.uint8], write: Write = write_whole) -> None:
    """[H, W, 3] RGB as PNG.

    Raises:
        InputError: The folder cannot be written to.
    """
    write(path, png(image))


def _camera_record(answer: Reconstruction) -> dict[str, Any]:
    camera = camera_of(answer)
    return {
        "kind": "scaled orthographic",
        "px_per_mm": _number(camera.px_per_mm),
        "rotation": [[_number(value) for value in row] for row in camera.rotation],
        "translation_px": [_number(value) for value in camera.translation_px],
    }


def _summary(values: Array, unit: str) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    return {
        "unit": unit,
        "known_share": _number(known.size / values.size) if values.size else None,
        "mean": _number(known.mean()) if known.size else None,
        "median": _number(np.median(known)) if known.size else None,
        "max": _number(known.max()) if known.size else None,
    }


def _named(shares: dict[State, float] | None) -> dict[str, float] | None:
    return None if shares is None else {STATE_NAMES[state]: share for state, share in shares.items()}


def _landmark_record(answer: Reconstruction) -> list[dict[str, Any]] | None:
    states, probabilities = landmark_states(answer), landmark_probabilities(answer)
    if states is None or probabilities is None:
        return None
    return [
        {"state": STATE_NAMES[State(int(state))], "probabilities": [_number(value) for value in row]}
        for state, row in zip(states, probabilities, strict=True)
    ]


def _known(value: float | None) -> float | None:
    return None if value is None else _number(value)


def _number(value: Any) -> float | None:
    number = float(value)
    return round(number, 5) if math.isfinite(number) else None
