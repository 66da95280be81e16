"""The partial surface that image-space predictions describe: only what was seen, as a mesh."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import SEEN_ABOVE, VISIBLE_SURFACE, Array, MeshLayer, Scalar, Space, frozen

UV_STEP = 0.12  # neighbours further apart on the chart belong to different parts of the face
DEPTH_STEP = 6.0  # px of the map
SNAP = 0.06  # cells: a cut so near a point of the grid is that point, or slivers would be left
COLLISION_CELLS = 48  # the chart is divided so finely ...
COLLISION_SPREAD = 1 / 8  # ... and pixels of one cell should not lie further apart, as a share of the map


class Grid(NamedTuple):
    """Points of the map's grid, the [P] of them in rows from the top left.

    Attributes:
        place: [P, 2] column and row.
        value: [P, 4] u, v, depth (px of the map), confidence.
    """

    place: NDArray[np.float64]
    value: NDArray[np.float64]


def visible_surface(
    mask: Array, uv: Array, depth: Array, confidence: Array, T_crop_map: NDArray[np.float64]
) -> MeshLayer:
    """Neighbouring pixels of the visible face joined into triangles, cut where the mask passes `SEEN_ABOVE`.

    Marching triangles: of a triangle that the contour crosses the inner part stays, with new corners where
    the linearly interpolated mask is `SEEN_ABOVE`. What the maps say outside the mask means nothing, so the
    values of a new corner go on from the inside: as they change from the neighbour behind, or stay.

    Args:
        mask: [M, M] in 0..1.
        uv: [M, M, 2] on the chart.
        depth: [M, M], crop px.
        confidence: [M, M], 0..1.
        T_crop_map: [3, 3], map px to crop px.

    Returns:
        Mesh "visible surface" in CROP space: first the pixels of face, then the corners on the contour; no
        triangle bridges a jump of depth or of the chart.
    """
    cell_px = float(T_crop_map[0, 0])
    is_face = mask > SEEN_ABOVE
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]].reshape(2, -1)
    values = np.concatenate((uv, (depth / cell_px)[..., None], confidence[..., None]), -1)
    grid = Grid(np.stack((columns, rows), -1).astype(np.float64), values.reshape(-1, 4).astype(np.float64))
    triangles, edges = _marched(_cells(*mask.shape), is_face.reshape(-1))
    way = _way(edges, mask)
    apart = way >= SNAP
    cut = _cut(grid, edges[apart], way[apart], mask)
    nodes = np.flatnonzero(is_face)
    place = np.concatenate((grid.place[nodes], cut.place))
    value = np.concatenate((grid.value[nodes], cut.value))
    number = np.full(len(grid.place), -1)
    number[nodes] = np.arange(len(nodes))
    of_edge = np.where(apart, len(nodes) - 1 + np.cumsum(apart), number[edges[:, 0]])
    kept = _kept(_numbered(triangles, number, of_edge), value)
    xy = place @ T_crop_map[:2, :2].T + T_crop_map[:2, 2]
    kept.flags.writeable = False
    return MeshLayer(
        VISIBLE_SURFACE,
        Space.CROP,
        frozen(np.column_stack((xy, value[:, 2] * cell_px))),
        kept,
        frozen(value[:, :2].clip(0, 1)),
        (Scalar("confidence", frozen(value[:, 3].clip(0, 1)), 0.0, 1.0),),
    )


@lru_cache(maxsize=4)
def _cells(height: int, width: int) -> NDArray[np.int64]:
    """[T, 3], read-only: two triangles a square of the grid, counter-clockwise with y up."""
    index = np.arange(height * width).reshape(height, width)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]
    triangles = np.stack((np.stack((a, b, c), -1), np.stack((c, b, d), -1))).reshape(-1, 3)
    triangles.flags.writeable = False
    return triangles


def _marched(
    triangles: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The inner parts of triangles [T, 3], their corners points of the grid or, from -1 down, cut edges.

    Returns:
        [K, 3] corners: p >= 0 the grid's point p, -1 - e the cut on edge e; [E, 2] the cut edges, from the
        inner point to the outer one.
    """
    a, b, c = inside.view(np.uint8)[triangles.T]
    count = a + b + c
    parts = [triangles[count == 3]]
    starts: list[NDArray[np.int64]] = []
    found = 0
    for inner in (1, 2):
        crossed = triangles[count == inner]
        odd = inside[crossed] == (inner == 1)  # the corner that is alone on its side
        first = odd.argmax(1)
        p, q, r = (crossed[np.arange(len(crossed)), (first + k) % 3] for k in range(3))
        ends = ((p, q), (p, r)) if inner == 1 else ((q, p), (r, p))
        pq, pr = (-1 - found - k * len(crossed) - np.arange(len(crossed)) for k in range(2))
        starts += [np.stack(pair, -1) for pair in ends]
        found += 2 * len(crossed)
        parts += [np.stack((p, pq, pr), -1)] if inner == 1 else _quads(pq, q, r, pr)
    return _shared(np.concatenate(parts), np.concatenate(starts).reshape(-1, 2))


def _shared(
    corners: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same with one cut an edge, which the triangles on both its sides share."""
    if not len(edges):
        return corners, edges
    most = int(edges.max()) + 1
    both, number = np.unique(edges[:, 0] * most + edges[:, 1], return_inverse=True)  # rows are slow to sort
    corners = np.where(corners >= 0, corners, -1 - number[(-1 - corners).clip(0)])
    return corners, np.stack(np.divmod(both, most), -1)


def _quads(*corners: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    a, b, c, d = corners
    return [np.stack((a, b, c), -1), np.stack((a, c, d), -1)]


def _way(edges: NDArray[np.int64], mask: Array) -> NDArray[np.float64]:
    """[E]: how far along edges [E, 2] the mask passes `SEEN_ABOVE`, 0..1."""
    inner, outer = mask.reshape(-1).astype(np.float64)[edges].T
    return np.asarray((inner - SEEN_ABOVE) / (inner - outer))


def _cut(grid: Grid, edges: NDArray[np.int64], way: NDArray[np.float64], mask: Array) -> Grid:
    """The points so far along edges [E, 2]."""
    inner, outer = edges.T
    flat = mask.reshape(-1)
    step = (grid.place[outer] - grid.place[inner]).astype(np.int64)
    behind = grid.place[inner].astype(np.int64) - step
    height, width = mask.shape
    there = ((behind >= 0) & (behind < (width, height))).all(1)
    column, row = np.where(there[:, None], behind, 0).T
    back = row * width + column
    change = grid.value[inner] - grid.value[back]
    steady = there & (flat[back] > SEEN_ABOVE) & ~_jumps(change)
    value = grid.value[inner] + np.where(steady[:, None], change, 0) * way[:, None]
    return Grid(grid.place[inner] + step * way[:, None], value)


def _jumps(change: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether values [..., 4] that differ so belong to different parts of the face."""
    chart = np.abs(change[..., :2]).max(-1) >= UV_STEP
    return np.asarray(chart | (np.abs(change[..., 2]) >= DEPTH_STEP))


def _numbered(
    triangles: NDArray[np.int64], of_point: NDArray[np.int64], of_edge: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Corners as `_marched` has them -> numbers of the mesh's vertices."""
    if len(of_edge) == 0:
        return of_point[triangles]
    return np.where(triangles >= 0, of_point[triangles.clip(0)], of_edge[(-1 - triangles).clip(0)])


def _kept(triangles: NDArray[np.int64], value: NDArray[np.float64]) -> NDArray[np.int32]:
    """Those [K, 3] that have three corners and bridge no jump."""
    a, b, c = triangles.T
    whole = (a != b) & (b != c) & (c != a)
    at_a, at_b, at_c = value[a], value[b], value[c]
    most = np.maximum(np.maximum(at_a, at_b), at_c)
    least = np.minimum(np.minimum(at_a, at_b), at_c)
    return triangles[whole & ~_jumps(most - least)].astype(np.int32)


def collisions(is_face: NDArray[np.bool_], uv: Array) -> int:
    """How many visible pixels share a cell of the chart with one that lies far away in the picture."""
    rows, columns = np.nonzero(is_face)
    cell = np.clip(uv[is_face] * COLLISION_CELLS, 0, COLLISION_CELLS - 1).astype(np.int64)
    cell_id = cell[:, 1] * COLLISION_CELLS + cell[:, 0]
    if not len(rows):
        return 0
    order = np.argsort(cell_id, kind="stable")
    starts = np.flatnonzero(np.diff(cell_id[order], prepend=-1))
    far = np.zeros(len(starts), bool)
    for place in (rows[order], columns[order]):
        spread = np.maximum.reduceat(place, starts) - np.minimum.reduceat(place, starts)
        far |= spread > COLLISION_SPREAD * len(is_face)
    return int(np.diff(starts, append=len(rows))[far].sum())
