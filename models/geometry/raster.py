"""Triangles to pixels: which one shows at each, and where within it.

(0, 0) is the centre of the first pixel; nearer is a greater z, as in every pixel space.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles, Floats, Ints

AT_ONCE = 2_000_000  # so many pairs of triangle and pixel are looked at together
EDGE = 1e-9  # a pixel this far outside still counts, so that no seam opens between triangles


@dataclass(frozen=True, eq=False, slots=True)
class Fragments:
    """What shows at each pixel of a picture.

    Attributes:
        shown: [H, W] bool, whether a triangle does.
        triangle: [P] int64, which one, row by row of the P pixels shown.
        weights: [P, 3] float64, barycentric.
        corners: [P, 3] int, its vertices.
    """

    shown: NDArray[np.bool_]
    triangle: Ints
    weights: Doubles
    corners: Ints

    def at_pixels(self, values: Floats) -> Floats:
        """[N] or [N, C] at vertices -> [P] or [P, C] float32 at the pixels shown."""
        weights = self.weights if values.ndim == 1 else self.weights[..., None]
        out = weights[:, 0] * values[self.corners[:, 0]]
        for k in (1, 2):
            out += weights[:, k] * values[self.corners[:, k]]
        return np.asarray(out, np.float32)

    def picture(self, values: Floats, elsewhere: float = np.nan) -> Floats:
        """[N] or [N, C] at vertices -> [H, W] or [H, W, C] float32."""
        out = np.full((*self.shown.shape, *values.shape[1:]), elsewhere, np.float32)
        out[self.shown] = self.at_pixels(values)
        return out


def fragments(points: Floats, triangles: NDArray[np.integer], width: int, height: int) -> Fragments:
    """Which triangle shows at each pixel; among those with the same pixel the nearest, then the first.

    Args:
        points: [N, 3] (x, y, z), px; [N, 2] where no triangle covers another. Not finite: not drawn.
        triangles: [T, 3], either way round.
        width, height: Of the picture, px.
    """
    depth = points[:, 2].astype(np.float64) if points.shape[1] == 3 else np.zeros(len(points))
    nearest = np.full(width * height, -np.inf)
    triangle = np.full(width * height, -1, np.int64)
    weights = np.zeros((width * height, 3))
    for owner, pixel, shares in hits(points[:, :2].astype(np.float64), triangles, width, height):
        z = np.einsum("pk,pk->p", depth[triangles[owner]], shares)
        before = nearest[pixel]
        np.maximum.at(nearest, pixel, z)
        best = np.flatnonzero((z == nearest[pixel]) & (z > before))[::-1]  # of equals the first is set last
        at = pixel[best]
        triangle[at], weights[at] = owner[best], shares[best]
    shown = triangle >= 0
    kept = triangle[shown]
    return Fragments(shown.reshape(height, width), kept, weights[shown], np.asarray(triangles)[kept])


def hits(
    points: Doubles, triangles: NDArray[np.integer], width: int, height: int
) -> Iterator[tuple[Ints, Ints, Doubles]]:
    """Every pixel centre in every triangle, in pieces: triangle [P], flat index [P], barycentric [P, 3]."""
    corner = points[triangles]
    finite = np.isfinite(corner).all((1, 2))
    corner = np.where(finite[:, None, None], corner, -9.0)
    last = np.array([width - 1, height - 1])
    low = np.ceil((corner.min(1) - EDGE).clip(0, last + 1)).astype(np.int64)
    high = np.floor((corner.max(1) + EDGE).clip(-1, last)).astype(np.int64)
    span = np.maximum(high - low + 1, 0)
    planes = _planes(corner, low)
    count = np.where(np.isfinite(planes).all((1, 2)), span.prod(1), 0)
    piece = np.cumsum(count) // AT_ONCE
    for number in np.unique(piece[count > 0]):
        among = np.flatnonzero((piece == number) & (count > 0))
        owner = np.repeat(among, count[among])
        step = np.arange(len(owner)) - np.repeat(np.cumsum(count[among]) - count[among], count[among])
        row, column = np.divmod(step, span[owner, 0])
        second, third = (p[:, 0] * column + p[:, 1] * row + p[:, 2] for p in planes[owner].swapaxes(0, 1))
        first = 1 - second - third
        hit = np.flatnonzero((first > -EDGE) & (second > -EDGE) & (third > -EDGE))  # reducing over 3 is slow
        owner, weights = owner[hit], np.stack([first[hit], second[hit], third[hit]], 1)
        yield owner, (row[hit] + low[owner, 1]) * width + column[hit] + low[owner, 0], weights


def _planes(corner: Doubles, low: Ints) -> Doubles:
    """[T, 2, 3]: the weights of the second and third corner are a x + b y + c.

    (x, y) counts from `low` [T, 2]. Not finite where there is no area.
    """
    origin = corner[:, 0] - low
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    area = np.where(np.abs(area) < 1e-12, np.nan, area)[:, None]
    second = np.stack([b[:, 1], -b[:, 0]], 1) / area
    third = np.stack([-a[:, 1], a[:, 0]], 1) / area
    constant = [-(part * origin).sum(1, keepdims=True) for part in (second, third)]
    return np.stack([np.concatenate(pair, 1) for pair in zip((second, third), constant, strict=True)], 1)
