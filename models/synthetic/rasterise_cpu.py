# Compiled functions get their types from their arguments.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-overload"
"""The z-buffer on the CPU: compiled, without the interpreter lock, one picture at a time.

A pixel belongs to the nearest triangle that covers its centre (edges included; of two equally near the one
that comes first). Coordinates are px of the raster, y down, (0, 0) = centre of the top-left pixel; z grows
towards the camera. Front faces turn anti-clockwise in a y-up world, so their signed area is negative here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NEAREST = (
    8.0  # triangles at less than an eighth of the model origin's distance, or behind the camera, are left out
)
EDGE = np.float32(1e-6)  # weights this little below zero count as covered: rounding must not leave pin-holes
SLACK = np.float32(0.01)  # how far rounding may lift a point above its triangle's nearest corner, ample
NOWHERE = np.float32(-1e30)  # depth of a pixel nothing covers; never leaves the rasteriser


class Raster(NamedTuple):
    """What a z-buffer knows of each pixel.

    Attributes:
        triangle: [H, W] int32, the nearest triangle, -1 where there is none.
        weights: [H, W, 2] float32, perspective-correct weights of its second and third corner.
        depth: [H, W] float32, in the unit of the vertices' z; a very low number where there is nothing.
    """

    triangle: NDArray[np.int32]
    weights: NDArray[np.float32]
    depth: NDArray[np.float32]


def rasterise(
    screen: NDArray[np.float32],
    nearness: NDArray[np.float32],
    triangles: NDArray[np.int32],
    cutout: NDArray[np.int16],
    texture_uv: NDArray[np.float32],
    bank: NDArray[np.uint8],
    size: int,
) -> Raster:
    """Draw triangles into a fresh z-buffer.

    Args:
        screen: [P, 3] raster px, z towards the camera.
        nearness: [P], 1 / distance up to a factor (all ones without perspective).
        triangles: [T, 3].
        cutout: [T]; -1: closed surface, back faces left out; -2: two-sided; k >= 0: two-sided, and only where
            picture k of `bank` is brighter than a threshold that rises along v: strands thin out at the tips.
        texture_uv: [P, 2], read for cut-outs only.
        bank: [K, 256, 256], tiles without seams.
        size: Side of the raster, px.
    """
    depth = np.full((size, size), NOWHERE, np.float32)
    index = np.full((size, size), -1, np.int32)
    weights = np.zeros((size, size, 2), np.float32)
    _draw(screen, nearness, triangles, cutout, texture_uv, bank, depth, index, weights)
    return Raster(index, weights, depth)


def depth_only(
    screen: NDArray[np.float32],
    triangles: NDArray[np.int32],
    cutout: NDArray[np.int16],
    texture_uv: NDArray[np.float32],
    bank: NDArray[np.uint8],
    size: int,
) -> NDArray[np.float32]:
    """[size, size] depth of the nearest surface without perspective, both sides: what a light sees."""
    depth = np.full((size, size), NOWHERE, np.float32)
    _draw_depth(screen, triangles, cutout, texture_uv, bank, depth)
    return depth


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _strand_there(bank, tile, u, v):
    """Whether a strand of a cut-out texture covers (u, v): along v it thins towards the tip (v = 1)."""
    column = np.int64(np.floor(u * 256.0)) & 255
    row = np.int64(np.floor(v * 256.0)) & 255
    tip = v - np.floor(v)
    threshold = 70.0 + 130.0 * max(0.0, tip - 0.55) / 0.45
    return bank[tile, row, column] > threshold


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(screen, nearness, triangles, cutout, texture_uv, bank, depth, index, weights):
    height, width = depth.shape
    one = np.float32(1.0)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = screen[a, 0], screen[a, 1]
        bx, by = screen[b, 0], screen[b, 1]
        cx, cy = screen[c, 0], screen[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0 or (area > 0.0 and cutout[t] == -1):
            continue
        x0 = max(np.int64(np.ceil(min(ax, bx, cx))), 0)
        x1 = min(np.int64(np.floor(max(ax, bx, cx))), width - 1)
        y0 = max(np.int64(np.ceil(min(ay, by, cy))), 0)
        y1 = min(np.int64(np.floor(max(ay, by, cy))), height - 1)
        if x0 > x1 or y0 > y1:
            continue
        inverse = one / area
        na, nb, nc = nearness[a], nearness[b], nearness[c]
        if min(na, nb, nc) <= 0.0 or max(na, nb, nc) > NEAREST:
            continue
        za, zb, zc = screen[a, 2], screen[b, 2], screen[c, 2]
        highest = max(za, zb, zc) + SLACK
        for y in range(y0, y1 + 1):
            py = np.float32(y)
            for x in range(x0, x1 + 1):
                if highest <= depth[y, x]:
                    continue
                px = np.float32(x)
                wb = ((px - ax) * (cy - ay) - (py - ay) * (cx - ax)) * inverse
                wc = ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) * inverse
                wa = one - wb - wc
                if min(wa, wb, wc) < -EDGE:  # one comparison: which of the three fails cannot be foretold
                    continue
                total = one / (wa * na + wb * nb + wc * nc)
                wb = wb * nb * total
                wc = wc * nc * total
                z = za + wb * (zb - za) + wc * (zc - za)
                if z <= depth[y, x]:
                    continue
                if cutout[t] >= 0:
                    u = texture_uv[a, 0] + wb * (texture_uv[b, 0] - texture_uv[a, 0])
                    u += wc * (texture_uv[c, 0] - texture_uv[a, 0])
                    v = texture_uv[a, 1] + wb * (texture_uv[b, 1] - texture_uv[a, 1])
                    v += wc * (texture_uv[c, 1] - texture_uv[a, 1])
                    if not _strand_there(bank, cutout[t], u, v):
                        continue
                depth[y, x] = z
                index[y, x] = t
                weights[y, x, 0] = wb
                weights[y, x, 1] = wc


@njit(cache=True, nogil=True, error_model="numpy")
def _draw_depth(screen, triangles, cutout, texture_uv, bank, depth):
    height, width = depth.shape
    one = np.float32(1.0)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = screen[a, 0], screen[a, 1]
        bx, by = screen[b, 0], screen[b, 1]
        cx, cy = screen[c, 0], screen[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0:
            continue
        x0 = max(np.int64(np.ceil(min(ax, bx, cx))), 0)
        x1 = min(np.int64(np.floor(max(ax, bx, cx))), width - 1)
        y0 = max(np.int64(np.ceil(min(ay, by, cy))), 0)
        y1 = min(np.int64(np.floor(max(ay, by, cy))), height - 1)
        if x0 > x1 or y0 > y1:
            continue
        inverse = one / area
        za, zb, zc = screen[a, 2], screen[b, 2], screen[c, 2]
        for y in range(y0, y1 + 1):
            py = np.float32(y)
            for x in range(x0, x1 + 1):
                px = np.float32(x)
                wb = ((px - ax) * (cy - ay) - (py - ay) * (cx - ax)) * inverse
                wc = ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) * inverse
                if min(wb, wc, one - wb - wc) < -EDGE:
                    continue
                z = za + wb * (zb - za) + wc * (zc - za)
                if z <= depth[y, x]:
                    continue
                if cutout[t] >= 0:
                    u = texture_uv[a, 0] + wb * (texture_uv[b, 0] - texture_uv[a, 0])
                    u += wc * (texture_uv[c, 0] - texture_uv[a, 0])
                    v = texture_uv[a, 1] + wb * (texture_uv[b, 1] - texture_uv[a, 1])
                    v += wc * (texture_uv[c, 1] - texture_uv[a, 1])
                    if not _strand_there(bank, cutout[t], u, v):
                        continue
                depth[y, x] = z


@njit(cache=True, nogil=True, error_model="numpy")
def vertex_normals_cpu(vertices, triangles):
    """[P, 3] unit normals, triangles weighted by area; zero where a vertex has none."""
    normals = np.zeros_like(vertices)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for p in range(vertices.shape[0]):
        length = np.sqrt(normals[p, 0] ** 2 + normals[p, 1] ** 2 + normals[p, 2] ** 2)
        if length > 0.0:
            for k in range(3):
                normals[p, k] /= length
    return normals
