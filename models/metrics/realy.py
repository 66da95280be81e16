"""REALY (Chai et al. 2022): how well four regions of a scan are met by an answer, each aligned by itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree

from models.geometry.arrays import Doubles, Ints
from models.ground_truth.record import TrueMesh
from models.metrics.nonrigid import Pulls, drawn_onto
from models.metrics.scans import SEVEN_OF_68, Placed, rigidly_nearer
from models.metrics.surface_distance import closest_on_surface

_MOUTH, _EYES = (*range(48, 61), 64), tuple(range(36, 48))
ALIGNED_BY: Mapping[str, tuple[int, ...]] = {
    "nose": (*range(27, 36), 70, 71),
    "mouth": _MOUTH,
    "forehead": (*_EYES, *range(17, 27)),
    "cheek": (*_MOUTH, 76, 77, 36, 41, 40, 39, 42, 47, 46, 45, 7, 8, 9),
}
DRAWN_BY: Mapping[str, tuple[int, ...]] = {
    "nose": tuple(range(27, 36)),
    "mouth": _MOUTH,
    "forehead": (*_EYES, *range(17, 27)),
    "cheek": (),
}


def globally_placed(
    vertices: Doubles, triangles: Ints, marks: Doubles, true: Doubles
) -> tuple[Placed, Doubles]:
    """The mesh and its keypoints after the similarity by seven of them.

    The rotation is that of least squares, the scale the ratio of the summed absolute coordinates about the
    means, as the benchmark has it.

    Args:
        vertices: [N, 3]; triangles: [T, 3]; marks: [K, 3] keypoints of the mesh.
        true: [85, 3] those of the scan.
    """
    own, wanted = marks[list(SEVEN_OF_68)], true[list(SEVEN_OF_68)]
    a, b = own - own.mean(0), wanted - wanted.mean(0)
    u, _, vt = np.linalg.svd(b.T @ a)
    R = u @ vt
    scale = float(np.abs(b).sum() / np.abs(a @ R.T).sum())
    shift = wanted.mean(0) - scale * R @ own.mean(0)
    moved = Placed(scale * vertices @ R.T + shift, triangles, scale)
    return moved, scale * marks @ R.T + shift


def region_errors(
    placed: Placed, marks: Doubles, true: Doubles, regions: Mapping[str, TrueMesh]
) -> dict[str, float]:
    """Mean distance of the corresponding points of each region, in the unit of the scan.

    Args:
        placed: After `globally_placed`; marks: [K, 3] its keypoints, K = 85, or 68 where it has no others.
        true: [85, 3].
        regions: By name.
    """
    return {name: _error(name, placed, marks, true, region) for name, region in regions.items()}


def _error(name: str, placed: Placed, marks: Doubles, true: Doubles, region: TrueMesh) -> float:
    points = np.asarray(region.vertices, np.float64)
    known = [k for k in ALIGNED_BY[name] if k < len(marks)]
    repeats = int(len(points) / len(known) / (4 if name == "cheek" else 1))
    aligned, own = rigidly_nearer(placed, marks[known], points, true[known], repeats)
    near = closest_on_surface(points, aligned.vertices, aligned.triangles)
    pulls = None
    if DRAWN_BY[name]:
        at = cKDTree(points).query(true[list(DRAWN_BY[name])])[1]
        pulls = Pulls(at, own[[known.index(k) for k in DRAWN_BY[name]]])
    drawn = drawn_onto(points, region.triangles.astype(np.int64), near, pulls)
    partners = closest_on_surface(drawn, aligned.vertices, aligned.triangles)
    return float(np.linalg.norm(partners - points, axis=1).mean())
