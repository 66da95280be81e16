"""Locks that lie on the face: fringes over the brows, curtains along the cheeks."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic.head import WRAP_AXIS_MM, WRAP_DEGREES, Head
from models.synthetic.scene import Hair
from models.synthetic.surfaces import Kind, Mesh, Surface
from models.synthetic.textures import Tile, tile_index

STEPS = 8


def lock_meshes(hair: Hair, head: Head, vertices: Floats) -> list[Mesh]:
    """A fringe and curtains as dense as `hair` has them, in head space; [P, 3] mm of this head."""
    rng = np.random.default_rng([hair.seed, 2])
    paths = []
    if hair.bangs > 0:
        paths.append(_fringe(hair, head, vertices, rng))
    if hair.curtains > 0:
        paths.append(_curtains(hair, head, vertices, rng))
    if not paths:
        return []
    path = np.concatenate(paths)
    width = rng.uniform(5, 15 if hair.wave < 0.4 else 22, len(path)).astype(np.float32)
    tile = tile_index(Tile.CURLS if hair.wave > 0.45 else Tile.LOCKS, int(rng.integers(4)))
    shine = float(rng.uniform(0.02, 0.1))
    surface = Surface(Kind.HAIR, hair.colour, hair.second, tile, (1, 1), 1.0, shine, 12.0, 0.25, tile)
    return [ribbon_mesh(path, width, surface, rng, np.array([0, 20, -WRAP_AXIS_MM], np.float32))]


def _fringe(hair: Hair, head: Head, vertices: Floats, rng: Rng) -> Floats:
    """[S, STEPS, 3] from above the hairline to somewhere between hairline and eyes, combed to one side."""
    marks = head.landmarks(head.mean)
    brow = float(marks[17:27, 1].mean())
    count = int(8 + 60 * hair.bangs)
    kind = rng.random()
    low, high = (-62.0, 62.0)
    if kind < 0.5:  # combed to a side: the other part of the forehead is free
        low, high = sorted((float(rng.uniform(-35, 35)), 66.0 * float(np.sign(hair.part))))
    azimuth = rng.uniform(low, high, count)
    sweep = rng.normal(28 * hair.part if kind < 0.5 else 0, 7, count)
    start = rng.uniform(brow + 52, brow + 78, count)
    lowest = float(rng.normal(brow - 9, 9))
    end = lowest + rng.normal(0, 7, count) + (0.10 * np.abs(azimuth) if rng.random() < 0.4 else 0)
    lift = rng.uniform(2, 9) + rng.uniform(0, 4, count)
    return lying(head, vertices, azimuth, azimuth + sweep, start, np.minimum(end, start - 12), lift, 0.98)


def _curtains(hair: Hair, head: Head, vertices: Floats, rng: Rng) -> Floats:
    """[S, STEPS, 3] from the temples down over cheeks and jaw, often more on one side."""
    marks = head.landmarks(head.mean)
    both = []
    for side in (-1.0, 1.0):
        count = int(hair.curtains * rng.uniform(8, 46))
        inner = float(np.clip(rng.normal(72, 11), 40, 92))
        azimuth = rng.uniform(inner, 106, count)
        start = rng.uniform(marks[36, 1] + 25, marks[36, 1] + 75, count)
        end = float(rng.choice([marks[2, 1], marks[4, 1], marks[8, 1] - 25])) + rng.normal(0, 16, count)
        lift = rng.uniform(2, 7) + rng.uniform(0, 5, count)
        inward = azimuth + rng.normal(-3, 4, count)
        both.append(lying(head, vertices, side * azimuth, side * inward, start, end, lift, 1.0))
    return np.concatenate(both)


def lying(
    head: Head, vertices: Floats, first: Floats, last: Floats, start: Floats, end: Floats, lift: Floats,
    tight: float,
) -> Floats:  # fmt: skip
    """[S, STEPS, 3] mm paths that go down the face without following its hollows.

    Args:
        head, vertices: The head, [P, 3] mm.
        first, last: [S] degrees around the head at either end, 0 = in front.
        start, end: [S] mm, heights on the mean head.
        lift: [S] mm off the skin.
        tight: Share of the widest radius so far that is kept from step to step; 1 = hangs straight.
    """
    t = np.linspace(0, 1, STEPS)[None]
    degrees = first[:, None] + (last - first)[:, None] * t**1.4
    height = start[:, None] + (end - start)[:, None] * t
    column = np.interp(degrees, WRAP_DEGREES, np.arange(len(WRAP_DEGREES))).round().astype(int)
    row = np.interp(-height, -head.wrap_heights, np.arange(len(head.wrap_heights)))
    r0 = np.minimum(row.astype(int), len(head.wrap_heights) - 2)
    share = (row - r0)[..., None]
    skin = vertices[head.wrap[r0, column]] * (1 - share) + vertices[head.wrap[r0 + 1, column]] * share
    away = np.hypot(skin[..., 0], skin[..., 2] + WRAP_AXIS_MM)
    for k in range(1, STEPS):
        away[:, k] = np.maximum(away[:, k], tight * away[:, k - 1])
    away += lift[:, None] * (0.35 + 0.65 * np.sin(np.pi * t.clip(0, 0.8)))
    angle = np.radians(degrees)
    path = np.stack([away * np.sin(angle), skin[..., 1], away * np.cos(angle) - WRAP_AXIS_MM], -1)
    return path.astype(np.float32)


def ribbon_mesh(
    path: Floats, width: Floats, surface: Surface, rng: Rng, middle: Floats | None = None
) -> Mesh:
    """Ribbons of `width` [S] mm along centre lines `path` [S, K, 3], arched away from `middle` [3]."""
    count, steps, _ = path.shape
    along = np.gradient(path, axis=1)
    out = path - (path.mean((0, 1)) if middle is None else middle)
    side = np.cross(along, out)
    side /= np.linalg.norm(side, axis=2, keepdims=True) + 1e-6
    taper = np.linspace(1, 0.8, steps)[None, :, None]
    half = 0.5 * width[:, None, None] * taper * side
    bulge = out / (np.linalg.norm(out, axis=2, keepdims=True) + 1e-6) * (width[:, None, None] * 0.12)
    vertices = np.stack([path - half, path + bulge, path + half], 2).reshape(-1, 3)
    shift = np.asarray(rng.random(count))
    u = shift[:, None, None] + np.array([0, 0.5, 1.0])[None, None] * (width / 64)[:, None, None]
    v = np.broadcast_to((np.linspace(0.02, 0.98, steps))[None, :, None], (count, steps, 3))
    uv = np.stack(np.broadcast_arrays(u, v), -1).reshape(-1, 2)
    r, c = np.mgrid[: steps - 1, :2]
    a = (r * 3 + c).ravel()
    one = np.stack([a, a + 3, a + 1, a + 1, a + 3, a + 4], -1).reshape(-1, 3)
    triangles = (one[None] + (np.arange(count) * steps * 3)[:, None, None]).reshape(-1, 3)
    return Mesh(vertices.astype(np.float32), triangles.astype(np.int32), uv.astype(np.float32), surface)
