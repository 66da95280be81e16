"""Flat things of no purpose: a board before one half of the face; blobs, shards and strips."""

from __future__ import annotations

import cv2
import numpy as np

from models.geometry.arrays import Floats, Rng
from models.occlusion.canvas import Canvas
from models.occlusion.face_frame import FaceFrame
from models.occlusion.textures import board, patterned

DIRECTIONS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "top": (0.0, -1.0), "bottom": (0.0, 1.0)}


def half_board(frame: FaceFrame, rng: Rng) -> Canvas:
    """A board from one side (left, right, top or bottom), slightly turned, over about half the landmarks."""
    side = np.array(list(DIRECTIONS.values())[int(rng.integers(4))])
    angle = rng.uniform(-0.26, 0.26)
    cos, sin = np.cos(angle), np.sin(angle)
    outwards = np.array([[cos, -sin], [sin, cos]]) @ side
    edge = float(np.quantile(frame.points @ outwards, 1 - rng.uniform(0.42, 0.58)))
    return board_from(outwards, edge, rng)


def board_from(outwards: Floats, edge: float, rng: Rng) -> Canvas:
    """A board over everything further than `edge` along `outwards` [2], a unit vector; face units."""
    canvas = Canvas(1.6)
    along = np.array([-outwards[1], outwards[0]])
    deep, wide = rng.uniform(1.2, 1.4), rng.uniform(0.85, 1.15)
    ends = [(edge, -wide), (edge, wide), (edge + deep, wide), (edge + deep, -wide)]
    corners = np.array([a * outwards + b * along for a, b in ends])
    texture = board(rng, (256, 384))
    rows, columns = texture.shape[:2]
    source = np.array([(0, rows - 1), (columns - 1, rows - 1), (columns - 1, 0)], np.float32)
    T = cv2.getAffineTransform(source, canvas.to_px(corners[:3]).astype(np.float32))
    border = cv2.BORDER_REFLECT_101
    canvas.polygon(
        corners, cv2.warpAffine(texture.astype(np.float32), T, (canvas.side,) * 2, borderMode=border)
    )
    return canvas


def random_shapes(frame: FaceFrame, rng: Rng) -> Canvas:
    """One to three blobs, shards or strips somewhere on the face."""
    canvas = Canvas()
    for _ in range(int(rng.integers(1, 4))):
        middle = frame.points[int(rng.integers(68))] + rng.normal(0, 0.06, 2)
        size = rng.uniform(0.14, 0.36)
        outline = _OUTLINES[int(rng.integers(3))](rng) * size
        angle = rng.uniform(0, 2 * np.pi)
        cos, sin = np.cos(angle), np.sin(angle)
        texture = patterned(rng, (200, 200))
        tiled = (
            cv2.resize(texture, (canvas.side,) * 2) if rng.random() < 0.3 else _tiled(texture, canvas.side)
        )
        canvas.polygon(middle + outline @ np.array([[cos, sin], [-sin, cos]]), tiled)
    return canvas


def _tiled(texture: Floats, side: int) -> Floats:
    times = -(-side // len(texture))
    return np.tile(texture, (times, times, 1))[:side, :side]


def _blob(rng: Rng) -> Floats:
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = np.ones(90)
    for wave in range(2, 7):
        radius += rng.normal(0, 0.5 / wave) * np.sin(wave * angle + rng.uniform(0, 6.3))
    return radius.clip(0.25)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _shard(rng: Rng) -> Floats:
    angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
    radius = rng.uniform(0.6, 1.4, len(angle))
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _strip(rng: Rng) -> Floats:
    thick = rng.uniform(0.15, 0.4)
    return np.array([(-4, -thick), (4, -thick * rng.uniform(0.7, 1.3)), (4, thick), (-4, thick)])


_OUTLINES = (_blob, _shard, _strip)
