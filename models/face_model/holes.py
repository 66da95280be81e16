"""The holes of a face mesh - eyes and mouth - and triangles that close them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats

Ints = NDArray[np.integer]


def border_loops(triangles: Ints) -> list[Ints]:
    """The closed borders of a surface, each [L] vertices in the order its triangles [T, 3] run along it."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    present = set(map(tuple, edges.tolist()))
    after = {a: b for a, b in present if (b, a) not in present}
    loops: list[Ints] = []
    while after:
        first, vertex = next(iter(after.items()))
        loop = [first]
        del after[first]
        while vertex != first:
            loop.append(vertex)
            vertex = after.pop(vertex)
        loops.append(np.array(loop, np.int64))
    return loops


def closing_triangles(vertices: Floats, triangles: Ints) -> Ints:
    """[K, 3] triangles between the vertices around each hole, turned like the surface's own.

    The longest border is the surface's rim and stays open. A hole is closed between its upper and its lower
    edge, from its leftmost to its rightmost vertex, so that it stays closed as lids and lips move.

    Args:
        vertices: [P, 3], y up.
        triangles: [T, 3] of the surface.
    """
    loops = sorted(border_loops(triangles), key=lambda loop: float(np.ptp(vertices[loop], axis=0).max()))
    closing = [_between(vertices, loop) for loop in loops[:-1]]
    return np.concatenate(closing) if closing else np.zeros((0, 3), np.int64)


def _between(vertices: Floats, loop: Ints) -> Ints:
    """[L - 2, 3]: a strip between the two halves of a loop, on the other side of that border."""
    around = np.roll(loop, -int(np.argmin(vertices[loop, 0])))[::-1]
    around = np.roll(around, 1)  # begins at the leftmost vertex again
    right = int(np.argmax(vertices[around, 0]))
    one, other = around[: right + 1], np.concatenate([around[:1], around[right:][::-1]])
    strip, i, j = [], 0, 0
    while i < len(one) - 1 or j < len(other) - 1:
        further_one = (i + 1) / (len(one) - 1) if i < len(one) - 1 else np.inf
        further_other = (j + 1) / (len(other) - 1) if j < len(other) - 1 else np.inf
        if further_one <= further_other:
            strip.append((one[i], one[i + 1], other[j]))
            i += 1
        else:
            strip.append((one[i], other[j + 1], other[j]))
            j += 1
    rows = np.array(strip, np.int64)
    return rows[(rows[:, 0] != rows[:, 1]) & (rows[:, 1] != rows[:, 2]) & (rows[:, 0] != rows[:, 2])]
