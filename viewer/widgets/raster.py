"""Pictures and marks of the photo view, as Qt paints them."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

SHADOW = QColor(0, 0, 0, 150)
LANDMARK_RADIUS = 2.4


class Mark(Enum):
    """What a landmark looks like."""

    DOT = "filled dot"
    DIAMOND = "hollow diamond"
    CROSS = "cross"


def paint_mark(painter: QPainter, at: QPointF, colour: QColor, mark: Mark) -> None:
    """Readable on any photo: a dark edge under it."""
    if mark is Mark.DOT:
        painter.setPen(QPen(SHADOW, 1))
        painter.setBrush(colour)
        painter.drawEllipse(at, LANDMARK_RADIUS, LANDMARK_RADIUS)
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    reach = LANDMARK_RADIUS + (1.2 if mark is Mark.DIAMOND else 0.4)
    for pen in (QPen(SHADOW, 3.2), QPen(colour, 1.3)):
        painter.setPen(pen)
        if mark is Mark.DIAMOND:
            tips = ((-reach, 0), (0, -reach), (reach, 0), (0, reach))
            painter.drawPolygon([at + QPointF(x, y) for x, y in tips])
        else:
            painter.drawLine(at - QPointF(reach, reach), at + QPointF(reach, reach))
            painter.drawLine(at - QPointF(reach, -reach), at + QPointF(reach, -reach))


def qimage(pixels: NDArray[np.uint8]) -> QImage:
    """[H, W, 3 or 4] as an image that owns its bytes."""
    pixels = np.ascontiguousarray(pixels)
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    image = QImage(pixels.data, width, height, width * channels, kind)
    wanted = QImage.Format.Format_RGB32 if channels == 3 else QImage.Format.Format_ARGB32_Premultiplied
    return image.convertToFormat(wanted)


def halved(image: QImage) -> QImage:
    """Half as wide and high, each pixel the mean of four."""
    size = max(1, (image.width() + 1) // 2), max(1, (image.height() + 1) // 2)
    view = np.asarray(image.constBits()).reshape(image.height(), image.bytesPerLine() // 4, 4)
    small = cv2.resize(view[:, : image.width()], size, interpolation=cv2.INTER_AREA)
    return QImage(small.data, *size, size[0] * 4, QImage.Format.Format_RGB32).copy()


def qtransform(T: NDArray[np.float64]) -> QTransform:
    """Rows first here, columns first in Qt."""
    return QTransform(*(float(value) for value in T.T.ravel()))
