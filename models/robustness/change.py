"""What an occluder changes in an answer: held against the answer about the same face without it.

The answer without occluders is no truth, but needs none: what differs from it was done by the occluder alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.metrics.errors import box_size
from models.reconstruction import BRANCHES, FUSED, Array, MeshLayer, Reconstruction, Scalar, frozen

CHANGE = "change"
TOP = 0.1  # of sqrt(w h) of the face: the change at the upper end of the colours
HIDDEN_FROM = 0.5  # alpha


@dataclass(frozen=True, slots=True)
class BranchChange:
    """How far one branch went, on average, in mm.

    Attributes:
        branch: One of `models.metrics.ground_truth_errors.BRANCHES`.
        all_mm: Over all vertices.
        open_mm: Over those that no occluder hides; NaN if there are none.
        covered_mm: Over those under an occluder; NaN if there are none.
    """

    branch: str
    all_mm: float
    open_mm: float
    covered_mm: float


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """One answer against its reference.

    Attributes:
        rows: One per branch both have, the fused face first.
        vertex_mm: [N] float32 per row: the way of each vertex.
        face_mm: The size of the reference: sqrt(w h) of the box of its landmarks, mm.
    """

    rows: tuple[BranchChange, ...]
    vertex_mm: tuple[Array, ...]
    face_mm: float

    def percent(self, mm: float) -> float:
        """A length in % of the size of the face."""
        return 100 * mm / self.face_mm


def change(answer: Reconstruction, reference: Reconstruction, hidden: NDArray[np.floating]) -> Change:
    """How far each vertex of each branch went.

    The way of a vertex is |(dx, dy, dz - mean dz)| in px of the image times the reference's mm per px: depth
    is only known up to an offset, so a shift of all of it is none (as in
    `models.metrics.errors.nme3d_percent`).

    Args:
        answer: About the covered photo, image space.
        reference: About the photo without occluders, image space, of the same topology.
        hidden: [H, W] 0..1, as `models.occlusion.occluder.lay` gives it.

    Raises:
        ValueError: Two answers of different topologies.
    """
    if answer.vertices.shape != reference.vertices.shape:
        raise ValueError(
            f"answers of {len(answer.vertices)} and {len(reference.vertices)} vertices cannot be compared"
        )
    first, second = _branches(answer), _branches(reference)
    names = [name for name in first if name in second]
    ways = tuple(_ways_mm(first[name], second[name], reference.mm_per_px) for name in names)
    under = under_cover(reference.vertices, hidden)
    rows = tuple(
        BranchChange(name, float(way.mean()), _mean(way[~under]), _mean(way[under]))
        for name, way in zip(names, ways, strict=True)
    )
    return Change(rows, ways, face_size_mm(reference))


def with_change(answer: Reconstruction, found: Change) -> Reconstruction:
    """The same answer, its vertices and those of its branches knowing how far they went."""
    top = TOP * found.face_mm
    scalars = {
        row.branch: Scalar(CHANGE, way, 0.0, top, "mm")
        for row, way in zip(found.rows, found.vertex_mm, strict=True)
    }
    layers = tuple(
        replace(layer, scalars=(*layer.scalars, scalars[layer.name]))
        if isinstance(layer, MeshLayer) and layer.name in scalars
        else layer
        for layer in answer.layers
    )
    return replace(answer, scalars=(*answer.scalars, scalars[FUSED]), layers=layers)


def face_size_mm(reference: Reconstruction) -> float:
    """sqrt(w h) of the box of the landmarks, mm."""
    return float(box_size(reference.landmarks)) * reference.mm_per_px


def under_cover(vertices: Array, hidden: NDArray[np.floating]) -> NDArray[np.bool_]:
    """[N]: which vertices [N, 3], image px, lie on pixels that an occluder hides; none beyond the picture."""
    height, width = hidden.shape
    x, y = np.rint(vertices[:, :2]).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    result = np.zeros(len(vertices), bool)
    result[inside] = hidden[y[inside], x[inside]] >= HIDDEN_FROM
    return result


def without_depth_offset(vertices: Array) -> NDArray[np.float64]:
    """[N, 3] with mean depth 0."""
    moved = np.asarray(vertices, np.float64).copy()
    moved[:, 2] -= moved[:, 2].mean()
    return moved


def _branches(answer: Reconstruction) -> dict[str, Array]:
    whole = {FUSED: answer.vertices}
    for layer in answer.layers:
        if isinstance(layer, MeshLayer) and layer.name in BRANCHES and layer.space is answer.space:
            whole[layer.name] = layer.vertices
    return whole


def _ways_mm(first: Array, second: Array, mm_per_px: float) -> Array:
    way = without_depth_offset(first) - without_depth_offset(second)
    return frozen(np.linalg.norm(way, axis=1) * mm_per_px)


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")
