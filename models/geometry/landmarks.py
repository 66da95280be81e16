"""Where the 68 iBUG landmarks lie on the base mesh, and how to hold points of a surface."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Doubles, Ints

# Vertices of the base mesh nearest to the iBUG points; mouth corners are shared by outer and inner lips.
# fmt: off
BASE_VERTICES = np.array([
    5745, 5750, 866, 912, 739, 741, 743, 921, 747, 7623, 7463, 7461, 7459, 7614, 7571, 12347, 12342,
    262, 232, 222, 223, 208, 6983, 6997, 6996, 7005, 7031,
    134, 5063, 5134, 297, 286, 332, 343, 7094, 7055,
    1090, 1081, 1099, 1104, 1096, 1094, 7796, 7791, 7773, 7782, 7786, 7788,
    527, 413, 506, 509, 7255, 7173, 7272, 7233, 7235, 5337, 480, 478,
    527, 532, 537, 7277, 7272, 7280, 540, 535,
])
# The same landmark on the other side of the face.
MIRROR = np.array([
    16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
    26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
    27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
])
# fmt: on
JAW, BROWS, NOSE, EYES, LIPS = (
    np.arange(0, 17),
    np.arange(17, 27),
    np.arange(27, 36),
    np.arange(36, 48),
    np.arange(48, 68),
)


def closest_on_surface(points: Doubles, vertices: Doubles, triangles: Ints) -> tuple[Ints, Doubles]:
    """The place of each point on a surface.

    Args:
        points: [P, 3], the unit of the vertices.
        vertices: [N, 3].
        triangles: [T, 3].

    Returns:
        vertex ids [P, 3] and barycentric weights [P, 3] (>= 0, rows sum to one) of the closest points.
    """
    corners = vertices[triangles]
    ids, weights = [], []
    for point in points:
        reach = np.linalg.norm(corners.mean(1) - point, axis=1)
        near = np.argsort(reach)[:64]
        candidates = np.stack([_closest_weights(point, corner) for corner in corners[near]])
        miss = np.linalg.norm((candidates[..., None] * corners[near]).sum(1) - point, axis=1)
        best = int(miss.argmin())
        ids.append(triangles[near[best]])
        weights.append(candidates[best])
    return np.array(ids), np.array(weights)


def _closest_weights(point: Doubles, corner: Doubles) -> Doubles:
    """Barycentric weights [3] of the point of one triangle [3, 3] closest to `point`."""
    inside = _plane_weights(point, corner)
    if (inside >= 0).all():
        return inside
    best, best_distance = np.zeros(3), np.inf
    for a, b in ((0, 1), (1, 2), (2, 0)):
        edge = corner[b] - corner[a]
        along = float(np.clip((point - corner[a]) @ edge / max(edge @ edge, 1e-12), 0, 1))
        weights = np.zeros(3)
        weights[a], weights[b] = 1 - along, along
        distance = float(np.linalg.norm(weights @ corner - point))
        if distance < best_distance:
            best, best_distance = weights, distance
    return best


def _plane_weights(point: Doubles, corner: Doubles) -> Doubles:
    """Barycentric weights of the foot of `point` on the plane of the triangle; may be negative."""
    sides = np.stack([corner[1] - corner[0], corner[2] - corner[0]], 1)
    st = np.linalg.lstsq(sides, point - corner[0], rcond=None)[0]
    return np.array([1 - st.sum(), st[0], st[1]])
