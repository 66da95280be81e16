"""Panels drawn with Pillow: axes, lines, legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.errors import InputError
from models.evaluation.calibration import Reliability
from models.geometry.arrays import Doubles

WIDTH, HEIGHT, MARGIN = 620, 460, 58
INK, PALE = (40, 40, 46), (224, 224, 228)
Colour = tuple[int, int, int]
COLOURS: tuple[Colour, ...] = ((38, 70, 160), (222, 130, 30), (60, 150, 90))


@dataclass(frozen=True, slots=True)
class Axes:
    """One panel: values to px.

    Attributes:
        left: px of its left edge in the whole picture.
        across, up: (low, high) of the axes.
    """

    left: int
    across: tuple[float, float]
    up: tuple[float, float]

    def px(self, x: float, y: float) -> tuple[float, float]:
        """Where a value lies."""
        (x0, x1), (y0, y1) = self.across, self.up
        wide, high = WIDTH - 1.4 * MARGIN, HEIGHT - 2.2 * MARGIN
        return self.left + MARGIN + (x - x0) / (x1 - x0) * wide, HEIGHT - 1.2 * MARGIN - (y - y0) / (
            y1 - y0
        ) * high


def blank_picture(panels: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A white picture of so many panels side by side, and what draws on it."""
    picture = Image.new("RGB", (panels * WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(picture)
    draw.fontmode = "L"
    return picture, draw


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write it; InputError if it cannot be."""
    try:
        picture.save(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be written ({error}); choose a .png in a folder that exists"
        ) from error


def put_text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, anchor: str = "mm", size: int = 13
) -> None:
    """Write a line at a place, px; `anchor` as Pillow has it."""
    draw.text(at, text, INK, ImageFont.load_default(size), anchor)


def draw_frame(draw: ImageDraw.ImageDraw, axes: Axes, title: str, below: str, ticks: Sequence[float]) -> None:
    """Title, what lies along the lower edge, and lines at the ticks with their values."""
    put_text(draw, (axes.left + WIDTH / 2, 22), title, size=16)
    put_text(draw, (axes.left + WIDTH / 2, HEIGHT - 14), below)
    for value in ticks:
        start, end = axes.px(axes.across[0], value), axes.px(axes.across[1], value)
        draw.line([start, end], PALE, 1)
        put_text(draw, (start[0] - 8, start[1]), f"{value:g}", "rm")
    draw.line([axes.px(axes.across[0], axes.up[0]), axes.px(axes.across[1], axes.up[0])], INK, 1)


def draw_legend(draw: ImageDraw.ImageDraw, axes: Axes, names: Sequence[str]) -> None:
    """Names beside their colours, upper left."""
    for k, name in enumerate(names):
        x, y = axes.left + MARGIN + 14, 52 + 19 * k
        draw.rectangle([x, y - 6, x + 14, y + 6], COLOURS[k % len(COLOURS)])
        put_text(draw, (x + 22, y), name, "lm")


def ceiling(values: Doubles) -> tuple[float, list[float]]:
    """A round upper end above all values (with room for the legend), and the ticks up to it."""
    top = 1.25 * float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 1e9) if top / s <= 8)
    return top, np.arange(0, top, step).tolist()


def draw_line(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: Colour) -> None:
    """Through points, px, each marked with a dot."""
    if len(points) > 1:
        draw.line(points, colour, 3, "curve")
    for x, y in points:
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], colour)


def unit_square(draw: ImageDraw.ImageDraw, left: int, title: str, below: str) -> Axes:
    """Axes from 0 to 1 with their diagonal."""
    axes = Axes(left, (0, 1), (0, 1))
    draw_frame(draw, axes, title, below, np.arange(0, 1.01, 0.2).round(1).tolist())
    draw.line([axes.px(0, 0), axes.px(1, 1)], (170, 170, 176), 1)
    for value in (0.0, 0.5, 1.0):
        x, y = axes.px(value, 0)
        put_text(draw, (x, y + 11), f"{value:g}")
    return axes


def told_against_true(draw: ImageDraw.ImageDraw, axes: Axes, bins: Reliability, colour: Colour) -> None:
    """How often what was told came true, bin by bin."""
    filled = np.flatnonzero(bins.counts > 0)
    told, true = bins.predicted[filled] / bins.counts[filled], bins.actual[filled] / bins.counts[filled]
    draw_line(draw, [axes.px(*pair) for pair in zip(told.tolist(), true.tolist(), strict=True)], colour)
