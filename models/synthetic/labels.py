# Compiled functions get their types from their arguments.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-overload"
"""Exact labels out of a z-buffer of twice the crop's size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.synthetic.rasterise_cpu import Raster

Floats = NDArray[np.floating]


class Labels(NamedTuple):
    """What is known of M x M cells, and of every vertex of the face.

    Attributes:
        mask: [M, M] uint8; uv: [2, M, M] float16; depth: [M, M] float16 crop px; zero outside the mask.
        visibility: [N] uint8.
    """

    mask: NDArray[np.uint8]
    uv: NDArray[np.float16]
    depth: NDArray[np.float16]
    visibility: NDArray[np.uint8]


def read_labels(
    raster: Raster,
    triangles: NDArray[np.int32],
    face_triangles: int,
    uv: Floats,
    screen: Floats,
    normals: Floats,
) -> Labels:
    """Labels of the cells of half the crop's size, and visibility of the first `len(uv)` vertices.

    Cell (r, c) has its centre at raster px (4c + 1.5, 4r + 1.5): the mean of the four pixels around it, if at
    least two of them show the face.

    Args:
        raster: At twice the crop's size, depth in crop px.
        triangles: [T, 3], the first `face_triangles` of them the face.
        uv: [N, 2] chart; screen: [P, 3] raster px and depth; normals: [P, 3], towards the viewer where z > 0.
    """
    cells = raster.triangle.shape[0] // 4
    mask = np.zeros((cells, cells), np.uint8)
    values = np.zeros((3, cells, cells), np.float32)
    _read_cells(raster.triangle, raster.weights, raster.depth, triangles, face_triangles, uv, mask, values)
    seen = np.zeros(len(uv), np.uint8)
    _read_vertices(raster.triangle, raster.depth, triangles, face_triangles, screen, normals, seen)
    return Labels(mask, values[:2].astype(np.float16), values[2].astype(np.float16), seen)


@njit(cache=True, nogil=True)
def _read_cells(triangle, weights, depth, triangles, face_triangles, uv, mask, values):
    cells = mask.shape[0]
    for r in range(cells):
        for c in range(cells):
            count, u, v, z = 0, np.float32(0), np.float32(0), np.float32(0)
            for y in range(4 * r + 1, 4 * r + 3):
                for x in range(4 * c + 1, 4 * c + 3):
                    t = triangle[y, x]
                    if t < 0 or t >= face_triangles:
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
def _read_vertices(triangle, depth, triangles, face_triangles, screen, normals, seen):
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
