"""What an answer says of every pixel, as small multiples; one of them can be enlarged."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QToolTip, QVBoxLayout, QWidget

from models.reconstruction import Reconstruction
from viewer.gl.colour_maps import coloured
from viewer.panels.colours import DARK, Palette, palette
from viewer.panels.message import Message
from viewer.panels.title_strip import TitleStrip
from viewer.panels.veil import Veil
from viewer.readouts.maps import Tile, tiles_of
from viewer.state.layout import PanelRow
from viewer.widgets.raster import qimage

COLOURS = "viridis"
GAP = 8  # px around each picture
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
OPENS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class MapsView(QWidget):
    """A grid of pictures with captions; a click enlarges one, another shows all again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(QSize(120, 120))
        self.setAccessibleName("Maps of the answer")
        self._colours: Palette = DARK
        self._tiles: tuple[Tile, ...] = ()
        self._pictures: dict[int, QImage] = {}
        self._marked = 0
        self.enlarged = ""

    def set_tiles(self, tiles: tuple[Tile, ...]) -> None:
        """Show these; what was enlarged stays so while there is such a map."""
        self._tiles, self._pictures = tiles, {}
        if self.enlarged not in (tile.name for tile in tiles):
            self.enlarged = ""
        self._marked = min(self._marked, max(len(tiles) - 1, 0))
        self.setAccessibleDescription("; ".join(self.captions()))
        self.update()

    def set_palette(self, colours: Palette) -> None:
        """The theme's colours."""
        self._colours = colours
        self.update()

    def captions(self) -> list[str]:
        """What stands under the pictures in sight."""
        return [self._tiles[index].caption() for index, _ in self.places()]

    def places(self) -> list[tuple[int, QRectF]]:
        """Which of the tiles are in sight, and where, captions included."""
        shown = [i for i, tile in enumerate(self._tiles) if self.enlarged in ("", tile.name)]
        columns, side = fitting(len(shown), self.width(), self.height(), self._line())
        high = side + self._line()
        rows = math.ceil(len(shown) / columns) if shown else 0
        left, top = (self.width() - columns * side) / 2, max(0.0, (self.height() - rows * high) / 2)
        return [
            (index, QRectF(left + place % columns * side, top + place // columns * high, side, high))
            for place, index in enumerate(shown)
        ]

    def enlarge(self, name: str) -> None:
        """Show one alone, by its name; all if it is empty or there is none such."""
        self.enlarged = name if name in (tile.name for tile in self._tiles) else ""
        self.setAccessibleDescription("; ".join(self.captions()))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Pictures, each with two lines of words below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._colours.view))
        for index, area in self.places():
            picture = self._picture(index)
            inner = self._inner(area)
            size = picture.size().scaled(inner.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            at = QRectF(QPointF(), size.toSizeF())
            at.moveCenter(inner.center())
            painter.setRenderHint(
                QPainter.RenderHint.SmoothPixmapTransform, self._tiles[index].picture is not None
            )
            painter.fillRect(at, QColor(self._colours.strip))
            painter.drawImage(at, picture)
            if self.hasFocus() and index == self._marked:
                painter.setPen(QPen(QColor(self._colours.accent), 1.5))
                painter.drawRect(at)
            self._paint_words(painter, self._tiles[index], area)
        painter.end()

    def _paint_words(self, painter: QPainter, tile: Tile, area: QRectF) -> None:
        """Name and range, each in a line of its own."""
        metrics, high = painter.fontMetrics(), self.fontMetrics().height()
        ends = tile.ends()
        if metrics.horizontalAdvance(ends) > area.width() - 4:
            ends = tile.short_ends()
        lines = ((tile.name, self._colours.text), (ends, self._colours.quiet))
        for number, (text, colour) in enumerate(lines):
            top = area.bottom() - self._line() + number * high
            words = QRectF(area.left() + 2, top, area.width() - 4, high)
            painter.setPen(QColor(colour))
            told = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(words.width()))
            painter.drawText(words, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, told)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Enlarge what was clicked, or show all again."""
        found = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self._marked = found
            self.enlarge("" if self.enlarged else self._tiles[found].name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows mark another, Return enlarges it, Escape shows all again."""
        key = Qt.Key(event.key())
        if key in STEPS and self._tiles:
            self._marked = (self._marked + STEPS[key]) % len(self._tiles)
            self.enlarge(self._tiles[self._marked].name if self.enlarged else "")
        elif key in OPENS and self._tiles:
            self.enlarge("" if self.enlarged else self._tiles[self._marked].name)
        elif key == Qt.Key.Key_Escape and self.enlarged:
            self.enlarge("")
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """A hover tells the number under the mouse."""
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def told_at(self, at: QPointF) -> str:
        """The number at a place of the widget; empty where there is none."""
        for index, area in self.places():
            tile, inner = self._tiles[index], self._inner(area)
            picture = tile.values if tile.values is not None else tile.picture
            if picture is None or not inner.contains(at):
                continue
            rows, columns = picture.shape[:2]
            scale = min(inner.width() / columns, inner.height() / rows)
            off = (at - inner.center()) / scale
            row, column = math.floor(off.y() + rows / 2), math.floor(off.x() + columns / 2)
            if 0 <= row < rows and 0 <= column < columns:
                return tile.told_at(row, column)
        return ""

    def _at(self, place: QPointF) -> int | None:
        return next((index for index, area in self.places() if area.contains(place)), None)

    def _line(self) -> float:
        return 2 * self.fontMetrics().height() + GAP

    def _inner(self, area: QRectF) -> QRectF:
        """Where the picture of a tile may lie."""
        return area.adjusted(GAP / 2, GAP / 2, -GAP / 2, -self._line() - 2)

    def _picture(self, index: int) -> QImage:
        if index not in self._pictures:
            tile = self._tiles[index]
            pixels = tile.picture
            if pixels is None:
                assert tile.values is not None
                pixels = coloured(tile.values, tile.low, tile.high, COLOURS)
            self._pictures[index] = qimage(pixels)
        return self._pictures[index]


class MapsPanel(QFrame):
    """Title strip and the grid; says so where a method tells no maps."""

    def __init__(self, row: PanelRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        self.strip, self.view = TitleStrip(row, self), MapsView(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.view, 1)
        self._empty, self._veil = Message(self.view), Veil(self.view)
        self.set_theme(True)
        self.set_answer(None)

    def set_answer(self, answer: Reconstruction | None, image: NDArray[np.uint8] | None = None) -> None:
        """Show the maps of this answer, about this photo [H, W, 3] RGB; None clears the panel."""
        known = answer is not None and image is not None
        tiles = tiles_of(answer, image) if answer is not None and image is not None else ()
        self.view.set_tiles(tiles)
        self._empty.setText("" if tiles else self.row.absent if known else "No face yet")
        self._empty.setVisible(not tiles)
        self._place()

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown: it is older than what was asked for since."""
        self._veil.set_stale(stale)

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""
        colours = palette(dark)
        for part in (self.strip, self.view, self._veil):
            part.set_palette(colours)
        self._empty.setStyleSheet(f"color: {colours.quiet}; background: transparent;")

    def resizeEvent(self, event: object) -> None:
        """Keep what lies over the grid in its middle."""
        self._place()

    def _place(self) -> None:
        self._empty.stand(self.view.width(), self.view.height())
        self._veil.place()


def fitting(count: int, width: float, height: float, line: float) -> tuple[int, float]:
    """How many columns give `count` squares with a line of words below the largest side, and that side."""
    count = max(count, 1)
    sides = {
        columns: min(width / columns, height / math.ceil(count / columns) - line)
        for columns in range(1, count + 1)
    }
    best = max(sides, key=lambda columns: sides[columns])
    return best, max(sides[best], 1.0)
