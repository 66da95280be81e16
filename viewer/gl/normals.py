"""Smooth normals in numpy, fast enough for every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smooth_normals(vertices: NDArray[np.float32], triangles: NDArray[np.int32]) -> NDArray[np.float32]:
    """Unit normals per vertex, each the area-weighted mean of its triangles' normals.

    Args:
        vertices: [N, 3], right-handed.
        triangles: [T, 3], counter-clockwise seen from outside.

    Returns:
        [N, 3] float32; zero for a vertex of no triangle or of flat ones only.
    """
    normals = np.zeros((len(vertices), 3), np.float32)
    if len(triangles) == 0:
        return normals
    corners = vertices[triangles]  # [T, 3, 3]
    faces = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    ids = np.ascontiguousarray(triangles.T).ravel()
    for axis in range(3):  # bincount is several times faster than np.add.at
        share = np.tile(faces[:, axis], 3)
        normals[:, axis] = np.bincount(ids, weights=share, minlength=len(vertices))
    lengths = np.sqrt(np.einsum("nc,nc->n", normals, normals))
    normals /= np.where(lengths > 0, lengths, 1)[:, None]
    return normals


def _cross(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """[T, 3] x [T, 3]; np.cross spends most of its time on generality."""
    product = np.empty_like(a)
    product[:, 0] = a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    product[:, 1] = a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2]
    product[:, 2] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product
