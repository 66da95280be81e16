"""What protocols of scans share: an answer as a mesh of y up, distances as numbers, bins and moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.evaluation.protocol import NAN, Column, Measured, Pooled, Rows, Sample
from models.geometry.arrays import Doubles, Ints
from models.ground_truth.scanned import Scanned, read_marks, read_scan
from models.metrics.scans import (
    SEVEN_OF_68,
    Placed,
    by_seven,
    in_face_sphere,
    refined,
    scan_distances,
    unit_mm,
)
from models.reconstruction import Reconstruction

BIN_MM, BINS = 0.01, 5000  # of the distances kept for figures over all points; the last holds all beyond
REGIONS = ("brows", "eyes", "nose", "lips", "jaw", "forehead", "cheeks")
MEAN = Column("mean", "scan to mesh, mean", "mm")
MEDIAN = Column("median", "scan to mesh, median", "mm")
RMSE = Column("rmse", "scan to mesh, root mean square", "mm")
SCALE_NOTE = (
    "The answer's scale is free, as no method here measures it; units of scans are told from the eyes."
)
EXPRESSION_NOTE = (
    "The answer is measured with the expression it has in the picture; the benchmark's own figures are of "
    "neutral "
    "faces."
)


def scan_sample(face: Scanned, factor: float, refine: bool) -> Sample:
    """A picture measured against the scan of its person within the face sphere of a factor."""
    return Sample(
        name=face.name,
        image=face.image,
        measure=partial(_measure, face, factor, refine),
        box=face.box,
        subsets=face.subsets,
        subject=face.subject,
    )


def upright(answer: Reconstruction) -> tuple[Doubles, Ints, Doubles]:
    """Vertices [N, 3] with y up, triangles [T, 3] and the seven landmarks [7, 3] of an answer in image px."""
    y_up = np.array([1.0, -1.0, 1.0])
    marks = answer.landmarks[list(SEVEN_OF_68)] * y_up
    return answer.vertices * y_up, answer.topology.triangles.astype(np.int64), marks


def _measure(face: Scanned, factor: float, refine: bool, answer: Reconstruction) -> Measured:
    scan, marks = read_scan(face.scan), read_marks(face.landmarks)
    try:
        mm = unit_mm(marks)
    except ValueError as error:
        raise InputError(f"{face.landmarks.name}: {error}. Check its landmarks.") from error
    points = np.asarray(scan.vertices, np.float64)
    inner = mm * points[in_face_sphere(points, marks, factor)]
    if not len(inner):
        raise InputError(f"{face.scan.name} has no points about its landmarks. Are both of one scan?")
    vertices, triangles, own = upright(answer)
    placed = by_seven(vertices, triangles, own, mm * marks)
    if refine:
        placed = refined(placed, inner)
    return told(scan_distances(placed, inner), by_region(answer, placed, inner))


def told(distances: Doubles, regions: Mapping[str, float]) -> Measured:
    """Mean, median and root mean square of one face's distances [P] mm and what is pooled."""
    values = {
        "mean": float(distances.mean()),
        "median": float(np.median(distances)),
        "rmse": float(np.sqrt(np.square(distances).mean())),
        **regions,
    }
    counts = np.bincount((distances / BIN_MM).astype(int).clip(0, BINS - 1), minlength=BINS)
    moments = np.array([len(distances), distances.sum(), np.square(distances).sum()])
    return Measured(values, {"bins": counts.astype(np.uint32), "moments": moments})


def by_region(answer: Reconstruction, placed: Placed, points: Doubles) -> dict[str, float]:
    """Mean distance by region of the face: that of the vertex nearest to each scan point."""
    from scipy.spatial import cKDTree

    names = answer.topology.region_names
    nearest = cKDTree(placed.vertices).query(points)[1]
    which, distances = answer.topology.regions[nearest], scan_distances(placed, points)
    found = {}
    for region in REGIONS:
        of = which == names.index(region) if region in names else np.zeros(len(points), bool)
        found[f"mm_{region}"] = float(distances[of].mean()) if of.any() else NAN
    return found


REGION_COLUMNS = tuple(Column(f"mm_{region}", f"scan to mesh, {region}", "mm") for region in REGIONS)


def _summed(rows: Rows, name: str) -> Doubles | None:
    some: list[NDArray[np.generic]] = [row.arrays[name] for row in rows if name in row.arrays]
    return np.sum(some, axis=0, dtype=np.float64) if some else None


def _median(rows: Rows) -> float:
    bins = _summed(rows, "bins")
    if bins is None or not bins.sum():
        return NAN
    return BIN_MM * (float(np.searchsorted(bins.cumsum(), bins.sum() / 2)) + 0.5)


def _moment(of: Callable[[float, float, float], float], rows: Rows) -> float:
    moments = _summed(rows, "moments")
    return NAN if moments is None or not moments[0] else float(of(*moments.tolist()))


def _std(count: float, total: float, squares: float) -> float:
    return float(np.sqrt(max(squares / count - (total / count) ** 2, 0)))


def _rms(count: float, _total: float, squares: float) -> float:
    return float(np.sqrt(squares / count))


OVER_POINTS = (
    Pooled("all points of all faces, median", "mm", _median),
    Pooled("all points of all faces, mean", "mm", partial(_moment, lambda count, total, _: total / count)),
    Pooled("all points of all faces, standard deviation", "mm", partial(_moment, _std)),
    Pooled("all points of all faces, root mean square", "mm", partial(_moment, _rms)),
)
