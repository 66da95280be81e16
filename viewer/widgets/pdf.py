"""Figures as PDF, with text as text."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QPolygonF,
)

from models.export.sheet import Line, Picture, Sheet, Text

PER_INCH = 96  # px of a sheet


def as_pdf(sheet: Sheet) -> bytes:
    """One page of the size of the sheet; needs no display."""
    application = QGuiApplication.instance() or QGuiApplication(["unmask", "-platform", "offscreen"])
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    points = QSizeF(sheet.width, sheet.height) * 72 / PER_INCH
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF())
    writer.setResolution(PER_INCH)
    painter = QPainter(writer)
    if sheet.paper is not None:
        painter.fillRect(QRectF(0, 0, sheet.width, sheet.height), QColor(*sheet.paper))
    for item in sheet.items:
        _paint(painter, item)
    painter.end()
    del application
    return bytes(buffer.data().data())


def _paint(painter: QPainter, item: Picture | Text | Line) -> None:
    match item:
        case Picture():
            height, width, channels = item.pixels.shape
            form = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
            image = QImage(item.pixels.tobytes(), width, height, channels * width, form)
            painter.drawImage(QRectF(item.x, item.y, item.width, item.height), image)
        case Text():
            _write(painter, item)
        case Line():
            polygon = QPolygonF([QPointF(x, y) for x, y in item.points])
            if item.filled:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(*item.colour))
                painter.drawPolygon(polygon)
            else:
                painter.setPen(QPen(QColor(*item.colour), item.width))
                painter.drawPolyline(polygon)


def _write(painter: QPainter, item: Text) -> None:
    font = QFont("Helvetica")
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPixelSize(max(1, round(item.size)))
    painter.setFont(font)
    painter.setPen(QColor(*item.colour))
    wide = QFontMetricsF(font).horizontalAdvance(item.text)
    back = {"start": 0.0, "middle": wide / 2, "end": wide}["middle" if item.turned else item.anchor]
    painter.save()
    painter.translate(item.x, item.y)
    if item.turned:
        painter.rotate(-90)
    painter.drawText(QPointF(-back, 0), item.text)
    painter.restore()
