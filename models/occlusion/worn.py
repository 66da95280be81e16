"""What is worn on a face and follows it as it turns: mask, scarf, sunglasses."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.occlusion.canvas import Canvas
from models.occlusion.face_frame import EARS, FaceFrame
from models.occlusion.textures import cloth_colour, patterned, plain

ROWS, COLUMNS = 25, 33
TEXTURE = (256, 320)  # rows, columns
SURGICAL = np.array([(150, 196, 222), (170, 214, 200), (240, 240, 238), (40, 42, 46), (233, 190, 205)])


def mask(frame: FaceFrame, rng: Rng) -> Canvas:
    """A face mask from the nose's bridge to under the chin, ear to ear; surgical, cloth or respirator."""
    canvas, p = Canvas(), frame.points
    style = [_surgical, _cloth, _respirator][int(rng.choice(3, p=[0.5, 0.3, 0.2]))]
    texture, strap = style(rng)
    top, drop = rng.uniform(0.9, 1.7), rng.uniform(0.02, 0.05)
    start = rng.uniform(1.4, 2.2)
    rows = np.linspace(0, 1, ROWS)
    middle = _along(np.array([_between(p, 27 + top), p[30], p[33], p[51], p[57], p[8] + (0, drop)]), rows)
    left = _along(p[:17], (start + (5.2 - start) * rows) / 16)
    right = _along(p[:17], 1 - (start + (5.2 - start) * rows) / 16)
    grid = _sheet(left, middle, right, 1.35 + 0.65 * rows)
    grid = grid.mean((0, 1)) + (grid - grid.mean((0, 1))) * (1.07, 1.06)
    for side, edge in ((-1, grid[:, 0]), (1, grid[:, -1])):
        if frame.shows(side):
            ear = p[EARS[side]] + (side * 0.03, 0.0)
            for corner, pull in ((edge[1], -0.04), (edge[-6], 0.10)):
                end = ear + np.array([0, pull])
                canvas.stroke(np.array([corner, (corner + end) / 2, end]), 0.014, strap)
    canvas.surface(grid, texture, frame.looks < 0)
    return canvas


def scarf(frame: FaceFrame, rng: Rng) -> Canvas:
    """A scarf pulled up over mouth and chin, often over the nose, wider than the jaw."""
    canvas, p = Canvas(1.4), frame.points
    rows = np.linspace(0, 1, ROWS)
    high = rng.choice([_between(p, 29.3), _between(p, 30.4), p[33] * 0.7 + p[51] * 0.3])
    start, width, drop = rng.uniform(1.8, 3.0), rng.uniform(0.04, 0.10), rng.uniform(0.3, 0.55)
    below = (p[4] + p[12]) / 2 + (0, 0.25 + drop)
    middle = _along(np.array([high, p[57], p[8], p[8] * 0.4 + below * 0.6, below]), rows)
    sides = []
    for side, jaw in ((-1, p[:17]), (1, p[16::-1])):
        upper = _along(jaw, (start + (5 - start) * rows.clip(0, 0.5) * 2) / 16)
        out = side * width * (1 + 0.6 * np.sin(np.pi * rows))
        sides.append(upper + np.stack([out, (rows - 0.5).clip(0) * 2 * (drop + 0.15)], 1))
    grid = _sheet(sides[0], middle, sides[1], np.full(ROWS, 1.8))
    ripple = rng.uniform(0.006, 0.012) * np.sin(
        2 * np.pi * (np.linspace(0, rng.uniform(2, 4), COLUMNS) + rng.random())
    )
    grid[..., 1] += ripple * (1 - 0.5 * rows[:, None])
    texture = patterned(rng, TEXTURE) * _folds(rng, int(rng.integers(4, 9)), 0.28)[..., None]
    canvas.surface(grid, texture * _round(0.35)[..., None], frame.looks < 0)
    return canvas


def sunglasses(frame: FaceFrame, rng: Rng) -> Canvas:
    """Two dark lenses over the eyes, a bridge, and arms to the ears that show."""
    canvas, p = Canvas(), frame.points
    rim = np.array([18, 18, 20]) if rng.random() < 0.6 else cloth_colour(rng)
    thick = float(rng.choice([0.012, 0.022, 0.032]))
    height = float(np.linalg.norm(p[48:].mean(0) - p[36:48].mean(0))) * rng.uniform(0.34, 0.42)
    outline = _lens_outline(rng)
    lenses = [
        _lens(p[outer], p[inner], p[eye].mean(0), height, outline)
        for outer, inner, eye in ((36, 39, slice(36, 42)), (45, 42, slice(42, 48)))
    ]
    if frame.looks > 0:
        lenses.reverse()
    sides = (-1, 1) if frame.looks < 0 else (1, -1)
    for side, lens in zip(sides, lenses, strict=True):
        if frame.shows(side):
            hinge = lens[np.argmax(side * lens[:, 0] - 0.6 * lens[:, 1])]
            ear = p[EARS[side]] + (side * 0.02, -0.03)
            canvas.stroke(np.array([hinge, ear]), max(thick, 0.02), rim * 0.8)
    bridge = np.stack([lens[np.argmin(np.linalg.norm(lens - p[27], axis=1))] for lens in lenses])
    canvas.stroke(np.array([bridge[0], bridge.mean(0) - (0, 0.015), bridge[1]]), max(thick, 0.018), rim)
    tint = _tint(rng, canvas, np.concatenate(lenses), float(rng.choice([0.0, 50.0, 110.0])))
    for lens in lenses:
        canvas.polygon(lens, tint)
        _gleam(canvas, lens, rng)
        canvas.stroke(lens, thick, rim, closed=True)
    return canvas


def _between(points: Floats, place: float) -> Floats:
    """The point at a fractional index."""
    low = min(int(place), len(points) - 2)
    return np.asarray(points[low] + (place - low) * (points[low + 1] - points[low]))


def _along(points: Floats, places: Floats) -> Floats:
    """[R, 2]: a curve through points [K, 2] at places 0..1, evenly by index."""
    at = np.linspace(0, 1, len(points))
    return np.stack([np.interp(places, at, points[:, k]) for k in range(2)], 1)


def _sheet(left: Floats, middle: Floats, right: Floats, roundness: Floats) -> Floats:
    """[R, C, 2]: rows from `left` over `middle` to `right` [R, 2]; roundness [R] 1 is a tent, 2 an arch."""
    across = np.linspace(0, 1, COLUMNS)
    rise = 1 - np.abs(2 * across[None] - 1) ** roundness[:, None]
    straight = left[:, None] + across[None, :, None] * (right - left)[:, None]
    return np.asarray(straight + rise[..., None] * (middle - (left + right) / 2)[:, None])


def _round(dark: float) -> Floats:
    """[rows, columns]: light of something that curves away to both sides."""
    across = np.linspace(-1, 1, TEXTURE[1])
    return np.broadcast_to(1 - dark * np.abs(across) ** 2.5, TEXTURE)


def _folds(rng: Rng, count: int, depth: float) -> Floats:
    """[rows, columns]: light of wavy folds that run across."""
    down, across = np.mgrid[0 : 1 : TEXTURE[0] * 1j, 0 : 1 : TEXTURE[1] * 1j]
    wave = rng.uniform(0.02, 0.08) * np.sin(2 * np.pi * (across * rng.uniform(0.5, 2) + rng.random()))
    return np.asarray(1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * count * (down + wave))) ** 2)


def _surgical(rng: Rng) -> tuple[Floats, Floats]:
    colour = SURGICAL[int(rng.choice(5, p=[0.45, 0.1, 0.2, 0.15, 0.1]))] + rng.normal(0, 5, 3)
    texture = plain(rng, TEXTURE, colour, 3) * _round(0.28)[..., None]
    down = np.linspace(0, 1, TEXTURE[0])
    for pleat in rng.uniform(0.25, 0.32) + np.arange(3) * rng.uniform(0.15, 0.19):
        depth = 0.75 * np.exp(-(((down - pleat) / 0.006) ** 2)) + 0.5 * (
            (down > pleat) & (down < pleat + 0.05)
        ) * (1 - (down - pleat) / 0.05)
        texture = texture * (1 - 0.22 * depth[:, None, None])
    hem = (down < 0.05) | (down > 0.955)
    return np.asarray(texture * np.where(hem, 0.93, 1)[:, None, None]), np.full(3, 225.0)


def _cloth(rng: Rng) -> tuple[Floats, Floats]:
    texture = patterned(rng, TEXTURE) * _round(0.35)[..., None]
    across = np.linspace(-1, 1, TEXTURE[1])
    seam = 1 - 0.3 * np.exp(-((across / 0.012) ** 2)) + 0.06 * np.exp(-(((across + 0.08) / 0.06) ** 2))
    return np.asarray(texture * seam[None, :, None]), cloth_colour(rng)


def _respirator(rng: Rng) -> tuple[Floats, Floats]:
    colour = np.full(3, rng.choice([236.0, 226.0, 45.0])) + rng.normal(0, 4, 3)
    across = np.linspace(-1, 1, TEXTURE[1])
    down = np.linspace(0, 1, TEXTURE[0])
    fold = 1 - 0.25 * (across > 0) * np.exp(-np.abs(across) / 0.25) - 0.25 * np.exp(-((across / 0.01) ** 2))
    rim = 1 - 0.12 * (np.abs(np.abs(across) - 0.9) < 0.012)
    texture = plain(rng, TEXTURE, colour, 4) * (fold * rim)[None, :, None] * _round(0.25)[..., None]
    texture[(down > 0.04) & (down < 0.09)] *= 0.85  # the wire over the nose
    return texture, np.full(3, 235.0)


def _lens_outline(rng: Rng) -> Floats:
    """[P, 2] in -1..1, x outwards: round, square, aviator or cat eye."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    power = rng.choice([1.0, 0.55, 0.75])
    x, y = (np.sign(v) * np.abs(v) ** power for v in (np.cos(angle), np.sin(angle)))
    shape = rng.random()
    if shape < 0.3:  # aviator: hangs down on the outside
        y = y + 0.18 * (y > 0) * y * (x + 0.2)
    elif shape < 0.45:  # cat eye
        y = y - 0.28 * (x.clip(0) ** 2) * (y < 0.3)
    return np.stack([x, y], 1)


def _lens(outer: Floats, inner: Floats, middle: Floats, height: float, outline: Floats) -> Floats:
    """[P, 2]: an outline over an eye, as much narrower as a turned face makes the eye."""
    across = (outer - inner) * 0.88
    length = float(np.linalg.norm(across))
    if length < 0.05:
        across = across * (0.05 / length) if length > 1e-6 else np.array([0.05, 0.0])
    down = np.array([0.0, height])
    centre = middle + 0.08 * across + 0.12 * down
    return np.asarray(centre + outline[:, :1] * across + outline[:, 1:] * down)


def _tint(rng: Rng, canvas: Canvas, lens: Floats, strength: float) -> Floats:
    """[S, S, 3]: dark above, often lighter below."""
    dark = np.array([[14, 14, 17], [34, 24, 16], [16, 28, 22], [22, 24, 40]])[int(rng.integers(4))]
    top, bottom = canvas.to_px(lens)[:, 1].min(), canvas.to_px(lens)[:, 1].max()
    fade = strength * ((np.arange(canvas.side) - top) / (bottom - top)).clip(0, 1)
    return np.broadcast_to((dark + fade[:, None])[:, None], (canvas.side, canvas.side, 3))


def _gleam(canvas: Canvas, lens: Floats, rng: Rng) -> None:
    """The sky on a lens."""
    middle = lens.mean(0)
    streak = middle + (lens - middle) * (0.35, 0.6) + (lens[:, 1:] - middle[1]) * (-0.5, 0)
    canvas.polygon(
        middle + (streak - middle) * 0.85, np.array([190, 205, 220]), float(rng.uniform(0.05, 0.3))
    )
