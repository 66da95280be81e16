"""Colours and patterns of the things that occluder faces: RGB 0..255 as floats."""

from __future__ import annotations

import cv2
import numpy as np

from models.geometry.arrays import Floats, Rng

SKINS = np.array(
    [(246, 214, 190), (231, 184, 152), (205, 152, 116), (160, 108, 74), (112, 72, 49), (72, 46, 34)],
    np.float64,
)


def skin_colour(rng: Rng) -> Floats:
    """[3] between pale and dark."""
    place = rng.uniform(0, len(SKINS) - 1)
    low = int(place)
    share = place - low
    return np.asarray(SKINS[low] * (1 - share) + SKINS[low + 1] * share + rng.normal(0, 4, 3))


def cloth_colour(rng: Rng) -> Floats:
    """[3]: mostly dull, seldom bright, often near black or white."""
    grey = rng.choice([rng.uniform(10, 50), rng.uniform(50, 200), rng.uniform(200, 245)])
    spread = rng.choice([4.0, 25.0, 70.0])
    return np.asarray((grey + rng.normal(0, spread, 3)).clip(5, 250))


def smooth_noise(rng: Rng, shape: tuple[int, int], cells: tuple[int, int]) -> Floats:
    """[rows, columns], about -1..1: random values on a grid of `cells`, bent smoothly between them."""
    coarse = rng.uniform(-1, 1, (max(cells[0], 2), max(cells[1], 2))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def plain(rng: Rng, shape: tuple[int, int], colour: Floats, rough: float = 6.0) -> Floats:
    """[rows, columns, 3]: one colour with soft blotches and fine grain."""
    rows, columns = shape
    grain = rng.normal(0, rough / 2, shape) + rough * smooth_noise(rng, shape, (rows // 24, columns // 24))
    return np.asarray(colour + grain[..., None], np.float32)


def patterned(rng: Rng, shape: tuple[int, int]) -> Floats:
    """[rows, columns, 3]: cloth or print: plain, striped, checked, dotted, flowery or camouflaged."""
    first, second = cloth_colour(rng), cloth_colour(rng)
    share = _PATTERNS[int(rng.integers(len(_PATTERNS)))](rng, shape)[..., None]
    return np.asarray(first * (1 - share) + second * share, np.float32) + plain(rng, shape, np.zeros(3), 5)


def _uni(rng: Rng, shape: tuple[int, int]) -> Floats:
    return np.zeros(shape)


def _stripes(rng: Rng, shape: tuple[int, int]) -> Floats:
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    angle, count = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]), rng.uniform(6, 24)
    phase = 2 * np.pi * count * (np.cos(angle) * x + np.sin(angle) * y)
    return np.asarray((np.sin(phase) * 4 + rng.uniform(-1, 1)).clip(0, 1))


def _checks(rng: Rng, shape: tuple[int, int]) -> Floats:
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    count = rng.uniform(5, 16)
    across, down = np.sin(2 * np.pi * count * x) > 0, np.sin(2 * np.pi * count * y) > 0
    return (across * 0.5 + down * 0.5) * rng.uniform(0.5, 1)


def _dots(rng: Rng, shape: tuple[int, int]) -> Floats:
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    count, size = rng.uniform(6, 20), rng.uniform(0.1, 0.35)
    row = np.floor(y * count)
    dx, dy = (x * count + 0.5 * (row % 2)) % 1 - 0.5, (y * count) % 1 - 0.5
    return np.asarray(((size - np.hypot(dx, dy)) * 20).clip(0, 1))


def _blotches(rng: Rng, shape: tuple[int, int]) -> Floats:
    cells = int(rng.integers(5, 14))
    return np.asarray((smooth_noise(rng, shape, (cells, cells)) * 6 + rng.uniform(-1, 1)).clip(0, 1))


_PATTERNS = (_uni, _uni, _stripes, _checks, _dots, _blotches)


def board(rng: Rng, shape: tuple[int, int]) -> Floats:
    """[rows, columns, 3]: card, wood, print or a plain painted sheet, lit from one side."""
    columns = shape[1]
    kind = rng.choice(["plain", "card", "wood", "pattern", "page"])
    match kind:
        case "plain":
            texture = plain(rng, shape, cloth_colour(rng), 3)
        case "card":
            texture = plain(rng, shape, np.array([178, 140, 98]) * rng.uniform(0.75, 1.15), 9)
        case "wood":
            grain = smooth_noise(rng, shape, (int(rng.integers(25, 60)), 3))
            texture = (
                plain(rng, shape, np.array([150, 104, 66]) * rng.uniform(0.6, 1.3), 5) + 22 * grain[..., None]
            )
        case "pattern":
            texture = patterned(rng, shape)
        case _:
            texture = plain(rng, shape, np.full(3, rng.uniform(215, 245)), 2)
            _lines_of_text(rng, texture)
    light = np.linspace(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15), columns)
    return np.asarray(texture * (1 + light[None, :, None]), np.float32)


def _lines_of_text(rng: Rng, texture: Floats) -> None:
    rows, columns = texture.shape[:2]
    step = int(rng.integers(14, 28))
    for y in range(step, rows - step, step):
        x = step
        while x < columns - 2 * step:
            word = int(rng.integers(step // 2, 3 * step))
            end = min(x + word, columns - step)
            texture[y : y + step // 3, x:end] = rng.uniform(30, 90)
            x = end + step // 2
