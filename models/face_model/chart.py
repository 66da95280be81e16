"""One seam-free texture chart for the face."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import spsolve

from models.geometry.arrays import Doubles, Ints

EVENING, EVENNESS = 3, 0.5  # rounds, and strength of each
MARGIN = 0.012  # of the chart's side, left free around the face


def chart(vertices: Doubles, triangles: Ints, mirror: Ints) -> Doubles:
    """[N, 2] u to the viewer's right, v downwards, in 0..1, exactly symmetric, no triangle turned over.

    Every inner vertex is the mean-value mean of its neighbours (Floater 2003), so with a convex outline no
    triangle can flip (Tutte). Neighbours in stretched places then count less, which evens out the areas
    (after Yoshizawa et al. 2004). The outline is |x|^4 + |y|^4 = 1 by arc length; the holes of mouth and eyes
    are closed by a fan around one more vertex each.
    """
    loops = border_loops(triangles)
    lengths = [
        np.linalg.norm(np.diff(vertices[np.append(loop, loop[0])], axis=0), axis=1).sum() for loop in loops
    ]
    outer = loops.pop(int(np.argmax(lengths)))
    points, faces = _closed(vertices, triangles, loops)
    weights = _mean_value_weights(points, faces)
    fixed = np.zeros(len(points), bool)
    fixed[outer] = True
    where = np.zeros((len(points), 2))
    where[outer] = _outline(vertices[outer])
    for _ in range(EVENING):
        where = _solved(weights, where, fixed)
        weights = weights @ sparse.diags(_stretch(points, where, faces) ** -EVENNESS)
    flat = _solved(weights, where, fixed)[: len(vertices)]
    flat = (flat + flat[mirror] * (-1, 1)) / 2
    half = 0.5 - MARGIN
    return np.asarray(0.5 + half * flat * (1, -1))


def border_loops(triangles: Ints) -> list[Ints]:
    """The closed curves where the surface ends, each in the order its triangles turn."""
    pairs = np.stack([triangles, np.roll(triangles, -1, axis=1)], -1).reshape(-1, 2)
    known = {tuple(pair) for pair in pairs.tolist()}
    follows = {a: b for a, b in pairs.tolist() if (b, a) not in known}
    loops = []
    while follows:
        start, vertex = follows.popitem()
        loop = [start]
        while vertex != start:
            loop.append(vertex)
            vertex = follows.pop(vertex)
        loops.append(np.array(loop))
    return loops


def signed_areas(uv: Doubles, triangles: Ints) -> Doubles:
    """[T] areas in the chart, positive where a triangle keeps its turn (v points down, hence the sign)."""
    a, b, c = (uv[triangles[:, k]] for k in range(3))
    return np.asarray(-((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2)


def _closed(vertices: Doubles, triangles: Ints, holes: list[Ints]) -> tuple[Doubles, Ints]:
    """The surface with each hole filled by a fan around its middle."""
    points, faces = [vertices], [triangles]
    for index, loop in enumerate(holes):
        centre = np.full(len(loop), len(vertices) + index)
        points.append(vertices[loop].mean(0, keepdims=True))
        faces.append(np.stack([np.roll(loop, -1), loop, centre], 1))
    return np.concatenate(points), np.concatenate(faces)


def _solved(weights: sparse.csr_matrix, where: Doubles, fixed: NDArray[np.bool_]) -> Doubles:
    """`where` [P, 2] with every point that is not `fixed` at the weighted mean of its neighbours."""
    system = (sparse.diags(np.asarray(weights.sum(1)).ravel()) - weights).tocsc()
    free = ~fixed
    out = where.copy()
    out[free] = spsolve(system[free][:, free], -system[free][:, fixed] @ where[fixed])
    return out


def _stretch(points: Doubles, where: Doubles, faces: Ints) -> Doubles:
    """[P] how much larger the surface around a point is than its chart, as a length, 1 on average."""
    first, second = (points[faces[:, k]] - points[faces[:, 0]] for k in (1, 2))
    area = np.linalg.norm(np.cross(first, second), axis=1)
    flat = np.abs(signed_areas(where, faces))
    around = [np.bincount(faces.ravel(), values.repeat(3), len(points)) for values in (area, flat)]
    stretch = np.sqrt(around[0] / around[1])
    return np.asarray(stretch / np.median(stretch))


def _mean_value_weights(points: Doubles, faces: Ints) -> sparse.csr_matrix:
    """[P, P] w_ij = (tan(a / 2) + tan(b / 2)) / |p_i - p_j|, a and b the angles at i beside edge ij."""
    rows, columns, values = [], [], []
    for k in range(3):
        i, j, l = faces[:, k], faces[:, (k + 1) % 3], faces[:, (k + 2) % 3]  # noqa: E741
        to_j, to_l = points[j] - points[i], points[l] - points[i]
        length_j, length_l = np.linalg.norm(to_j, axis=1), np.linalg.norm(to_l, axis=1)
        cosine = np.clip((to_j * to_l).sum(1) / (length_j * length_l), -0.9999, 0.9999)
        half = np.sqrt((1 - cosine) / (1 + cosine))
        rows += [i, i]
        columns += [j, l]
        values += [half / length_j, half / length_l]
    flat = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(flat, shape=(len(points),) * 2)


def _outline(border: Doubles) -> Doubles:
    """[L, 2] places on |x|^4 + |y|^4 = 1 (y up), by arc length on both curves, symmetric about the y axis."""
    angle = np.linspace(0, 2 * np.pi, 20001)
    curve = np.stack([np.sin(angle), np.cos(angle)], 1)
    curve /= (np.abs(curve) ** 4).sum(1, keepdims=True) ** 0.25
    along_curve = _arc(curve)
    middle = np.abs(border[:, 0]) < 1e-6
    top = int(np.where(middle, border[:, 1], -np.inf).argmax())
    ring = np.roll(border, -top, axis=0)  # starts on top and, as front faces turn, goes to the viewer's left
    along = _arc(np.concatenate([ring, ring[:1]]))
    along = along[:-1] / along[-1]
    target = along * along_curve[-1]
    placed = np.stack([np.interp(target, along_curve, curve[:, k]) for k in range(2)], 1)
    if ring[len(ring) // 4, 0] < 0:
        placed[:, 0] *= -1
    return np.roll(placed, top, axis=0)


def _arc(points: Doubles) -> Doubles:
    """Length travelled along a polyline up to each of its points."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
