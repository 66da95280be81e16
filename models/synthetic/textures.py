"""A bank of seamless grey tiles: everything that has a grain takes its grain from here."""

from __future__ import annotations

from enum import IntEnum
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 256
VARIANTS = 4


class Tile(IntEnum):
    """Kinds of grain; tile k of kind t lies at row `t * VARIANTS + k` of the bank."""

    PORES = 0
    MOTTLE = 1
    CLOUDS = 2
    FRECKLES = 3
    STUBBLE = 4
    STRANDS = 5
    CURLS = 6
    WEAVE = 7
    STRIPES = 8
    PRINT = 9
    PLAID = 10
    LEAVES = 11
    BRICKS = 12
    CELLS = 13
    LOCKS = 14
    EDGES = 15
    FADE = 16


@cache
def texture_bank() -> NDArray[np.uint8]:
    """[kinds * VARIANTS, 256, 256] uint8, mean near 128; read-only, made once a process (about a second)."""
    tiles = [_tile(kind, variant) for kind in Tile for variant in range(VARIANTS)]
    bank = np.stack(tiles)
    bank.flags.writeable = False
    return bank


def tile_index(kind: Tile, variant: int) -> int:
    """Row of the bank."""
    return int(kind) * VARIANTS + variant % VARIANTS


def _tile(kind: Tile, variant: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng([20, int(kind), variant])
    match kind:
        case Tile.PORES:
            return _grey(_band(rng, 0.10, 0.38))
        case Tile.MOTTLE:
            return _grey(_band(rng, 0.015, 0.09))
        case Tile.CLOUDS:
            return _grey(_power(rng, 1.6 + 0.3 * variant))
        case Tile.FRECKLES:
            return _dots(rng, count=140 + 120 * variant, radius=(1.0, 3.2))
        case Tile.STUBBLE:
            return _strokes(rng, 2600, length=5.0, spread=0.5)
        case Tile.STRANDS:
            return _grey(_streaks(rng, 0.6 + 0.3 * variant, 40.0))
        case Tile.CURLS:
            return _grey(_curls(rng, 5.0 + 4.0 * variant))
        case Tile.WEAVE:
            return _weave(rng, 4 * 2**variant)
        case Tile.STRIPES:
            return _stripes(rng, 3 + 5 * variant)
        case Tile.PRINT:
            return _print(rng, 10 + 6 * variant)
        case Tile.PLAID:
            return _plaid(rng)
        case Tile.LEAVES:
            return _leaves(rng, 250 + 300 * variant, 16.0 - 3.0 * variant)
        case Tile.BRICKS:
            return _bricks(rng, 8 * (1 + variant))
        case Tile.CELLS:
            return _cells(rng, 20 + 60 * variant)
        case Tile.LOCKS:
            return _grey(_streaks(rng, 2.5 + 1.5 * variant, 60.0) + 0.5 * _streaks(rng, 0.7, 40.0))
        case Tile.EDGES:
            return _polygons(rng, 14 + 10 * variant)
        case Tile.FADE:
            return _fade(rng, variant)


def _grey(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    values = (values - values.mean()) / (values.std() + 1e-9)
    return np.clip(128 + 46 * values, 0, 255).astype(np.uint8)


def _frequency() -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    return np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]


def _filtered(rng: np.random.Generator, response: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.fft.irfft2(np.fft.rfft2(rng.normal(size=(SIDE, SIDE))) * response, s=(SIDE, SIDE))


def _band(rng: np.random.Generator, low: float, high: float) -> NDArray[np.floating]:
    y, x = _frequency()
    r = np.hypot(y, x)
    return _filtered(rng, np.exp(-((r / high) ** 2)) - np.exp(-((r / low) ** 2)))


def _power(rng: np.random.Generator, slope: float) -> NDArray[np.floating]:
    y, x = _frequency()
    r = np.maximum(np.hypot(y, x), 1 / SIDE)
    return _filtered(rng, r**-slope)


def _streaks(rng: np.random.Generator, width: float, length: float) -> NDArray[np.floating]:
    """Grain drawn out along the rows' direction (v), `width` px across."""
    y, x = _frequency()
    return _filtered(rng, np.exp(-((y * length) ** 2) * 8 - (x * width) ** 2 * 8))


def _curls(rng: np.random.Generator, wave: float) -> NDArray[np.floating]:
    """Wavy strands: streaks displaced sideways by smooth noise."""
    streaks = _streaks(rng, 0.9, 18.0).astype(np.float32)
    shift = _band(rng, 0.012, 0.04)
    shift = (shift / shift.std() * wave).astype(np.float32)
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    return cv2.remap(
        streaks, (columns + shift) % SIDE, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    ).astype(np.float64)


def _wrapped(draw_at: list[tuple[float, float]], margin: float) -> list[tuple[float, float]]:
    """Positions with their copies across the borders, so that tiles stay seamless."""
    out = []
    for x, y in draw_at:
        for dx in (-SIDE, 0, SIDE):
            for dy in (-SIDE, 0, SIDE):
                if -margin <= x + dx <= SIDE + margin and -margin <= y + dy <= SIDE + margin:
                    out.append((x + dx, y + dy))
    return out


def _dots(rng: np.random.Generator, count: int, radius: tuple[float, float]) -> NDArray[np.uint8]:
    tile = np.full((SIDE, SIDE), 0, np.float32)
    for x, y in rng.uniform(0, SIDE, (count, 2)):
        r, strength = rng.uniform(*radius), rng.uniform(0.2, 1.0)
        for px, py in _wrapped([(x, y)], 4):
            cv2.circle(tile, (int(px * 16), int(py * 16)), int(r * 16), float(strength), -1, cv2.LINE_AA, 4)
    return (cv2.GaussianBlur(tile, (0, 0), 1.1) * 255).clip(0, 255).astype(np.uint8)


def _strokes(rng: np.random.Generator, count: int, length: float, spread: float) -> NDArray[np.uint8]:
    tile = np.zeros((SIDE, SIDE), np.uint8)
    for x, y in rng.uniform(0, SIDE, (count, 2)):
        angle, shade = rng.normal(np.pi / 2, spread), int(rng.uniform(90, 255))
        dx, dy = length * np.cos(angle), length * np.sin(angle)
        for px, py in _wrapped([(x, y)], 8):
            a, b = (int(px * 16), int(py * 16)), (int((px + dx) * 16), int((py + dy) * 16))
            cv2.line(tile, a, b, shade, 1, cv2.LINE_AA, 4)
    return tile


def _weave(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    t = np.arange(SIDE) / SIDE * 2 * np.pi * count
    tile = np.sin(t)[:, None] * np.sin(t)[None] + 0.6 * rng.normal(size=(SIDE, SIDE))
    return _grey(tile + 0.8 * _grey(_power(rng, 1.5)) / 46.0)


def _stripes(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    t = np.arange(SIDE) / SIDE * 2 * np.pi
    tile = np.sign(np.sin(t * count + rng.uniform(0, 6)) + rng.uniform(-0.6, 0.6))
    return _grey(np.broadcast_to(tile[None], (SIDE, SIDE)) + 0.15 * rng.normal(size=(SIDE, SIDE)))


def _print(rng: np.random.Generator, height: int) -> NDArray[np.uint8]:
    tile = np.full((SIDE, SIDE), 190, np.uint8)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIKLMNOPRSTUVW1234567890  "))
    for y in range(height, SIDE, int(height * 1.5)):
        line = "".join(rng.choice(letters, 60))
        cv2.putText(
            tile, line, (int(rng.integers(-9, 9)), y), cv2.FONT_HERSHEY_SIMPLEX, height / 26, 30, 1, 16
        )
    return tile


def _plaid(rng: np.random.Generator) -> NDArray[np.uint8]:
    rows = np.cumsum(rng.normal(size=8)).repeat(SIDE // 8)
    columns = np.cumsum(rng.normal(size=8)).repeat(SIDE // 8)
    return _grey(rows[:, None] + columns[None] + 0.2 * rng.normal(size=(SIDE, SIDE)))


def _leaves(rng: np.random.Generator, count: int, size: float) -> NDArray[np.uint8]:
    tile = np.full((SIDE, SIDE), 50, np.uint8)
    for x, y in rng.uniform(0, SIDE, (count, 2)):
        axes = rng.uniform(0.3, 1.0, 2) * size
        angle, shade = rng.uniform(0, 180), int(rng.uniform(20, 240))
        for px, py in _wrapped([(x, y)], size):
            centre, half = (int(px), int(py)), (int(axes[0]) + 1, int(axes[1] * 0.5) + 1)
            cv2.ellipse(tile, centre, half, angle, 0, 360, shade, -1, cv2.LINE_AA)
    return tile


def _bricks(rng: np.random.Generator, rows: int) -> NDArray[np.uint8]:
    tile = np.empty((SIDE, SIDE), np.float64)
    step = SIDE // rows
    for r in range(rows):
        for c in range(rows // 2):
            shade = rng.normal(150, 25)
            x = (c * 2 + (r % 2)) * step
            columns = np.arange(x, x + 2 * step) % SIDE
            tile[r * step : (r + 1) * step, columns] = shade
            tile[r * step : (r + 1) * step, columns[:2]] = 90
        tile[r * step : r * step + 2] = 90
    return np.clip(tile + rng.normal(0, 12, tile.shape), 0, 255).astype(np.uint8)


def _cells(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    points = rng.uniform(0, SIDE, (count, 2))
    y, x = np.mgrid[:SIDE, :SIDE]
    best, shade = np.full((SIDE, SIDE), 1e9), np.zeros((SIDE, SIDE))
    for px, py in points:
        dx = np.abs(x - px)
        dy = np.abs(y - py)
        d = np.minimum(dx, SIDE - dx) ** 2 + np.minimum(dy, SIDE - dy) ** 2
        nearer = d < best
        best[nearer] = d[nearer]
        shade[nearer] = rng.normal()
    return _grey(shade - 0.02 * np.sqrt(best))


def _polygons(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    tile = np.full((SIDE, SIDE), 128, np.uint8)
    for _ in range(count):
        centre = rng.uniform(0, SIDE, 2)
        angle, half = rng.uniform(0, np.pi), rng.uniform(6, 70, 2)
        box = cv2.boxPoints(
            ((float(centre[0]), float(centre[1])), tuple(map(float, half)), float(angle * 57))
        )
        shade = int(rng.uniform(10, 245))
        for dx in (-SIDE, 0, SIDE):
            for dy in (-SIDE, 0, SIDE):
                cv2.fillPoly(tile, [(box + np.array([dx, dy])).astype(np.int32)], shade, cv2.LINE_AA)
    return tile


def _fade(rng: np.random.Generator, variant: int) -> NDArray[np.uint8]:
    """Dark to bright along v: smooth, or with an edge like a horizon; the only tile with a seam."""
    v = np.linspace(0, 1, SIDE)
    ramp = v if variant < 2 else 1 / (1 + np.exp(-(v - 0.5) * (12 if variant == 2 else 60)))
    uneven = 0.03 * rng.normal(size=SIDE).cumsum() / np.sqrt(SIDE) * (variant > 1)
    return ((ramp[:, None] + uneven[None]) * 255).clip(0, 255).astype(np.uint8)
