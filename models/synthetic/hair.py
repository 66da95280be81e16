"""Hair as ribbons that grow from the scalp, fall and lie on the head."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats
from models.synthetic.hairpiece import hair_piece_mesh
from models.synthetic.head import Head
from models.synthetic.locks import lock_meshes, ribbon_mesh
from models.synthetic.markings import Field
from models.synthetic.scene import Hair, HairStyle
from models.synthetic.surfaces import Colour, Kind, Mesh, Surface, scaled
from models.synthetic.textures import Tile, tile_index


def hair_meshes(hair: Hair, head: Head, vertices: Floats, down: Floats) -> list[Mesh]:
    """Ribbons or a modelled style in head space for one head, with locks before the face.

    Args:
        hair: The style.
        head: What grows where.
        vertices: [P, 3] mm of this head.
        down: [3] gravity in head space.
    """
    if hair.style in (HairStyle.BALD, HairStyle.BUZZ):
        return []
    locks = lock_meshes(hair, head, vertices)
    if hair.piece:
        return [hair_piece_mesh(hair, head, vertices, down), *locks]
    rng = np.random.default_rng(hair.seed)
    ribbons = _grow(hair, head, vertices, down, rng)
    return [ribbon_mesh(ribbons, _width(hair, rng, len(ribbons)), _surface(hair, rng), rng), *locks]


def beard_meshes(
    amount: float, colour: Colour, seed: int, head: Head, vertices: Floats, down: Floats
) -> list[Mesh]:
    """A beard that stands off the chin: ribbons from where beards grow densest; none for a short one."""
    if amount < 1.0:
        return []
    rng = np.random.default_rng(seed)
    where = np.flatnonzero(head.fields[:, Field.BEARD] > 0.75)
    root = vertices[rng.choice(where, 90)]
    middle = vertices[head.landmark_vertices[62, 0]] * np.array([0, 1, 0]) - np.array([0, 10, 30])
    outward = root - middle
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    length = rng.uniform(10, 45) * rng.uniform(0.5, 1.1, (90, 1))
    t = np.linspace(0, 1, 6)[None, :, None]
    direction = 0.55 * outward + 0.5 * down + rng.normal(0, 0.15, (90, 3))
    path = (
        root[:, None] + (t * direction[:, None] + 0.5 * t * t * down) * length[:, None] - 2 * outward[:, None]
    )
    tile = tile_index(Tile.CURLS if rng.random() < 0.5 else Tile.LOCKS, int(rng.integers(4)))
    surface = Surface(Kind.HAIR, colour, scaled(colour, 2.2), tile, (1.0, 1.0), 1.0, 0.04, 10.0, 0.25, tile)
    return [ribbon_mesh(path.astype(np.float32), rng.uniform(9, 17, 90).astype(np.float32), surface, rng)]


def _surface(hair: Hair, rng: np.random.Generator) -> Surface:
    curly = hair.style == HairStyle.CURLY
    tile = tile_index(Tile.CURLS if curly else Tile.LOCKS, int(rng.integers(4)))
    return Surface(
        Kind.HAIR,
        hair.colour,
        hair.second,
        tile,
        (1.0, 1.0),
        1.0,
        float(rng.uniform(0.02, 0.12)),
        12.0,
        0.25,
        tile,
    )


def _width(hair: Hair, rng: np.random.Generator, count: int) -> Floats:
    wide = 34.0 if hair.length_mm > 60 else 20.0
    return (wide * rng.uniform(0.6, 1.3, count)).astype(np.float32)


def _grow(hair: Hair, head: Head, vertices: Floats, down: Floats, rng: np.random.Generator) -> Floats:
    """[S, K, 3] centre lines of S ribbons."""
    count = int(hair.strands * (1.6 if hair.length_mm < 60 else 1.2))
    pick = rng.integers(len(head.scalp), size=count)
    root, direction = vertices[head.scalp[pick]], head.scalp_growth[pick].copy()
    front = root[:, 2] > np.quantile(vertices[head.scalp, 2], 0.72)
    centre, axes = skull(head, vertices)
    sweep = np.array([hair.part, 0.0, 0.0], np.float32)
    if hair.style == HairStyle.FRINGE:
        direction[front] += np.array([0, 0.1, 0.9], np.float32)
    elif hair.style == HairStyle.TIED:
        direction += np.array([0, 0.1, -1.6], np.float32)
    else:
        direction[front] += 1.2 * sweep * rng.uniform(0.3, 1.2, (int(front.sum()), 1)) + [0, 0.3, 0.1]
    direction += rng.normal(0, 0.12 + 0.5 * hair.wave, direction.shape)
    length = hair.length_mm * rng.uniform(0.65, 1.1, count)
    short = np.zeros(count, bool)
    if hair.style == HairStyle.LONG:
        length[front & (rng.random(count) > hair.fringe * 0.5)] *= rng.uniform(0.8, 1.0)
        short = front & (rng.random(count) < hair.fringe * 0.4)
        length[short] = rng.uniform(35, 75, int(short.sum()))
    steps = 7
    path = [root - 1.5 * direction / np.linalg.norm(direction, axis=1, keepdims=True)]
    gravity = 0.055 if hair.length_mm > 60 else 0.03
    if hair.style == HairStyle.CURLY:
        gravity = 0.012
    lift = float(rng.uniform(1.5, 9.0)) + rng.uniform(0, 5, count)
    # what is not a fringe falls to the sides of the face, like a curtain that is more or less open
    brow_y = float(vertices[head.landmark_vertices[17:27, 0], 1].mean())
    curtain = ~short if hair.style == HairStyle.LONG else np.full(count, hair.style == HairStyle.CURLY)
    side = np.where(root[:, 0] + 14 * hair.part * rng.random(count) > 0, 1.0, -1.0)
    open_to = rng.normal(rng.uniform(54, 84), 7, count)
    back_to = rng.normal(rng.uniform(-75, 5), 9, count)
    for _ in range(steps):
        direction = direction / (np.linalg.norm(direction, axis=1, keepdims=True) + 1e-6)
        step = path[-1] + direction * (length / steps)[:, None]
        step = _outside(step, centre, axes, lift)
        step[curtain] = _beside(step[curtain], side[curtain], open_to[curtain], back_to[curtain], brow_y)
        direction = step - path[-1]
        direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-6
        direction += down * (gravity * length / steps)[:, None] + rng.normal(
            0, hair.wave * 0.6, direction.shape
        )
        path.append(step)
    return np.stack(path, 1).astype(np.float32)


def _beside(points: Floats, side: Floats, open_to: Floats, back_to: Floats, brow_y: float) -> Floats:
    """[K, 3] hair that may not hang before the face: further out and back the lower it is."""
    fallen = ((brow_y + 52 - points[:, 1]) / 52).clip(0, 1) * (points[:, 2] > -45)
    least = open_to * np.sqrt(fallen)
    x = np.where(side > 0, np.maximum(points[:, 0], least), np.minimum(points[:, 0], -least))
    z = points[:, 2] + fallen * np.minimum(back_to - points[:, 2], 0)
    return np.stack([x, points[:, 1], z], 1)


def skull(head: Head, vertices: Floats) -> tuple[Floats, Floats]:
    """An ellipsoid a little inside the scalp and the upper face: centre [3], half axes [3]."""
    points = vertices[head.scalp]
    low, high = points.min(0), points.max(0)
    eyes = vertices[head.landmark_vertices[36:48, 0]].mean(0)
    front = max(high[2], eyes[2] + 8)
    centre = np.array([0, high[1] - 0.62 * (high[1] - eyes[1]) - 12, (front + low[2]) / 2])
    axes = np.array([(high[0] - low[0]) / 2, high[1] - centre[1], (front - low[2]) / 2])
    return centre.astype(np.float32), axes.astype(np.float32)


def _outside(points: Floats, centre: Floats, axes: Floats, lift: Floats) -> Floats:
    """Push points that fell into the skull (below its equator: into a cylinder) back out."""
    relative = (points - centre) / (axes + lift[:, None])
    below = relative[:, 1] < 0
    flat = relative.copy()
    flat[below, 1] *= 0.35
    radius = np.linalg.norm(flat, axis=1)
    push = np.maximum(1.0 / (radius + 1e-6), 1.0)[:, None]
    flat *= push
    flat[below, 1] = relative[below, 1]
    return centre + flat * (axes + lift[:, None])
