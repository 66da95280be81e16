"""Pictures of a report: curve of errors, error by yaw and covered share, reliability, the worst faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.errors import UnmaskError
from models.evaluation.calibration import Reliability
from models.evaluation.drawing import (
    COLOURS,
    WIDTH,
    Axes,
    blank_picture,
    ceiling,
    draw_frame,
    draw_legend,
    put_text,
    told_against_true,
    unit_square,
)
from models.evaluation.protocol import Column, Protocol, Row, Rows, Sample
from models.evaluation.summary import by_covered, cumulative, found_rows, lost_rows, values_of, worst
from models.geometry.arrays import Doubles
from models.ground_truth.record import box_of

WORST, ACROSS, TILE_PX, CAPTION_PX = 12, 4, 240, 34
YAW_EDGES_DEG = (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 180.0)
TRUE, ANSWERED = (70, 200, 90), (230, 80, 60)
AROUND = 1.6  # of the face's size: what a tile shows


def draw_report(protocol: Protocol, rows: Rows) -> NDArray[np.uint8]:
    """[H, W, 3]: as many panels side by side as the rows have something to show in."""
    column = protocol.columns[0]
    answered = found_rows(rows)
    bars = [
        (f"{column.title} by |yaw|", "|yaw|, degrees", _by_yaw(answered, column)),
        (f"{column.title} by covered share", "covered, % of the face", by_covered(answered, column.key)),
    ]
    shown = [(title, below, bins) for title, below, bins in bars if len(bins) > 1]
    told = {} if protocol.reliability is None else dict(protocol.reliability(answered))
    told = {name: bins for name, bins in told.items() if bins.counts.sum()}
    picture, draw = blank_picture(1 + len(shown) + bool(told))
    _curve(draw, column, values_of(answered, column.key), len(lost_rows(rows)))
    for k, (title, below, bins) in enumerate(shown, 1):
        _bars(draw, k * WIDTH, f"{title}, {column.unit}", below, bins)
    if told:
        _reliability(draw, (1 + len(shown)) * WIDTH, told)
    return np.asarray(picture, np.uint8)


def contact_sheet(protocol: Protocol, rows: Rows, samples: Sequence[Sample]) -> NDArray[np.uint8] | None:
    """[H, W, 3]: the twelve worst faces, truth in green and answer in red; None if there are none to show."""
    column, known = protocol.columns[0], {sample.name: sample for sample in samples}
    chosen = [row for row in worst(rows, column, WORST) if row.name in known]
    tiles = [_tile(known[row.name], row, column) for row in chosen]
    if not tiles:
        return None
    high = -(-len(tiles) // ACROSS)
    sheet = Image.new(
        "RGB", (min(len(tiles), ACROSS) * TILE_PX, high * (TILE_PX + CAPTION_PX)), (250, 250, 250)
    )
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (i % ACROSS * TILE_PX, i // ACROSS * (TILE_PX + CAPTION_PX)))
    return np.asarray(sheet, np.uint8)


def _curve(draw: ImageDraw.ImageDraw, column: Column, values: Doubles, lost: int) -> None:
    errors, shares = cumulative(values, lost)
    top = float(np.quantile(errors, 0.98)) if len(errors) else 1.0
    axes = Axes(0, (0, max(top, 1e-9)), (0, 1))
    told = f", {lost} lost" if lost else ""
    draw_frame(
        draw,
        axes,
        f"Share of faces at or below an error ({len(errors)}{told})",
        f"{column.title}, {column.unit}".rstrip(", "),
        np.arange(0, 1.01, 0.2).round(1).tolist(),
    )
    for value in np.linspace(0, axes.across[1], 6).tolist():
        x, y = axes.px(value, 0)
        put_text(draw, (x, y + 11), f"{value:.3g}")
    inside = errors <= axes.across[1]
    points = [axes.px(*pair) for pair in zip(errors[inside].tolist(), shares[inside].tolist(), strict=True)]
    if len(points) > 1:
        draw.line(points, COLOURS[0], 3)


def _by_yaw(rows: Rows, column: Column) -> dict[str, Doubles]:
    yaw, values = np.abs([row.yaw_deg for row in rows]), values_of(rows, column.key)
    bins = {
        f"{low:.0f}-{high:.0f}": values[(yaw >= low) & (yaw < high) & np.isfinite(values)]
        for low, high in pairwise(YAW_EDGES_DEG)
    }
    return {name: some for name, some in bins.items() if len(some)}


def _bars(draw: ImageDraw.ImageDraw, left: int, title: str, below: str, bins: Mapping[str, Doubles]) -> None:
    """Mean of each bin, with the half of its faces in the middle as a thin line."""
    quartiles = {name: np.quantile(values, (0.25, 0.75)) for name, values in bins.items()}
    top, ticks = ceiling(np.concatenate([*quartiles.values(), [values.mean() for values in bins.values()]]))
    axes = Axes(left, (0, len(bins)), (0, top))
    draw_frame(draw, axes, title, below, ticks)
    for i, (name, values) in enumerate(bins.items()):
        (x0, y0), (x1, y1) = axes.px(i + 0.2, float(values.mean())), axes.px(i + 0.8, 0)
        draw.rectangle([x0, min(y0, y1 - 1), x1, y1], COLOURS[0])
        ends = [axes.px(i + 0.5, float(end)) for end in quartiles[name]]
        draw.line(ends, COLOURS[1], 3)
        put_text(draw, ((x0 + x1) / 2, y1 + 11), f"{name} ({len(values)})", size=11)


def _reliability(draw: ImageDraw.ImageDraw, left: int, told: Mapping[str, Reliability]) -> None:
    axes = unit_square(draw, left, "Told against true", "told")
    for k, bins in enumerate(told.values()):
        told_against_true(draw, axes, bins, COLOURS[k % len(COLOURS)])
    draw_legend(draw, axes, [f"{name}, ECE {bins.error:.3f}" for name, bins in told.items()])


def _tile(sample: Sample, row: Row, column: Column) -> Image.Image:
    tile = Image.new("RGB", (TILE_PX, TILE_PX + CAPTION_PX), (250, 250, 250))
    draw = ImageDraw.Draw(tile)
    draw.fontmode = "L"
    name = Path(row.name).name
    caption = f"{name[-34:]}\n{row.values[column.key]:.2f} {column.unit}"
    draw.multiline_text((4, TILE_PX + 2), caption, (40, 40, 46), ImageFont.load_default(12), spacing=2)
    try:
        image = sample.image()
    except UnmaskError:
        return tile
    answered = np.asarray(row.arrays["landmarks"], np.float64)
    true = None if sample.points is None else np.asarray(sample.points, np.float64)[:, :2]
    both = answered if true is None else np.concatenate([answered, true[np.isfinite(true).all(1)]])
    T = _window(both)
    shown = cv2.warpAffine(image, T, (TILE_PX, TILE_PX), flags=cv2.INTER_AREA)
    tile.paste(Image.fromarray(shown), (0, 0))
    for points, colour in ((true, TRUE), (answered, ANSWERED)):
        for x, y in [] if points is None else (points @ T[:, :2].T + T[:, 2]).tolist():
            if 0 <= x < TILE_PX and 0 <= y < TILE_PX:
                draw.ellipse([x - 1.5, y - 1.5, x + 1.5, y + 1.5], colour)
    return tile


def _window(points: Doubles) -> Doubles:
    """[2, 3]: image px -> px of a tile that shows the points and something around them."""
    x0, y0, x1, y1 = box_of(points)
    scale = TILE_PX / (AROUND * max(x1 - x0, y1 - y0, 1.0))
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    return np.column_stack([scale * np.eye(2), TILE_PX / 2 - scale * middle])
