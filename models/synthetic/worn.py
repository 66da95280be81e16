"""Things worn on the head; built in head space, so they turn with it."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic import matter
from models.synthetic.hair import skull
from models.synthetic.head import WRAP_AXIS_MM, WRAP_DEGREES, Head
from models.synthetic.locks import ribbon_mesh
from models.synthetic.scene import Hair
from models.synthetic.surfaces import Kind, Mesh, Surface, linear, scaled, sheet, tube
from models.synthetic.textures import Tile

Ends = tuple[float, ...]


def draped(head: Head, vertices: Floats, top: Ends, bottom: Ends, reach_deg: float, gap_mm: Floats) -> Floats:
    """[13, C, 3] cloth stretched over the face.

    Args:
        top, bottom: Heights (mean head, mm) at the middle, half way and the outer edge of the cloth.
        reach_deg: How far around the head it goes on either side.
        gap_mm: Distance from the skin, broadcast against [13, C].
    """
    columns = np.flatnonzero(np.abs(WRAP_DEGREES) <= reach_deg)
    out = np.abs(WRAP_DEGREES[columns]) / reach_deg
    high, low = (np.interp(out, [0, 0.5, 1], ends) for ends in (top, bottom))
    height = high + (low - high) * np.linspace(0, 1, 13)[:, None]
    row = np.interp(-height, -head.wrap_heights, np.arange(len(head.wrap_heights)))
    r0 = np.minimum(row.astype(int), len(head.wrap_heights) - 2)
    share = (row - r0)[..., None]
    points = vertices[head.wrap[r0, columns]] * (1 - share) + vertices[head.wrap[r0 + 1, columns]] * share
    axis = points * [0, 1, 0] - [0, 0, WRAP_AXIS_MM]
    outward = points - axis
    radius = np.linalg.norm(outward, axis=2)
    unit = outward / radius[..., None]
    for _ in range(3):  # taut: hollows are spanned, bumps stay
        padded = np.pad(radius, 1, mode="edge")
        around = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 4
        radius = np.maximum(radius, around)
    smooth = np.pad(radius, 1, mode="edge")
    radius = (
        0.5 * radius
        + 0.125 * (smooth[:-2, 1:-1] + smooth[2:, 1:-1] + smooth[1:-1, :-2] + smooth[1:-1, 2:])
        + 0.6
    )
    return np.asarray(axis + unit * (radius + gap_mm)[..., None], np.float32)


def face_mask(rng: Rng, head: Head, vertices: Floats) -> list[Mesh]:
    """Surgical, cloth or filtering, now and then below the nose."""
    marks = head.landmarks(head.mean)
    nose, chin = float(rng.uniform(marks[29, 1], marks[28, 1] + 2)), float(marks[8, 1])
    if rng.random() < 0.12:
        nose = float(marks[33, 1] - rng.uniform(2, 8))
    reach = float(rng.uniform(52, 82))
    side_top, side_bottom = nose - rng.uniform(8, 28), chin + rng.uniform(8, 38)
    top = (nose, nose - rng.uniform(6, 16), side_top)
    bottom = (chin - rng.uniform(2, 12), chin - rng.uniform(0, 6), side_bottom)
    folds = rng.uniform(0, 1.6) * np.sin(np.linspace(0, rng.integers(2, 5) * 2 * np.pi, 13))[:, None]
    beak = rng.uniform(0, 9) * np.exp(-((WRAP_DEGREES[np.abs(WRAP_DEGREES) <= reach] / 22) ** 2))
    points = draped(head, vertices, top, bottom, reach, 2.2 + np.maximum(folds, -1.2) + beak)
    kind = rng.random()
    if kind < 0.45:
        blue = linear(*(np.array([150, 195, 218]) + rng.normal(0, 16, 3)).clip(60, 250))
        pale = linear(*rng.uniform(215, 250, 3))
        colour = blue if rng.random() < 0.65 else pale
        surface = Surface(Kind.MATTER, colour, scaled(colour, 0.75), 32, (2.5, 2.5), 0.5, 0.02, 8.0, 0.15)
    elif kind < 0.62:
        surface = Surface(
            Kind.MATTER, linear(*rng.uniform(215, 248, 3)), (0.6, 0.6, 0.6), 5, (1, 1), 0.3, 0.03, 10.0, 0.1
        )
    else:
        surface = matter.cloth(rng)
    loops = []
    for side in (0, -1):
        ear = vertices[head.landmark_vertices[0 if side == 0 else 16, 0]] + [4 * (1 if side else -1), 2, -16]
        for row in (1, -2):
            path = np.linspace(points[row, side], ear, 6)
            loops.append(
                tube(
                    path.astype(np.float32),
                    np.full(6, 0.9, np.float32),
                    Surface(Kind.MATTER, (0.7, 0.7, 0.7)),
                    5,
                )
            )
    return [sheet(points, surface), *(loops if rng.random() < 0.7 else [])]


def scarf(rng: Rng, head: Head, vertices: Floats) -> list[Mesh]:
    """A scarf over chin, mouth or nose."""
    marks = head.landmarks(head.mean)
    edge = float(marks[int(rng.choice([8, 57, 51, 33, 30, 29])), 1] + rng.uniform(-2, 5))
    top = (edge, edge + rng.uniform(-8, 5), edge + rng.uniform(-15, 22))
    low = float(marks[8, 1] - rng.uniform(35, 60))
    columns = int((np.abs(WRAP_DEGREES) <= 108).sum())
    across = np.linspace(0, 1, columns)[None] * rng.uniform(1, 5)
    folds = np.sin((np.linspace(0, 1, 13)[:, None] * rng.uniform(2, 6) + across) * 2 * np.pi) * rng.uniform(
        0.5, 3.5
    )
    thick = float(rng.uniform(5, 13))
    points = draped(head, vertices, top, (low, low, low), 108, thick + np.maximum(folds, -3.5))
    edge_row = points[:1] - (points[:1] * [1, 0, 1] + [0, 0, WRAP_AXIS_MM]) * 0.10
    return [sheet(np.concatenate([edge_row, points]).astype(np.float32), matter.cloth(rng, 0.4))]


def loose_strands(rng: Rng, head: Head, vertices: Floats, hair: Hair) -> list[Mesh]:
    """Locks that hang or blow across the face."""
    marks = head.landmarks(vertices)
    count = int(rng.integers(2, 12))
    front = head.scalp[vertices[head.scalp, 2] > np.quantile(vertices[head.scalp, 2], 0.8)]
    root = vertices[rng.choice(front, count)]
    side = float(rng.choice([-1, 1]))
    ends = marks[rng.choice([1, 3, 5, 15, 13, 11, 30, 48, 54, 8, 36, 45], count)]
    ends = ends + rng.normal(0, 8, (count, 3)) + [side * 8, 0, 8]
    between = (root + ends) / 2 + np.array([side * 14, 8, 26]) + rng.normal(0, 9, (count, 3))
    t = np.linspace(0, 1, 8)[None, :, None]
    path = (1 - t) ** 2 * root[:, None] + 2 * t * (1 - t) * between[:, None] + t * t * ends[:, None]
    width = rng.uniform(3, 16, count)
    tile = matter.some_tile(rng, Tile.LOCKS, Tile.STRANDS, Tile.CURLS)
    surface = Surface(Kind.HAIR, hair.colour, hair.second, tile, (1, 1), 1.0, 0.08, 12.0, 0.25, tile)
    return [ribbon_mesh(path.astype(np.float32), width.astype(np.float32), surface, rng)]


def hat(rng: Rng, head: Head, vertices: Floats) -> list[Mesh]:
    """A knitted cap, a peaked cap or a brimmed hat."""
    centre, axes = skull(head, vertices)
    marks = head.landmarks(vertices)
    low = float(marks[17:27, 1].mean() + rng.uniform(6, 30))
    axes = axes + rng.uniform(10, 18)
    surface, kind = matter.cloth(rng, 0.6), rng.random()
    tilt = float(rng.normal(0.10, 0.08))  # the front edge is higher than the back
    start = np.arcsin(np.clip((low - 8 - centre[1]) / axes[1], -0.6, 0.7))
    polar = np.linspace(np.pi / 2 - 0.03, start, 9)[:, None]
    around = np.linspace(0, 2 * np.pi, 37)[None]
    dome = np.stack(
        [np.cos(polar) * np.sin(around), np.sin(polar) + 0 * around, np.cos(polar) * np.cos(around)], -1
    )
    tall = float(rng.uniform(1.0, 1.35))
    points = centre + dome * axes * [1, tall, 1]
    points[..., 1] += tilt * points[..., 2]
    rim = points[-1]
    cuff = np.stack([rim * [1.03, 1, 1.03], rim * [1.0, 1, 1.0] - [0, rng.uniform(3, 9), 0]])
    pieces = [sheet(np.concatenate([points, cuff]).astype(np.float32), surface)]
    if kind < 0.35:
        return pieces
    turn = around[0] - float(rng.choice([0, 0, 0, rng.normal(0, 0.6), np.pi]))
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    length = (
        rng.uniform(55, 80) * np.maximum(np.cos(turn.clip(-1.3, 1.3) * 1.2), 0) ** 0.6
        if kind < 0.8
        else np.full(37, rng.uniform(40, 90))
    )
    direction = np.stack([np.sin(around[0]), 0 * around[0], np.cos(around[0])], 1)
    share = np.linspace(0, 1, 4)[:, None, None]
    fall = rng.uniform(0.1, 0.45)
    brim = (
        rim
        - [0, 3, 0]
        + share * (direction * length[:, None])
        - [0, 1, 0] * share**2 * (length * fall)[:, None]
    )
    return [*pieces, sheet(brim.astype(np.float32), surface if rng.random() < 0.6 else matter.cloth(rng))]


def hood(rng: Rng, head: Head, vertices: Floats) -> list[Mesh]:
    """A headscarf or hood: cloth around an opening for the face."""
    marks = head.landmarks(vertices)
    half_w = float(np.abs(marks[[0, 16], 0]).mean() * rng.uniform(0.86, 1.06))
    top = float(marks[17:27, 1].max() + rng.uniform(12, 42))
    bottom = float(marks[8, 1] + rng.uniform(-14, 6))
    centre = np.array([0, (top + bottom) / 2, marks[[1, 15], 2].mean() + rng.uniform(8, 26)])
    angle = np.linspace(0, 2 * np.pi, 41)
    ring = np.stack(
        [half_w * np.sin(angle), (top - bottom) / 2 * np.cos(angle), 12 * np.cos(angle * 2) - 8], 1
    )
    wavy = rng.uniform(0, 3) * np.sin(angle * rng.integers(5, 14) + rng.uniform(0, 6))
    layers = [
        (0.97, -6),
        (1.03, 4),
        (1.14, -14),
        (1.27, -42),
        (1.36, -80),
        (1.24, -130),
        (0.7, -168),
        (0.05, -180),
    ]
    grow = float(rng.uniform(0.96, 1.1))
    rows = []
    for scale, back in layers:
        row = ring * [scale * (grow if scale > 1.1 else 1), scale, 0.5] + centre + [0, 0, back]
        row[:, 0] += np.sin(angle) * wavy * (back < 0)
        row[:, 1] += np.cos(angle) * wavy * (back < 0)
        row[:, 1] -= np.maximum(-np.cos(angle), 0) * max(-back - 10, 0) * 0.7
        rows.append(row)
    return [sheet(np.stack(rows).astype(np.float32), matter.cloth(rng, 0.75))]


def headscarf(rng: Rng, head: Head, vertices: Floats) -> list[Mesh]:
    """A bandana, headband or tied scarf that lies on the forehead, its rim anywhere down to the brows."""
    centre, axes = skull(head, vertices)
    marks = head.landmarks(vertices)
    low = float(marks[17:27, 1].mean() + rng.uniform(2, 30))
    axes = axes + rng.uniform(7, 14)
    around = np.linspace(0, 2 * np.pi, 41)[None]
    start = np.arcsin(np.clip((low - centre[1]) / axes[1], -0.6, 0.7))
    band = rng.random() < 0.35
    end = start + rng.uniform(0.25, 0.6) if band else np.pi / 2 - 0.03
    polar = (
        np.linspace(end, start, 9)[:, None]
        + 0.5 * rng.uniform(-0.35, 0.1) * (1 - np.cos(around)) * np.linspace(0, 1, 9)[:, None]
    )
    folds = 1 + 0.015 * rng.random() * np.sin(polar * rng.uniform(20, 60) + 3 * around)
    dome = np.stack(
        [np.cos(polar) * np.sin(around), np.sin(polar) + 0 * around, np.cos(polar) * np.cos(around)], -1
    )
    points = centre + dome * folds[..., None] * axes
    points[..., 1] += (
        float(rng.normal(0.03, 0.08)) * points[..., 2] + float(rng.normal(0, 0.05)) * points[..., 0]
    )
    return [sheet(points.astype(np.float32), matter.cloth(rng, 0.45))]
