"""Hair as sheets modelled by hand: ten styles that sit on any head, with ragged edges cut out of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats, Rng
from models.synthetic.head import Head
from models.synthetic.markings import Field
from models.synthetic.scene import Hair
from models.synthetic.surfaces import Kind, Mesh, Surface, scaled
from models.synthetic.textures import Tile, tile_index
from resources import face_model

ANCHORS, NEIGHBOURS = 160, 6
STILL_MM = 0.6  # skin that one standard deviation of no expression moves further holds hair
TIP_V = 0.55  # from here on along v cut-outs thin out, see `rasterise_cpu`
NAPE_MM = -25.0  # below this height hair hangs free
LOOSE_CURLS = ("afro01",)


@dataclass(frozen=True, eq=False, slots=True)
class HairPiece:
    """One style on the mean head.

    Attributes:
        vertices: [P, 3] mm; triangles: [T, 3].
        strand: [P, 2] mm across the strands, and to their tips.
        anchors: [P, NEIGHBOURS] vertices of the head it follows; shares: [P, NEIGHBOURS], rows sum to one.
    """

    vertices: Floats
    triangles: NDArray[np.int32]
    strand: Floats
    anchors: NDArray[np.int32]
    shares: Floats

    def on(self, head: Head, vertices: Floats) -> Floats:
        """[P, 3] mm on a head of vertices [P', 3]: carried along by the skin below."""
        moved = vertices[self.anchors] - head.mean[self.anchors]
        return np.asarray(self.vertices + (self.shares[..., None] * moved).sum(1), np.float32)


def style_names() -> tuple[str, ...]:
    """The styles there are."""
    return tuple(str(name) for name in _stored()["styles"])


@cache
def _stored() -> dict[str, NDArray[np.generic]]:
    """The arrays of hair.npz, see models/face_model/hair.py."""
    with np.load(face_model("hair.npz"), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@cache
def load_hair_piece(name: str, head: Head) -> HairPiece:
    """A style of `style_names`, bound to a head."""
    stored = _stored()
    step = float(np.asarray(stored["step_mm"], np.float64))
    vertices = np.asarray(stored[f"{name}_vertices"], np.float32) * np.float32(step)
    strand = np.asarray(stored[f"{name}_strand"], np.float32) * np.float32(step)
    anchors, shares = _bound(vertices, head)
    return HairPiece(vertices, np.asarray(stored[f"{name}_triangles"], np.int32), strand, anchors, shares)


def _bound(points: Floats, head: Head) -> tuple[NDArray[np.int32], Floats]:
    """Nearest anchors of points [P, 3] and their shares, falling with the squared distance."""
    anchors = _anchors(head)
    gap = np.square(points[:, None] - head.mean[anchors][None]).sum(2)
    near = np.argpartition(gap, NEIGHBOURS, 1)[:, :NEIGHBOURS]
    share = 1 / (np.take_along_axis(gap, near, 1) + 100.0)
    share /= share.sum(1, keepdims=True)
    return anchors[near].astype(np.int32), share.astype(np.float32)


@cache
def _anchors(head: Head) -> NDArray[np.int64]:
    """[ANCHORS] vertices spread evenly over the skin that expressions leave where it is."""
    shift = head.expression.reshape(len(head.expression), -1, 3)
    still = np.linalg.norm(shift, axis=2).max(0) < STILL_MM
    skin = np.flatnonzero(still & ((head.fields[:, Field.SCALP] > 0.05) | (head.mean[:, 2] < -20)))
    points = head.mean[skin]
    chosen = [int(points[:, 1].argmax())]
    away = np.full(len(skin), np.inf)
    for _ in range(ANCHORS - 1):
        away = np.minimum(away, np.square(points - points[chosen[-1]]).sum(1))
        chosen.append(int(away.argmax()))
    return skin[chosen]


def hair_piece_mesh(hair: Hair, head: Head, vertices: Floats, down: Floats) -> Mesh:
    """The style `hair.piece` on one head, its size, fall and edges by chance.

    Args:
        hair: With the name of a style.
        head, vertices: What it sits on; [P, 3] mm.
        down: [3] gravity in head space.
    """
    rng = np.random.default_rng([hair.seed, 1])
    piece = load_hair_piece(hair.piece, head)
    points = piece.on(head, vertices)
    middle = np.array([0.0, 35.0, -75.0], np.float32)
    size = rng.uniform(0.98, 1.07, 3)
    if hair.piece in LOOSE_CURLS:
        size *= rng.uniform(1.0, 1.4) ** np.array([1, 1, 0.3])
    points = middle + (points - middle) * size.astype(np.float32)
    points = _tilted(points, middle, rng) + _waves(points, rng)
    points = _hanging(points, down)
    if rng.random() < 0.5:
        points = points * np.array([-1, 1, 1], np.float32)  # drawn from both sides, so it need not be turned
    curly = hair.piece in LOOSE_CURLS or hair.wave > 0.4
    tile = tile_index(Tile.CURLS if curly else Tile.LOCKS, int(rng.integers(4)))
    shine = float(rng.uniform(0.02, 0.12))
    surface = Surface(
        Kind.HAIR, hair.colour, hair.second if rng.random() < 0.7 else scaled(hair.colour, 1.4), tile, (1, 1),
        1.0, shine, 12.0, 0.25, tile,
    )  # fmt: skip
    return Mesh(points.astype(np.float32), piece.triangles, _strand_uv(piece.strand, rng), surface)


def _tilted(points: Floats, middle: Floats, rng: Rng) -> Floats:
    """Pulled down over the forehead or up from it, about the ears' axis, and a little to one side."""
    forward = float(rng.normal(0.03, 0.05))
    sideways = float(rng.normal(0, 0.03))
    relative = points - middle
    x, y, z = relative.T
    return np.asarray(
        middle + np.stack([x - sideways * y, y - forward * z + sideways * x, z + forward * y], 1), np.float32
    )


def _waves(points: Floats, rng: Rng) -> Floats:
    """[P, 3] mm: smooth chance, so that no two heads wear the same."""
    out = np.zeros_like(points)
    for size in (70.0, 28.0):
        waves = (rng.normal(0, 1, (3, 3)) * 2 * np.pi / size / 1.7).astype(np.float32)
        high = rng.uniform(0, 0.035 * size, 3).astype(np.float32)
        out += high * np.sin(points @ waves.T + rng.uniform(0, 6, 3).astype(np.float32))
    return out


def _hanging(points: Floats, down: Floats) -> Floats:
    """What lies below the nape falls along gravity, whichever way the head is turned."""
    below = np.maximum(NAPE_MM - points[:, 1:2], 0)
    fall = np.array([down[0], max(float(down[1]), -1.0) + 1.0, min(float(down[2]), 0.3)], np.float32)
    return np.asarray(points + 0.75 * below * fall * [1, 0.6, 1], np.float32)


def _strand_uv(strand: Floats, rng: Rng) -> Floats:
    """[P, 2] texture coordinates: strands along v, ragged for some mm before their tips."""
    ragged = float(np.exp(rng.uniform(np.log(8), np.log(45))))
    trim = float(rng.uniform(0, 0.25)) * ragged
    left = np.maximum(strand[:, 1] - trim, 0)
    near = 1 - (1 - TIP_V) * np.minimum(left / ragged, 1)
    v = np.where(left > ragged, TIP_V / (1 + (left - ragged) / 260), near) * 0.995
    u = strand[:, 0] / float(rng.uniform(45, 90)) + rng.random()
    return np.stack([u, v], 1).astype(np.float32)
