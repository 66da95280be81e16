"""An answer held against a scan of the same person, in mm: alignments and distances of the benchmarks.

Landmarks of a scan are seven: outer and inner corner of the right eye, inner and outer of the left, bottom of
the nose, right and left corner of the mouth. Right is the person's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from models.geometry.arrays import Bools, Doubles, Ints
from models.metrics.surface_distance import closest_on_surface, distance_to_surface, similarity

SEVEN_OF_68 = (36, 39, 42, 45, 33, 48, 54)
NOW_RADIUS, STIRLING_RADIUS = 1.4, 1.2
EYES_MM = (60.0, 130.0)  # between the outer corners of any person's eyes
UNITS_MM = (1.0, 10.0, 1000.0)  # mm, cm, m
EVALUATIONS = 40
RIGID_ROUNDS, RIGID_CHANGE = 100, 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """An answer's mesh where the scan is, mm.

    Attributes:
        vertices: [N, 3]; triangles: [T, 3].
        scale: What the answer was multiplied by.
    """

    vertices: Doubles
    triangles: Ints
    scale: float


def unit_mm(landmarks: NDArray[np.floating]) -> float:
    """How many mm one unit of a scan is, told from the distance of the outer eye corners [7, 3].

    Raises:
        ValueError: In no unit is that a face.
    """
    eyes = float(np.linalg.norm(np.asarray(landmarks[0], np.float64) - landmarks[3]))
    found = next((mm for mm in UNITS_MM if EYES_MM[0] <= eyes * mm <= EYES_MM[1]), None)
    if found is None:
        raise ValueError(f"its outer eye corners are {eyes:.3g} apart, which is a face in no unit known here")
    return found


def in_face_sphere(points: NDArray[np.floating], landmarks: NDArray[np.floating], factor: float) -> Bools:
    """[P]: which points of a scan NoW (factor 1.4) and the FG 2018 challenge (1.2) measure at.

    Those within factor * (outer eye distance + nose length) / 2 of the nose bottom moved by 0.3 of the way
    to the bridge, the middle of the inner eye corners.

    Args:
        points: [P, 3]; landmarks: [7, 3], one unit.
    """
    marks = np.asarray(landmarks, np.float64)
    bridge = (marks[1] + marks[2]) / 2
    centre = marks[4] + 0.3 * (bridge - marks[4])
    radius = factor * (np.linalg.norm(marks[0] - marks[3]) + np.linalg.norm(marks[4] - bridge)) / 2
    return np.asarray(np.linalg.norm(np.asarray(points, np.float64) - centre, axis=1) <= radius)


def by_seven(
    vertices: NDArray[np.floating],
    triangles: NDArray[np.integer],
    marks: NDArray[np.floating],
    scan_marks: NDArray[np.floating],
) -> Placed:
    """The mesh after the similarity of least squares that carries its seven landmarks onto the scan's.

    Args:
        vertices: [N, 3], y up or all of one hand with the scan; marks: [7, 3] of it.
        scan_marks: [7, 3] mm.
    """
    own, true = np.asarray(marks, np.float64), np.asarray(scan_marks, np.float64)
    moved = similarity(own, true, np.concatenate([vertices, own]))
    scale = _spread(moved[len(vertices) :]) / _spread(own)
    return Placed(moved[: len(vertices)], np.asarray(triangles, np.int64), float(scale))


def refined(placed: Placed, points: NDArray[np.floating]) -> Placed:
    """The mesh after the similarity that minimises the squared distances of scan points to its surface.

    As NoW: from the alignment by seven landmarks, over scale, rotation and translation at once, by trust
    region. The derivative of a distance is that of its closest point along the line between the two.

    Args:
        placed: A start; points: [P, 3] of the scan, mm.
    """
    points = np.asarray(points, np.float64)
    middle = placed.vertices.mean(0)
    size = _spread(placed.vertices)
    centred = placed.vertices - middle

    def moved(x: Doubles) -> Doubles:
        turned: Doubles = Rotation.from_rotvec(x[1:4] / size).apply(centred)
        return np.exp(x[0] / size) * turned + middle + x[4:]

    def residuals(x: Doubles) -> Doubles:
        return distance_to_surface(points, moved(x), placed.triangles)

    def slopes(x: Doubles) -> Doubles:
        closest = closest_on_surface(points, moved(x), placed.triangles)
        away = closest - points
        length = np.linalg.norm(away, axis=1, keepdims=True)
        n = np.divide(away, length, out=np.zeros_like(away), where=length > 1e-9)
        arm = closest - middle - x[4:]
        stretch = (n * arm).sum(1, keepdims=True) / size
        return np.concatenate([stretch, np.cross(arm, n) / size, n], 1)

    fit = least_squares(
        residuals, np.zeros(7), slopes, method="trf", max_nfev=EVALUATIONS, xtol=1e-6, ftol=1e-6
    )
    scale = placed.scale * float(np.exp(fit.x[0] / size))
    return Placed(moved(fit.x), placed.triangles, scale)


def scan_distances(placed: Placed, points: NDArray[np.floating]) -> Doubles:
    """[P] mm: from each point of the scan to the nearest of the mesh's surface."""
    return distance_to_surface(points, placed.vertices, placed.triangles)


def rigidly_nearer(
    placed: Placed,
    marks: NDArray[np.floating],
    points: NDArray[np.floating],
    true_marks: NDArray[np.floating],
    repeats: int,
) -> tuple[Placed, Doubles]:
    """The mesh after rigid iterated closest points onto a region of a scan, its landmarks pulling along.

    As REALY: every scan point is paired with the nearest of the surface, each landmark with its own; turned
    and shifted, never scaled, until the mean square changes by less than 1e-6.

    Args:
        placed: A start; marks: [K, 3] landmarks of it.
        points: [P, 3] of the region; true_marks: [K, 3].
        repeats: How many times each landmark counts.

    Returns:
        The mesh and [K, 3] its landmarks.
    """
    points, vertices, own = (np.asarray(a, np.float64) for a in (points, placed.vertices, marks))
    wanted = np.concatenate([points, np.tile(true_marks, (repeats, 1))])
    before = 0.0
    for _ in range(RIGID_ROUNDS):
        near = closest_on_surface(points, vertices, placed.triangles)
        R, t = _rigid(np.concatenate([near, np.tile(own, (repeats, 1))]), wanted)
        error = float(
            np.square(np.concatenate([near, np.tile(own, (repeats, 1))]) @ R.T + t - wanted).sum(1).mean()
        )
        if abs(error - before) < RIGID_CHANGE:
            break
        before = error
        vertices, own = vertices @ R.T + t, own @ R.T + t
    return Placed(vertices, placed.triangles, placed.scale), own


def _rigid(source: Doubles, target: Doubles) -> tuple[Doubles, Doubles]:
    """Rotation and shift of least squares (Kabsch 1976); never a mirror."""
    u, _, vt = np.linalg.svd((target - target.mean(0)).T @ (source - source.mean(0)))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    R = u @ sign @ vt
    return R, target.mean(0) - R @ source.mean(0)


def _spread(points: Doubles) -> float:
    return float(np.sqrt(np.square(points - points.mean(0)).sum(1).mean()))
