"""One face surface drawn over another of other triangles: which point of the first is which of the second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Bools, Doubles, Ints
from models.geometry.landmarks import JAW
from models.metrics.surface_distance import closest_points_fit, similarity

STAGES = ((1000.0, 20.0), (300.0, 10.0), (100.0, 5.0), (30.0, 2.0), (10.0, 1.0), (3.0, 1.0))
ROUNDS = 3  # per stage
FAR_MM = 15.0  # a pair farther apart does not pull
FACING = 0.4  # least cosine between the normals of a pair
LIKENESS_ROUNDS = 15
POINT_MM, MARK_MM = 10.0, 2.0  # how far a person of the model may stay from each point and landmark
JAW_SHARE = 0.4  # of a landmark on the jaw
ALONG = 0.05  # how much a place along the surface counts against one across it
NEAREST = 8  # triangles looked at per point, by their centres


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """A face without its meaning.

    Attributes:
        vertices: [N, 3], y up, z towards the viewer.
        triangles: [T, 3], counter-clockwise seen from outside.
        landmarks: [68, 3] on it, iBUG order; None if nobody knows them.
    """

    vertices: Doubles
    triangles: Ints
    landmarks: Doubles | None = None


class Places(NamedTuple):
    """Points on a surface: corners and weights [P, 3], positions [P, 3], distance from those asked [P]."""

    corners: Ints
    weights: Doubles
    positions: Doubles
    distance: Doubles


def closest(points: Doubles, surface: Surface, nearest: int = NEAREST) -> Places:
    """The points of a surface nearest to given ones [P, 3].

    Exact as long as the nearest triangle is among those of the nearest centres.
    """
    from scipy.spatial import cKDTree
    from trimesh.triangles import closest_point, points_to_barycentric

    corner = surface.vertices[surface.triangles]
    count = min(nearest, len(corner))
    near = cKDTree(corner.mean(1)).query(points, k=count)[1].reshape(len(points), count)
    repeated = np.repeat(points, count, axis=0)
    there = closest_point(corner[near.ravel()], repeated).reshape(len(points), count, 3)
    distance = np.linalg.norm(there - points[:, None], axis=2)
    best = distance.argmin(1)
    row = np.arange(len(points))
    chosen, position = near[row, best], there[row, best]
    weights = np.nan_to_num(points_to_barycentric(corner[chosen], position), nan=1 / 3).clip(0)
    weights /= weights.sum(1, keepdims=True)
    return Places(surface.triangles[chosen], weights, position, distance[row, best])


def brought_near(moved: Surface, still: Surface) -> Surface:
    """`moved` after the similarity that lays it over `still`: by landmarks, else starting at the noses."""
    if moved.landmarks is not None and still.landmarks is not None:
        vertices, landmarks = (
            similarity(moved.landmarks, still.landmarks, points)
            for points in (moved.vertices, moved.landmarks)
        )
        return Surface(vertices, moved.triangles, landmarks)
    start = moved.vertices - _tip(moved.vertices) + _tip(still.vertices)
    return Surface(closest_points_fit(start, still.vertices)[0], moved.triangles)


def likened(source: Surface, basis: Doubles, target: Surface) -> Surface:
    """The person of a face model who is most like the target: its vertices know their places by the model.

    Gauss-Newton steps on coefficients c, of standard deviation one, and on a small similarity, after closest
    points across the surface.

    Args:
        source: The model's mean [V, 3] with landmarks, in mm, over the target.
        basis: [I, V, 3] mm per standard deviation.
        target: The other face.
    """
    border, normals = _border(target), _normals(target.vertices, target.triangles)
    marks, goal = _marks(source, target)
    moved, prior = source.vertices, np.zeros(len(basis) + 7)
    coefficients = prior.copy()
    prior[: len(basis)] = 1.0
    for _ in range(LIKENESS_ROUNDS):
        near = closest(moved, target)
        w = _believed(near, border, _normals(moved, source.triangles), normals) / POINT_MM**2
        across = _unit((near.weights[..., None] * normals[near.corners]).sum(1))
        J = np.concatenate([basis.transpose(1, 2, 0), _similarities(moved)], 2)  # [V, 3, I + 7]
        weight = w[:, None, None] * (ALONG * np.eye(3) + across[:, :, None] * across[:, None])
        pulled = (weight @ J).reshape(-1, len(prior))
        at_marks = (marks @ J.reshape(len(J), -1)).reshape(-1, len(prior)) / MARK_MM
        off_marks = (goal - marks @ moved).ravel() / MARK_MM
        normal = pulled.T @ J.reshape(-1, len(prior)) + at_marks.T @ at_marks + np.diag(prior)
        right = pulled.T @ (near.positions - moved).ravel() + at_marks.T @ off_marks - prior * coefficients
        change = np.linalg.solve(normal, right)
        coefficients = coefficients + change
        moved = moved + J @ change
    return Surface(moved, source.triangles, marks_of(source, moved))


def marks_of(surface: Surface, vertices: Doubles) -> Doubles | None:
    """[68, 3] the landmarks of a surface after its vertices moved."""
    if surface.landmarks is None:
        return None
    near = closest(surface.landmarks, surface)
    return np.asarray((near.weights[..., None] * vertices[near.corners]).sum(1))


def drawn_over(source: Surface, target: Surface) -> Doubles:
    """The vertices of `source` [V, 3] moved onto `target`, both in mm and one over the other already.

    Each round pairs every vertex with the nearest point of the target and solves
    (W + a L + b M'M) d = W (c - x) + b M' (m - M x) for the displacements d: W drops pairs that are far, on
    a border or turned away, L is the graph Laplacian, M takes the landmarks. The stiffness a falls from
    stage to stage, after the optimal step scheme of Amberg, Romdhani and Vetter 2007.
    """
    from scipy.sparse import diags
    from scipy.sparse.linalg import splu

    start, moved = source.vertices, source.vertices
    stiff, border = _laplacian(source), _border(target)
    marks, goal = _marks(source, target)
    normals = _normals(target.vertices, target.triangles)
    for stiffness, believed in STAGES:
        for _ in range(ROUNDS):
            near = closest(moved, target)
            w = _believed(near, border, _normals(moved, source.triangles), normals)
            left = diags(w + 1e-6) + stiffness * stiff + believed * marks.T @ marks
            right = w[:, None] * (near.positions - start) + believed * marks.T @ (goal - marks @ start)
            moved = start + splu(left.tocsc()).solve(np.ascontiguousarray(right))
    return moved


def _similarities(points: Doubles) -> Doubles:
    """[V, 3, 7] how points move with small turns, growth and shifts."""
    x, y, z = (points - points.mean(0)).T
    none, one = np.zeros_like(x), np.ones_like(x)
    turns = [(none, -z, y), (z, none, -x), (-y, x, none)]
    return np.stack([np.stack(c, 1) for c in (*turns, (x, y, z), *np.eye(3)[:, :, None] * one)], 2)


def _believed(near: Places, border: Bools, own: Doubles, normals: Doubles) -> Doubles:
    """[V] 1 for pairs that pull."""
    there = (near.weights[..., None] * normals[near.corners]).sum(1)
    facing = (own * there).sum(1) > FACING * np.linalg.norm(there, axis=1)
    inside = (near.weights * ~border[near.corners]).sum(1) > 1e-6
    return np.asarray((facing & inside & (near.distance < FAR_MM)).astype(np.float64))


def _marks(source: Surface, target: Surface) -> tuple[NDArray[np.floating], Doubles]:
    """[68, V] sparse matrix that takes landmarks off the source's vertices, and where they belong [68, 3].

    Rows of the jaw are scaled down on both sides: nobody can tell places along its contour well.
    """
    from scipy.sparse import csr_matrix

    if source.landmarks is None or target.landmarks is None:
        return csr_matrix((0, len(source.vertices))), np.zeros((0, 3))
    share = np.ones((68, 1))
    share[JAW] = JAW_SHARE
    near = closest(source.landmarks, source)
    rows = np.repeat(np.arange(68), 3)
    shape = (68, len(source.vertices))
    taken = csr_matrix(((share * near.weights).ravel(), (rows, near.corners.ravel())), shape)
    return taken, share * target.landmarks


def _laplacian(surface: Surface) -> NDArray[np.floating]:
    """[V, V] sparse graph Laplacian of the edges."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import laplacian

    a, b = _edges(surface.triangles)[0].T
    ones, size = np.ones(2 * len(a)), len(surface.vertices)
    return laplacian(csr_matrix((ones, (np.r_[a, b], np.r_[b, a])), (size, size)))


def _border(surface: Surface) -> Bools:
    """[N] vertices on an edge of one triangle only."""
    edges, count = _edges(surface.triangles)
    border = np.zeros(len(surface.vertices), bool)
    border[edges[count == 1]] = True
    return border


def _edges(triangles: Ints) -> tuple[Ints, Ints]:
    pairs = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, count = np.unique(pairs, axis=0, return_counts=True)
    return edges, count


def _normals(vertices: Doubles, triangles: Ints) -> Doubles:
    """[N, 3] unit normals, by the areas around."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    each = np.cross(b - a, c - a)
    total = np.stack(
        [np.bincount(triangles.ravel(), each[:, k].repeat(3), len(vertices)) for k in range(3)], 1
    )
    return _unit(np.asarray(total, np.float64))


def _unit(vectors: Doubles) -> Doubles:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12))


def _tip(vertices: Doubles) -> Doubles:
    """[3] the tip of the nose: the vertex farthest forward, near the middle."""
    x = vertices[:, 0]
    middle = np.abs(x - (x.min() + x.max()) / 2) < 0.15 * np.ptp(x)
    among = vertices[middle]
    return np.asarray(among[among[:, 2].argmax()])
