"""Lines and points over the photo: edges of the mesh, landmarks, face boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, qRgba

from models.geometry.arrays import Box
from models.metrics.states import landmark_states, seen_landmarks
from models.reconstruction import Reconstruction, State
from viewer.panels import overlays as over
from viewer.panels.box_grip import HANDLE
from viewer.panels.colours import Palette
from viewer.panels.viewport import Viewport
from viewer.widgets.raster import SHADOW, Mark, paint_mark

PROBE_RADIUS = 7.0  # logical px
STATE_MARKS = {State.SEEN: Mark.DOT, State.TURNED_AWAY: Mark.DIAMOND, State.COVERED: Mark.CROSS}
SMALL_FACE_PX = 80  # on the screen: dots would cover a face of this width, lines do not


def wire(
    answers: Sequence[Reconstruction], port: Viewport, ratio: float, size: tuple[int, int], colours: Palette
) -> QImage:
    """The projected edges of all answers, as a picture of the widget: `size` device px."""
    origin, scale = port.to_widget(QPointF(0, 0)), port.scale * ratio
    T_device_image = np.array(
        [[scale, 0, origin.x() * ratio - 0.5], [0, scale, origin.y() * ratio - 0.5], [0, 0, 1]]
    )
    mask = over.wire_mask(answers, T_device_image, *size)
    picture = QImage(mask.data, *size, size[0], QImage.Format.Format_Indexed8)
    strength = min(0.75, 0.22 + 0.05 * scale)  # dense edges would whiten the face
    colour = QColor(colours.landmark)
    red, green, blue = colour.red(), colour.green(), colour.blue()
    picture.setColorTable([qRgba(red, green, blue, round(alpha * strength)) for alpha in range(256)])
    picture = picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    return picture


def paint_landmarks(painter: QPainter, answer: Reconstruction, port: Viewport, colours: Palette) -> None:
    """The 68 landmarks, each with its state's mark, and the lines between; a small face has lines only."""
    points = [port.to_widget(QPointF(float(x), float(y))) for x, y, _ in answer.landmarks]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    line = QColor(colours.landmark)
    line.setAlphaF(0.55)
    painter.setPen(QPen(line, 1))
    for indices, closed in over.CONTOURS:
        chain = [points[i] for i in indices]
        painter.drawPolygon(chain) if closed else painter.drawPolyline(chain)
    if max(point.x() for point in points) - min(point.x() for point in points) < SMALL_FACE_PX:
        return
    for point, mark in zip(points, marks_of(answer), strict=True):
        paint_mark(painter, point, QColor(colours.landmark), mark)


def marks_of(answer: Reconstruction) -> list[Mark]:
    """[68] what each landmark looks like; dots where the method does not say whether it was seen."""
    states = landmark_states(answer)
    if states is not None:
        return [STATE_MARKS[State(int(state))] for state in states]
    seen = seen_landmarks(answer)  # some say no more than P(seen)
    return [Mark.DOT] * 68 if seen is None else [Mark.DOT if one else Mark.CROSS for one in seen]


def paint_boxes(
    painter: QPainter,
    boxes: Sequence[Box],
    numbers: Sequence[int | None],
    chosen: Box | None,
    port: Viewport,
    colours: Palette,
) -> None:
    """Face boxes with the numbers that are known; of several the chosen one stands out."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for box, number in zip(boxes, numbers, strict=True):
        area = QRectF(port.to_widget(QPointF(*box[:2])), port.to_widget(QPointF(*box[2:])))
        stands_out = len(boxes) == 1 or box == chosen
        painter.setPen(QPen(SHADOW, 4 if stands_out else 3))
        painter.drawRoundedRect(area, 3, 3)
        painter.setPen(QPen(QColor(colours.box if stands_out else "#c8ccd2"), 1.8 if stands_out else 1.0))
        painter.drawRoundedRect(area, 3, 3)
        if number is not None:
            _paint_number(painter, area, number)


def _paint_number(painter: QPainter, area: QRectF, number: int) -> None:
    """The number of a face, in the corner of its box, or above it where it would hide a small face."""
    size = QSizeF(10 + 8 * len(str(number)), 18)
    above = max(area.width(), area.height()) < SMALL_FACE_PX
    corner = QPointF(area.left(), area.top() - size.height() - 2) if above else area.topLeft() + QPointF(3, 3)
    place = QRectF(corner, size)
    painter.setBrush(SHADOW)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(place, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("white")))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(number))


def paint_handles(painter: QPainter, places: Sequence[QPointF], colours: Palette) -> None:
    """What a box is gripped by."""
    painter.setPen(QPen(SHADOW, 1.0))
    painter.setBrush(QColor(colours.box))
    for at in places:
        painter.drawRect(QRectF(at.x() - HANDLE, at.y() - HANDLE, 2 * HANDLE, 2 * HANDLE))


def paint_probe(painter: QPainter, at: QPointF, colours: Palette) -> None:
    """The vertex that was picked: a ring that leaves open what lies under it, with a dot in its middle."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(SHADOW), 4.0), (QColor(colours.accent), 2.0)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(at, PROBE_RADIUS, PROBE_RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.accent))
    painter.drawEllipse(at, 1.5, 1.5)


def paint_drawn_box(painter: QPainter, a: QPointF, b: QPointF, port: Viewport, colours: Palette) -> None:
    """The box the user is drawing, between two corners in image px."""
    fill = QColor(colours.box)
    fill.setAlphaF(0.18)
    painter.setBrush(fill)
    painter.setPen(QPen(QColor(colours.box), 1.5, Qt.PenStyle.DashLine))
    painter.drawRect(QRectF(port.to_widget(a), port.to_widget(b)).normalized())
