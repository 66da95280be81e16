"""A face model of others as it comes out of its file: a mean face and linear movements, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsError
from models.reconstruction import Array

Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Albedo:
    """Colours per vertex, RGB in 0..1.

    Attributes:
        mean: [N, 3]; basis: [A, N, 3] per unit of the file's coefficients; sigma: [A] their deviations.
    """

    mean: Array
    basis: Array
    sigma: Array


@dataclass(frozen=True, eq=False, slots=True)
class LinearModel:
    """Vertices = mean + identity coefficients . identity + expression coefficients . expression.

    In mm, y up, z towards the viewer; coefficients count as in the file.

    Attributes:
        name: e.g. "BFM 2009".
        mean: [N, 3] float32.
        identity: [I, N, 3]; expression: [E, N, 3] float32, mm per unit of a coefficient.
        identity_sigma: [I]; expression_sigma: [E] standard deviation of the coefficients; ones where the file
            names none: blend shapes, or movements that are scaled already.
        triangles: [T, 3] int32, counter-clockwise seen from outside.
        landmarks: [68] int32 vertices, iBUG order; None where the file names none.
        uv: [N, 2] float32 texture coordinates as in the file; None where it has none.
        albedo: Colours; None where the file has none.
    """

    name: str
    mean: Array
    identity: Array
    expression: Array
    identity_sigma: Array
    expression_sigma: Array
    triangles: Ints
    landmarks: Ints | None = None
    uv: Array | None = None
    albedo: Albedo | None = None

    def vertices(self, identity: Array, expression: Array) -> Array:
        """[B, N, 3] mm of coefficients [B, <= I] and [B, <= E]; those left out are zero."""
        moved = np.tensordot(identity, self.identity[: identity.shape[1]], 1)
        moved += np.tensordot(expression, self.expression[: expression.shape[1]], 1)
        return np.asarray(self.mean + moved, np.float32)


def stacked(file: str, what: str, values: Any, vertices: int, scale: float = 1.0) -> Array:
    """A basis as files have it, [3 N, K] with x, y, z of each vertex in turn, as [K, N, 3] float32.

    Raises:
        WeightsError: Its rows are not three per vertex, or it holds no numbers.
    """
    table = numbers(file, what, values)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != 3 * vertices:
        raise WeightsError(
            f"{file}: {what} is {list(table.shape)}, should have {3 * vertices} rows, as the mean face."
        )
    return np.ascontiguousarray(table.T.reshape(-1, vertices, 3) * np.float32(scale))


def points(file: str, what: str, values: Any, scale: float = 1.0) -> Array:
    """[N, 3] float32 of 3 N numbers in any shape, x, y, z of each vertex in turn."""
    flat = numbers(file, what, values).reshape(-1)
    if not len(flat) or len(flat) % 3:
        raise WeightsError(f"{file}: {what} has {len(flat)} numbers, which is not three per vertex.")
    return np.asarray(flat.reshape(-1, 3) * np.float32(scale), np.float32)


def numbers(file: str, what: str, values: Any) -> Array:
    """The values as float32; WeightsError if they are none, or not finite."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise WeightsError(f"{file}: {what} holds no numbers.")
    array = np.asarray(array, np.float32)
    if not np.isfinite(array).all():
        raise WeightsError(f"{file}: {what} holds numbers that are not finite.")
    return array


def indices(file: str, what: str, values: Any, vertices: int, first: int = 0) -> Ints:
    """Vertex numbers counted from `first`, as int32 from 0; WeightsError if they name vertices not there."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or not array.size:
        raise WeightsError(f"{file}: {what} holds no vertex numbers.")
    array = array.astype(np.int64) - first
    if array.min() < 0 or array.max() >= vertices:
        raise WeightsError(f"{file}: {what} names vertices that are not there (there are {vertices}).")
    return array.astype(np.int32)


def outwards(mean: Array, triangles: Ints) -> Ints:
    """[T, 3] the same triangles, all turned if most of them face into the head."""
    a, b, c = (mean[triangles[:, k]].astype(np.float64) for k in range(3))
    away = (a + b + c) / 3 - mean.mean(0, dtype=np.float64)
    inside = float((np.cross(b - a, c - a) * away).sum()) < 0
    return np.ascontiguousarray(triangles[:, ::-1]) if inside else triangles


def faces(file: str, values: Any, mean: Array, first: int = 0) -> Ints:
    """[T, 3] triangles of [T, 3] or [3, T] vertex numbers counted from `first`, facing outwards."""
    table = np.asarray(values)
    if table.ndim == 2 and table.shape[0] == 3 and table.shape[1] != 3:
        table = table.T
    if table.ndim != 2 or table.shape[1] != 3:
        raise WeightsError(f"{file}: triangles are {list(table.shape)}, should be [T, 3] or [3, T].")
    return outwards(mean, indices(file, "triangles", table, len(mean), first))


def need(file: str, held: Any, *names: str) -> list[Any]:
    """What `held` (a dict, or a struct) calls by those names; WeightsError if one is missing."""
    known = held if isinstance(held, dict) else getattr(held, "__dict__", {})
    missing = [name for name in names if name not in known]
    if missing:
        raise WeightsError(f"{file} lacks {', '.join(missing)}: it is no face model of this kind.")
    return [known[name] for name in names]
