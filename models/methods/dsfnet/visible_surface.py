"""The partial surface that image-space predictions describe: only what was seen, as a mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Array, MeshLayer, Scalar, Space, frozen

UV_STEP = 0.12  # neighbours further apart on the chart belong to different parts of the face
DEPTH_STEP = 6.0  # px of the map
COLLISION_CELLS = 48  # the chart is divided so finely ...
COLLISION_SPREAD = 1 / 8  # ... and pixels of one cell should not lie further apart, as a share of the map


def visible_surface(
    is_face: NDArray[np.bool_], uv: Array, depth: Array, confidence: Array, T_crop_map: NDArray[np.float64]
) -> MeshLayer:
    """Neighbouring pixels of the visible face joined into triangles, at their predicted depth.

    Args:
        is_face: [M, M].
        uv: [M, M, 2] on the chart.
        depth: [M, M], crop px.
        confidence: [M, M], 0..1.
        T_crop_map: [3, 3], map px to crop px.

    Returns:
        Mesh "visible surface" in CROP space; no triangle bridges a jump of depth or of the chart.
    """
    rows, columns = np.nonzero(is_face)
    xy = np.stack((columns, rows), -1) @ T_crop_map[:2, :2].T + T_crop_map[:2, 2]
    seen_confidence = Scalar("confidence", frozen(confidence[is_face]), 0.0, 1.0)
    return MeshLayer(
        "visible surface",
        Space.CROP,
        frozen(np.column_stack((xy, depth[is_face]))),
        _triangles(is_face, uv, depth / T_crop_map[0, 0]),
        frozen(uv[is_face]),
        (seen_confidence,),
    )


def _triangles(is_face: NDArray[np.bool_], uv: Array, depth: Array) -> NDArray[np.int32]:
    index = np.full(is_face.shape, -1, np.int32)
    index[is_face] = np.arange(is_face.sum(), dtype=np.int32)
    value = np.concatenate((uv / UV_STEP, depth[..., None] / DEPTH_STEP), -1)
    corners = [(slice(None, -1), slice(None, -1)), (slice(1, None), slice(None, -1))]
    corners += [(slice(None, -1), slice(1, None)), (slice(1, None), slice(1, None))]
    a, b, c, d = (index[corner] for corner in corners)
    va, vb, vc, vd = (value[corner] for corner in corners)
    found = []
    for ids, values in (((a, b, c), (va, vb, vc)), ((c, b, d), (vc, vb, vd))):
        spread = np.ptp(np.stack(values), axis=0).max(-1)
        keep = (np.stack(ids).min(0) >= 0) & (spread < 1)
        found.append(np.stack(ids, -1)[keep])
    triangles = np.concatenate(found).astype(np.int32)
    triangles.flags.writeable = False
    return triangles


def collisions(is_face: NDArray[np.bool_], uv: Array) -> int:
    """How many visible pixels share a cell of the chart with one that lies far away in the picture."""
    rows, columns = np.nonzero(is_face)
    cell = np.clip(uv[is_face] * COLLISION_CELLS, 0, COLLISION_CELLS - 1).astype(np.int64)
    cell_id = cell[:, 1] * COLLISION_CELLS + cell[:, 0]
    spread = np.zeros(COLLISION_CELLS**2)
    for place in (rows, columns):
        low = np.full(COLLISION_CELLS**2, np.inf)
        high = np.full(COLLISION_CELLS**2, -np.inf)
        np.minimum.at(low, cell_id, place)
        np.maximum.at(high, cell_id, place)
        hit = np.isfinite(low)
        spread[hit] = np.maximum(spread[hit], high[hit] - low[hit])
    return int((spread[cell_id] > COLLISION_SPREAD * len(is_face)).sum())
