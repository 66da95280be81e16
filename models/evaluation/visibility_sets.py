"""Faces whose landmarks someone called visible, covered or turned away: people on photos, the renderer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.errors import InputError
from models.evaluation.rendered import RenderedFaces
from models.evaluation.visibility import Case
from models.ground_truth import aflw
from models.ground_truth.aflw2000 import LabelledFace
from models.ground_truth.hand_labels import HandLabels
from models.ground_truth.labelled import spread
from models.metrics.errors import box_size


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
        states, size = faces.states[i][nearest], float(box_size(marks))
        yield Case(f"rendered {i}", image.copy, None, states, marks, size, by_hand=False)


def beside(folder: Path, name: str) -> Path | None:
    """A file or folder beside the folder that holds `folder`, where such data may lie; None if absent."""
    path = folder.resolve().parent.parent / name
    return path if path.exists() else None


def _strangers(hand: HandLabels, names: Sequence[str]) -> InputError:
    return InputError(
        f"{hand.path} labels none of the {len(names)} faces: it has names like {next(iter(hand.rows))!r}, "
        f"they like {next(iter(names), '')!r}; give the labels of these faces"
    )
