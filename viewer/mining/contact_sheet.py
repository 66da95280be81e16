"""A sheet of the worst and the best faces, as a picture or a PDF. Painted off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter, QPen

from models.errors import InputError
from viewer.mining.cells import cell_text
from viewer.mining.thumbnails import FaceCutter, wish_of
from viewer.state.mining import COLUMN, Mining
from viewer.widgets.raster import qimage

EACH = 24
"""So many of the worst, and of the best."""

ACROSS = 8
TILE, GAP, CAPTION, TITLE = 160.0, 8.0, 34.0, 30.0  # units of a sheet
PDF_DPI = 144
INK, FAINT, BAD, GOOD = QColor("#1b1e23"), QColor("#5f6670"), QColor("#b3261e"), QColor("#1f7a45")


@dataclass(frozen=True, slots=True)
class _Part:
    """A titled part of the sheet."""

    title: str
    colour: QColor
    rows: tuple[int, ...]

    @property
    def height(self) -> float:
        lines = -(-len(self.rows) // ACROSS)
        return TITLE + lines * (TILE + CAPTION + GAP)


def parts_of(mining: Mining, rows: NDArray[np.int64]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """(title, rows) of the first and last of `rows` whose value in the sorted column is known.

    Where there are too few for both, the first part takes its half and no row stands in both.
    """
    name = mining.sort.column
    known = rows
    if COLUMN[name].is_number:
        known = rows[~np.isnan(mining.table.numbers[name][rows])]
    known = known.tolist()
    each = min(EACH, -(-len(known) // 2))
    first, last = tuple(known[:each]), tuple(reversed(known[max(each, len(known) - EACH) :]))
    high, low = ("highest", "lowest") if mining.sort.descending else ("lowest", "highest")
    if name == "suspicion":
        high, low = ("worst", "best") if mining.sort.descending else ("best", "worst")
    title = COLUMN[name].title
    return (f"{len(first)} {high}, by {title}", first), (f"{len(last)} {low}, by {title}", last)


def as_png(mining: Mining, rows: NDArray[np.int64]) -> bytes:
    """The sheet as a picture."""
    parts = _parts(mining, rows)
    width, height = _size(parts)
    picture = QImage(round(width), round(height), QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    try:
        _paint(painter, mining, parts)
    finally:
        painter.end()
    return _held(lambda buffer: QImageWriter(buffer, QByteArray(b"png")).write(picture))


def as_pdf(mining: Mining, rows: NDArray[np.int64]) -> bytes:
    """The sheet as one page, its text as text."""
    parts = _parts(mining, rows)
    width, height = _size(parts)

    def draw(buffer: QBuffer) -> bool:
        writer = QPdfWriter(buffer)
        writer.setResolution(PDF_DPI)
        writer.setTitle(f"Unmask: {mining.run.name if mining.run else ''}")
        size = QSizeF(25.4 * width / PDF_DPI, 25.4 * height / PDF_DPI)
        writer.setPageSize(QPageSize(size, QPageSize.Unit.Millimeter))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        painter = QPainter()
        if not painter.begin(writer):
            return False
        _paint(painter, mining, parts)
        return painter.end()

    return _held(draw)


def _parts(mining: Mining, rows: NDArray[np.int64]) -> tuple[_Part, ...]:
    (first, worst), (last, best) = parts_of(mining, rows)
    return _Part(first, BAD, worst), _Part(last, GOOD, best)


def _size(parts: tuple[_Part, ...]) -> tuple[float, float]:
    return GAP + ACROSS * (TILE + GAP), 2 * GAP + sum(part.height for part in parts) + TITLE


def _paint(painter: QPainter, mining: Mining, parts: tuple[_Part, ...]) -> None:
    cutter, top = FaceCutter(), GAP
    font = QFont("DejaVu Sans")
    try:
        _write(painter, font, 15, INK, QRectF(GAP, top, 1200, TITLE), _headline(mining))
        top += TITLE
        for part in parts:
            _write(painter, font, 13, part.colour, QRectF(GAP, top, 1200, TITLE), part.title)
            for place, row in enumerate(part.rows):
                line, column = divmod(place, ACROSS)
                x, y = GAP + column * (TILE + GAP), top + TITLE + line * (TILE + CAPTION + GAP)
                _tile(painter, font, mining, cutter, row, QRectF(x, y, TILE, TILE))
            top += part.height
    finally:
        cutter.close()


def _headline(mining: Mining) -> str:
    run = mining.run
    if run is None:
        return ""
    who = ", ".join(f"{one.method} · {one.weights.rsplit('/', 1)[-1]}" for one in run.settings)
    return f"{run.name}, {len(mining.table)} rows, {who}" + (f", {mining.filter}" if mining.filter else "")


def _tile(
    painter: QPainter, font: QFont, mining: Mining, cutter: FaceCutter, row: int, place: QRectF
) -> None:
    pixels = None
    if mining.run is not None:
        with suppress(Exception):  # a stranger's file; the caption tells what is wrong with it
            pixels = cutter.cut(mining.run, wish_of(mining.table, row), round(TILE))
    if pixels is not None:
        painter.drawImage(place, qimage(pixels))
    painter.setPen(QPen(FAINT, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place)
    name = mining.table.texts["input"][row].rsplit("/", 1)[-1]
    below = QRectF(place.left(), place.bottom() + 1, TILE, CAPTION / 2)
    _write(painter, font, 11, INK, below, name)
    _write(painter, font, 11, FAINT, below.translated(0, CAPTION / 2 - 1), _caption(mining, row))


def _caption(mining: Mining, row: int) -> str:
    if problem := mining.table.texts["problem"][row]:
        return problem
    names = dict.fromkeys((mining.sort.column, "nme_percent", "likely_error_percent"))
    names.pop("suspicion", None)  # it is one of the others
    told = [(COLUMN[name], cell_text(mining, COLUMN[name], row)) for name in names]
    words = [f"{one.word} {text}" for one, text in told if text]
    return ", ".join(words) if mining.table.texts["outcome"][row] == "answered" else "no face found"


def _write(painter: QPainter, font: QFont, px: int, colour: QColor, place: QRectF, text: str) -> None:
    font.setPixelSize(px)
    painter.setFont(font)
    painter.setPen(colour)
    elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, round(place.width()))
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)


def _held(draw: Callable[[QBuffer], bool]) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not draw(buffer):
        raise InputError("The contact sheet could not be drawn. Free some memory and try again.")
    return bytes(buffer.data().data())
