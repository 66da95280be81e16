"""Which part of the head is the face, and which part of the face is what."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from models.face_model.chart import border_loops
from models.geometry.arrays import Bools, Doubles, Ints
from models.geometry.landmarks import BASE_VERTICES, BROWS, EYES, JAW

REGIONS = ("brows", "eyes", "nose", "lips", "jaw", "forehead", "cheeks")
NOSE_TIP = 297
BEYOND_JAW_MM = 13.0  # how far the face goes on past the landmark contour, so that fits need not extrapolate
RIM_RINGS, COLUMN_MM = 5, 0.8  # where to look for what touches
FOREHEAD = np.array([(-71.0, 758, 80), (-58, 796, 98), (-30, 815, 118), (0, 820, 126)])  # base mesh, mm


def face_quads(vertices: Doubles, skin: Ints, mirror: Ints) -> Bools:
    """[Q] which skin quads are the face: a strip wider than the contour of landmarks 0..16 and the forehead.

    A loop of edges through the jaw landmarks and over the forehead; what it encloses around the nose, and
    what lies within BEYOND_JAW_MM of the loop along the surface, ears left out.
    """
    graph = edge_graph(vertices, skin)
    loop = _loop(vertices, skin, graph)
    free = np.ones(len(vertices), bool)
    free[loop] = False
    keep = sparse.diags(free.astype(np.float64))
    _, label = connected_components(keep @ graph @ keep, directed=False)
    inside = label == label[NOSE_TIP]
    inside[loop] = True
    inside |= dijkstra(graph, directed=False, indices=loop, min_only=True) <= BEYOND_JAW_MM
    inside &= ~_ears(vertices)
    inside &= inside[mirror]
    return _tidy(skin, inside[skin].all(1))


def edge_graph(vertices: Doubles, quads: Ints) -> sparse.csr_matrix:
    """[V, V] lengths of the edges."""
    pairs = np.unique(np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), 1), axis=0)
    length = np.linalg.norm(vertices[pairs[:, 0]] - vertices[pairs[:, 1]], axis=1)
    graph = sparse.coo_matrix((length, (pairs[:, 0], pairs[:, 1])), shape=(len(vertices),) * 2)
    return (graph + graph.T).tocsr()


def contact_pairs(vertices: Doubles, triangles: Ints) -> Ints:
    """[G, 2] (upper, lower) vertices that face each other across the mouth and the eyes of an average face.

    Along each opening: the lowest vertex near the upper rim and the highest near the lower rim, for lips
    touch in front of the rims.
    """
    neighbours = edge_graph(vertices, triangles) > 0
    pairs = []
    for loop in sorted(border_loops(triangles), key=len)[:-1]:
        x = vertices[loop, 0]
        ends = np.sort([int(x.argmin()), int(x.argmax())])
        sides = [loop[ends[0] + 1 : ends[1]], np.concatenate([loop[ends[1] + 1 :], loop[: ends[0]]])]
        sides.sort(key=lambda side: -vertices[side, 1].mean())
        upper, lower = (_near_rim(vertices, neighbours, side) for side in sides)
        for column in np.linspace(x.min(), x.max(), 23)[2:-2]:
            near_upper, near_lower = (_column(vertices, side, column) for side in (upper, lower))
            pairs.append(
                (near_upper[vertices[near_upper, 1].argmin()], near_lower[vertices[near_lower, 1].argmax()])
            )
    return np.unique(pairs, axis=0)


def _near_rim(vertices: Doubles, neighbours: sparse.csr_matrix, rim: Ints) -> Ints:
    """The vertices within RIM_RINGS edges of a rim."""
    reached = np.zeros(len(vertices), bool)
    reached[rim] = True
    for _ in range(RIM_RINGS):
        reached |= neighbours @ reached
    return np.flatnonzero(reached)


def _column(vertices: Doubles, among: Ints, x: float) -> Ints:
    """Those of the vertices `among` in the upright strip around `x`."""
    off = np.abs(vertices[among, 0] - x)
    return among[off <= max(COLUMN_MM, off.min())]


def labels(vertices: Doubles, landmarks: Doubles, neutral: Doubles | None = None) -> NDArray[np.uint8]:
    """[N] index into REGIONS of every face vertex, from where the landmarks [68, 3] are; all in one space."""
    x, y = np.abs(vertices[:, 0]), vertices[:, 1]
    lm = landmarks
    brow = _near_line(vertices, lm[BROWS[:5]], 4.0) | _near_line(vertices, lm[BROWS[5:]], 4.0)
    eye = np.zeros(len(vertices), bool)
    for ring in (EYES[:6], EYES[6:]):
        centre = lm[ring].mean(0)
        half = np.linalg.norm(lm[ring[3]] - lm[ring[0]]) / 2
        off = vertices - centre
        eye |= (off[:, 0] / (1.45 * half)) ** 2 + (off[:, 1] / (0.85 * half)) ** 2 < 1
    nose_half = np.interp(
        y, [lm[33, 1], lm[30, 1], lm[28, 1], lm[27, 1]], np.array([1.25, 1.45, 0.75, 0.5]) * abs(lm[35, 0])
    )
    nose = (x < nose_half) & (y < lm[27, 1] + 2) & (y > lm[33, 1] - 2.5) & (vertices[:, 2] > lm[31, 2] - 9)
    lips = _inside_lips(vertices, lm)
    jaw = (
        (y < lm[33, 1])
        & (vertices[:, 2] < 1e9)
        & (y < np.interp(x, np.sort(np.abs(lm[8:17, 0])), lm[8:17, 1] + np.linspace(17, 10, 9)))
    )
    forehead = y > np.interp(x, [0, abs(lm[17, 0])], [lm[21, 1] - 3, lm[17, 1]])
    out = np.full(len(vertices), REGIONS.index("cheeks"), np.uint8)
    for name, mask in (
        ("forehead", forehead),
        ("jaw", jaw),
        ("nose", nose),
        ("lips", lips),
        ("eyes", eye),
        ("brows", brow),
    ):
        out[mask] = REGIONS.index(name)
    return out


def _near_line(vertices: Doubles, line: Doubles, radius: float) -> Bools:
    """[N] whether a vertex lies within `radius` of a polyline."""
    steps = np.linspace(0, 1, 12)[:, None, None]
    dense = ((1 - steps) * line[None, :-1] + steps * line[None, 1:]).reshape(-1, 3)
    return np.asarray(cKDTree(dense).query(vertices)[0] < radius)


def _inside_lips(vertices: Doubles, lm: Doubles) -> Bools:
    """[N] whether a vertex lies between the outer lip landmarks, seen from the front."""
    x, y, z = vertices.T
    upper = np.interp(x, lm[48:55, 0], lm[48:55, 1])
    order = np.array([48, 59, 58, 57, 56, 55, 54])
    lower = np.interp(x, lm[order, 0], lm[order, 1])
    within = (x > lm[48, 0] - 1) & (x < lm[54, 0] + 1) & (z > lm[48, 2] - 14)
    return np.asarray(within & (y < upper + 0.4) & (y > lower - 0.4))


def _loop(vertices: Doubles, skin: Ints, graph: sparse.csr_matrix) -> Ints:
    """Vertices of a closed path of edges through the jaw landmarks and over the forehead."""
    used = np.unique(skin)
    top = np.concatenate([FOREHEAD, FOREHEAD[-2::-1] * (-1, 1, 1)])
    over = used[cKDTree(vertices[used]).query(top)[1]]
    stops = np.concatenate([BASE_VERTICES[JAW], over[::-1], BASE_VERTICES[:1]])
    _, before = dijkstra(graph, directed=False, indices=stops[:-1], return_predecessors=True)
    path = []
    for row, end in zip(before, stops[1:], strict=True):
        while end >= 0:
            path.append(end)
            end = row[end]
    return np.unique(path)


def _ears(vertices: Doubles) -> Bools:
    """[V] whether a vertex belongs to an ear or lies behind it."""
    x, y, z = np.abs(vertices[:, 0]), vertices[:, 1], vertices[:, 2]
    return np.asarray((z < 60) & (y > 640) | (x > 76) & (y < 770))


def _tidy(quads: Ints, chosen: Bools) -> Bools:
    """The largest piece of the chosen quads without places where it hangs together by one vertex only."""
    chosen = chosen.copy()
    while True:
        pairs = np.sort(np.stack([quads[chosen], np.roll(quads[chosen], -1, 1)], -1).reshape(-1, 2), 1)
        edges, count = np.unique(pairs, axis=0, return_counts=True)
        at_border = np.bincount(edges[count == 1].ravel(), minlength=quads.max() + 1)
        pinched = (at_border[quads] > 2).any(1) & chosen
        ears = chosen & (np.bincount(quads[chosen].ravel(), minlength=quads.max() + 1)[quads] == 1).sum(
            1
        ).__ge__(2)
        chosen[pinched | ears] = False
        size = quads.max() + 1
        graph = sparse.coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size))
        _, label = connected_components(graph, directed=False)
        names, counts = np.unique(label[quads[chosen][:, 0]], return_counts=True)
        small = chosen & (label[quads[:, 0]] != names[counts.argmax()])
        chosen[small] = False
        if not (pinched.any() or ears.any() or small.any()):
            return chosen
