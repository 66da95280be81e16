"""The rest of the head around a face that was answered: context for the eye, never evidence.

No method tells where skull, ears, eyeballs and teeth are. They follow from the face model: its coefficients
that come nearest to the answered face move them, and what the fit leaves at the face's border is carried on
over the skin next to it, so that head and face meet without a gap and without an edge.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from models.face_model.holes import border_loops
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Doubles, Floats
from models.reconstruction import Topology

Ints = NDArray[np.integer]

LEFT_OUT = ("hair", "lashes")
SKIN = ("skin", "mouth", "socket")  # parts that hang together with the face; the others do not bend
DOUBT_MM = 6.0  # off the model a vertex may lie before a coefficient moves by one standard deviation ...
INDEPENDENT = 200  # ... if that many vertices said so independently
CARRIED_MM = 30.0  # how far from the face what the fit leaves at its border is carried on
NECK = np.array([0, 1, 0.15]), -128.0, 20.0  # where the neck ends: mm along this direction, and how softly
LIGHTER = {"eye": 2.2, "teeth": 0.8, "mouth": -0.25}
RIM_MM = 5.0  # how wide the strip is at whose inner edge a face's border is drawn
BEHIND_MM = 2.0  # how far behind lips and cheeks what is in an open mouth stays; 3 at rest
BESIDE_MM = 60.0  # how far from the mouth's rim what is in it may come to lie behind
MOVING = ("jaw", "lips")  # regions that say little about where the skull is
FITS = 3  # rounds of placing and fitting


class WholeHead:
    """What completes a face to a head; a third of a second of preparation.

    Attributes:
        topology: Of the N vertices of the faces it goes around.
        mean: [N + M, 3] mm, MODEL space: face and rest of the mean head.
        all_triangles: [T + K, 3] int32 of both, the face's first.
        places: [N + M, 2] on eyeballs the place on a picture of an eye (see `FaceModel.extra_uv`), else far.
        lightness: [N + M] how much lighter than skin it is, as a share.
        inside: The vertices in each eye and in the mouth, and the face's vertices around them.
        face_shade, shade: [N, 2], [N + M, 2]: see `_shades`.
        triangles: [K, 3] int32 of the rest, into the face's N vertices followed by M others.
        part: [K] uint8, index into `part_names`.
        part_names: e.g. ("skin", "mouth", "socket", "eye", ...).
        rest: [M, 3] mm, MODEL space: the others of the mean head.
    """

    def __init__(self, model: FaceModel, ambient: Floats | None = None) -> None:
        """Prepare.

        Args:
            model: The face model.
            ambient: [N + M] 0..1, how much of the sky each vertex of the mean head sees (see
                models/synthetic/ambient.py); None: all of it.

        Raises:
            ValueError: `ambient` is of another head.
        """
        part = model.extra_part.numpy()
        self.topology, self.part_names = model.topology, model.part_names
        kept = ~np.isin(part, [model.part_names.index(name) for name in LEFT_OUT])
        triangles, self.part = model.extra_triangles.numpy()[kept], part[kept]
        self._count = count = len(model.mean)
        used = np.unique(triangles[triangles >= count]) - count
        number = np.concatenate([np.arange(count), np.full(len(model.extra_mean), -1)])
        number[count + used] = count + np.arange(len(used))
        self.triangles: NDArray[np.int32] = number[triangles].astype(np.int32)
        self.rest: Floats = model.extra_mean.numpy()[used]
        moving = [self.topology.region_names.index(name) for name in MOVING]
        self._still = ~np.isin(self.topology.regions, moving)
        self._mean = model.mean.numpy()
        self.mean: Floats = np.concatenate([self._mean, self.rest])
        self.all_triangles: NDArray[np.int32] = np.concatenate([self.topology.triangles, self.triangles])
        self._basis = model.basis.flatten(1).numpy()
        self._rest_basis = model.extra_basis[:, used].flatten(1).numpy()
        eyes = np.unique(self.triangles[self.part == self.part_names.index("eye")])
        self.places = np.full((len(self.mean), 2), -9, np.float32)
        self.places[eyes] = model.extra_uv.numpy()[used[eyes - count]]
        self.lightness = self._lightness()
        *self._holes, rim = sorted(border_loops(self.topology.triangles), key=len)
        self.face_shade, self.shade = _shades(self.topology, rim, self.mean, ambient)
        ridge = DOUBT_MM**2 * np.eye(len(self._basis), dtype=np.float32)
        self.inside = self._held({"eye": ("eye", "socket"), "mouth": ("mouth", "teeth", "tongue")})
        self._stiff = self._held({"eye": ("eye",), "mouth": ("teeth", "tongue")})
        mouth, rim = self.inside[-1]
        to_rim = cKDTree(self._mean[rim]).query(self._mean)[0]
        self._mouth, self._about_mouth = mouth - count, np.flatnonzero(to_rim < BESIDE_MM)
        self._carrier = self._made_carrier()
        self._normal = np.linalg.inv(self._basis @ self._basis.T / count + ridge / INDEPENDENT)

    def _lightness(self) -> Floats:
        """[N + M] how much lighter than skin, as a share."""
        light = np.zeros(len(self.mean), np.float32)
        for name, lighter in LIGHTER.items():
            light[np.unique(self.triangles[self.part == self.part_names.index(name)])] = lighter
        light[: self._count] = 0
        return light

    def _held(self, parts: dict[str, tuple[str, ...]]) -> list[tuple[Ints, Ints]]:
        """Vertices of parts in the holes "eye" (either side) and "mouth", and the vertices around these."""
        mouth, *eyes = sorted(self._holes, key=lambda loop: self._mean[loop, 1].mean())
        groups: list[tuple[Ints, Ints]] = []
        for hole, names in parts.items():
            held = np.isin(self.part, [self.part_names.index(name) for name in names])
            vertices = np.unique(self.triangles[held])
            vertices = vertices[vertices >= self._count]
            if hole == "mouth":
                groups.append((vertices, mouth))
                continue
            side = np.sign(self.mean[vertices, 0])
            groups += [(vertices[side == np.sign(self._mean[eye, 0].mean())], eye) for eye in eyes]
        return groups

    def fits(self, topology: Topology) -> bool:
        """Whether it goes around faces of that mesh."""
        return topology.name == self.topology.name and len(topology.uv) == len(self.topology.uv)

    def around(self, face: Floats) -> Floats:
        """[M, 3] float32: the others of a head around the face [N, 3], both with y up in any unit."""
        shape, scale, rotation, middle, coefficients = self._mean, 1.0, np.eye(3), np.zeros(3), None
        for _ in range(FITS):
            scale, rotation, middle = placed(shape[self._still], face[self._still])
            local = ((face - middle) @ rotation / scale).astype(np.float32)
            coefficients = self._normal @ (self._basis @ (local - self._mean).ravel() / self._count)
            shape = self._mean + (coefficients @ self._basis).reshape(-1, 3)
        rest = self.rest + (coefficients @ self._rest_basis).reshape(-1, 3)
        rest += self._carried(local - shape)
        self._keep_behind(rest, local)
        return np.asarray(scale * (rest @ rotation.T) + middle, np.float32)

    def _keep_behind(self, rest: Floats, face: Floats) -> None:
        """Move what is in the mouth behind the face [N, 3] mm: a mouth pulled wide open leaves it no room."""
        before = face[self._about_mouth]
        _, nearest = cKDTree(before[:, :2]).query(rest[self._mouth, :2], k=4)
        rest[self._mouth, 2] = np.minimum(rest[self._mouth, 2], before[nearest, 2].min(1) - BEHIND_MM)

    def _carried(self, left: Floats) -> Doubles:
        """[M, 3] mm: what the fit left on the face [N, 3], carried on."""
        solve, coupling, rows = self._carrier
        out = np.zeros((len(self.rest), 3))
        out[rows] = solve(-(coupling @ left.astype(np.float64)))
        for vertices, near in self._stiff:
            out[vertices - self._count] = left[near].mean(0)
        return out

    def _made_carrier(self) -> tuple[Callable[[Doubles], Doubles], sparse.csr_matrix, Ints]:
        """Solves for the skin's displacements [S, 3] from those of the face; and whose they are."""
        soft = self.triangles[np.isin(self.part, [self.part_names.index(name) for name in SKIN])]
        everywhere = self.mean.astype(np.float64)
        triangles = np.concatenate([self.topology.triangles, soft])
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        weight = 1 / np.linalg.norm(everywhere[edges[:, 0]] - everywhere[edges[:, 1]], axis=1).clip(0.3)
        size = len(everywhere)
        graph = sparse.coo_matrix((weight, edges.T), (size, size))
        graph = (graph + graph.T).tocsr()
        degree = np.asarray(graph.sum(1)).ravel()
        laplace = sparse.diags(1 / np.maximum(degree, 1e-9)) @ (sparse.diags(degree) - graph)
        free = np.unique(soft[soft >= self._count])
        far = cKDTree(self._mean).query(everywhere[free])[0] / CARRIED_MM
        bending = (laplace.T @ laplace).tocsr()
        system = (bending[free][:, free] + sparse.diags(1e-5 + 0.02 * far**4)).tocsc()
        factors = splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        return factors.solve, bending[free][:, : self._count], free - self._count


def placed(shape: Floats, face: Floats) -> tuple[float, Doubles, Doubles]:
    """Scale, rotation [3, 3], shift [3] that carry `shape` [N, 3] onto `face` [N, 3] best (Umeyama 1991)."""
    a, b = shape - shape.mean(0), face - face.mean(0)
    u, s, vt = np.linalg.svd(b.T.astype(np.float64) @ a)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((s * sign).sum() / np.square(a, dtype=np.float64).sum())
    return scale, rotation, face.mean(0) - scale * rotation @ shape.mean(0)


def _shades(topology: Topology, rim: Ints, mean: Floats, ambient: Floats | None) -> tuple[Floats, Floats]:
    """[N, 2] of the face and [N + M, 2] of the rest: light from the sky, and how far inside.

    The second number is 0.5 where the surface is to end: on the face along a line inside its outermost
    vertices, which form teeth; on the rest across the neck.
    """
    ambient = np.ones(len(mean), np.float32) if ambient is None else ambient
    if len(ambient) != len(mean):
        raise ValueError(f"shade of {len(ambient)} vertices, a head of {len(mean)}")
    count = len(topology.uv)
    up, height, softness = NECK
    neck = (0.5 + (mean @ up - height) / softness).clip(0, 1)
    face = np.stack([ambient[:count], _inside_rim(topology, rim)], 1).astype(np.float32)
    return face, np.stack([ambient, neck], 1).astype(np.float32)


def _inside_rim(topology: Topology, rim: Ints) -> Floats:
    """[N] 1 - exp(-d / RIM_MM), about, for a distance d that forgets the teeth of the border."""
    assert topology.mean is not None
    mean, triangles = topology.mean.astype(np.float64), topology.triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    weight = 1 / np.square(mean[edges[:, 0]] - mean[edges[:, 1]]).sum(1).clip(0.1)
    graph = sparse.coo_matrix((weight, edges.T), (len(mean),) * 2).tocsr()
    graph = graph + graph.T
    degree = np.asarray(graph.sum(1)).ravel()
    count = np.asarray((graph > 0).sum(1)).ravel()
    screening = 0.25 * count / RIM_MM**2
    free = np.ones(len(mean), bool)
    free[rim] = False
    system = (sparse.diags(degree + screening) - graph).tocsc()
    near = np.ones(len(mean))
    near[free] = splu(system[free][:, free].tocsc()).solve(graph[free][:, rim] @ np.ones(len(rim)))
    return np.asarray(1 - near, np.float32)
