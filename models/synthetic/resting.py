"""Hands that faces rest on, and instruments that are played before them; camera space (mm, y up)."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic import matter
from models.synthetic.held import Relief, frame_of, grip, hand
from models.synthetic.surfaces import Colour, Kind, Mesh, Surface, linear, sheet, tube


def resting_hand(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """Chin, cheek or mouth on a hand that comes from below: a fist, two fingers, a flat palm, thoughts."""
    gesture = rng.random()
    if gesture < 0.35:
        curls = rng.uniform(1.0, 1.6, (5, 3))
        curls[0] *= 0.4
    elif gesture < 0.65:  # thumb and forefinger out
        curls = rng.uniform(0.8, 1.4, (5, 3))
        curls[0], curls[1] = rng.uniform(0, 0.3, 3), rng.uniform(0, 0.5, 3)
    else:
        curls = rng.uniform(0.0, 0.5, (5, 1)) + rng.uniform(0, 0.2, (5, 3))
    side = float(np.sign(target[0])) or 1.0
    turn = rng.normal(0.25 * side, 0.35)  # the forearm comes from below
    inwards = np.pi if rng.random() < 0.7 else 0.0
    frame = frame_of(turn, rng.normal(-0.2, 0.3), inwards + rng.normal(0, 0.5))
    contact = np.array([rng.normal(0, 10), rng.uniform(10, 80), 0])
    return hand(
        rng, target + np.array([0, rng.normal(-4, 8), 0], np.float32), relief, skin, curls, frame, contact
    )


def instrument(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A flute, a trumpet or clarinet, the neck of a guitar or violin; spoons and cigarettes are as thin."""
    return [_flute, _horn, _neck, _stick][int(rng.choice(4, p=[0.2, 0.3, 0.2, 0.3]))](
        rng, target, relief, skin
    )


def _metal(rng: Rng) -> Surface:
    bright = linear(*(rng.uniform(120, 235) * np.array([1, rng.uniform(0.8, 1), rng.uniform(0.4, 1)])))
    return (
        matter.solid(rng, 0.8) if rng.random() < 0.3 else Surface(Kind.MATTER, bright, shine=0.9, polish=60)
    )


def _rod(
    path: Floats, radius: Floats, surface: Surface, relief: Relief, gap_mm: float, sink: float = 0.0
) -> Mesh:
    """A tube pushed towards the camera until it lies before the head."""
    mesh = tube(path.astype(np.float32), radius.astype(np.float32), surface, 12)
    return Mesh(relief.rested(mesh.vertices, sink, gap_mm), mesh.triangles, mesh.uv, surface)


def _flute(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    side, tilt = float(rng.choice([-1, 1])), float(rng.normal(-0.1, 0.15))
    across = np.array([side * np.cos(tilt), np.sin(tilt), rng.normal(0, 0.15)])
    path = target + np.array([0, -6, 4]) + np.linspace(-50, 420, 6)[:, None] * across
    body = _rod(path, np.full(6, rng.uniform(7, 12)), _metal(rng), relief, 1.0, 0.25)
    return [body, *_players(rng, body, (130.0, 260.0), side, relief, skin)]


def _players(
    rng: Rng, body: Mesh, places: tuple[float, ...], side: float, relief: Relief, skin: Colour
) -> list[Mesh]:
    """Hands along an instrument."""
    middle = body.vertices.mean(0)
    pieces: list[Mesh] = []
    for place in places:
        at = middle + np.array([side * (place - 185), -8, 0])
        pieces += grip(rng, at.astype(np.float32), Relief(body.vertices), skin)
    return pieces


def _horn(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A tube from the lips outwards and down, with or without a bell."""
    away = np.array([rng.normal(0, 0.3), rng.uniform(-0.9, 0.0), rng.uniform(0.4, 1.0)])
    away /= np.linalg.norm(away)
    reach = float(rng.uniform(180, 330))
    path = target + np.array([0, -2, 6]) + np.linspace(0, reach, 7)[:, None] * away
    wide = float(rng.uniform(5, 12))
    bell = float(rng.uniform(1, 5)) if rng.random() < 0.6 else 1.0
    radius = wide * np.array([1.2, 1, 1, 1, 1, 1.2, bell])
    body = tube(path.astype(np.float32), radius.astype(np.float32), _metal(rng), 14)
    return [body, *grip(rng, path[3].astype(np.float32), Relief(body.vertices), skin)]


def _neck(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A long flat neck that runs up past the face."""
    lean = float(rng.choice([-1, 1]) * rng.uniform(0.2, 1.3))
    along = np.array([np.sin(lean), np.cos(lean), rng.normal(0, 0.3)])
    start = target + np.array([rng.normal(0, 35), rng.normal(-30, 30), 0])
    path = start + np.linspace(-260, 200, 6)[:, None] * along
    body = _rod(path, np.full(6, rng.uniform(16, 28)), matter.solid(rng, 0.5), relief, 8.0)
    return [
        body,
        *grip(rng, body.vertices.mean(0) + np.array([0, 20, 0], np.float32), Relief(body.vertices), skin),
    ]


def _stick(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A cigarette, straw, spoon, toothbrush or pen in the mouth, often with fingers."""
    lean = float(rng.normal(0, 1.1))
    along = np.array([np.sin(lean), -np.cos(lean) * 0.8, rng.uniform(0.2, 1.2)])
    along /= np.linalg.norm(along)
    reach, wide = float(rng.uniform(50, 160)), float(rng.uniform(2, 6))
    path = target + np.array([rng.normal(0, 8), 0, 2]) + np.linspace(-4, reach, 5)[:, None] * along
    pieces = [tube(path.astype(np.float32), np.full(5, wide, np.float32), matter.solid(rng, 0.6), 8)]
    if rng.random() < 0.25:  # a lollipop, the bowl of a spoon, ice cream
        ball = np.linspace(0, np.pi, 7)[:, None]
        around = np.linspace(0, 2 * np.pi, 13)[None]
        unit = np.stack(
            [np.sin(ball) * np.cos(around), np.cos(ball) + 0 * around, np.sin(ball) * np.sin(around)], -1
        )
        pieces.append(sheet(path[0] + unit * rng.uniform(10, 24, 3), matter.solid(rng, 0.8)))
    return [*pieces, *grip(rng, path[-1].astype(np.float32), Relief(pieces[0].vertices), skin)]
