"""What is held before a mouth: microphone, cup."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.occlusion.canvas import Canvas, Window
from models.occlusion.face_frame import FaceFrame
from models.occlusion.relief import Relief, lamp
from models.occlusion.textures import cloth_colour, patterned, plain

Place = Callable[[Floats, Floats], Floats]


def microphone(frame: FaceFrame, rng: Rng) -> Canvas:
    """A ball of wire mesh or foam before the mouth, and the handle it sits on."""
    canvas = Canvas(1.4)
    radius = float(rng.uniform(0.16, 0.22))
    angle = rng.uniform(-0.9, 0.9)
    along = np.array([np.sin(angle), np.cos(angle), 0])
    ball = np.array([*(frame.points[48:].mean(0) + rng.uniform(-0.04, 0.06, 2)), 0.2])
    light = lamp(rng)
    handle = Relief(canvas)
    handle.cone(ball + 0.7 * radius * along, ball + 1.25 * along, 0.62 * radius, 0.42 * radius)
    dark = np.full(3, rng.uniform(18, 70))
    lit = handle.light(light, 0.3)
    canvas.paint(handle.mask, lambda part: dark * 1.6 * lit[part][..., None])
    head = Relief(canvas)
    head.cone(ball, ball, radius, radius)
    foam = rng.random() < 0.4
    colour = cloth_colour(rng) if foam else np.full(3, rng.uniform(110, 200))
    shade = head.light(light, 0.3)

    def colours(part: Window) -> Floats:
        y, x = np.mgrid[part]
        mesh = 0.78 + 0.3 * np.sin(x * 0.9 + y * 0.9) * np.sin(x * 0.9 - y * 0.9)
        texture = plain(rng, mesh.shape, np.ones(3), 0.25) if foam else mesh[..., None]
        return np.asarray(colour * shade[part][..., None] * texture)

    canvas.paint(head.mask, colours)
    if not foam:
        across = np.array([along[1], -along[0]]) * radius
        canvas.stroke(np.stack([ball[:2] - across, ball[:2] + across]), 0.03, dark * 1.3)
    return canvas


def cup(frame: FaceFrame, rng: Rng) -> Canvas:
    """A mug, a paper cup with a lid, or a glass, its rim at the mouth."""
    canvas = Canvas(1.4)
    kind = rng.choice(["mug", "paper", "bottle"])
    width, height = {"mug": (0.30, 0.62), "paper": (0.30, 0.80), "bottle": (0.25, 1.0)}[str(kind)]
    width, height = width * rng.uniform(0.9, 1.2), height * rng.uniform(0.9, 1.2)
    narrow = {"mug": 1.0, "paper": 0.72, "bottle": 1.0}[str(kind)]
    tilt = rng.uniform(-0.35, 0.35)
    off = np.array([rng.uniform(-0.04, 0.04), rng.uniform(-0.16, -0.08)])
    top = frame.points[48:].mean(0) + off
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])

    def place(x: Floats, y: Floats) -> Floats:
        return np.asarray(top + np.stack(np.broadcast_arrays(x, y), -1) @ turn.T)

    if kind == "mug":
        _handle(canvas, place, width, height, int(rng.choice([-1, 1])), cloth_colour(rng))
    down, round_ = np.linspace(0, 1, 30)[:, None], np.linspace(-np.pi / 2, np.pi / 2, 41)[None]
    wide = width * (1 + (narrow - 1) * down)
    grid = place(wide * np.sin(round_), height * down + 0.2 * wide * np.cos(round_))
    texture = (
        patterned(rng, (200, 200)) if rng.random() < 0.6 else plain(rng, (200, 200), cloth_colour(rng), 2)
    )
    canvas.surface(grid, texture * _round_light(rng)[None, :, None], True)
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    rim = place(width * np.cos(angle), 0.2 * width * np.sin(angle))
    lid = np.full(3, rng.choice([30.0, 235.0]))
    canvas.polygon(rim, lid if kind != "mug" else np.array([70, 48, 34]))
    canvas.stroke(rim, 0.02, lid * 0.9 if kind != "mug" else texture.mean((0, 1)), closed=True)
    return canvas


def _handle(canvas: Canvas, place: Place, width: float, height: float, side: int, colour: Floats) -> None:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 24)
    loop = place(side * width * (0.95 + 0.7 * np.cos(angle)), height * (0.52 + 0.3 * np.sin(angle)))
    canvas.stroke(loop, 0.07, colour * 0.75)
    canvas.stroke(loop, 0.035, colour)


def _round_light(rng: Rng) -> Floats:
    """[200]: light on an upright cylinder, with a gleam."""
    across = np.linspace(-1, 1, 200)
    gleam = 0.25 * np.exp(-(((across - rng.uniform(-0.6, 0.6)) / 0.15) ** 2))
    return np.asarray(0.45 + 0.55 * np.sqrt(1 - (0.96 * across) ** 2) + gleam)
