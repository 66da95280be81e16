"""A face of which only the 68 landmarks are known, as a mesh of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from models.geometry.landmarks import BROWS, EYES, JAW, LIPS, MIRROR, NOSE
from models.reconstruction import Topology, frozen

NAME = "68 landmarks"
_REGIONS = {"jaw": JAW, "brows": BROWS, "nose": NOSE, "eyes": EYES, "mouth": LIPS}


def landmark_topology(mean: NDArray[np.floating]) -> Topology:
    """The landmarks as vertices, joined as they lie beside each other on the face seen from the front.

    The triangles are there to look at: no surface is known between the landmarks, and so nothing says where
    the vertices of other meshes would lie on it.

    Args:
        mean: [68, 3] mean face, MODEL space (y up).
    """
    flat = np.asarray(mean, np.float64)[:, :2]
    low, size = flat.min(0), np.ptp(flat, axis=0)
    uv = (flat - low) / size
    regions = np.zeros(68, np.uint8)
    for number, marks in enumerate(_REGIONS.values()):
        regions[marks] = number
    itself = np.arange(68)[:, None]
    return Topology(
        name=NAME,
        triangles=_fixed(_joined(flat), np.int32),
        uv=frozen(np.stack([uv[:, 0], 1 - uv[:, 1]], 1)),
        landmark_vertices=_fixed(itself.repeat(3, 1), np.int32),
        landmark_weights=frozen(np.tile([1.0, 0.0, 0.0], (68, 1))),
        mirror=_fixed(MIRROR, np.int32),
        regions=_fixed(regions, np.uint8),
        region_names=tuple(_REGIONS),
        mean=frozen(mean),
    )


def _joined(flat: NDArray[np.float64]) -> NDArray[np.int32]:
    """[T, 3] Delaunay's triangles of points [P, 2], each counter-clockwise where y is up."""
    triangles = Delaunay(flat).simplices
    a, b, c = (flat[triangles[:, k]] for k in range(3))
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    backwards = ux * vy < uy * vx
    triangles[backwards] = triangles[backwards][:, ::-1]
    return np.asarray(triangles, np.int32)


def _fixed(values: NDArray[Any], kind: Any) -> NDArray[Any]:
    array = np.array(values, kind, order="C")
    array.flags.writeable = False
    return array
