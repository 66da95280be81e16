"""A small made-up face: a dome whose left half was seen, its right turned away above and covered below."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.ground_truth.record import GroundTruth
from models.reconstruction import (
    STATE_SCALARS,
    Correspondence,
    MapLayer,
    MeshLayer,
    Reconstruction,
    Scalar,
    Space,
    Topology,
    frozen,
)

SIDE = 21
LEFT, TOP, SIZE = 50.0, 30.0, 100.0  # where the dome lies in the photo, px
RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 230), (240, 240, 240)


def photo() -> NDArray[np.uint8]:
    """[160, 200, 3]: red, green / blue, white, meeting in the middle of the dome."""
    image = np.empty((160, 200, 3), np.uint8)
    x, y = int(LEFT + SIZE / 2), int(TOP + SIZE / 2)
    image[:y, :x], image[:y, x:], image[y:, :x], image[y:, x:] = RED, GREEN, BLUE, WHITE
    return image


def topology() -> Topology:
    """SIDE x SIDE vertices in rows, u to the right, v down."""
    index = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.stack([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)
    v, u = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    landmarks = np.tile(np.linspace(0, SIDE * SIDE - 1, 68).astype(np.int32)[:, None], 3)
    return Topology(
        name="dome",
        triangles=np.ascontiguousarray(triangles, np.int32),
        uv=frozen(np.stack([u, v], -1).reshape(-1, 2)),
        landmark_vertices=landmarks,
        landmark_weights=frozen(np.tile([1.0, 0.0, 0.0], (68, 1))),
        mean=frozen(np.stack([u.ravel() - 0.5, 0.5 - v.ravel(), np.zeros(SIDE * SIDE)], -1)),
        mirror=np.ascontiguousarray(index[:, ::-1].ravel(), np.int32),
        regions=np.zeros(SIDE * SIDE, np.uint8),
        region_names=("dome",),
    )


def answer(visibility: bool = True, layers: bool = True) -> Reconstruction:
    """The dome bulges 40 px towards the camera; what lies left of its middle was seen."""
    top = topology()
    u, v = top.uv[:, 0], top.uv[:, 1]
    height = 40 * (1 - (2 * u - 1) ** 2) * (1 - (2 * v - 1) ** 2)
    vertices = frozen(np.stack([LEFT + SIZE * u, TOP + SIZE * v, height], -1))
    seen = frozen((u < 0.49).astype(np.float32))
    disagreement = Scalar("disagreement", frozen(u * 4), 0.0, 4.0, "mm")
    alpha = Scalar("followed", frozen(np.where(v < 0.1, np.nan, u)), 0.0, 1.0)
    error, change = (
        Scalar("error", frozen(v * 3), 0.0, 3.0, "px"),
        Scalar("change", frozen(u * 4), 0.0, 4.0, "mm"),
    )
    share = Scalar("image-space share", frozen(1 - u), 0.0, 1.0)
    own = Scalar("own correction", frozen(v * 5), 0.0, 10.0, "mm")
    scalars = (disagreement, alpha, share, own, error, change)
    if visibility:
        states = seen, (1 - seen) * (v < 0.5), (1 - seen) * (v >= 0.5)
        told = [Scalar(name, frozen(p), 0.0, 1.0) for name, p in zip(STATE_SCALARS, states, strict=True)]
        scalars = (*told, *scalars)
    return Reconstruction(
        method="fake",
        space=Space.IMAGE,
        topology=top,
        vertices=vertices,
        pose_deg=(0.0, 0.0, 0.0),
        layers=_layers(top, vertices) if layers else (),
        scalars=scalars,
        box=(LEFT, TOP, LEFT + SIZE, TOP + SIZE),
        mm_per_px=0.5,
    )


def truth() -> GroundTruth:
    """Landmarks 6 px to the right of the dome's."""
    return GroundTruth("dome.pts", "", frozen(answer().landmarks[:, :2] + np.array([6, 0])), size=(200, 160))


def _layers(top: Topology, vertices: NDArray[np.float32]) -> tuple[MeshLayer | MapLayer, ...]:
    kept = top.triangles[(top.uv[top.triangles, 0] < 0.5).all(1)]
    confidence = Scalar("confidence", frozen(top.uv[:, 0]), 0.0, 1.0)
    cells, cell_px = 25, SIZE / 25
    start = cell_px / 2 - 0.5
    place = np.array([[cell_px, 0, LEFT + start], [0, cell_px, TOP + start], [0, 0, 1]])
    mask = np.zeros((cells, cells), np.float32)
    mask[:, :12] = 1
    known = np.where(mask > 0, mask, np.nan)
    return (
        MeshLayer("model space", Space.IMAGE, vertices, top.triangles, top.uv),
        MeshLayer("visible surface", Space.IMAGE, vertices, kept, top.uv, (confidence,)),
        MapLayer("visible mask", frozen(mask), place, Space.IMAGE),
        MapLayer("uv", frozen(np.stack([known, known], -1)), place, Space.IMAGE),
        MapLayer("depth", frozen(known * 10), place, Space.IMAGE, 0.0, 40.0, "px"),
        MapLayer("confidence", frozen(known), place, Space.IMAGE),
    )


def on_two_meshes() -> tuple[Reconstruction, Reconstruction]:
    """The dome as the open face, and on a mesh in another order with one vertex more, where no face is."""
    plain = answer()
    count = len(plain.vertices)
    open_face = replace(plain.topology, name="open face", mean=plain.vertices)
    far = plain.vertices.max(0) + 10 * np.ptp(plain.vertices, axis=0)
    mean = frozen(np.concatenate([plain.vertices[::-1], far[None]]))
    back = np.arange(count, dtype=np.int32)[::-1]
    other = replace(
        open_face,
        name="other",
        triangles=(count - 1 - plain.topology.triangles).astype(np.int32),
        uv=frozen(np.concatenate([plain.topology.uv[::-1], np.zeros((1, 2), np.float32)])),
        landmark_vertices=(count - 1 - plain.topology.landmark_vertices).astype(np.int32),
        mirror=np.arange(count + 1, dtype=np.int32),
        regions=np.zeros(count + 1, np.uint8),
        mean=mean,
        open_face=Correspondence(np.stack([back] * 3, 1), frozen(np.tile([1.0, 0, 0], (count, 1)))),
    )
    first = replace(plain, topology=open_face)
    moved = frozen(mean + np.array([3, 4, 70], np.float32))
    return first, replace(plain, method="other", topology=other, vertices=moved, layers=(), scalars=())
