"""Whether two pictures of a person give more alike faces than pictures of two persons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import InputError
from models.evaluation.ranking import roc_auc
from models.evaluation.rendered import ask_about_square
from models.evaluation.tables import table
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Doubles
from models.geometry.transforms import weighted_procrustes
from models.loading import load_face_model
from models.reconstruction import Reconstruction
from models.reconstructor import Reconstructor

FEWEST = 2
UPRIGHT = np.array([1, -1, 1], np.float32)  # y down to y up
IDENTITY = "identity"  # what coefficients that begin with a person's are named after
WHOLE = "whole face, expression and all"
TRUTH = "the persons themselves"


class Likeness(NamedTuple):
    """How near two pictures of a person are to each other, and to those of others.

    Attributes:
        same, others: Median distance, mm.
        ratio: Of the two: 0 tells persons apart, 1 does not.
        auc: How often a person is nearer to himself than two persons are to each other (ROC-AUC).
        first: Share of persons whose second picture is nearest to their own first one.
    """

    same: float
    others: float
    ratio: float
    auc: float
    first: float


def identity_report(method: Reconstructor, seed: int, people: int) -> str:
    """Rendered persons, each in two pictures that share nothing but the head's shape.

    Raises:
        InputError: Fewer than two people, or the method has a face model of its own.
    """
    if people < FEWEST:
        raise InputError(f"--count {people}: it takes at least {FEWEST} people to tell them apart.")
    face_model = load_face_model()
    if method.topology is not face_model.topology:
        raise InputError(f"{method.name} answers with another face model than the one renders are made of.")
    pictures, shapes = pictured_twice(seed, people)
    told: dict[str, list[Doubles]] = {}
    for picture in pictures.reshape(-1, *pictures.shape[2:]):
        for name, shape in shapes_of(ask_about_square(picture, method), face_model):
            told.setdefault(name, []).append(shape)
    true = [identity_shape(shape, face_model) for shape in np.repeat(shapes, 2, 0)]
    rows = [[name, *likeness(distances(np.stack(each)))] for name, each in (told | {TRUTH: true}).items()]
    title = f"{people} rendered persons, two pictures of each that share nothing but the shape"
    return f"{title}\n\n" + table(
        ["shape of", "same, mm", "others, mm", "ratio", "ROC-AUC", "nearest is own"], rows
    )


def pictured_twice(seed: int, people: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Pictures [P, 2, S, S, 3] of persons, and their coefficients of identity [P, I]."""
    from models.synthetic.dataset import CROP_PX, row_of  # only here: rendering needs the [train] extra
    from models.synthetic.draw import draw_scene
    from models.synthetic.head import load_head

    head, pictures, shapes = load_head(), [], []
    for person in range(people):
        scene = draw_scene(seed, person, head)
        again = replace(draw_scene(seed, people + person, head), identity=scene.identity)
        both = [row_of(one, head, CROP_PX)["images"].transpose(1, 2, 0) for one in (scene, again)]
        pictures.append(np.stack(both))
        shapes.append(scene.identity)
    return np.ascontiguousarray(np.stack(pictures)), np.stack(shapes).astype(np.float32)


def shapes_of(answer: Reconstruction, face_model: FaceModel) -> Iterator[tuple[str, Doubles]]:
    """[N, 3] mm of all that an answer says of a person's shape, with what it is the shape of."""
    for part in answer.coefficients:
        if IDENTITY in part.name:
            yield part.name.removesuffix(", then expression"), identity_shape(part.values, face_model)
    vertices, rest = torch.from_numpy(answer.vertices * UPRIGHT)[None], face_model.mean[None]
    back = weighted_procrustes(vertices, rest, torch.ones(rest.shape[:2]))
    yield WHOLE, (back.apply(vertices) - rest)[0].double().numpy()


def identity_shape(coefficients: NDArray[np.float32], face_model: FaceModel) -> Doubles:
    """[N, 3] mm that the coefficients of identity [>= I], or as many as there are, move the mean face by."""
    count = min(face_model.identity_count, len(coefficients))
    basis = face_model.identity[:count].double().numpy()
    return np.asarray(np.tensordot(coefficients[:count].astype(np.float64), basis, 1))


def distances(shapes: Doubles) -> Doubles:
    """[2 P, N, 3] mm, two of each person in turn -> [2 P, 2 P], root mean square over the vertices."""
    flat = shapes.reshape(len(shapes), -1)
    squares = np.square(flat).sum(1)
    apart = squares[:, None] + squares - 2 * flat @ flat.T
    return np.asarray(np.sqrt(np.maximum(apart, 0) / shapes.shape[1]))


def likeness(apart: Doubles) -> Likeness:
    """Of distances [2 P, 2 P] between pictures, two of each person in turn."""
    person = np.arange(len(apart)) // 2
    alike = person[:, None] == person
    pairs = np.triu(np.ones_like(alike), 1)
    same, others = apart[alike & pairs], apart[~alike & pairs]
    labels = np.concatenate([np.zeros(len(same), bool), np.ones(len(others), bool)])
    nearest = np.where(np.eye(len(apart), dtype=bool), np.inf, apart)[1::2].argmin(1)
    first = float((person[nearest] == person[1::2]).mean())
    near, far = float(np.median(same)), float(np.median(others))
    auc = roc_auc(np.concatenate([same, others]), labels)
    return Likeness(near, far, near / far, auc, first)
