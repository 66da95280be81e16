"""Normalised coordinates of the mean face: one colour for one place of a face, in any shape and pose."""

from __future__ import annotations

import numpy as np

from models.reconstruction import Array, Topology


def mean_coordinates(topology: Topology) -> Array | None:
    """[N, 3] in 0..1: NCC of Zhu et al. 2016, eq. 8: (x - min) / (max - min) of the mean face, per axis.

    None if the topology has no mean face.
    """
    if topology.mean is None or len(topology.mean) == 0:
        return None
    low, high = topology.mean.min(0), topology.mean.max(0)
    return np.asarray((topology.mean - low) / np.maximum(high - low, np.float32(1e-9)), np.float32)
