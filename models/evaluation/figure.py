"""Pictures of the figures under covers, and of how true the told visibility is, drawn with Pillow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.errors import InputError
from models.evaluation.calibration import Reliability
from models.evaluation.occlusion import READINGS, Measured
from models.evaluation.occlusion_report import ALL_KINDS, by_kind, mean_nme, total
from models.geometry.arrays import Doubles

WIDTH, HEIGHT, MARGIN = 620, 460, 58
INK, PALE = (40, 40, 46), (224, 224, 228)
COLOURS = ((38, 70, 160), (222, 130, 30), (60, 150, 90))
SHARES = np.linspace(0, 0.9, 10)  # edges of the bins of covered share


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


def draw_figure(path: Path, photos: Sequence[Measured], rendered: Sequence[Measured]) -> None:
    """Error by kind, error by covered share, and how far visibility and confidence can be believed.

    Args:
        path: A picture file to write.
        photos: Shown in the first two panels; if there are none, the rendered faces are.
        rendered: Shown in the third panel.

    Raises:
        InputError: The file cannot be written.
    """
    picture, draw = _blank(3)
    shown = photos or rendered
    _bars(draw, shown, "photos" if photos else "rendered faces")
    _by_share(draw, shown)
    _reliability(draw, rendered)
    _save(picture, path)


def draw_visibility(path: Path, told: Mapping[str, Reliability]) -> None:
    """P(seen) told against true, and how often each probability was told.

    Args:
        path: A picture file to write.
        told: Title of a set -> what was told of its landmarks; three sets at most.

    Raises:
        InputError: The file cannot be written.
    """
    picture, draw = _blank(2)
    axes = _unit_square(draw, 0, "Landmarks: P(seen) against share seen", "P(seen)")
    for k, bins in enumerate(told.values()):
        _told_against_true(draw, axes, bins, COLOURS[k])
    _legend(draw, axes, tuple(told))
    _how_many(draw, told)
    _save(picture, path)


def _blank(panels: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (panels * WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(picture)
    draw.fontmode = "L"
    return picture, draw


def _save(picture: Image.Image, path: Path) -> None:
    try:
        picture.save(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be written ({error}); choose a .png in a folder that exists"
        ) from error


def _text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, anchor: str = "mm", size: int = 13
) -> None:
    draw.text(at, text, INK, ImageFont.load_default(size), anchor)


def _frame(draw: ImageDraw.ImageDraw, axes: Axes, title: str, below: str, ticks: Sequence[float]) -> None:
    _text(draw, (axes.left + WIDTH / 2, 22), title, size=16)
    _text(draw, (axes.left + WIDTH / 2, HEIGHT - 14), below)
    for value in ticks:
        start, end = axes.px(axes.across[0], value), axes.px(axes.across[1], value)
        draw.line([start, end], PALE, 1)
        _text(draw, (start[0] - 8, start[1]), f"{value:g}", "rm")
    draw.line([axes.px(axes.across[0], axes.up[0]), axes.px(axes.across[1], axes.up[0])], INK, 1)


def _legend(draw: ImageDraw.ImageDraw, axes: Axes, names: Sequence[str]) -> None:
    for k, name in enumerate(names):
        x, y = axes.left + MARGIN + 14, 52 + 19 * k
        draw.rectangle([x, y - 6, x + 14, y + 6], COLOURS[k])
        _text(draw, (x + 22, y), name, "lm")


def _ceiling(values: Doubles) -> tuple[float, list[float]]:
    """A round upper end above all values (with room for the legend), and the ticks up to it."""
    top = 1.25 * float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 1e9) if top / s <= 8)
    return top, np.arange(0, top, step).tolist()


def _bars(draw: ImageDraw.ImageDraw, rows: Sequence[Measured], whom: str) -> None:
    kinds = {kind: mean_nme(some) for kind, some in by_kind(rows).items() if kind != ALL_KINDS}
    top, ticks = _ceiling(np.array(list(kinds.values())))
    axes = Axes(0, (0, len(kinds)), (0, top))
    _frame(draw, axes, f"NME of 68 points, %, {whom}", "what covers the face", ticks)
    for i, (kind, means) in enumerate(kinds.items()):
        for k, value in enumerate(np.nan_to_num(means).tolist()):
            (x0, y0), (x1, y1) = axes.px(i + 0.14 + 0.24 * k, value), axes.px(i + 0.36 + 0.24 * k, 0)
            draw.rectangle([x0, min(y0, y1 - 1), x1, y1], COLOURS[k])
        x, y = axes.px(i + 0.5, 0)
        for line, word in enumerate(kind.split()):
            _text(draw, (x, y + 11 + 13 * line), word, size=11)
    _legend(draw, axes, READINGS)


def _by_share(draw: ImageDraw.ImageDraw, rows: Sequence[Measured]) -> None:
    covered = np.array([row.covered for row in rows])
    nme = np.array([row.nme for row in rows])
    which = np.digitize(covered, SHARES[1:])
    lines = np.full((len(SHARES), len(READINGS)), np.nan)
    for k in range(len(SHARES)):
        some = nme[(which == k) & np.isfinite(nme[:, 0])]
        if len(some) >= 5:
            lines[k] = some.mean(0)
    top, ticks = _ceiling(lines)
    axes = Axes(WIDTH, (0, 100), (0, top))
    _frame(draw, axes, "NME, % against covered share (5 faces or more)", "covered, % of the face", ticks)
    for share in range(0, 101, 20):
        x, y = axes.px(share, 0)
        _text(draw, (x, y + 11), str(share))
    for k in range(len(READINGS)):
        points = [
            axes.px(100 * SHARES[i] + 5, lines[i, k]) for i in range(len(SHARES)) if np.isfinite(lines[i, k])
        ]
        _line(draw, points, COLOURS[k])
    _legend(draw, axes, READINGS)


def _reliability(draw: ImageDraw.ImageDraw, rows: Sequence[Measured]) -> None:
    axes = _unit_square(draw, 2 * WIDTH, "Told against true, rendered faces", "told")
    for k, name in enumerate(("visibility", "rightness")):
        _told_against_true(draw, axes, total(rows, name), COLOURS[k])
    _legend(draw, axes, ("visibility of vertices", "confidence of pixels"))


def _unit_square(draw: ImageDraw.ImageDraw, left: int, title: str, below: str) -> Axes:
    """Axes from 0 to 1 with their diagonal."""
    axes = Axes(left, (0, 1), (0, 1))
    _frame(draw, axes, title, below, np.arange(0, 1.01, 0.2).round(1).tolist())
    draw.line([axes.px(0, 0), axes.px(1, 1)], (170, 170, 176), 1)
    for value in (0.0, 0.5, 1.0):
        x, y = axes.px(value, 0)
        _text(draw, (x, y + 11), f"{value:g}")
    return axes


def _told_against_true(
    draw: ImageDraw.ImageDraw, axes: Axes, bins: Reliability, colour: tuple[int, int, int]
) -> None:
    filled = np.flatnonzero(bins.counts > 0)
    told, true = bins.predicted[filled] / bins.counts[filled], bins.actual[filled] / bins.counts[filled]
    _line(draw, [axes.px(*pair) for pair in zip(told.tolist(), true.tolist(), strict=True)], colour)


def _how_many(draw: ImageDraw.ImageDraw, told: Mapping[str, Reliability]) -> None:
    shares = np.array([100 * bins.counts / max(bins.counts.sum(), 1) for bins in told.values()])
    top, ticks = _ceiling(shares)
    axes = Axes(WIDTH, (0, len(SHARES)), (0, top))
    _frame(draw, axes, "How often it was told, % of the landmarks of a set", "P(seen)", ticks)
    for k, row in enumerate(shares):
        for i, value in enumerate(row.tolist()):
            (x0, y0), (x1, y1) = axes.px(i + 0.14 + 0.24 * k, value), axes.px(i + 0.36 + 0.24 * k, 0)
            draw.rectangle([x0, min(y0, y1 - 1), x1, y1], COLOURS[k])
    for i in range(len(SHARES) + 1):
        x, y = axes.px(i, 0)
        _text(draw, (x, y + 11), f"{i / len(SHARES):g}", size=11)


def _line(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
    if len(points) > 1:
        draw.line(points, colour, 3, "curve")
    for x, y in points:
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], colour)
