"""Puts the mean face where annotators see its landmarks, and turns it the way AFLW2000 calls frontal.

The base mesh's own average face has brows too high and mouth and nose too low for the iBUG convention. From
many fitted faces we know where each landmark is on average; a smooth warp takes the surface there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator

from models.face_model.chart import border_loops
from models.face_model.head import Head
from models.geometry.arrays import Doubles, Ints
from models.geometry.landmarks import BASE_VERTICES, BROWS, JAW, MIRROR, closest_on_surface

OUTER_LIPS = np.concatenate([np.arange(49, 54), np.arange(55, 60)])
SLIDING = np.concatenate(
    [JAW, BROWS, [27, 28, 29], OUTER_LIPS]
)  # marks on a smooth surface slide along it ...
FOLLOW = np.select(
    [np.isin(SLIDING, BROWS), np.isin(SLIDING, OUTER_LIPS)], [0.5, 0.5]
)  # ... it follows in part
UPPER_RIM, LOWER_RIM = (60, 61, 62, 63, 64), (65, 66, 67)  # slide along the edge of their lip
INNER_LIPS = ((61, 67), (62, 66), (63, 65))
REACH_MM = 14.0  # width of the warp's kernel


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """Where the landmarks of the average face belong.

    Attributes:
        pitch_deg: Turn about x (to the viewer's right) that makes the base mesh's average face frontal.
        offsets_mm: [68, 3] from the turned average face's own landmarks to where they belong; symmetric.
        source: How this was computed, in a sentence.
    """

    pitch_deg: float
    offsets_mm: Doubles
    source: str

    @staticmethod
    def read(path: Path) -> Calibration:
        """From JSON."""
        content = json.loads(path.read_text())
        return Calibration(content["pitch_deg"], np.array(content["offsets_mm"]), content["source"])

    def write(self, path: Path) -> None:
        """As JSON, rounded to micrometres."""
        content = {**asdict(self), "offsets_mm": np.round(self.offsets_mm, 3).tolist()}
        path.write_text(json.dumps(content, indent=1) + "\n")


@dataclass(frozen=True, eq=False, slots=True)
class Placement:
    """The average face in MODEL space.

    Attributes:
        mean: [V, 3] mm, base mesh vertices.
        rotation: [3, 3] from the base mesh's frame to MODEL space, for movements.
        landmark_vertices, landmark_weights: [68, 3] places on the fine surface.
    """

    mean: Doubles
    rotation: Doubles
    landmark_vertices: Ints
    landmark_weights: Doubles


def raw_placement(head: Head) -> Calibration:
    """No calibration: the base mesh's average face as it is."""
    return Calibration(0.0, np.zeros((68, 3)), "none")


def turned(head: Head, pitch_deg: float) -> tuple[Doubles, Doubles]:
    """The average face [V, 3] turned, origin midway between the eyeballs' centres; and the rotation."""
    angle = np.deg2rad(pitch_deg)
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    mean = head.mean @ rotation.T
    return mean - mean[np.unique(head.mesh.quads["eye"])].mean(0) * (0, 1, 1), rotation


def placed(head: Head, calibration: Calibration) -> Placement:
    """The average face warped so that its landmarks are where they belong."""
    mean, rotation = turned(head, calibration.pitch_deg)
    surface = head.fine.weights @ mean
    own = surface[BASE_VERTICES]
    goal = own + calibration.offsets_mm
    warped = mean + _warp(mean, own, _surface_offsets(head, surface, calibration.offsets_mm), head)
    triangles = head.triangles[head.face.repeat(2)]
    vertices, weights = np.repeat(BASE_VERTICES[:, None], 3, 1), np.tile([1.0, 0, 0], (68, 1))
    half = np.array([i for i in SLIDING if MIRROR[i] >= i])
    ids, at = closest_on_surface(goal[half], head.fine.weights @ warped, triangles)
    for landmark, corner, weight in zip(half, ids, at, strict=True):
        vertices[landmark], weights[landmark] = corner, weight
        if MIRROR[landmark] != landmark:
            vertices[MIRROR[landmark]], weights[MIRROR[landmark]] = head.mirror[corner], weight
    _slide_on_rims(head, goal, head.fine.weights @ warped, vertices, weights)
    return Placement(warped, rotation, vertices, weights)


def _slide_on_rims(head: Head, goal: Doubles, surface: Doubles, vertices: Ints, weights: Doubles) -> None:
    """Moves the inner lip landmarks along the edges of the lips; writes into `vertices` and `weights`."""
    corners = BASE_VERTICES[[48, 54]]
    loop = next(loop for loop in border_loops(head.triangles[head.face.repeat(2)]) if corners[0] in loop)
    loop = np.roll(loop, -int(np.flatnonzero(loop == corners[0])[0]))
    far = int(np.flatnonzero(loop == corners[1])[0])
    rims = [loop[: far + 1], np.append(loop[far:], loop[0])]
    rims.sort(key=lambda rim: -surface[rim, 1].mean())
    for landmarks, rim in zip((UPPER_RIM, LOWER_RIM), rims, strict=True):
        for landmark in landmarks:
            if goal[landmark, 0] > 1e-9:  # the other side is its mirror image
                continue
            start, share = _closest_on_line(goal[landmark], surface[rim])
            if MIRROR[landmark] == landmark:
                start, share = int(np.abs(surface[rim, 0]).argmin()), 0.0
            ends = np.array([rim[start], rim[start + 1], rim[start + 1]])
            for side, corner in ((landmark, ends), (MIRROR[landmark], head.mirror[ends])):
                vertices[side], weights[side] = corner, (1 - share, share, 0)


def _closest_on_line(point: Doubles, line: Doubles) -> tuple[int, float]:
    """Segment of a polyline closest to `point` and how far along it."""
    start, edge = line[:-1], np.diff(line, axis=0)
    share = np.clip(((point - start) * edge).sum(1) / (edge * edge).sum(1), 0, 1)
    best = int(np.linalg.norm(start + share[:, None] * edge - point, axis=1).argmin())
    return best, float(share[best])


def _surface_offsets(head: Head, surface: Doubles, offsets: Doubles) -> Doubles:
    """[68, 3] how far the surface goes at each landmark; less along itself where marks may slide."""
    normals = np.zeros_like(surface)
    a, b, c = (surface[head.triangles[:, k]] for k in range(3))
    for k in range(3):
        np.add.at(normals, head.triangles[:, k], np.cross(b - a, c - a))
    normal = normals[BASE_VERTICES[SLIDING]]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    out = offsets.copy()
    across = (offsets[SLIDING] * normal).sum(1, keepdims=True) * normal
    out[SLIDING] = across + FOLLOW[:, None] * (offsets[SLIDING] - across)
    for upper, lower in INNER_LIPS:  # one offset for both, or closed lips would open or cross
        out[[upper, lower]] = out[[upper, lower]].mean(0)
    return out


def _warp(points: Doubles, own: Doubles, offsets: Doubles, head: Head) -> Doubles:
    """[V, 3] a smooth field through `offsets` at the landmarks `own`, zero at the back and the neck."""
    if not offsets.any():
        return np.zeros_like(points)
    skin = points[np.unique(np.concatenate([head.mesh.quads["skin"], head.mesh.quads["neck"]]))]
    still = skin[(skin[:, 2] < -70) | (skin[:, 1] > 105) | (skin[:, 1] < -140)][::7]
    _, first = np.unique(BASE_VERTICES, return_index=True)
    centres = np.concatenate([own[first], still])
    values = np.concatenate([offsets[first], np.zeros_like(still)])
    field = RBFInterpolator(
        centres, values, kernel="multiquadric", epsilon=1 / REACH_MM, degree=0, smoothing=0.02
    )
    moved = np.asarray(field(points))
    return (moved + moved[head.mesh.mirror] * (-1, 1, 1)) / 2


def landmark_basis(head: Head, place: Placement) -> tuple[Doubles, Doubles]:
    """The 68 landmarks of the average face [68, 3] and their movements [C, 68, 3], identity first."""
    rows = head.fine.weights[place.landmark_vertices.ravel()]
    share = place.landmark_weights[..., None]
    points = ((rows @ place.mean).reshape(68, 3, 3) * share).sum(1)
    offsets = np.concatenate([head.identity.offsets, head.expression.offsets])
    flat = rows @ offsets.transpose(1, 0, 2).reshape(offsets.shape[1], -1)
    moved = flat.reshape(68, 3, len(offsets), 3) * share[:, :, None]
    return points, moved.sum(1).transpose(1, 0, 2) @ place.rotation.T
