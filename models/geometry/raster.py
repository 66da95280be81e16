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
SPARE = 1e-3  # px to both sides of where a row of pixels enters and leaves a triangle, before each is tested


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
        values = values.astype(np.float64)  # once, rather than at every pixel
        out = weights[:, 0] * values.take(self.corners[:, 0], axis=0)
        for k in (1, 2):
            there = values.take(self.corners[:, k], axis=0)
            there *= weights[:, k]
            out += there
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
    which = np.full(width * height, -1, np.int64)  # of all that were once the nearest
    owners, weights, met = [np.zeros(0, np.int64)], [np.zeros((0, 3))], 0
    corners = depth[triangles]
    for owner, pixel, shares in hits(points[:, :2].astype(np.float64), triangles, width, height):
        z = corners[:, 0].take(owner) * shares[:, 0]
        for k in (1, 2):
            z += corners[:, k].take(owner) * shares[:, k]
        before = nearest[pixel]
        np.maximum.at(nearest, pixel, z)
        best = np.flatnonzero((z == nearest[pixel]) & (z > before))[::-1]  # of equals the first is set last
        which[pixel[best]] = met + np.arange(len(best))
        owners.append(owner[best])
        weights.append(shares[best])
        met += len(best)
    shown = which >= 0
    kept = which[shown]
    triangle = np.concatenate(owners).take(kept)
    shares = np.concatenate(weights).take(kept, axis=0)
    return Fragments(shown.reshape(height, width), triangle, shares, np.asarray(triangles)[triangle])


def hits(
    points: Doubles, triangles: NDArray[np.integer], width: int, height: int
) -> Iterator[tuple[Ints, Ints, Doubles]]:
    """Every pixel centre in every triangle, in pieces: triangle [P], flat index [P], barycentric [P, 3]."""
    sound = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])
    finite = sound[triangles[:, 0]] & sound[triangles[:, 1]] & sound[triangles[:, 2]]
    corner = np.where(sound[:, None], points, -9.0)[triangles]
    corner[~finite] = -9.0
    last = np.array([width - 1, height - 1])
    least = np.minimum(np.minimum(corner[:, 0], corner[:, 1]), corner[:, 2])  # reducing over 3 is slow
    most = np.maximum(np.maximum(corner[:, 0], corner[:, 1]), corner[:, 2])
    low = np.ceil((least - EDGE).clip(0, last + 1)).astype(np.int64)
    high = np.floor((most + EDGE).clip(-1, last)).astype(np.int64)
    span = np.maximum(high - low + 1, 0)
    planes = _planes(corner, low)
    sound = np.isfinite(planes[:, 0, 0]) & np.isfinite(planes[:, 1, 0])
    count = np.where(sound, span[:, 0] * span[:, 1], 0)
    piece = np.cumsum(count) // AT_ONCE
    for number in np.unique(piece[count > 0]):
        among = np.flatnonzero((piece == number) & (count > 0))
        owner, row, column, second, third = _candidates(planes, span, among)
        first = 1 - second - third
        hit = np.flatnonzero((first > -EDGE) & (second > -EDGE) & (third > -EDGE))
        owner, weights = owner[hit], np.stack([first[hit], second[hit], third[hit]], 1)
        yield owner, (row[hit] + low[owner, 1]) * width + column[hit] + low[owner, 0], weights


def _candidates(planes: Doubles, span: Ints, among: Ints) -> tuple[Ints, Ints, Ints, Doubles, Doubles]:
    """Pixels that may lie in triangles `among`: of each row of pixels those between the triangle's sides.

    Args:
        planes: [T, 2, 3], as of `_planes`.
        span: [T, 2] columns and rows about a triangle.
        among: [K] which triangles.

    Returns:
        Triangle, row and column within its span, weight of the second and of the third corner; each [P].
    """
    owner, row = _counted(among, span[among, 1])
    slope = [planes[:, k, 0].take(owner) for k in (0, 1)]
    start = [planes[:, k, 1].take(owner) * row + planes[:, k, 2].take(owner) for k in (0, 1)]
    enter, leave = np.zeros(len(owner)), (span[:, 0].take(owner) - 1).astype(np.float64)
    sides = (*zip(slope, start, strict=True), (-slope[0] - slope[1], 1 - start[0] - start[1]))
    for rises, at_first in sides:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            edge = (-EDGE - at_first) / rises
        np.maximum(enter, edge - SPARE, out=enter, where=rises > 0)
        np.minimum(leave, edge + SPARE, out=leave, where=rises < 0)
    begin = np.ceil(enter).astype(np.int64)
    line, beyond = _counted(
        np.arange(len(owner)), np.maximum(np.floor(leave).astype(np.int64) - begin + 1, 0)
    )
    column = begin.take(line) + beyond
    second, third = (a.take(line) * column + b.take(line) for a, b in zip(slope, start, strict=True))
    return owner.take(line), row.take(line), column, second, third


def _counted(things: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Each of [K] things as often as its count says, and a number from 0 for each time."""
    times = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(things, counts), times


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
