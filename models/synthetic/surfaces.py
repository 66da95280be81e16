"""What a surface is made of, and a mesh made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats

Colour = tuple[float, float, float]  # linear light, 0..1

CLOSED, TWO_SIDED = -1, -2  # values of `Surface.cutout` that are no tile


class Kind(IntEnum):
    """How a surface is shaded."""

    SKIN = 0  # the head: all of `Field`
    MOUTH = 1
    EYE = 2
    TEETH = 3
    TONGUE = 4
    HAIR = 5
    MATTER = 6  # anything else: cloth, paper, plastic, metal
    LIMB = 7  # skin without a face: neck, hands


@dataclass(frozen=True, slots=True)
class Surface:
    """One material.

    Attributes:
        kind: How it is shaded.
        colour, second: Mixed by the tile.
        tile: Row of the texture bank; scale: Tile repeats per unit of texture coordinate; contrast: 0..1.
        shine: Strength of the highlight; polish: its exponent; bump: strength of relief.
        cutout: CLOSED, TWO_SIDED or the tile that cuts strands out.
        glow: Light it gives by itself.
    """

    kind: Kind
    colour: Colour = (0.5, 0.5, 0.5)
    second: Colour = (0.5, 0.5, 0.5)
    tile: int = 0
    scale: tuple[float, float] = (1.0, 1.0)
    contrast: float = 0.0
    shine: float = 0.0
    polish: float = 20.0
    bump: float = 0.0
    cutout: int = TWO_SIDED
    glow: float = 0.0

    def row(self) -> Floats:
        """[18] numbers the shader reads."""
        return np.array(
            [
                self.kind,
                *self.colour,
                *self.second,
                self.tile,
                *self.scale,
                self.contrast,
                self.shine,
                self.polish,
                self.bump,
                self.cutout,
                self.glow,
                0,
                0,
            ],
            np.float32,
        )


@dataclass(frozen=True, eq=False, slots=True)
class Mesh:
    """A piece of the scene in head space (mm, turns with the head) or camera space (mm, does not).

    Attributes:
        vertices: [P, 3] mm; triangles: [T, 3]; uv: [P, 2] texture coordinates.
        surface: What it is made of.
        hides: Whether it covers the face (a clear lens does not).
    """

    vertices: Floats
    triangles: NDArray[np.int32]
    uv: Floats
    surface: Surface
    hides: bool = True

    def moved(self, rotation: Floats, offset: Floats) -> Mesh:
        """The same piece turned by `rotation` [3, 3], then shifted by `offset` [3]."""
        vertices = (self.vertices @ rotation.T + offset).astype(np.float32)
        return Mesh(vertices, self.triangles, self.uv, self.surface, self.hides)


def linear(red: float, green: float, blue: float) -> Colour:
    """Linear light of an sRGB colour 0..255."""
    return (red / 255) ** 2.2, (green / 255) ** 2.2, (blue / 255) ** 2.2


def scaled(colour: Colour, factor: float) -> Colour:
    """A brighter or darker colour."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def grid_triangles(rows: int, columns: int, closed: bool = False) -> NDArray[np.int32]:
    """Triangles of a rows x columns grid of vertices, row-major; `closed` joins last column to first."""
    wide = columns if closed else columns - 1
    r, c = np.mgrid[: rows - 1, :wide]
    a, b = r * columns + c, r * columns + (c + 1) % columns
    quads = np.stack([a, a + columns, b, b, a + columns, b + columns], -1)
    return quads.reshape(-1, 3).astype(np.int32)


def clipped(points: Floats, triangles: NDArray[np.int32], values: Floats) -> tuple[Floats, NDArray[np.int32]]:
    """The part of a mesh where `values` [P] (linear over triangles) are at most 0, with a straight new rim.

    Args:
        points: [P, C] whatever the vertices carry.
        triangles: [T, 3].
        values: [P].
    """
    inside = values[triangles] <= 0
    count = inside.sum(1)
    kept, parts, extra = [triangles[count == 3]], [points], []
    start = len(points)
    for number in (1, 2):
        odd = triangles[count == number]
        alone = np.argmax(inside[count == number] == (number == 1), axis=1)  # the corner on its own side
        a, b, c = (np.take_along_axis(odd, ((alone + k) % 3)[:, None], 1)[:, 0] for k in range(3))
        ab, ac = (_crossing(points, values, a, other) for other in (b, c))
        n_ab = start + np.arange(len(odd))
        n_ac = n_ab + len(odd)
        start += 2 * len(odd)
        extra += [ab, ac]
        kept += [np.stack([a, n_ab, n_ac], 1)] if number == 1 else []
        kept += [np.stack([n_ab, b, c], 1), np.stack([n_ab, c, n_ac], 1)] if number == 2 else []
    return np.concatenate([*parts, *extra]), np.concatenate(kept).astype(np.int32)


def _crossing(points: Floats, values: Floats, a: NDArray[np.int32], b: NDArray[np.int32]) -> Floats:
    """[K, C] where `values` are zero on the edges a-b."""
    share = (values[a] / (values[a] - values[b]))[:, None]
    return np.asarray(points[a] + share * (points[b] - points[a]))


def tube(path: Floats, radius: Floats, surface: Surface, sides: int = 10, flat: float = 1.0) -> Mesh:
    """A round tube along `path` [K, 3] of `radius` [K], ends closed; `flat` < 1 squeezes it."""
    forward = np.gradient(path, axis=0)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True) + 1e-9
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[0, 2]) < 0.8 else np.array([0.0, 1.0, 0.0])
    side = np.cross(forward, up)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    over = np.cross(side, forward)
    ends = np.array([0.0, 0.7, 1.0])
    cap_in = path[0] - forward[0] * radius[0] * np.array([[1.0], [0.7], [0.0]])
    cap_out = path[-1] + forward[-1] * radius[-1] * np.array([[0.0], [0.7], [1.0]])
    points = np.concatenate([cap_in[:2], path, cap_out[1:]])
    radii = np.concatenate([radius[0] * ends[:2], radius, radius[-1] * ends[1::-1]])
    rows = np.concatenate([[0, 0], np.arange(len(path)), [len(path) - 1] * 2])
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(angle)[:, None] * side[rows][:, None] + flat * np.sin(angle)[:, None] * over[rows][:, None]
    vertices = points[:, None] + radii[:, None, None] * ring
    length = np.concatenate([[0], np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()])
    around = np.broadcast_to(np.arange(sides) / sides, (len(points), sides))
    uv = np.stack(
        [around * 2 * np.pi * radius.mean() / 100, np.broadcast_to(length[:, None] / 100, around.shape)], -1
    )
    return Mesh(
        vertices.reshape(-1, 3).astype(np.float32),
        grid_triangles(len(points), sides, closed=True),
        uv.reshape(-1, 2).astype(np.float32),
        surface,
    )


def sheet(points: Floats, surface: Surface, uv_scale: float = 0.01) -> Mesh:
    """A surface through a grid of points [R, C, 3]; texture coordinates by length along its sides."""
    rows, columns, _ = points.shape
    across = np.linalg.norm(np.diff(points, axis=1), axis=2).mean(0).cumsum()
    down = np.linalg.norm(np.diff(points, axis=0), axis=2).mean(1).cumsum()
    u, v = np.concatenate([[0], across]) * uv_scale, np.concatenate([[0], down]) * uv_scale
    uv = np.stack(np.broadcast_arrays(u[None], v[:, None]), -1).reshape(-1, 2)
    vertices = points.reshape(-1, 3).astype(np.float32)
    return Mesh(vertices, grid_triangles(rows, columns), uv.astype(np.float32), surface)


def ellipsoid(centre: Floats, axes: Floats, surface: Surface, rows: int = 10, columns: int = 16) -> Mesh:
    """A closed ellipsoid with half axes `axes` [3]."""
    polar = np.linspace(0.02, np.pi - 0.02, rows)[:, None]
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    unit = np.stack(
        [np.sin(polar) * np.cos(around), np.cos(polar) + 0 * around, -np.sin(polar) * np.sin(around)], -1
    )
    uv = np.stack(np.broadcast_arrays(around * axes[0] / 100, polar * axes[1] / 100), -1)
    vertices = (centre + unit * axes).reshape(-1, 3).astype(np.float32)
    return Mesh(
        vertices, grid_triangles(rows, columns, closed=True), uv.reshape(-1, 2).astype(np.float32), surface
    )
