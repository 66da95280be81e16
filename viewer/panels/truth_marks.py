"""The truth over the photo: its points and box, how far each landmark is off, what errors are divided by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from models.metrics.normalisers import Normaliser
from models.reconstruction import Array
from viewer.gl.colour_maps import coloured
from viewer.panels.colours import Palette
from viewer.panels.overlays import CONTOURS
from viewer.panels.viewport import Viewport
from viewer.widgets.raster import SHADOW

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement

ERROR_MAP = "magma"
LARGE_FACE_PX = 300  # on the screen: in a smaller face lines between true landmarks hide more than they tell
CROSS = 0.009  # of the face's width, from the middle of a cross to its ends


def paint_truth(painter: QPainter, judgement: Judgement, port: Viewport, colours: Palette) -> None:
    """The true landmarks as small crosses, and the box around them; in a large face thin lines between."""
    if judgement.landmarks is None:
        return
    points = _on_widget(judgement.landmarks, port)
    line = QColor(colours.truth)
    line.setAlphaF(0.4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(line, 0.8))
    if _around(points).width() > LARGE_FACE_PX:
        for indices, closed in CONTOURS:
            chain = [points[i] for i in indices]
            painter.drawPolygon(chain) if closed else painter.drawPolyline(chain)
    painter.setPen(QPen(line, 0.8, Qt.PenStyle.DashLine))
    painter.drawRect(_around(points))
    arm = min(max(_around(points).width() * CROSS, 0.8), 3.5)
    for pen in (QPen(SHADOW, 1.6), QPen(QColor(colours.truth), 0.9)):
        painter.setPen(pen)
        for p in points:
            painter.drawLine(p - QPointF(arm, arm), p + QPointF(arm, arm))
            painter.drawLine(p - QPointF(arm, -arm), p + QPointF(arm, -arm))


def paint_errors(painter: QPainter, judgement: Judgement, port: Viewport) -> None:
    """From each true landmark to the fused face's own a line, coloured by its length as the surfaces are."""
    if judgement.landmarks is None:
        return
    true, own = judgement.landmarks, judgement.branches[0].landmarks
    length = np.linalg.norm(own[:, :2] - true[:, :2], axis=1).astype(np.float32)
    colours = coloured(length, 0.0, judgement.top_px, ERROR_MAP)[:, :3].tolist()
    ends = list(zip(_on_widget(true, port), _on_widget(own, port), colours, strict=True))
    wide = min(max(port.scale * float(judgement.top_px) / 16, 0.9), 1.8)
    painter.setPen(QPen(QColor(255, 255, 255, 110), wide + 1.0, c=Qt.PenCapStyle.RoundCap))
    for a, b, _ in ends:
        painter.drawLine(a, b)
    for a, b, (red, green, blue) in ends:
        painter.setPen(QPen(QColor(red, green, blue), wide, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(a, b)


def paint_normaliser(
    painter: QPainter, judgement: Judgement, normaliser: Normaliser, port: Viewport, colours: Palette
) -> None:
    """What errors are divided by: from where to where it measures, and its length."""
    lines = normaliser.lines(judgement.measured)
    size = float(normaliser.size(judgement.measured))
    if not np.isfinite(lines).all() or not math.isfinite(size):
        return
    ends = [[port.to_widget(QPointF(float(x), float(y))) for x, y in line] for line in lines]
    for pen in (QPen(SHADOW, 4.5), QPen(QColor(colours.truth), 2.2)):
        painter.setPen(pen)
        for a, b in ends:
            painter.drawLine(a, b)
    top = min((p for line in ends for p in line), key=lambda p: (p.y(), p.x()))
    _paint_label(painter, f"N = {size:.1f} px", top - QPointF(0, 6), colours)


def _paint_label(painter: QPainter, text: str, at: QPointF, colours: Palette) -> None:
    metrics = painter.fontMetrics()
    plate = QRectF(at.x(), at.y() - metrics.height(), metrics.horizontalAdvance(text) + 10, metrics.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.strip))
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(QColor(colours.truth))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _on_widget(points: Array, port: Viewport) -> list[QPointF]:
    return [port.to_widget(QPointF(float(x), float(y))) for x, y in points[:, :2]]


def _around(points: Sequence[QPointF]) -> QRectF:
    xs, ys = [p.x() for p in points], [p.y() for p in points]
    return QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))
