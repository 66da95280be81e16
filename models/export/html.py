"""One page that shows a picture's answers to turn and compare, with all it needs inside: no network."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.export.overlay import STATE_COLOURS
from models.export.surface import STRIPES, branches, states_of, surface_of
from models.geometry.arrays import Photo
from models.loading import load_page
from models.metrics.states import STATE_NAMES, landmark_states, state_shares
from models.reconstruction import BRANCHES, Array, Reconstruction, State, branch_text

LARGEST = 10_000_000  # bytes of a page
PHOTO_PX = 1400  # of the longer side of the photo inside
ORDER = (*BRANCHES[1:], BRANCHES[0])
"""Of the panels: what was seen, what was completed, what came of both."""


def page(image: Photo, answers: Sequence[Reconstruction], name: str, version: str) -> bytes:
    """The page, at most `LARGEST` bytes: faces that do not fit are left out, and it says so.

    Args:
        image: [H, W, 3] the frame.
        answers: In IMAGE space.
        name: What the user calls the picture.
        version: Of this program.
    """
    photo = _photo(image)
    template = load_page("answer")
    room = LARGEST - len(template) - len(photo) - 20_000
    faces: list[str] = []
    for answer in answers:
        face = json.dumps(_face(answer), allow_nan=False)
        if len(face) > room:
            break
        room -= len(face)
        faces.append(face)
    left = len(answers) - len(faces)
    there = {branch for answer in answers[: len(faces)] for branch in branches(answer)}
    data = {
        "photo": photo,
        "width": image.shape[1],
        "height": image.shape[0],
        "colours": [STATE_COLOURS[state] for state in State],
        "branches": [branch for branch in ORDER if branch in there],
        "branch_texts": {branch: branch_text(branch) for branch in there},
        "notes": [f"{left} more faces are not in this page, to keep it small."] if left else [],
    }
    text = json.dumps(data)[:-1] + f', "faces": [{", ".join(faces)}]}}'
    filled = {
        "__TITLE__": html.escape(name),
        "__VERSION__": html.escape(version),
        "__DATA__": text.replace("<", "\\u003c"),
    }
    before, *parts = _split(template, tuple(filled))
    return (before + "".join(filled[mark] + rest for mark, rest in parts)).encode()


def _split(text: str, marks: tuple[str, ...]) -> list[Any]:
    """The text before the first of the marks, then (mark, text after it) for each, in one pass."""
    places = sorted((at, mark) for mark in marks for at in _all(text, mark))
    ends = [at for at, _ in places[1:]] + [len(text)]
    pairs = [(mark, text[at + len(mark) : end]) for (at, mark), end in zip(places, ends, strict=True)]
    return [text[: places[0][0]], *pairs]


def _all(text: str, mark: str) -> list[int]:
    found = [text.find(mark)]
    while found[-1] >= 0:
        found.append(text.find(mark, found[-1] + 1))
    return found[:-1]


def _photo(image: Photo) -> str:
    picture = Image.fromarray(image)
    picture.thumbnail((PHOTO_PX, PHOTO_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _face(answer: Reconstruction) -> dict[str, Any]:
    vertices, triangles = answer.vertices, answer.topology.triangles
    low, high = vertices.min(0), vertices.max(0)
    wide = len(vertices) > np.iinfo(np.uint16).max
    states, marks = states_of(surface_of(answer)), landmark_states(answer)
    return {
        "branches": [_branch(surface_of(answer, name).vertices, name) for name in branches(answer)],
        "triangles": _text(triangles.astype(np.uint32 if wide else np.uint16)),
        "wide": wide,
        "middle": ((low + high) / 2).tolist(),
        "radius": max(float((high - low).max()) / 2, 1e-6),
        "stripes": STRIPES / max(float(np.ptp(vertices[:, :2], axis=0).max()), 1e-6),
        "states": None if states is None else _text(np.rint(states.clip(0, 1) * 255).astype(np.uint8)),
        "landmarks": np.round(answer.landmarks[:, :2].astype(float), 2).tolist(),
        "landmarkStates": None if marks is None else marks.tolist(),
        "told": _told(answer),
        "alarms": [alarm.text for alarm in answer.alarms],
    }


def _branch(vertices: Array, name: str) -> dict[str, Any]:
    """Places as 16 bits between the least and the greatest of each axis."""
    low, high = vertices.min(0).astype(np.float64), vertices.max(0).astype(np.float64)
    shares = (vertices - low) / np.maximum(high - low, 1e-9)
    whole = np.rint(shares * np.iinfo(np.uint16).max).astype(np.uint16)
    return {"name": name, "low": low.tolist(), "high": high.tolist(), "places": _text(whole)}


def _told(answer: Reconstruction) -> list[str]:
    pitch, yaw, roll = answer.pose_deg
    lines = [f"{answer.method}: pitch {pitch:.1f}, yaw {yaw:.1f}, roll {roll:.1f} degrees"]
    shares = state_shares(answer)
    if shares is None:
        lines.append("This method does not say what was seen.")
    else:
        lines.append(", ".join(f"{share:.0%} {STATE_NAMES[state]}" for state, share in shares.items()))
    if answer.likely_error is not None:
        lines.append(f"Likely error of the landmarks: {answer.likely_error:.1f} % of the face's size")
    if answer.left_out:
        lines.append(f"Left out of the computation: {', '.join(answer.left_out)}")
    return lines


def _text(values: NDArray[np.generic]) -> str:
    """Little-endian, as every browser's machine has it."""
    little = values.astype(values.dtype.newbyteorder("<"))
    return base64.b64encode(np.ascontiguousarray(little).tobytes()).decode()
