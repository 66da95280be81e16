"""A surface drawn over another without tearing: non-rigid iterated closest points, as REALY uses them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, diags, kron, vstack
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from models.geometry.arrays import Doubles, Ints

STIFF_FIRST, STIFF = 150.0, 50.0  # REALY's weights of stiffness: with landmarks alone, then falling by e^-0.5
LANDMARK, LANDMARK_FALL = 50.0, 0.9
STAGES, MOST_STEPS = 3, 11
FIRST_STRETCH = (2.0, 2.0, 3.0, 2.0)


@dataclass(frozen=True, eq=False, slots=True)
class Pulls:
    """Vertices that must come to certain places.

    Attributes:
        vertices: [K] of the moved surface; places: [K, 3] where to.
    """

    vertices: Ints
    places: Doubles


def drawn_onto(source: Doubles, triangles: Ints, targets: Doubles, pulls: Pulls | None) -> Doubles:
    """[N, 3] the vertices of a surface after it was drawn onto a cloud of points.

    Each vertex has an affine map of its own; neighbours' maps may differ at a cost (Amberg et al. 2007). A
    vertex is pulled by the nearest target unless that is beyond twice the mean distance (and beyond 1). With
    landmarks a first step obeys them alone; their weight then falls from step to step, stiffness from stage
    to stage; a stage ends where the maps change by less than its limit.

    Args:
        source: [N, 3]; triangles: [T, 3].
        targets: [M, 3].
        pulls: Landmarks; None without.
    """
    edges = _incidence(triangles, len(source))
    tree = cKDTree(targets)
    current, before, maps = np.asarray(source, np.float64), np.zeros((1, 1)), np.ones((4 * len(source), 3))
    total = 0
    if pulls is not None:
        first = csc_matrix(kron(edges, diags(FIRST_STRETCH))) * STIFF_FIRST
        before, (current, maps) = maps, _step(current, first, [_pulled(len(current), pulls, LANDMARK)])
        total = 1
    stiffness = csc_matrix(kron(edges, diags(np.ones(4))))
    for stage in range(STAGES):
        for _ in range(MOST_STEPS):
            if np.linalg.norm(maps - before) <= 0.5**stage:
                break
            pulled = [_nearest(current, tree, targets)]
            if pulls is not None:
                pulled.append(_pulled(len(current), pulls, LANDMARK * np.exp(-LANDMARK_FALL * total) / 10))
            stiff = stiffness * (STIFF * np.exp(-0.5 * stage))
            before, (current, maps) = maps, _step(current, stiff, pulled)
            total += 1
    return current


Pull = tuple[Doubles, Doubles]  # [N] weights, [N, 3] places


def _nearest(current: Doubles, tree: cKDTree, targets: Doubles) -> Pull:
    distance, index = tree.query(current)
    return (distance < max(2 * float(distance.mean()), 1.0)).astype(np.float64), targets[index]


def _pulled(count: int, pulls: Pulls, weight: float) -> Pull:
    weights, places = np.zeros(count), np.zeros((count, 3))
    weights[pulls.vertices], places[pulls.vertices] = weight, pulls.places
    return weights, places


def _step(current: Doubles, stiffness: csc_matrix, pulls: list[Pull]) -> tuple[Doubles, Doubles]:
    """The least squares of one linear step: [N, 3] new places and [4 N, 3] the maps."""
    points = _points(current)
    A = vstack([stiffness, *(diags(weights) @ points for weights, _ in pulls)]).tocsc()
    zeros = np.zeros((stiffness.shape[0], 3))
    B = np.concatenate([zeros, *(weights[:, None] * places for weights, places in pulls)])
    normal = (A.T @ A + diags(np.full(A.shape[1], 1e-9))).tocsc()
    maps = splu(normal).solve(A.T @ B)
    return points @ maps, maps


def _points(current: Doubles) -> csr_matrix:
    """[N, 4 N]: row i holds x, y, z, 1 of vertex i at its own four columns."""
    count = len(current)
    values = np.concatenate([current, np.ones((count, 1))], 1)
    rows = np.repeat(np.arange(count), 4)
    return csr_matrix((values.ravel(), (rows, np.arange(4 * count))), shape=(count, 4 * count))


def _incidence(triangles: Ints, count: int) -> csr_matrix:
    """[E, N]: +1 and -1 at the ends of each edge."""
    edges = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1
    )
    edges = np.unique(edges, axis=0)
    rows = np.repeat(np.arange(len(edges)), 2)
    signs = np.tile([1.0, -1.0], len(edges))
    return csr_matrix((signs, (rows, edges.ravel())), shape=(len(edges), count))
