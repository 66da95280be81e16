"""Materials of things that are not a head, drawn by chance."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Rng
from models.synthetic.people import skin_colour
from models.synthetic.surfaces import TWO_SIDED, Colour, Kind, Surface, linear
from models.synthetic.textures import VARIANTS, Tile


def some_colour(rng: Rng) -> Colour:
    """A thing's colour: white, black, dull or bright."""
    kind = rng.random()
    if kind < 0.2:
        return linear(*rng.uniform(215, 250, 3))
    if kind < 0.45:
        return linear(*(rng.uniform(12, 50) + rng.uniform(0, 14, 3)))
    if kind < 0.75:
        grey = rng.uniform(60, 200)
        return linear(*np.clip(grey + rng.normal(0, 22, 3), 5, 250))
    return linear(*rng.uniform(10, 240, 3))


def some_tile(rng: Rng, *kinds: Tile) -> int:
    """A tile of one of the kinds."""
    return int(rng.choice([int(k) for k in kinds])) * VARIANTS + int(rng.integers(VARIANTS))


def cloth(rng: Rng, plain: float = 0.5) -> Surface:
    """Woven, knitted, striped or printed."""
    first, second = some_colour(rng), some_colour(rng)
    if rng.random() < plain:
        second = (first[0] * 0.6, first[1] * 0.6, first[2] * 0.6)
        tile, contrast = some_tile(rng, Tile.WEAVE, Tile.MOTTLE, Tile.CLOUDS), float(rng.uniform(0.2, 0.8))
    else:
        tile, contrast = some_tile(rng, Tile.STRIPES, Tile.PLAID, Tile.CELLS, Tile.LEAVES, Tile.EDGES), 1.0
    scale = float(np.exp(rng.uniform(-0.3, 1.3)))
    return Surface(
        Kind.MATTER, first, second, tile, (scale, scale), contrast, 0.02, 8.0, float(rng.uniform(0, 0.3))
    )


def solid(rng: Rng, shine: float = 0.4) -> Surface:
    """Plastic, metal, china: with or without a pattern."""
    tile = some_tile(rng, Tile.STRIPES, Tile.PRINT, Tile.EDGES, Tile.CLOUDS, Tile.CELLS)
    contrast = float(rng.choice([0.0, rng.uniform(0.3, 1.0)]))
    scale = float(np.exp(rng.uniform(-0.5, 1.0)))
    polish = float(rng.uniform(15, 120))
    return Surface(
        Kind.MATTER, some_colour(rng), some_colour(rng), tile, (scale, scale), contrast,
        float(rng.uniform(0, shine)), polish,
    )  # fmt: skip


def paper(rng: Rng) -> Surface:
    """Paper, cardboard, a book, a photograph."""
    if rng.random() < 0.5:
        light, ink = linear(*rng.uniform(200, 250, 3)), linear(*rng.uniform(10, 120, 3))
        kinds, contrast = (Tile.PRINT, Tile.PRINT, Tile.STRIPES, Tile.EDGES), float(rng.uniform(0, 1))
        return Surface(Kind.MATTER, ink, light, some_tile(rng, *kinds), (1.5, 1.5), 0.3 + 0.7 * contrast)
    pictures = (Tile.EDGES, Tile.CELLS, Tile.CLOUDS, Tile.LEAVES, Tile.PLAID, Tile.BRICKS)
    scale = float(np.exp(rng.uniform(-1, 0.8)))
    return Surface(
        Kind.MATTER, some_colour(rng), some_colour(rng), some_tile(rng, *pictures), (scale, scale),
        float(rng.uniform(0, 1)), float(rng.choice([0, 0.2])), 30.0,
    )  # fmt: skip


def skin(rng: Rng, like: Colour | None) -> Surface:
    """Skin of a limb: of the face's colour if given, else of anyone's."""
    colour = like or skin_colour(rng, float(rng.uniform(0, 6)))
    darker = (colour[0] * 0.72, colour[1] * 0.6, colour[2] * 0.56)
    tile = some_tile(rng, Tile.MOTTLE, Tile.CLOUDS)
    return Surface(
        Kind.LIMB,
        colour,
        darker,
        tile,
        (1.5, 1.5),
        0.35,
        float(rng.uniform(0.03, 0.2)),
        14.0,
        0.15,
        TWO_SIDED,
    )
