"""The face model as the renderer sees it: one list of vertices, and what is painted where.

All positions are model space (mm, y up, z to the viewer). Face vertices come first, then the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from models.face_model.holes import closing_triangles
from models.geometry.arrays import Floats
from models.synthetic.lighting import sky_directions, spherical_harmonics
from models.synthetic.markings import Field, paint_fields
from models.synthetic.rasterise_cpu import depth_only, vertex_normals_cpu
from resources import face_model

WRAP_DEGREES = np.linspace(-110, 110, 61)
PATCH_MM = 7.0  # how far around a vertex or landmark people look when they say whether it is visible ...
OUTLINE_MM = 26.0  # ... and around one of the jaw, which they take for the outline
OUTLINE_AXIS_MM = (
    90.0  # which way such a point looks is counted from an upright axis so far behind the origin
)
JAW = 17  # the first landmarks
PERSONAL = ("face", "mouth", "socket", "eye", "teeth", "tongue")  # parts one calls somebody's face
WRAP_AXIS_MM = 60.0  # the upright axis that angles are counted around lies this far behind the origin


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """Everything about the head that does not change from sample to sample. P vertices, of which N face.

    Attributes:
        mean: [P, 3] mm.
        identity: [I, P * 3] mm for one standard deviation.
        expression: [E, P * 3] mm likewise.
        expression_bank: [S, E] plausible expressions, half of them mirrored.
        face_count: N.
        face_triangle_count: How many of `triangles` are face; they come first.
        triangles: [T, 3] int32.
        part: [T] int16, index into `part_names`; the face has "face".
        part_names: e.g. ("face", "skin", "mouth", "eye", "teeth", ...).
        uv: [N, 2] chart of the face.
        landmark_vertices: [68, 3]; landmark_weights: [68, 3].
        fields: [P, len(Field)].
        skin_uv: [P, 2] tile coordinates around the head (units of 128 mm); eyes: mm from the iris' centre.
        transfer: [P, 9] light that reaches each vertex of the mean head, per spherical harmonic.
        scalp: [K] vertices hair grows from; scalp_growth [K, 3] unit directions there.
        wrap: [rows, columns] vertex seen at each height and angle around the head: what lies on the face.
        wrap_heights: [rows] mm, falling.
        personal: [T] bool, the triangles of face, eyes and mouth.
        closed: [C, 3] triangles of the face with eyes and mouth closed, then of the skin around it;
            `closed_face_count` of them, the first, are face or close it.
        patches: [K] face vertices within `PATCH_MM` of each face vertex n on the mean head: those from
            `patch_starts[n]` to `patch_starts[n + 1]` ([N + 1]).
        landmark_patches, landmark_patch_starts: The same around the landmarks, wider along the jaw.
        outline_directions: [JAW, 3] unit, which way the points of the jaw look, level.
    """

    mean: Floats
    identity: Floats
    expression: Floats
    expression_bank: Floats
    face_count: int
    face_triangle_count: int
    triangles: NDArray[np.int32]
    part: NDArray[np.int16]
    part_names: tuple[str, ...]
    uv: Floats
    landmark_vertices: NDArray[np.int32]
    landmark_weights: Floats
    fields: Floats
    skin_uv: Floats
    transfer: Floats
    scalp: NDArray[np.int32]
    scalp_growth: Floats
    wrap: NDArray[np.int32]
    wrap_heights: Floats
    personal: NDArray[np.bool_]
    closed: NDArray[np.int32]
    closed_face_count: int
    patches: NDArray[np.int32]
    patch_starts: NDArray[np.int64]
    landmark_patches: NDArray[np.int32]
    landmark_patch_starts: NDArray[np.int64]
    outline_directions: Floats

    def vertices(self, identity: Floats, expression: Floats) -> Floats:
        """[P, 3] mm of one head; identity [I] and expression [E] in standard deviations."""
        flat = identity @ self.identity + expression @ self.expression
        return np.asarray(self.mean + flat.reshape(-1, 3), np.float32)

    def landmarks(self, vertices: Floats) -> Floats:
        """[68, 3] points of the head (or only its face)."""
        return np.asarray(
            (vertices[self.landmark_vertices] * self.landmark_weights[..., None]).sum(1), np.float32
        )


@cache
def load_head(path: Path | None = None) -> Head:
    """The head of a face model file (default: the open one); a second of preparation, once a process."""
    with np.load(path or face_model("open"), allow_pickle=False) as file:
        return _prepare({name: file[name] for name in file.files})


def _prepare(file: dict[str, NDArray[np.float32]]) -> Head:
    mean = np.concatenate([file["mean"], file["extra_mean"]]).astype(np.float32)
    triangles = np.concatenate([file["triangles"], file["extra_triangles"]]).astype(np.int32)
    names = ("face", *(str(name) for name in file["part_names"]))
    part = np.concatenate([np.zeros(len(file["triangles"])), file["extra_part"].astype(np.int64) + 1])
    keep = np.isin(part, [k for k, name in enumerate(names) if name not in ("hair", "lashes")])
    triangles, part = triangles[keep], part[keep].astype(np.int16)
    landmarks = (file["landmark_weights"][..., None] * mean[file["landmark_vertices"]]).sum(1)
    on_skin = np.zeros(len(mean), bool)
    on_skin[triangles[np.isin(part, [0, names.index("skin")])]] = True
    fields = np.where(on_skin[:, None], paint_fields(mean, landmarks), 0).astype(np.float32)
    fields[~on_skin, Field.LIP] = -99
    fields[~on_skin, Field.BROW] = fields[~on_skin, Field.EYE_RIM] = 99
    normals = vertex_normals_cpu(mean, triangles)
    scalp = np.flatnonzero(on_skin & (fields[:, Field.SCALP] > 0.5)).astype(np.int32)
    return Head(
        mean,
        _basis(file["identity"], file["extra_identity"]),
        _basis(file["expression"], file["extra_expression"]),
        _both_ways(file),
        len(file["mean"]),
        len(file["triangles"]),
        triangles,
        part,
        names,
        file["uv"].astype(np.float32),
        file["landmark_vertices"].astype(np.int32),
        file["landmark_weights"].astype(np.float32),
        fields,
        _skin_uv(mean, triangles, part, names),
        _lit_mouth(_transfer(mean, normals, triangles), normals, triangles, part, names),
        scalp,
        _growth(mean[scalp], normals[scalp]),
        *_wrap(mean, on_skin),
        np.isin(part, [names.index(name) for name in PERSONAL]),
        *_closed(mean, triangles, part, names),
        *_patches(mean[: len(file["mean"])], mean[: len(file["mean"])], PATCH_MM),
        *_patches(mean[: len(file["mean"])], landmarks, np.where(np.arange(68) < JAW, OUTLINE_MM, PATCH_MM)),
        _level(landmarks[:JAW]),
    )


def _closed(
    mean: Floats, triangles: NDArray[np.int32], part: NDArray[np.int16], names: tuple[str, ...]
) -> tuple[NDArray[np.int32], int]:
    face = triangles[part == names.index("face")]
    face = np.concatenate([face, closing_triangles(mean, face)]).astype(np.int32)
    return np.concatenate([face, triangles[part == names.index("skin")]]), len(face)


def _patches(
    mean: Floats, points: Floats, reach_mm: Floats | float
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    around = cKDTree(mean).query_ball_point(points, reach_mm)
    starts = np.concatenate([[0], np.cumsum([len(near) for near in around])])
    return np.concatenate([np.sort(near) for near in around]).astype(np.int32), starts


def _level(marks: Floats) -> Floats:
    """[P, 3] unit, level: from the outline's axis to points."""
    level = marks * np.array([1, 0, 1]) + np.array([0, 0, OUTLINE_AXIS_MM])
    return np.asarray(level / np.linalg.norm(level, axis=1, keepdims=True), np.float32)


def _basis(face: Floats, extra: Floats) -> Floats:
    both = np.concatenate([face, extra], 1).astype(np.float32)
    return np.ascontiguousarray(both.reshape(len(both), -1))


def _both_ways(file: dict[str, NDArray[np.float32]]) -> Floats:
    """The bank of expressions, and its mirror image."""
    bank = file["expression_bank"].astype(np.float32)
    return np.concatenate([bank, bank * np.where(file["expression_symmetric"], 1, -1)]).astype(np.float32)


def _skin_uv(
    mean: Floats, triangles: NDArray[np.int32], part: NDArray[np.int16], names: tuple[str, ...]
) -> Floats:
    x, y, z = mean.T
    uv = np.stack([np.arctan2(x, z + WRAP_AXIS_MM) * 80, -y], 1) / 128
    eyes = np.unique(triangles[part == names.index("eye")])
    for side in (eyes[mean[eyes, 0] < 0], eyes[mean[eyes, 0] >= 0]):
        low, high = mean[side].min(0), mean[side].max(0)
        uv[side] = (mean[side] - (low + high) / 2)[:, :2]
    return uv.astype(np.float32)


def _transfer(mean: Floats, normals: Floats, triangles: NDArray[np.int32], size: int = 160) -> Floats:
    """Cosine-weighted light per harmonic, blocked by the head itself: ambient occlusion with a direction."""
    directions, weight = sky_directions(96)
    harmonics = spherical_harmonics(directions)
    total = np.zeros((len(mean), 9), np.float32)
    used = np.unique(triangles)
    centre = mean[used].mean(0)
    reach = np.linalg.norm(mean[used] - centre, axis=1).max() * 1.02
    uncut, nothing = np.full(len(triangles), -2, np.int16), np.zeros((0, 2), np.float32)
    for direction, harmonic in zip(directions, harmonics, strict=True):
        cosine = normals @ direction
        rotated = (mean - centre) @ basis_towards(direction).T
        screen = np.empty_like(mean)
        screen[:, 0] = (rotated[:, 0] / reach + 1) * (size - 1) / 2
        screen[:, 1] = (rotated[:, 1] / reach + 1) * (size - 1) / 2
        screen[:, 2] = rotated[:, 2]
        depth = depth_only(screen, triangles, uncut, nothing, np.zeros((1, 1, 1), np.uint8), size)
        column, row = np.rint(screen[:, :2]).clip(0, size - 1).astype(np.int64).T
        blocked = (depth[row, column] - rotated[:, 2]) / 6.0 - 0.4
        seen = 1 - blocked.clip(0, 1)
        total += (seen * cosine.clip(0, None) * weight)[:, None] * harmonic
    return total


def _lit_mouth(
    transfer: Floats,
    normals: Floats,
    triangles: NDArray[np.int32],
    part: NDArray[np.int16],
    names: tuple[str, ...],
) -> Floats:
    """The mean mouth is shut, so nothing would reach the teeth: give them what an open one lets in."""
    bands = np.array([1] + [2 / 3] * 3 + [1 / 4] * 5, np.float32)
    free = spherical_harmonics(normals) * bands
    for name, share in (("teeth", 0.55), ("tongue", 0.35), ("mouth", 0.2)):
        inside = np.unique(triangles[part == names.index(name)])
        inside = inside[transfer[inside, 0] < 0.5 * free[inside, 0]]
        transfer[inside] += share * (free[inside] - transfer[inside])
    return transfer


def basis_towards(direction: Floats) -> Floats:
    """[3, 3] rotation that turns `direction` to +z."""
    side = np.cross([0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0], direction)
    side = side / np.linalg.norm(side)
    return np.stack([side, np.cross(direction, side), direction]).astype(np.float32)


def _growth(points: Floats, normals: Floats) -> Floats:
    """Hair leaves the scalp between its normal and away from the crown."""
    crown = np.array([0, points[:, 1].max() - 4, points[:, 2].mean() - 25])
    away = points - crown
    away -= normals * (away * normals).sum(1, keepdims=True)
    away /= np.linalg.norm(away, axis=1, keepdims=True) + 1e-6
    mixed = 0.35 * normals + away
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def _wrap(mean: Floats, on_skin: NDArray[np.bool_]) -> tuple[NDArray[np.int32], Floats]:
    """Outermost skin vertex near each height (top to bottom) and angle (left to right, see WRAP_DEGREES)."""
    rows, columns = 44, len(WRAP_DEGREES)
    skin = np.flatnonzero(on_skin)
    angle = np.degrees(np.arctan2(mean[skin, 0], mean[skin, 2] + WRAP_AXIS_MM))
    heights = np.linspace(mean[skin, 1].max(), mean[skin, 1].min(), rows)
    out = np.zeros((rows, columns), np.int32)
    radius = np.hypot(mean[skin, 0], mean[skin, 2] + WRAP_AXIS_MM)
    for c, a in enumerate(WRAP_DEGREES):
        gap = ((angle - a) * 1.4) ** 2 - 0.3 * radius
        for r, height in enumerate(heights):
            out[r, c] = skin[np.argmin(gap + (mean[skin, 1] - height) ** 2)]
    return out, heights.astype(np.float32)
