"""Hands, forearms and shoulders of the base mesh the face model comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats
from models.geometry.units import MM_PER_DECIMETRE
from models.synthetic.head import Head
from models.synthetic.rasterise_cpu import vertex_normals_cpu
from resources import face_model


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
def _stored() -> dict[str, NDArray[np.generic]]:
    """The arrays of body.npz, see models/face_model/body.py."""
    with np.load(face_model("body.npz"), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@cache
def load_torso(head: Head) -> Torso:
    """Shoulders that fit under the mean head."""
    stored = _stored()
    local = np.asarray(stored["torso_vertices"], np.float32)
    triangles = np.asarray(stored["torso_triangles"], np.int32)
    marks = np.asarray(stored["landmarks"], np.float32) * MM_PER_DECIMETRE
    scale, turn, offset = _fit(marks, head.landmarks(head.mean))
    placed = (scale * local * MM_PER_DECIMETRE @ turn.T + offset).astype(np.float32)
    t = ((local[:, 1] - 5.0) / 1.0).clip(0, 1)
    pivot = scale * turn @ np.array([0, 585.0, -5]) + offset
    return Torso(
        placed,
        vertex_normals_cpu(placed, triangles),
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
    """The left hand with its rig: a palm and three bones for each finger."""
    stored = _stored()
    vertices, weights, joints, axes = (
        np.asarray(stored[f"hand_{name}"], np.float32) for name in ("vertices", "weights", "joints", "axes")
    )
    parents = (-1, *(0 if k == 0 else 3 * finger + k for finger in range(5) for k in range(3)))
    return Hand(vertices, np.asarray(stored["hand_triangles"], np.int32), weights, joints, axes, parents)
