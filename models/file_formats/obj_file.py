"""Points and triangles of a Wavefront .obj; textures, normals and materials are not looked at."""

from __future__ import annotations

import io
from array import array
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles

LARGEST = 32 << 20  # bytes
MOST_POINTS, MOST_TRIANGLES = 1_000_000, 2_000_000  # a measured face has a tenth; more would take long


def read_obj(data: bytes) -> tuple[Doubles, NDArray[np.int64]]:
    """[P, 3] the `v` lines in file order, in the file's unit, and [T, 3] its polygons cut into fans, from 0.

    Raises:
        ValueError: It is too large, or a line is no numbers.
    """
    if len(data) > LARGEST:
        raise ValueError(f"it has {len(data) >> 20} MiB, of which no more than {LARGEST >> 20} are read")
    points, corners = array("d"), array("q")
    for line in io.BytesIO(data):
        match line[:2]:
            case b"v " | b"v\t":
                x, y, z = line.split(None, 4)[1:4]
                points.extend((float(x), float(y), float(z)))
            case b"f " | b"f\t":
                _fan(line, len(points) // 3, corners)
        if len(points) > 3 * MOST_POINTS or len(corners) > 3 * MOST_TRIANGLES:
            raise ValueError(f"it has more than {MOST_POINTS:,} points or {MOST_TRIANGLES:,} triangles")
    vertices = np.frombuffer(points, np.float64) if points else np.zeros(0)
    triangles = np.frombuffer(corners, np.int64) if corners else np.zeros(0, np.int64)
    return vertices.reshape(-1, 3), triangles.reshape(-1, 3)


def read_texture_places(data: bytes, vertices: int) -> Doubles:
    """[P, 2] where each vertex lies on the texture (u to the right, v up, 0..1), as the last face has it.

    NaN where no face says.

    Args:
        data: The same file; vertices: how many it has.

    Raises:
        ValueError: A line is no numbers, or names what is not there.
    """
    places, found = array("d"), np.full((vertices, 2), np.nan)
    for line in io.BytesIO(data):
        match line[:2]:
            case b"vt":
                u, v = line.split(None, 3)[1:3]
                places.extend((float(u), float(v)))
            case b"f " | b"f\t":
                corners = [word.split(b"/") for word in line.split()[1:]]
                for corner in corners:
                    if len(corner) > 1 and corner[1]:
                        vertex, place = int(corner[0]) - 1, 2 * (int(corner[1]) - 1)
                        if not (0 <= vertex < vertices and 0 <= place < len(places)):
                            raise ValueError("a face names a corner that is not there")
                        found[vertex] = places[place], places[place + 1]
    return found


def _fan(line: bytes, known: int, corners: array[int]) -> None:
    """The triangles of an `f` line; numbers below zero count back from the last vertex so far."""
    numbers = (int(word.split(b"/", 1)[0]) for word in line.split()[1:])
    polygon = [number - 1 if number >= 0 else known + number for number in numbers]
    for one, other in pairwise(polygon[1:]):
        corners.extend((polygon[0], one, other))
