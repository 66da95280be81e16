"""Pictures of the figures under covers, and of how true the told visibility is, drawn with Pillow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import ImageDraw

from models.evaluation.calibration import Reliability
from models.evaluation.drawing import (
    COLOURS,
    WIDTH,
    Axes,
    blank_picture,
    ceiling,
    draw_frame,
    draw_legend,
    draw_line,
    put_text,
    save_picture,
    told_against_true,
    unit_square,
)
from models.evaluation.occlusion import READINGS, Measured
from models.evaluation.occlusion_report import ALL_KINDS, by_kind, mean_nme, total

SHARES = np.linspace(0, 0.9, 10)  # edges of the bins of covered share


def draw_figure(path: Path, photos: Sequence[Measured], rendered: Sequence[Measured]) -> None:
    """Error by kind, error by covered share, and how far visibility and confidence can be believed.

    Args:
        path: A picture file to write.
        photos: Shown in the first two panels; if there are none, the rendered faces are.
        rendered: Shown in the third panel.

    Raises:
        InputError: The file cannot be written.
    """
    picture, draw = blank_picture(3)
    shown = photos or rendered
    _bars(draw, shown, "photos" if photos else "rendered faces")
    _by_share(draw, shown)
    _reliability(draw, rendered)
    save_picture(picture, path)


def draw_visibility(path: Path, told: Mapping[str, Reliability]) -> None:
    """P(seen) told against true, and how often each probability was told.

    Args:
        path: A picture file to write.
        told: Title of a set -> what was told of its landmarks; three sets at most.

    Raises:
        InputError: The file cannot be written.
    """
    picture, draw = blank_picture(2)
    axes = unit_square(draw, 0, "Landmarks: P(seen) against share seen", "P(seen)")
    for k, bins in enumerate(told.values()):
        told_against_true(draw, axes, bins, COLOURS[k])
    draw_legend(draw, axes, tuple(told))
    _how_many(draw, told)
    save_picture(picture, path)


def _bars(draw: ImageDraw.ImageDraw, rows: Sequence[Measured], whom: str) -> None:
    kinds = {kind: mean_nme(some) for kind, some in by_kind(rows).items() if kind != ALL_KINDS}
    top, ticks = ceiling(np.array(list(kinds.values())))
    axes = Axes(0, (0, len(kinds)), (0, top))
    draw_frame(draw, axes, f"NME of 68 points, %, {whom}", "what covers the face", ticks)
    for i, (kind, means) in enumerate(kinds.items()):
        for k, value in enumerate(np.nan_to_num(means).tolist()):
            (x0, y0), (x1, y1) = axes.px(i + 0.14 + 0.24 * k, value), axes.px(i + 0.36 + 0.24 * k, 0)
            draw.rectangle([x0, min(y0, y1 - 1), x1, y1], COLOURS[k])
        x, y = axes.px(i + 0.5, 0)
        for line, word in enumerate(kind.split()):
            put_text(draw, (x, y + 11 + 13 * line), word, size=11)
    draw_legend(draw, axes, READINGS)


def _by_share(draw: ImageDraw.ImageDraw, rows: Sequence[Measured]) -> None:
    covered = np.array([row.covered for row in rows])
    nme = np.array([row.nme for row in rows])
    which = np.digitize(covered, SHARES[1:])
    lines = np.full((len(SHARES), len(READINGS)), np.nan)
    for k in range(len(SHARES)):
        some = nme[(which == k) & np.isfinite(nme[:, 0])]
        if len(some) >= 5:
            lines[k] = some.mean(0)
    top, ticks = ceiling(lines)
    axes = Axes(WIDTH, (0, 100), (0, top))
    draw_frame(draw, axes, "NME, % against covered share (5 faces or more)", "covered, % of the face", ticks)
    for share in range(0, 101, 20):
        x, y = axes.px(share, 0)
        put_text(draw, (x, y + 11), str(share))
    for k in range(len(READINGS)):
        points = [
            axes.px(100 * SHARES[i] + 5, lines[i, k]) for i in range(len(SHARES)) if np.isfinite(lines[i, k])
        ]
        draw_line(draw, points, COLOURS[k])
    draw_legend(draw, axes, READINGS)


def _reliability(draw: ImageDraw.ImageDraw, rows: Sequence[Measured]) -> None:
    axes = unit_square(draw, 2 * WIDTH, "Told against true, rendered faces", "told")
    for k, name in enumerate(("visibility", "rightness")):
        told_against_true(draw, axes, total(rows, name), COLOURS[k])
    draw_legend(draw, axes, ("visibility of vertices", "confidence of pixels"))


def _how_many(draw: ImageDraw.ImageDraw, told: Mapping[str, Reliability]) -> None:
    shares = np.array([100 * bins.counts / max(bins.counts.sum(), 1) for bins in told.values()])
    top, ticks = ceiling(shares)
    axes = Axes(WIDTH, (0, len(SHARES)), (0, top))
    draw_frame(draw, axes, "How often it was told, % of the landmarks of a set", "P(seen)", ticks)
    for k, row in enumerate(shares):
        for i, value in enumerate(row.tolist()):
            (x0, y0), (x1, y1) = axes.px(i + 0.14 + 0.24 * k, value), axes.px(i + 0.36 + 0.24 * k, 0)
            draw.rectangle([x0, min(y0, y1 - 1), x1, y1], COLOURS[k])
    for i in range(len(SHARES) + 1):
        x, y = axes.px(i, 0)
        put_text(draw, (x, y + 11), f"{i / len(SHARES):g}", size=11)
