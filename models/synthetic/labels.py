# Compiled functions get their types from their arguments.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-overload"
"""Exact labels out of z-buffers of twice the crop's size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.geometry.arrays import Floats
from models.reconstruction import State
from models.synthetic.head import JAW, Head
from models.synthetic.rasterise_cpu import Raster

UNKNOWN = 255  # of a mask's cell or a state: nobody can say
SEEN, TURNED_AWAY, COVERED = (int(state) for state in State)  # compiled code knows no enumerations
UNTURNED = 0.55  # of the surface around a point must face the viewer, else people call it turned away
OUTLINE = -0.1  # a point of the jaw is turned away where it looks away by more than this cosine
UNCOVERED = 0.5  # of what faces the viewer must be seen with everything before it


class Labels(NamedTuple):
    """What is known of M x M cells, and of every vertex of the face.

    Attributes:
        mask: [M, M] uint8, 1 where one sees the face: its skin, eyes, open mouth and beard, also
            through clear glass.
        uv: [2, M, M] float16; depth: [M, M] float16 crop px; zero outside the mask. In eyes and mouth those
            of the surface that would close them.
        visibility: [N] uint8, exactly at the vertex.
        states: [N] uint8, a `State` of the surface around the vertex.
        landmark_states: [68] uint8, likewise around the landmarks; of the jaw those of its outline, `UNKNOWN`
            where that is out of sight.
    """

    mask: NDArray[np.uint8]
    uv: NDArray[np.float16]
    depth: NDArray[np.float16]
    visibility: NDArray[np.uint8]
    states: NDArray[np.uint8]
    landmark_states: NDArray[np.uint8]


def read_labels(
    shown: Raster, bare: Raster, head: Head, screen: Floats, normals: Floats, turn: Floats
) -> Labels:
    """Labels of the cells of half the crop's size, and states of the face's vertices.

    Cell (r, c) has its centre at raster px (4c + 1.5, 4r + 1.5): the mean of the four pixels around it, if at
    least two of them show the face.

    A landmark at a lid or a lip lies at a rim: its very vertex faces inwards while people call it visible.
    So what counts is the surface within `head.PATCH_MM`: turned away where too little of it would be seen
    with nothing before it, covered where most of that is not.

    Args:
        shown: Of the whole scene, triangles of the head first; -1 also outside the picture.
        bare: Of `head.closed` alone, in the same picture.
        head: Whose parts and patches.
        screen: [P, 3] raster px and depth of the head's vertices; normals: [P, 3], towards the viewer where
            z > 0.
        turn: [3, 3] model to camera.
    """
    cells = shown.triangle.shape[0] // 4
    mask = np.zeros((cells, cells), np.uint8)
    values = np.zeros((3, cells, cells), np.float32)
    _read_cells(
        shown.triangle, head.personal, bare.triangle, bare.weights, bare.depth, head.closed,
        head.closed_face_count, head.uv, mask, values,
    )  # fmt: skip
    seen, unhidden = seen_vertices(shown, head, screen, normals), np.zeros(head.face_count, np.uint8)
    _read_vertices(bare.triangle, bare.depth, head.closed_face_count, screen, normals, unhidden)
    unturned = np.full(head.face_count, UNTURNED, np.float32)
    states = _read_states(seen, unhidden, head.patch_starts, head.patches, unturned)
    marks = _read_states(
        seen, unhidden, head.landmark_patch_starts, head.landmark_patches, np.full(68, UNTURNED, np.float32)
    )
    marks[:JAW] = _outline_states(seen, unhidden, head, turn)
    return Labels(mask, values[:2].astype(np.float16), values[2].astype(np.float16), seen, states, marks)


def _outline_states(
    seen: NDArray[np.uint8], unhidden: NDArray[np.uint8], head: Head, turn: Floats
) -> NDArray[np.uint8]:
    """[JAW] states of the points of the jaw: people mark the outline, on both sides of a frontal face.

    It is turned away where the whole side of the head is, and covered where most of the surface near it is
    that would be seen without anything before it; unknown where there is none.
    """
    away = (head.outline_directions @ turn.T)[:, 2] < OUTLINE
    states = np.full(JAW, UNKNOWN, np.uint8)
    for k in range(JAW):
        near = head.landmark_patches[head.landmark_patch_starts[k] : head.landmark_patch_starts[k + 1]]
        near = near[unhidden[near] > 0]
        if away[k]:
            states[k] = State.TURNED_AWAY
        elif len(near):
            states[k] = State.SEEN if seen[near].mean() >= UNCOVERED else State.COVERED
    return states


def seen_vertices(raster: Raster, head: Head, screen: Floats, normals: Floats) -> NDArray[np.uint8]:
    """[N] which vertices of the face a z-buffer shows; arguments as in `read_labels`."""
    seen = np.zeros(head.face_count, np.uint8)
    _read_vertices(raster.triangle, raster.depth, head.face_triangle_count, screen, normals, seen)
    return seen


@njit(cache=True, nogil=True)
def _read_cells(shown, personal, bare, weights, depth, triangles, face_triangles, uv, mask, values):
    cells = mask.shape[0]
    for r in range(cells):
        for c in range(cells):
            count, u, v, z = 0, np.float32(0), np.float32(0), np.float32(0)
            for y in range(4 * r + 1, 4 * r + 3):
                for x in range(4 * c + 1, 4 * c + 3):
                    t, s = bare[y, x], shown[y, x]
                    if s < 0 or s >= personal.shape[0] or not personal[s] or t < 0 or t >= face_triangles:
                        continue
                    wb, wc = weights[y, x, 0], weights[y, x, 1]
                    wa = np.float32(1.0) - wb - wc
                    i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                    u += wa * uv[i, 0] + wb * uv[j, 0] + wc * uv[k, 0]
                    v += wa * uv[i, 1] + wb * uv[j, 1] + wc * uv[k, 1]
                    z += depth[y, x]
                    count += 1
            if count >= 2:
                mask[r, c] = 1
                values[0, r, c], values[1, r, c], values[2, r, c] = u / count, v / count, z / count


@njit(cache=True, nogil=True)
def _read_vertices(triangle, depth, face_triangles, screen, normals, seen):
    """A vertex is seen if it faces the camera and the face is at its depth in one of the pixels around it."""
    height, width = depth.shape
    for n in range(seen.shape[0]):
        x, y, z = screen[n, 0], screen[n, 1], screen[n, 2]
        if not (0 <= x <= width - 1 and 0 <= y <= height - 1) or normals[n, 2] <= 0.02:
            continue
        slope = min(np.sqrt(1.0 - normals[n, 2] ** 2) / normals[n, 2], 6.0)
        tolerance = 0.25 + 0.5 * slope
        x0, y0 = np.int64(np.floor(x)), np.int64(np.floor(y))
        for yy in range(y0, min(y0 + 2, height)):
            for xx in range(x0, min(x0 + 2, width)):
                t = triangle[yy, xx]
                if 0 <= t < face_triangles and abs(depth[yy, xx] - z) < tolerance:
                    seen[n] = 1


@njit(cache=True, nogil=True)
def _read_states(seen, unhidden, starts, patches, unturned):
    states = np.zeros(len(unturned), np.uint8)
    for n in range(len(unturned)):
        first, end = starts[n], starts[n + 1]
        count, bare = 0, 0
        for k in range(first, end):
            bare += unhidden[patches[k]]
            count += unhidden[patches[k]] * seen[patches[k]]
        if bare < unturned[n] * (end - first) or bare == 0:
            states[n] = TURNED_AWAY
        elif count < UNCOVERED * bare:
            states[n] = COVERED
        else:
            states[n] = SEEN
    return states
