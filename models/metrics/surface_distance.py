"""A true mesh brought to where an answer lies in the picture, and the distance to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.geometry.arrays import Doubles
from models.geometry.transforms import rotation_from_euler, weighted_procrustes
from models.ground_truth.record import TrueMesh, box_of
from models.metrics.errors import box_iou
from models.reconstruction import Array, Reconstruction, frozen

IN_PICTURE_IOU = 0.4  # of the boxes of mesh and answer, for the mesh to count as one in px of the picture
ROUNDS = 40
SAMPLES = 2000
KEPT = 0.8  # share of the nearest pairs that pull
NEAREST = 8  # triangles looked at per point, by their centres
POOR = 0.05  # of the face's size: an alignment that stays farther apart is no alignment


@dataclass(frozen=True, eq=False, slots=True)
class Aligned:
    """A true mesh in the picture.

    Attributes:
        vertices: [P, 3] float32, image px.
        triangles: [T, 3]; may be empty.
        same_topology: Its vertices are those of the answer, one by one.
        how: What was done to bring it there, in words.
        poor: The alignment did not find together.
    """

    vertices: Array
    triangles: NDArray[np.int32]
    same_topology: bool
    how: str
    poor: bool = False

    def distance(self, points: Array) -> Array:
        """[N, 3] image px -> [N] px: to the same vertex if these are the answer's, else to the surface."""
        if self.same_topology and len(points) == len(self.vertices):
            return frozen(np.linalg.norm(np.asarray(points, np.float64) - self.vertices, axis=1))
        return frozen(distance_to_surface(points, self.vertices, self.triangles))


def aligned(answer: Reconstruction, mesh: TrueMesh, size: tuple[int, int] | None) -> Aligned:
    """Bring a true mesh to an answer in image space.

    In px of the picture already (its box overlaps the answer's, with y down, up, or up from the lower edge)
    and of the answer's topology: only the mean depth is taken out. Of the same topology elsewhere: the
    similarity of least squares over all vertices. Of another topology: the similarity of iterated closest
    points, over the nearest 80 % of the pairs.
    """
    same = _same_topology(answer, mesh)
    in_picture, said = _in_picture(answer, mesh, size)
    if same and in_picture is not None:
        in_picture[:, 2] += answer.vertices[:, 2].mean() - in_picture[:, 2].mean()
        return Aligned(
            frozen(in_picture), mesh.triangles, True, f"in px of the picture{said}, mean depth out"
        )
    target = np.asarray(answer.vertices, np.float64)
    if same:
        fits = [similarity(start, target, start) for start in (_upright(mesh), mesh.vertices)]
        best = min(fits, key=lambda placed: float(np.linalg.norm(placed - target, axis=1).mean()))
        return Aligned(frozen(best), mesh.triangles, True, "after a similarity over all vertices")
    starts = [in_picture] if in_picture is not None else _starts(answer, mesh)
    placed, apart = min((closest_points_fit(start, target) for start in starts), key=lambda fit: fit[1])
    poor = apart > POOR * float(np.ptp(target, axis=0).max())
    how = f"after a similarity by closest points (nearest {100 * KEPT:.0f} % of the pairs)"
    return Aligned(frozen(placed), mesh.triangles, False, how, poor)


def closest_points_fit(source: Doubles, target: Doubles) -> tuple[Doubles, float]:
    """The source [P, 3] carried onto the target [N, 3] by iterated closest points, and what is left.

    Each round pairs points of the target with their nearest of the source, drops the farthest fifth, and
    applies the similarity of least squares. Besl and McKay 1992, trimmed as by Chetverikov et al. 2002.

    Returns:
        [P, 3] the moved source, and the mean distance of the pairs that pull, in the target's unit.
    """
    from scipy.spatial import cKDTree

    sample = target[np.linspace(0, len(target) - 1, min(SAMPLES, len(target))).astype(int)]
    apart = np.inf
    for _ in range(ROUNDS):
        distance, index = cKDTree(source).query(sample)
        pulls = distance <= np.quantile(distance, KEPT)
        before, apart = apart, float(distance[pulls].mean())
        if before - apart < 1e-5 * apart:
            break
        source = similarity(source[index[pulls]], sample[pulls], source)
    return source, apart


def distance_to_surface(
    points: NDArray[np.floating], vertices: NDArray[np.floating], triangles: NDArray[np.integer]
) -> Doubles:
    """[N]: from each point [N, 3] to the nearest of a surface; of its vertices if it has no triangles.

    Exact as long as the nearest triangle is among those of the eight nearest centres.
    """
    closest = closest_on_surface(points, vertices, triangles)
    return np.asarray(np.linalg.norm(closest - np.asarray(points, np.float64), axis=1))


def closest_on_surface(
    points: NDArray[np.floating], vertices: NDArray[np.floating], triangles: NDArray[np.integer]
) -> Doubles:
    """[N, 3]: of each point [N, 3] the nearest of a surface, as `distance_to_surface`."""
    from scipy.spatial import cKDTree

    points = np.asarray(points, np.float64)
    if not len(triangles):
        return np.asarray(vertices, np.float64)[cKDTree(vertices).query(points)[1]]
    from trimesh.triangles import closest_point

    corners = np.asarray(vertices, np.float64)[triangles]
    count = min(NEAREST, len(triangles))
    near = cKDTree(corners.mean(1)).query(points, k=count)[1].reshape(len(points), count)
    repeated = np.repeat(points, count, axis=0)
    closest = closest_point(corners[near.ravel()], repeated)
    distance = np.linalg.norm(closest - repeated, axis=1).reshape(len(points), count)
    return np.asarray(closest.reshape(len(points), count, 3)[np.arange(len(points)), distance.argmin(1)])


def _same_topology(answer: Reconstruction, mesh: TrueMesh) -> bool:
    known = len(mesh.triangles) == 0 or np.array_equal(mesh.triangles, answer.topology.triangles)
    return known and len(mesh.vertices) == len(answer.vertices)


def _in_picture(
    answer: Reconstruction, mesh: TrueMesh, size: tuple[int, int] | None
) -> tuple[Doubles | None, str]:
    """The mesh as px of the picture, y down, if it is in px of the picture; and how its y was read."""
    upright = _upright(mesh)
    readings = [(np.asarray(mesh.vertices, np.float64), ""), (upright, ", y = minus the file's")]
    if size is not None:
        from_below = upright + np.array([0.0, size[1] - 1.0, 0.0])
        readings.append((from_below, ", y = H - 1 minus the file's"))
    overlap = [
        float(box_iou(np.array(box_of(points)), np.array(box_of(answer.vertices)))) for points, _ in readings
    ]
    best = int(np.argmax(overlap))
    return (readings[best][0].copy(), readings[best][1]) if overlap[best] >= IN_PICTURE_IOU else (None, "")


def _upright(mesh: TrueMesh) -> Doubles:
    """Y up to y down: a mirror, since z goes on coming to the camera."""
    return np.asarray(mesh.vertices, np.float64) * (1.0, -1.0, 1.0)


def _starts(answer: Reconstruction, mesh: TrueMesh) -> list[Doubles]:
    """A scan with y up at the size and place of the answer: turned as the face is, and as it stands."""
    target = np.asarray(answer.vertices, np.float64)
    pose = torch.deg2rad(torch.tensor(answer.pose_deg, dtype=torch.float64))
    turned = np.asarray(mesh.vertices, np.float64) @ rotation_from_euler(pose).numpy().T
    flipped = [points * (1.0, -1.0, 1.0) for points in (turned, np.asarray(mesh.vertices, np.float64))]
    return [
        (points - points.mean(0)) * (_spread(target) / max(_spread(points), 1e-12)) + target.mean(0)
        for points in flipped
    ]


def _spread(points: Doubles) -> float:
    return float(np.sqrt(np.square(points - points.mean(0)).sum(1).mean()))


def similarity(source: NDArray[np.floating], target: Doubles, moved: NDArray[np.floating]) -> Doubles:
    """`moved` [P, 3] after the similarity that best carries `source` [K, 3] onto `target` [K, 3]."""
    a, b = (torch.as_tensor(np.array(points, np.float64))[None] for points in (source, target))
    fit = weighted_procrustes(a, b, torch.ones(1, a.shape[1], dtype=torch.float64))
    return np.asarray(fit.apply(torch.as_tensor(np.array(moved, np.float64))[None])[0].numpy())
