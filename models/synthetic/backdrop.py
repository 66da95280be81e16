"""What lies behind the head: walls, foliage, lights, clutter, other people; out of focus or not."""

from __future__ import annotations

import cv2
import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic.people import skin_colour
from models.synthetic.scene import Scene, Stream
from models.synthetic.textures import SIDE, VARIANTS, Tile, texture_bank


def draw_backdrop(scene: Scene, size: int) -> Floats:
    """[size, size, 3] linear light."""
    return draw_scenery(scene.rng(Stream.BACKDROP), size)


def draw_scenery(rng: Rng, size: int, people: float = 0.25) -> Floats:
    """[size, size, 3] linear light; with blots that look like people at a chance of `people`."""
    half = size // 2
    canvas = _ground(rng, half)
    for _ in range(int(rng.integers(0, 4))):
        canvas = _textured_region(canvas, rng)
    if rng.random() < 0.35:
        _clutter(canvas, rng)
    if rng.random() < people:
        _people(canvas, rng)
    if rng.random() < 0.15:
        _lights(canvas, rng)
    blur = rng.choice([0.0, rng.uniform(0.5, 2), rng.uniform(2, 7)], p=[0.25, 0.35, 0.4])
    if blur > 0.3:
        canvas = cv2.GaussianBlur(canvas, (0, 0), float(blur))
    canvas = np.square(np.maximum(canvas, 0)) * float(np.exp(rng.normal(0.0, 0.45)))
    return np.ascontiguousarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def _colour(rng: Rng) -> Floats:
    """A colour as photos have them: mostly dull, seldom bright."""
    grey = rng.beta(0.8, 1.0)
    spread = rng.choice([0.03, 0.10, 0.28], p=[0.45, 0.4, 0.15])
    return np.clip(grey + rng.normal(0, spread, 3) + [spread * 0.2, 0, -spread * 0.2], 0.0, 1).astype(
        np.float32
    )


def _grain(rng: Rng, size: int) -> Floats:
    """[size, size] a turned, scaled piece of a tile, -1..1."""
    kinds = [
        Tile.CLOUDS,
        Tile.MOTTLE,
        Tile.LEAVES,
        Tile.BRICKS,
        Tile.CELLS,
        Tile.STRIPES,
        Tile.EDGES,
        Tile.PRINT,
    ]
    kinds += [Tile.WEAVE, Tile.PLAID, Tile.CLOUDS, Tile.LEAVES, Tile.EDGES, Tile.EDGES, Tile.LOCKS]
    tile = texture_bank()[int(rng.choice(kinds)) * VARIANTS + int(rng.integers(VARIANTS))]
    angle, scale = rng.choice([0.0, np.pi / 2, rng.uniform(0, 2 * np.pi)]), np.exp(rng.uniform(-0.7, 1.0))
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[c, -s, rng.uniform(0, SIDE)], [s, c, rng.uniform(0, SIDE)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    piece = cv2.warpAffine(tile, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_WRAP)
    return (piece.astype(np.float32) - 128) / 128


def _ground(rng: Rng, size: int) -> Floats:
    ramp = np.linspace(0, 1, size, dtype=np.float32)
    along = ramp[:, None] * rng.uniform(-1, 1) + ramp[None] * rng.uniform(-1, 1)
    first, second = _colour(rng), _colour(rng)
    mix = np.clip(along * rng.uniform(0.2, 1) + rng.uniform(0, 0.7), 0, 1)[..., None]
    canvas = first + (second - first) * mix * (0.4 if rng.random() < 0.5 else 1)
    grain = _grain(rng, size)[..., None] * (_colour(rng) - 0.4) * rng.choice([0.05, 0.3, 0.8])
    return np.asarray(canvas + grain, np.float32)


def _textured_region(canvas: Floats, rng: Rng) -> Floats:
    size = len(canvas)
    mask = np.zeros((size, size), np.float32)
    kind = rng.random()
    if kind < 0.4:
        centre, normal = rng.uniform(0, size, 2), rng.normal(size=2)
        if rng.random() < 0.6:
            normal[int(rng.integers(2))] = 0
        normal /= np.linalg.norm(normal) + 1e-9
        y, x = np.mgrid[:size, :size].astype(np.float32)
        mask = np.clip((x - centre[0]) * normal[0] + (y - centre[1]) * normal[1] + 0.5, 0, 1)
    elif kind < 0.75:
        corners = cv2.boxPoints(
            (
                tuple(rng.uniform(0, size, 2)),
                tuple(rng.uniform(size * 0.1, size, 2)),
                float(rng.normal(0, 15)),
            )
        )
        cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0, cv2.LINE_AA)
    else:
        middle, axes = rng.integers(0, size, 2), rng.integers(size // 12, size // 2, 2)
        cv2.ellipse(
            mask, tuple(map(int, middle)), tuple(map(int, axes)), float(rng.uniform(0, 180)), 0, 360, 1.0, -1
        )
    fill = _colour(rng) + _grain(rng, size)[..., None] * _colour(rng) * rng.choice([0.0, 0.2, 0.7])
    return np.asarray(canvas + (fill - canvas) * mask[..., None], np.float32)


def _clutter(canvas: Floats, rng: Rng) -> None:
    size = len(canvas)
    for _ in range(int(rng.integers(2, 12))):
        a, b = rng.integers(-10, size + 10, 2), rng.integers(-10, size + 10, 2)
        colour, kind = tuple(map(float, _colour(rng))), rng.random()
        if kind < 0.5:
            cv2.line(
                canvas, tuple(map(int, a)), tuple(map(int, b)), colour, int(rng.integers(1, 7)), cv2.LINE_AA
            )
        elif kind < 0.8:
            span = a + rng.integers(4, size // 2, 2)
            cv2.rectangle(canvas, tuple(map(int, a)), tuple(map(int, span)), colour, -1)
        else:
            text = "".join(chr(int(k)) for k in rng.integers(65, 91, 5))
            scale = float(rng.uniform(0.4, 2))
            cv2.putText(
                canvas, text, tuple(map(int, a)), cv2.FONT_HERSHEY_DUPLEX, scale, colour, 2, cv2.LINE_AA
            )


def _people(canvas: Floats, rng: Rng) -> None:
    """Heads and shoulders as blots of skin, hair and cloth."""
    size = len(canvas)
    for _ in range(int(rng.integers(1, 4))):
        x, y, r = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(size * 0.06, size * 0.3)
        skin = np.array(skin_colour(rng, rng.uniform(0, 6))) ** 0.45 * rng.uniform(0.6, 1.1)
        shirt = _colour(rng)
        tilt = float(rng.normal(0, 15))
        _blot(canvas, x, y + r * 2.6, r * 2.2, r * 1.6, tilt, shirt)
        _blot(canvas, x, y + r * 1.1, r * 0.45, r * 0.6, tilt, skin * 0.8)
        _blot(
            canvas,
            x,
            y - r * 0.25,
            r * 0.85,
            r * 1.05,
            tilt,
            rng.uniform(0.02, 0.4) * np.array([1, 0.85, 0.7]),
        )
        _blot(canvas, x, y + r * 0.1, r * 0.72, r * 0.92, tilt, skin)
        for side in (-1, 1):
            _blot(canvas, x + side * r * 0.28, y - r * 0.05, r * 0.13, r * 0.06, tilt, skin * 0.3)
        _blot(canvas, x, y + r * 0.55, r * 0.25, r * 0.07, tilt, skin * np.array([0.75, 0.5, 0.5]))


def _blot(canvas: Floats, x: float, y: float, rx: float, ry: float, tilt: float, colour: Floats) -> None:
    axes = (max(int(rx), 1), max(int(ry), 1))
    cv2.ellipse(canvas, (int(x), int(y)), axes, tilt, 0, 360, tuple(map(float, colour)), -1, cv2.LINE_AA)


def _lights(canvas: Floats, rng: Rng) -> None:
    size = len(canvas)
    for _ in range(int(rng.integers(3, 20))):
        centre = tuple(map(int, rng.integers(0, size, 2)))
        colour = tuple(map(float, 0.4 + 0.6 * _colour(rng)))
        cv2.circle(canvas, centre, int(rng.integers(2, 12)), colour, -1, cv2.LINE_AA)
