"""`python -m models.synthetic.ambient`: how much of the sky each vertex of the mean head sees.

Written to resources/face_model/shading.npz, which the window reads: nostrils, lids and the line between the
lips are dark however the light falls. Once for the topology: the mean head at rest.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import resources
from models.face_model.morphable import FaceModel
from models.face_model.whole_head import WholeHead
from models.geometry.arrays import Floats
from models.synthetic.head import basis_towards
from models.synthetic.lighting import sky_directions
from models.synthetic.rasterise_cpu import depth_only, vertex_normals_cpu

SIZE = 1200  # px a side of a look at the head: about 0.3 mm
DIRECTIONS = 400
BIAS_MM, SOFT_MM = 0.5, 2.0  # how far behind what is before it a vertex starts to be in its shade, and is
ROUNDS = 2  # of averaging with the neighbours: what is left of single directions


def ambient(vertices: Floats, triangles: NDArray[np.int32]) -> Floats:
    """[P] 0..1: the share of its half of the sky, weighted by the cosine, that each vertex sees.

    Args:
        vertices: [P, 3] mm.
        triangles: [T, 3], counter-clockwise seen from outside.
    """
    normals = vertex_normals_cpu(vertices, triangles)
    directions, _ = sky_directions(DIRECTIONS)
    centre = (vertices.min(0) + vertices.max(0)) / 2
    reach = np.linalg.norm(vertices - centre, axis=1).max() * 1.01
    uncut, nothing = np.full(len(triangles), -2, np.int16), np.zeros((0, 2), np.float32)
    seen, whole = np.zeros(len(vertices)), np.full(len(vertices), 1e-6)
    for direction in directions:
        cosine = (normals @ direction).clip(0, None)
        turned = (vertices - centre) @ basis_towards(direction).T
        screen = turned.astype(np.float32)
        screen[:, :2] = (turned[:, :2] / reach + 1) * (SIZE - 1) / 2
        depth = depth_only(screen, triangles, uncut, nothing, np.zeros((1, 1, 1), np.uint8), SIZE)
        column, row = np.rint(screen[:, :2]).clip(0, SIZE - 1).astype(np.int64).T
        behind = depth[row, column] - turned[:, 2]
        seen += (1 - ((behind - BIAS_MM) / SOFT_MM).clip(0, 1)) * cosine
        whole += cosine
    return np.asarray(seen / whole, np.float32)


def averaged(values: Floats, triangles: NDArray[np.int32]) -> Floats:
    """[P] values half of which come from the neighbours along the edges."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = np.bincount(edges[:, 0], minlength=len(values))
    mean = np.bincount(edges[:, 0], values[edges[:, 1]], len(values)) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, (values + mean) / 2, values), np.float32)


def main() -> None:
    """The command."""
    folder = Path(resources.__file__).parent / "face_model"
    parser = argparse.ArgumentParser(prog="python -m models.synthetic.ambient", description=__doc__)
    parser.add_argument("--out", type=Path, default=folder / "shading.npz")
    options = parser.parse_args()
    head = WholeHead(FaceModel.read(folder / "open_face.npz"))
    values = ambient(head.mean, head.all_triangles)
    for _ in range(ROUNDS):
        values = averaged(values, head.all_triangles)
    np.savez_compressed(options.out, ambient=np.rint(255 * values).astype(np.uint8))
    print(f"{options.out.name}: {len(values)} vertices, {values.min():.2f} to {values.max():.2f}")


if __name__ == "__main__":
    main()
