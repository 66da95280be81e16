"""One step of Catmull-Clark subdivision as a sparse matrix, so that morph targets go through it too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from models.geometry.arrays import Doubles, Ints


@dataclass(frozen=True, eq=False, slots=True)
class Subdivided:
    """A mesh of quads after one step.

    Attributes:
        weights: [F, V] sparse: fine vertices as weighted means of coarse ones. First the coarse vertices in
            their order, then one vertex per edge, then one per quad.
        quads: [4 Q, 4] fine quads; rows 4 q .. 4 q + 3 come from quad q, row 4 q + k touches its corner k.
        edges: [E, 2] coarse vertex ids of each edge vertex, the smaller first.
    """

    weights: sparse.csr_matrix
    quads: Ints
    edges: Ints


def catmull_clark(quads: Ints, vertex_count: int, creases: Ints) -> Subdivided:
    """One step (Catmull and Clark 1978) that keeps borders and `creases` as their own smooth curves.

    Args:
        quads: [Q, 4] coarse vertex ids, consistently turned.
        vertex_count: V; vertices of no quad stay where they are.
        creases: [C, 2] edges to keep sharp; edges of one quad only are kept anyway.
    """
    edges, edge_of_corner, quads_at_edge = _edges(quads)
    kept = quads_at_edge != 2
    keys = edges[:, 0] * vertex_count + edges[:, 1]
    ordered = np.sort(creases, 1)
    kept |= np.isin(keys, ordered[:, 0] * vertex_count + ordered[:, 1])

    q, e, v = len(quads), len(edges), vertex_count
    faces = _matrix(np.arange(q).repeat(4), quads.ravel(), np.full(4 * q, 0.25), (q, v))
    middles = _matrix(np.arange(e).repeat(2), edges.ravel(), np.full(2 * e, 0.5), (e, v))
    quads_of_edge = _matrix(edge_of_corner.ravel(), np.arange(q).repeat(4), np.ones(4 * q), (e, q))
    smooth = sparse.diags(np.where(kept, 0.0, 1.0))
    edge_points = middles - 0.5 * smooth @ middles + 0.25 * smooth @ quads_of_edge @ faces
    vertex_points = _vertex_points(quads, edges, kept, faces, middles, v)
    weights = sparse.vstack([vertex_points, edge_points, faces]).tocsr()

    centre = v + e + np.arange(q)
    after, before = v + edge_of_corner, v + np.roll(edge_of_corner, 1, axis=1)
    fine = np.stack([quads, after, centre[:, None].repeat(4, 1), before], -1).reshape(-1, 4)
    return Subdivided(weights, fine, edges)


def mirrored_fine(coarse_mirror: Ints, quads: Ints, edges: Ints) -> Ints:
    """[F] the partner of each fine vertex, found through the partners of the coarse ones."""
    v = len(coarse_mirror)
    edge_partner = _find_rows(np.sort(coarse_mirror[edges], 1), edges)
    quad_partner = _find_rows(np.sort(coarse_mirror[quads], 1), np.sort(quads, 1))
    return np.concatenate([coarse_mirror, v + edge_partner, v + len(edges) + quad_partner])


def split_quads(vertices: Doubles, quads: Ints, mirror: Ints) -> Ints:
    """[2 Q, 3] triangles: each quad cut along its shorter diagonal, its mirror image likewise."""
    partner = _find_rows(np.sort(mirror[quads], 1), np.sort(quads, 1))
    first = np.linalg.norm(vertices[quads[:, 0]] - vertices[quads[:, 2]], axis=1)
    second = np.linalg.norm(vertices[quads[:, 1]] - vertices[quads[:, 3]], axis=1)
    cut_first = first <= second
    right = vertices[quads, 0].mean(1) >= 0
    source = np.where(right, np.arange(len(quads)), partner)
    diagonal = np.where(
        cut_first[source, None], np.sort(quads[source][:, [0, 2]], 1), np.sort(quads[source][:, [1, 3]], 1)
    )
    diagonal = np.where(right[:, None], diagonal, mirror[diagonal])
    along_first = (np.sort(diagonal, 1) == np.sort(quads[:, [0, 2]], 1)).all(1)
    turned = np.where(along_first[:, None], quads, np.roll(quads, -1, axis=1))
    return turned[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


def _edges(quads: Ints) -> tuple[Ints, Ints, Ints]:
    """Edges [E, 2], the edge from each corner to the next [Q, 4], and how many quads share each edge."""
    pairs = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2), 1)
    edges, inverse, count = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return edges, inverse.reshape(-1, 4), count


def _vertex_points(
    quads: Ints,
    edges: Ints,
    kept: NDArray[np.bool_],
    faces: sparse.csr_matrix,
    middles: sparse.csr_matrix,
    v: int,
) -> sparse.csr_matrix:
    """[V, V]: (F + 2 R + (n - 3) P) / n inside, (a + 6 P + b) / 8 on kept curves, P at forks."""
    at_quads = _matrix(quads.ravel(), np.arange(len(quads)).repeat(4), np.ones(quads.size), (v, len(quads)))
    at_edges = _matrix(edges.ravel(), np.arange(len(edges)).repeat(2), np.ones(edges.size), (v, len(edges)))
    valence = np.maximum(np.asarray(at_edges.sum(1)).ravel(), 1)
    kept_edges = at_edges @ sparse.diags(kept.astype(np.float64))
    kept_count = np.asarray(kept_edges.sum(1)).ravel()
    inside = (kept_count == 0) & (valence > 2)
    on_curve = kept_count == 2
    fixed = ~inside & ~on_curve
    one = sparse.identity(v)
    smooth = sparse.diags(inside / valence**2) @ (at_quads @ faces + 2 * at_edges @ middles)
    smooth += sparse.diags(inside * (1 - 3 / valence)) @ one
    curve = sparse.diags(on_curve / 4.0) @ kept_edges @ middles + sparse.diags(on_curve / 2.0) @ one
    return (smooth + curve + sparse.diags(fixed.astype(np.float64))).tocsr()


def _matrix(rows: Ints, columns: Ints, values: Doubles, shape: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((values, (rows, columns)), shape=shape)


def _find_rows(wanted: Ints, rows: Ints) -> Ints:
    """For each row of `wanted` its place in `rows` (both sorted within each row)."""
    place = {tuple(row): index for index, row in enumerate(rows.tolist())}
    return np.array([place[tuple(row)] for row in wanted.tolist()], np.int64)
