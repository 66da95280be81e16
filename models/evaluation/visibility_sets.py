"""Faces whose landmarks someone called visible, covered or turned away: people on photos, the renderer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.evaluation.rendered import RenderedFaces
from models.evaluation.visibility import Case
from models.file_formats.numpy_file import read_arrays
from models.ground_truth import aflw
from models.ground_truth.aflw2000 import LabelledFace
from models.ground_truth.labelled import spread
from models.metrics.errors import box_size
from models.reconstruction import Array, State

AS_HAND = np.array([State.TURNED_AWAY, State.SEEN, State.COVERED], np.uint8)  # what the files call 0, 1, 2
HAND_ARRAYS = {"name": (), "points68": (68, 2), "state68": (68,)}


@dataclass(frozen=True, eq=False, slots=True)
class HandLabels:
    """Where people put the 68 points of F faces, and what they said of each.

    Attributes:
        path: The file they were read from.
        rows: Name of a face -> its row.
        points: [F, 68, 2] float32 px of the picture, from 0; NaN where not placed.
        states: [F, 68] uint8, a `State`.
    """

    path: Path
    rows: dict[str, int]
    points: Array
    states: NDArray[np.uint8]


def read_hand_labels(path: Path) -> HandLabels:
    """The labels of an .npz: name [F], points68 [F, 68, 2], state68 [F, 68].

    A state is 0 turned away, 1 visible, 2 covered.

    Raises:
        InputError: It cannot be read, or an array is missing, misshapen or says something else.
    """
    try:
        arrays = read_arrays(path, HAND_ARRAYS)
    except UnmaskError as error:
        raise InputError(f"{error} Give an .npz of {', '.join(HAND_ARRAYS)}.") from error
    count = len(arrays.get("name", ()))
    wrong = [k for k, of in HAND_ARRAYS.items() if k not in arrays or arrays[k].shape != (count, *of)]
    if wrong or not count:
        raise InputError(f"{path}: {', '.join(wrong) or 'everything'} is missing or misshapen")
    states = arrays["state68"]
    if not np.isin(states, (0, 1, 2)).all():
        raise InputError(f"{path}: state68 is 0 (turned away), 1 (visible) or 2 (covered), nothing else")
    rows = {str(name): row for row, name in enumerate(arrays["name"])}
    return HandLabels(path, rows, arrays["points68"].astype(np.float32), AS_HAND[states.astype(np.uint8)])


def labelled(faces: Sequence[LabelledFace], hand: HandLabels, limit: int | None = None) -> list[LabelledFace]:
    """The photos people labelled, at most `limit` of them, evenly spread.

    Raises:
        InputError: They labelled none of these.
    """
    known = [face for face in faces if face.name in hand.rows]
    if not known:
        raise _strangers(hand, [face.name for face in faces])
    return spread(known, limit)


def photo_cases(faces: Sequence[LabelledFace], hand: HandLabels) -> Iterator[Case]:
    """Labelled photos, looked at in the box of their true landmarks."""
    for face in faces:
        row = hand.rows[face.name]
        size = float(box_size(face.landmarks))
        yield Case(face.name, face.image, face.box, hand.states[row], hand.points[row], size)


def crop_cases(folder: Path, hand: HandLabels, limit: int | None = None) -> Iterator[Case]:
    """The labelled crops that training keeps aside, looked at in the box of their pseudo-labels.

    Raises:
        InputError: The crops cannot be read, or people labelled none of these.
    """
    labels = aflw.read_labels(folder)
    names = [str(name) for name in labels.name]
    held_out = [i for i in np.flatnonzero(labels.held_out).tolist() if names[i] in hand.rows]
    if not held_out:
        raise _strangers(hand, names)
    return _crop_cases(labels, spread(held_out, limit), hand)


def _crop_cases(labels: aflw.Labels, chosen: Sequence[int], hand: HandLabels) -> Iterator[Case]:
    crops = aflw.Crops(labels.folder)
    for i in chosen:
        name, marks = str(labels.name[i]), labels.landmarks[i, :, :2].numpy()
        (x0, y0), (x1, y1) = marks.min(0).tolist(), marks.max(0).tolist()
        row = hand.rows[name]
        yield Case(
            name,
            partial(crops.read, name),
            (x0, y0, x1, y1),
            hand.states[row],
            hand.points[row],
            float(box_size(marks)),
        )


def rendered_cases(faces: RenderedFaces) -> Iterator[Case]:
    """Rendered faces, asked about as whole squares; a landmark has the state of the vertex nearest to it."""
    if faces.states is None:
        raise ValueError("rendered faces without states cannot tell what was seen")
    topology = faces.topology
    nearest = topology.landmark_vertices[np.arange(68), topology.landmark_weights.argmax(1)]
    for i, (image, vertices) in enumerate(zip(faces.images, faces.vertices, strict=True)):
        marks = topology.landmarks(vertices)[:, :2]
        yield Case(f"rendered {i}", image.copy, None, faces.states[i][nearest], marks, float(box_size(marks)))


def beside(folder: Path, name: str) -> Path | None:
    """A file or folder beside the folder that holds `folder`, where such data may lie; None if absent."""
    path = folder.resolve().parent.parent / name
    return path if path.exists() else None


def _strangers(hand: HandLabels, names: Sequence[str]) -> InputError:
    return InputError(
        f"{hand.path} labels none of the {len(names)} faces: it has names like {next(iter(hand.rows))!r}, "
        f"they like {next(iter(names), '')!r}; give the labels of these faces"
    )
