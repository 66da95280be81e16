"""Glasses: clear ones that are seen through, dark ones that are not; built in head space."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic import matter
from models.synthetic.head import Head
from models.synthetic.surfaces import Colour, Kind, Mesh, Surface, grid_triangles, linear, scaled, tube
from models.synthetic.textures import Tile

CORNERS = 29
ANGLES = np.linspace(0, 2 * np.pi, CORNERS)  # of a lens' rim: 0 = outer corner, pi / 2 = top


def glasses(rng: Rng, head: Head, vertices: Floats, dark: bool) -> list[Mesh]:
    """Frame and lenses before the eyes; frames and dark lenses hide what is behind, clear ones do not."""
    marks = head.landmarks(vertices)
    rims = _rims(rng, marks, dark)
    frame = _frame_surface(rng)
    thin = float(
        rng.choice([rng.uniform(0.4, 1.0), rng.uniform(1.0, 1.9), rng.uniform(1.9, 3.4)], p=[0.4, 0.35, 0.25])
    )
    kind = rng.choice(["full", "half", "none"], p=[0.74, 0.16, 0.10])
    pieces = [_lenses(rng, rims, dark)]
    for rim in rims:
        path = rim if kind == "full" else rim[:16] if kind == "half" else rim[:0]
        if len(path):
            radius = thin * (1 + 0.35 * np.maximum(np.sin(ANGLES[: len(path)]), 0) * (thin > 1))
            pieces.append(tube(path.astype(np.float32), radius.astype(np.float32), frame, 6))
    return [
        *pieces,
        *_bridge(rng, rims, max(thin, 0.8), frame),
        *_temples(rng, rims, marks, max(thin, 0.8), frame),
    ]


def _rims(rng: Rng, marks: Floats, dark: bool) -> list[Floats]:
    """Two [CORNERS, 3] mm outlines, right eye first (negative x)."""
    half_w = float(rng.uniform(24, 34) if dark else rng.uniform(20, 30))
    half_h = float(rng.uniform(15, 28) if dark else rng.uniform(11, 24))
    outline = _outline(rng, half_w, half_h)
    eyes = [marks[36:42].mean(0), marks[42:48].mean(0)]
    depth = max(eyes[0][2], eyes[1][2]) + float(rng.uniform(10, 16))
    slid = float(max(rng.normal(0, 4), 0)) if rng.random() < 0.3 else 0.0  # down the nose
    bend, drop = float(rng.uniform(0.002, 0.006)), float(rng.normal(-3, 2.5)) - slid
    lean = float(rng.uniform(0.0, 0.18))  # the lower rim is nearer to the cheeks
    rims = []
    for sign, eye in zip((-1, 1), eyes, strict=True):
        x = eye[0] + sign * (2.0 + outline[:, 0])
        z = depth + slid * 0.7 - bend * (x - marks[27, 0]) ** 2 + lean * outline[:, 1]
        rims.append(np.stack([x, eye[1] + drop + outline[:, 1], z], 1))
    return rims


def _outline(rng: Rng, half_w: float, half_h: float) -> Floats:
    """[CORNERS, 2] mm: round, oval, square, drop-shaped or winged."""
    power = float(rng.choice([1.0, rng.uniform(1.0, 1.6), rng.uniform(1.6, 3.0)]))
    c, s = np.cos(ANGLES), np.sin(ANGLES)
    x, y = (np.sign(v) * np.abs(v) ** (1 / power) for v in (c, s))
    shape = rng.random()
    if shape < 0.15:  # aviator
        x = x * (1 - 0.18 * np.maximum(-s, 0))
        y = np.where(s < 0, y * 1.2, y * 0.85)
    elif shape < 0.3:  # winged
        y = y + 0.35 * np.maximum(c, 0) * np.maximum(s, 0)
    elif shape < 0.4:
        half_h = half_w * 0.95
    return np.stack([half_w * x, half_h * y * (1 + 0.1 * c)], 1)


def _lenses(rng: Rng, rims: list[Floats], dark: bool) -> Mesh:
    """Both lenses as one mesh; texture coordinates 0..1 over each, v down."""
    share = np.array([0.02, 0.5, 1.0])[:, None, None]
    points, uv = [], []
    for rim in rims:
        middle = rim[:-1].mean(0)
        disc = middle + share * (rim - middle)
        disc[..., 2] += 1.2 * (1 - share[..., 0])
        low, high = rim[:, :2].min(0), rim[:, :2].max(0)
        place = (disc[..., :2] - low) / (high - low) * 0.96 + 0.02
        points.append(disc.reshape(-1, 3))
        uv.append(np.stack([place[..., 0], 1 - place[..., 1]], -1).reshape(-1, 2))
    grid = grid_triangles(3, CORNERS)
    triangles = np.concatenate([grid, grid + 3 * CORNERS]).astype(np.int32)
    surface = _dark_lens(rng) if dark else _clear_lens(rng)
    vertices, texture = (np.concatenate(part).astype(np.float32) for part in (points, uv))
    return Mesh(vertices, triangles, texture, surface, hides=dark)


def _frame_surface(rng: Rng) -> Surface:
    """Black, metal, coloured or tortoise-shell."""
    kind = rng.random()
    colour: Colour = linear(*rng.uniform(8, 45, 3))
    if kind < 0.2:
        grey = rng.uniform(90, 200)
        colour = linear(*(grey * np.array([1, rng.uniform(0.85, 1), rng.uniform(0.6, 1)])))
    elif kind < 0.4:
        colour = matter.some_colour(rng)
    elif kind < 0.52:
        brown = linear(*(rng.uniform(0.6, 1.2) * np.array([110, 66, 34])))
        return Surface(
            Kind.MATTER, linear(28, 18, 12), brown, matter.some_tile(rng, Tile.CELLS), (4, 4), 1.0, 0.4, 40
        )
    return Surface(Kind.MATTER, colour, shine=float(rng.uniform(0.1, 0.7)), polish=40)


def _dark_lens(rng: Rng) -> Surface:
    """Black, brown, green, blue, reddish; even, fading downwards, or mirroring what lies before it."""
    tint = rng.uniform(6, 40) + np.array([rng.uniform(0, 30), rng.uniform(0, 20), rng.uniform(0, 24)])
    if rng.random() < 0.25:
        tint = tint + rng.uniform(0, 70, 3)
    dark, kind, shine = linear(*tint), rng.random(), float(rng.uniform(0.3, 1.2))
    if kind < 0.3:  # fading
        lighter = linear(*np.clip(tint * rng.uniform(1.5, 3.5) + rng.uniform(10, 60, 3), 0, 220))
        return Surface(Kind.MATTER, dark, lighter, matter.some_tile(rng, Tile.FADE), (1, 1), 1.0, shine, 90.0)
    if kind < 0.45:  # mirroring
        sky = linear(*(rng.uniform(50, 200) + rng.uniform(-20, 35, 3)))
        tile = matter.some_tile(rng, Tile.FADE, Tile.EDGES, Tile.LEAVES, Tile.CLOUDS)
        scale = float(rng.uniform(0.3, 0.97))
        return Surface(Kind.MATTER, sky, dark, tile, (scale, scale), 1.0, shine, 90.0)
    tile, scale = matter.some_tile(rng, Tile.CLOUDS, Tile.EDGES), float(rng.uniform(0.3, 1.0))
    return Surface(
        Kind.MATTER, dark, scaled(dark, 1.8), tile, (scale, scale), float(rng.uniform(0, 1)), shine, 90.0
    )


def _clear_lens(rng: Rng) -> Surface:
    """What it lets through as its colour, how strongly it reflects as its shine."""
    clear = rng.uniform(0.8, 0.98) * np.exp(rng.normal(0, 0.02, 3))
    if rng.random() < 0.15:  # tinted, but eyes show
        clear = rng.uniform(0.35, 0.75) * np.exp(rng.normal(0, 0.15, 3))
    red, green, blue = clear.clip(0.25, 1.0).tolist()
    return Surface(
        Kind.MATTER,
        (red, green, blue),
        shine=float(rng.choice([0, rng.uniform(0, 0.3), rng.uniform(0.2, 0.9)])),
    )


def _bridge(rng: Rng, rims: list[Floats], thin: float, frame: Surface) -> list[Mesh]:
    """Over the nose, now and then doubled."""
    paths = [np.linspace(rims[0][14], rims[1][14], 5) + np.array([0, 2.5, 1])]
    if rng.random() < 0.12:
        paths.append(np.linspace(rims[0][9], rims[1][9], 5) + np.array([0, 0, 1]))
    for path in paths:
        path[:, 1] += 2.0 * np.sin(np.linspace(0, np.pi, 5))
    return [tube(path.astype(np.float32), np.full(5, thin, np.float32), frame, 6) for path in paths]


def _temples(rng: Rng, rims: list[Floats], marks: Floats, thin: float, frame: Surface) -> list[Mesh]:
    """From the outer corners back over the ears."""
    pieces = []
    wide = thin * float(rng.uniform(1.0, 1.8))
    for side, rim in enumerate(rims):
        out = 1 if side else -1
        corner = rim[0] + np.array([0, 4, 0])
        ear = marks[16 if side else 0] + np.array([5 * out, 0, -18])
        ear[1] = corner[1] - 2
        hinge = corner + np.array([out * 2, 1, -2])
        ear[0] = max(abs(ear[0]), abs(hinge[0])) * out
        path = np.stack([corner, hinge, *np.linspace(hinge, ear, 5)[1:]])
        pieces.append(tube(path.astype(np.float32), np.full(len(path), wide, np.float32), frame, 6, 0.7))
    return pieces
