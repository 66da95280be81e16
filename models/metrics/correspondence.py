"""Answers of different methods, brought to the vertices of the open face: the mesh they all compare on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Array, Reconstruction, Topology, frozen

OPEN_FACE = "open face"  # the name of its topology
SAME_PLACE = 0.05  # of a mesh's size: how far apart two vertices may lie and still be the same place


def common(answer: Reconstruction) -> Array | None:
    """The vertices of the open face as an answer puts them.

    Returns:
        [V, 3] in the answer's space; None where nobody knows how its mesh corresponds. Where its mesh ends
        before the open face does, see `reached`, they lie on its border.
    """
    return on_open_face(answer.topology, answer.vertices)


def on_open_face(topology: Topology, values: Array) -> Array | None:
    """What a mesh knows per vertex, [N, C] or [N], at the vertices of the open face; None where unknown."""
    if topology.open_face is not None:
        return frozen(topology.open_face(values))
    return values if topology.name == OPEN_FACE else None


def reached(topology: Topology) -> NDArray[np.bool_] | None:
    """[V] which vertices of the open face really lie on a mesh; None where nobody knows."""
    known = topology.open_face
    if known is None:
        return np.ones(len(topology.uv), bool) if topology.name == OPEN_FACE else None
    return np.ones(len(known.corners), bool) if known.reached is None else known.reached


def comparable(first: Reconstruction, second: Reconstruction) -> tuple[Array, Array] | None:
    """Two answers vertex by vertex: on their own mesh if it is one, else on the open face.

    Returns:
        Twice [P, 3], each in its answer's space; None where the meshes do not correspond. Only where
        `both_reach` do the two speak of the same places.
    """
    if _one_mesh(first.topology, second.topology):
        return first.vertices, second.vertices
    pair = common(first), common(second)
    return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])


def both_reach(first: Topology, second: Topology) -> NDArray[np.bool_] | None:
    """[P] which of the vertices `comparable` pairs really lie on both meshes; None where nobody knows."""
    if _one_mesh(first, second):
        return np.ones(len(first.uv), bool)
    ours, theirs = reached(first), reached(second)
    return None if ours is None or theirs is None else ours & theirs


def open_vertex(topology: Topology, vertex: int) -> int | None:
    """The vertex of the open face at a vertex of another mesh, such as a picked one.

    Measured on the mean face, on the chart where a mesh has no mean.

    Returns:
        None where the open face does not reach (an ear, the neck), or where nobody knows.
    """
    places = topology.uv if topology.mean is None else topology.mean
    there, on_it = on_open_face(topology, places), reached(topology)
    if there is None or on_it is None or topology.open_face is None:
        return None if there is None else vertex
    apart = np.where(on_it, np.linalg.norm(there - places[vertex], axis=1), np.inf)
    nearest = int(apart.argmin())
    return nearest if apart[nearest] <= SAME_PLACE * float(np.ptp(places, axis=0).max()) else None


def vertex_of(topology: Topology, vertex: int) -> int | None:
    """The vertex of a mesh nearest to one of the open face; None beyond its border, or if nobody knows."""
    known, on_it = topology.open_face, reached(topology)
    if known is None:
        return vertex if topology.name == OPEN_FACE else None
    if on_it is not None and not on_it[vertex]:
        return None
    return int(known.corners[vertex][known.weights[vertex].argmax()])


def _one_mesh(first: Topology, second: Topology) -> bool:
    return first is second or (
        first.name == second.name
        and len(first.uv) == len(second.uv)
        and np.array_equal(first.triangles, second.triangles)
    )


def counterpart(source: Topology, vertex: int, target: Topology) -> int | None:
    """The vertex of another mesh at the same place of the face; None where it has none, or nobody knows."""
    if _one_mesh(source, target):
        return vertex
    place = open_vertex(source, vertex)
    return None if place is None else vertex_of(target, place)


def onto_vertices(topology: Topology, values: Array) -> Array:
    """What is known per vertex of the open face, [V], at a mesh's own vertices.

    Returns:
        [N]: of the nearest vertex of the open face; NaN where that does not reach.
    """
    nearest = _nearest_open(topology)
    return frozen(np.where(nearest < 0, np.nan, values[nearest]))


@lru_cache(maxsize=16)
def _nearest_open(topology: Topology) -> NDArray[np.int64]:
    """[N]: as `open_vertex` for every vertex of a mesh; -1 where the open face does not reach."""
    from scipy.spatial import cKDTree

    places = topology.uv if topology.mean is None else topology.mean
    there, on_it = on_open_face(topology, places), reached(topology)
    if there is None or on_it is None or topology.open_face is None:
        return np.arange(len(places)) if there is not None else np.full(len(places), -1)
    distance, index = cKDTree(there[on_it]).query(places)
    near = distance <= SAME_PLACE * float(np.ptp(places, axis=0).max())
    return np.where(near, np.flatnonzero(on_it)[np.minimum(index, on_it.sum() - 1)], -1)
