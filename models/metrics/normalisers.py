"""NORMALISERS: what errors in px are divided by. Which one it was decides the figure, so each has a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles
from models.metrics.errors import box_size


@dataclass(frozen=True, slots=True)
class Normaliser:
    """What an error in px is divided by, so that faces of all sizes compare.

    Attributes:
        key: Stable key.
        name: As it follows a metric's name.
        formula: The same in symbols; p are the true points.
        size: True points [..., K, D >= 2] -> [...], px; NaN where it is not defined for so many points.
        lines: True points [K, D >= 2] -> [S, 2, 2]: from where to where it measures, px.
    """

    key: str
    name: str
    formula: str
    size: Callable[[NDArray[np.floating]], Doubles]
    lines: Callable[[NDArray[np.floating]], Doubles]


def box_diagonal(points: NDArray[np.floating]) -> Doubles:
    """sqrt(w^2 + h^2) of the box around points [..., K, D >= 2] in x and y: [...], px."""
    return np.asarray(np.linalg.norm(np.ptp(np.asarray(points, np.float64)[..., :2], axis=-2), axis=-1))


def outer_eye_distance(points: NDArray[np.floating]) -> Doubles:
    """|p_36 - p_45| in the picture, of 68 points [..., 68, D >= 2]: [...], px; NaN for other counts."""
    return _length(_between(points, (36,), (45,)))


def pupil_distance(points: NDArray[np.floating]) -> Doubles:
    """From the middle of the six points of one eye to that of the other: as `outer_eye_distance`."""
    return _length(_between(points, range(36, 42), range(42, 48)))


def _between(points: NDArray[np.floating], first: Sequence[int], second: Sequence[int]) -> Doubles:
    """[..., 2, 2]: the means of two groups of landmarks, x and y; NaN without 68 of them."""
    flat = np.asarray(points, np.float64)[..., :2]
    if flat.shape[-2] != 68:
        return np.full((*flat.shape[:-2], 2, 2), np.nan)
    return np.stack([flat[..., list(group), :].mean(-2) for group in (first, second)], -2)


def _length(segment: Doubles) -> Doubles:
    return np.asarray(np.linalg.norm(segment[..., 1, :] - segment[..., 0, :], axis=-1))


def _box_lines(points: NDArray[np.floating]) -> Doubles:
    """[4, 2, 2]: the edges of the box around the points."""
    flat = np.asarray(points, np.float64)[..., :2]
    (x0, y0), (x1, y1) = flat.min(0), flat.max(0)
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    return np.stack([corners, np.roll(corners, -1, axis=0)], 1)


def _diagonal_lines(points: NDArray[np.floating]) -> Doubles:
    edges = _box_lines(points)
    return np.concatenate([edges, [[edges[0, 0], edges[2, 0]]]])


NORMALISERS = (
    Normaliser(
        "box",
        "sqrt(w h) of the truth's box",
        "sqrt(w h), w = max p.x - min p.x, h = max p.y - min p.y",
        box_size,
        _box_lines,
    ),
    Normaliser(
        "diagonal",
        "diagonal of the truth's box",
        "sqrt(w² + h²), w = max p.x - min p.x, h = max p.y - min p.y",
        box_diagonal,
        _diagonal_lines,
    ),
    Normaliser(
        "outer-eyes",
        "outer eye corners of the truth",
        "|p36 - p45| in the picture; small on a profile, which makes errors look large",
        outer_eye_distance,
        lambda points: _between(points, (36,), (45,))[None],
    ),
    Normaliser(
        "pupils",
        "pupils of the truth",
        "|mean p36..p41 - mean p42..p47| in the picture; small on a profile",
        pupil_distance,
        lambda points: _between(points, range(36, 42), range(42, 48))[None],
    ),
)
"""The first is what tables of AFLW2000-3D use; iBUG's 300-W uses the outer eye corners or the pupils."""


def normaliser(key: str) -> Normaliser:
    """The row of that key; KeyError names those there are."""
    for row in NORMALISERS:
        if row.key == key:
            return row
    raise KeyError(f"no normaliser {key!r}; there are {[row.key for row in NORMALISERS]}")
