"""Probabilities of states made ready to be drawn: rims without the teeth of the mesh. No Qt."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import SEEN_ABOVE, State

ROUNDS = 4
MARGIN = 0.02  # how clearly a vertex keeps its own state

Floats = NDArray[np.float32]


def smoothed(states: Floats, triangles: NDArray[np.int32]) -> Floats:
    """[N, 3] as smooth over the mesh as they can be with every vertex keeping its state.

    Where probabilities jump from nought to one between neighbours, their rim is a zigzag of the mesh's edges,
    however finely it is drawn. Averaging with the neighbours straightens it; what would carry a vertex over
    to another state is taken back, so that the rim stays between the same vertices.

    Args:
        states: [N, 3] probabilities of seen, turned away, covered.
        triangles: [T, 3] of the surface.
    """
    if len(triangles) == 0 or not np.isfinite(states).all():
        return states
    links = _links(_Key(triangles), len(states))
    seen = states[:, State.SEEN] - SEEN_ABOVE
    lead = states[:, State.COVERED] - states[:, State.TURNED_AWAY]
    seen, lead = (_straightened(margin, links) for margin in (seen, lead))
    hidden = 1 - SEEN_ABOVE - seen
    lead = np.clip(lead, -hidden, hidden)
    return np.stack((seen + SEEN_ABOVE, (hidden - lead) / 2, (hidden + lead) / 2), 1).astype(np.float32)


def _straightened(margin: Floats, links: tuple[NDArray[np.int64], NDArray[np.int64], Floats]) -> Floats:
    """[N] smoother, of the same signs."""
    start, end, count = links
    ours = margin.astype(np.float64)
    for _ in range(ROUNDS):
        mean = np.bincount(start, ours[end], len(ours))
        mean = np.where(count > 0, mean / np.maximum(count, 1), ours)
        ours = (ours + mean) / 2
        ours = np.where(margin > 0, np.maximum(ours, MARGIN), np.minimum(ours, -MARGIN))
    return np.asarray(ours, np.float32)


class _Key:
    """An array by identity: topologies are shared by all answers of a method."""

    def __init__(self, triangles: NDArray[np.int32]) -> None:
        self.triangles = triangles

    def __hash__(self) -> int:
        return id(self.triangles)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.triangles is self.triangles


@lru_cache(maxsize=8)
def _links(key: _Key, vertices: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Both ends of every edge, each way once; and how many neighbours each vertex has."""
    triangles = key.triangles.astype(np.int64)
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    both = np.concatenate((edges, edges[:, ::-1]))
    start, end = np.divmod(np.unique(both[:, 0] * vertices + both[:, 1]), vertices)  # rows are slow to sort
    return start, end, np.bincount(start, minlength=vertices).astype(np.float32)
