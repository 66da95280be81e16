"""A method that answers at once and without weights: an ellipsoid of a face that fits its box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.errors import MethodError
from models.metrics.errors import followed
from models.reconstruction import (
    STATE_SCALARS,
    Alarm,
    Array,
    MapLayer,
    MeshLayer,
    Reconstruction,
    Scalar,
    Space,
    Topology,
    frozen,
)
from models.reconstructor import Face, Reconstructor

SWITCHES = ("image space", "model space", "confidence", "visibility mask")
ROWS, COLUMNS = 33, 33
FACE_MM = 140.0


@cache
def face_topology() -> Topology:
    """A grid over the front of an ellipsoid."""
    v, u = np.meshgrid(np.linspace(0, 1, ROWS), np.linspace(0, 1, COLUMNS), indexing="ij")
    index = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)
    points = np.linspace(0, len(triangles) - 1, 68).astype(int)
    return Topology(
        name="ellipsoid",
        triangles=triangles.astype(np.int32),
        uv=np.stack([u, v], -1).reshape(-1, 2).astype(np.float32),
        landmark_vertices=triangles[points].astype(np.int32),
        landmark_weights=np.full((68, 3), 1 / 3, np.float32),
        mirror=index[:, ::-1].reshape(-1).astype(np.int32),
        regions=(v.reshape(-1) > 0.5).astype(np.uint8),
        region_names=("forehead", "jaw"),
    )


@cache
def face_mm() -> Array:
    """[N, 3] in MODEL space: a smooth face-like bulge with a nose, eye sockets and lips."""
    u, v = face_topology().uv.T.astype(np.float64)
    longitude, latitude = (u - 0.5) * np.pi * 0.94, (0.5 - v) * np.pi * 0.88
    x = 72 * np.sin(longitude) * np.cos(latitude) ** 0.6
    y = 100 * np.sin(latitude)
    z = 80 * np.cos(longitude) * np.cos(latitude) ** 0.6

    def bump(x0: float, y0: float, sx: float, sy: float, height: float) -> NDArray[np.float64]:
        return height * np.exp(-(((x - x0) / sx) ** 2) - ((y - y0) / sy) ** 2)

    z += bump(0, -8, 10, 26, 24) + bump(0, -20, 14, 8, 10) + bump(0, -48, 22, 6, 7) + bump(0, -78, 20, 14, 8)
    z -= bump(-30, 22, 16, 10, 12) + bump(30, 22, 16, 10, 12)
    return frozen(np.stack([x, y, z], -1))


class FakeReconstructor:
    """Answers with the ellipsoid, its left side unseen; leaves out what it is told to."""

    def __init__(self, name: str = "fake", alarms: tuple[Alarm, ...] = ()) -> None:
        self.name = name
        self.size = 64
        self.topology = face_topology()
        self.switches: tuple[str, ...] = SWITCHES
        self.alarms = alarms

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The square around the box."""
        x0, y0, x1, y1 = face.box
        side = max(x1 - x0, y1 - y0)
        scale = side / self.size
        corner = ((x0 + x1 - side + scale) / 2, (y0 + y1 - side + scale) / 2)
        return np.array([[scale, 0, corner[0]], [0, scale, corner[1]], [0, 0, 1.0]])

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """One ellipsoid per crop, in crop space."""
        unknown = without - set(self.switches)
        if unknown:
            raise ValueError(f"no such switches: {sorted(unknown)}")
        if {"image space", "model space"} <= without:
            raise MethodError("Both branches are switched off. Switch one of them on.")
        return [self._answer(without) for _ in crops]

    def _answer(self, without: frozenset[str]) -> Reconstruction:
        px_per_mm = 0.92 * self.size / 200
        model = _placed(face_mm(), px_per_mm, self.size)
        seen = frozen(model + np.array([1.5, 0, 0], np.float32) * np.sin(model[:, 1:2] / 6))
        share = 1 / (1 + np.exp(-face_mm()[:, 0] / 8))
        fused = (
            model if "image space" in without else seen if "model space" in without else (model + seen) / 2
        )
        disagreement = np.linalg.norm(model - seen, axis=1)
        scalars = (
            *self._states(share),
            Scalar("disagreement", frozen(disagreement), 0, float(disagreement.max()), "px"),
            Scalar("followed", frozen(followed(fused, seen, model, least=0.1)), 0, 1),
        )
        return Reconstruction(
            method=self.name,
            space=Space.CROP,
            topology=self.topology,
            vertices=frozen(fused),
            pose_deg=(3.0, -12.0, 6.0),
            layers=tuple(self._layers(model, seen, share, without)),
            scalars=scalars,
            took_part=tuple(name for name in self.switches if name not in without),
            left_out=tuple(name for name in self.switches if name in without),
            alarms=self.alarms,
            mm_per_px=1 / px_per_mm,
        )

    def _states(self, share: NDArray[np.floating]) -> list[Scalar]:
        """What is not seen is turned away where the forehead is, covered below."""
        below = self.topology.uv[:, 1]
        states = share, (1 - share) * (1 - below), (1 - share) * below
        return [Scalar(name, frozen(p), 0, 1) for name, p in zip(STATE_SCALARS, states, strict=True)]

    def _layers(
        self, model: Array, seen: Array, share: NDArray[np.floating], without: frozenset[str]
    ) -> list[MeshLayer | MapLayer]:
        topology = self.topology
        kept = topology.triangles[(share[topology.triangles] > 0.5).all(1)]
        confidence = Scalar("confidence", frozen(share**2), 0, 1)
        layers: list[MeshLayer | MapLayer] = []
        if "image space" not in without:
            layers += [
                MeshLayer("image space", Space.CROP, seen, topology.triangles, topology.uv),
                MeshLayer("visible surface", Space.CROP, seen, kept, topology.uv, (confidence,)),
            ]
        if "model space" not in without:
            layers.append(MeshLayer("model space", Space.CROP, model, topology.triangles, topology.uv))
        return [*layers, *self._maps()]

    def _maps(self) -> list[MapLayer]:
        grid = (np.arange(self.size) + 0.5) / self.size
        y, x = np.meshgrid(grid, grid, indexing="ij")
        inside = ((x - 0.5) / 0.36) ** 2 + ((y - 0.5) / 0.48) ** 2 < 1
        mask = (inside & (x > 0.45)).astype(np.float32)
        uv = np.where(mask[..., None] > 0, np.stack([x, y], -1), np.nan)
        depth = np.where(mask > 0, 1 - (x - 0.5) ** 2 - (y - 0.5) ** 2, np.nan)
        return [
            MapLayer("visible mask", frozen(mask), np.eye(3), Space.CROP),
            MapLayer("uv", frozen(uv), np.eye(3), Space.CROP),
            MapLayer("depth", frozen(depth), np.eye(3), Space.CROP),
            MapLayer("confidence", frozen(np.where(mask > 0, x, np.nan)), np.eye(3), Space.CROP),
        ]


def fake_reconstruct(
    image: NDArray[np.uint8],
    faces: Sequence[Face],
    method: Reconstructor,
    without: frozenset[str] = frozenset(),
) -> list[Reconstruction]:
    """As `models.pipeline.reconstruct`, without torch."""
    answers = method(np.zeros((len(faces), method.size, method.size, 3), np.uint8), without)
    return [_back(answer, method.crop(face), face) for answer, face in zip(answers, faces, strict=True)]


def _back(answer: Reconstruction, T: NDArray[np.float64], face: Face) -> Reconstruction:
    scale = float(T[0, 0])

    def move(points: Array) -> Array:
        return frozen(points * scale + np.array([T[0, 2], T[1, 2], 0], np.float32))

    moved = answer.mapped(Space.IMAGE, move, T)
    return replace(moved, box=face.box, mm_per_px=answer.mm_per_px / scale)


def _placed(mm: Array, px_per_mm: float, size: int) -> Array:
    flipped = mm * np.array([1, -1, 1], np.float32) * px_per_mm
    return frozen(flipped + np.array([(size - 1) / 2, (size - 1) / 2, 0], np.float32))
