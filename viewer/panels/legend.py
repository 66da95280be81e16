"""What colours mean, drawn into a corner of a panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from viewer.gl.colour_maps import colour_map
from viewer.panels.colours import DARK, Palette
from viewer.widgets.raster import Mark, paint_mark

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ColourBar:
    """A range of numbers and its colours.

    Attributes:
        name, unit: What the numbers are.
        low, high: The numbers at both ends.
        colour_map: One of COLOUR_MAPS.
        ends: Words to say instead of the numbers.
        note: Lines more; may be empty.
        counts: How often numbers of each part of the range occur, from low to high; empty where not counted.
    """

    name: str
    low: float
    high: float
    unit: str
    colour_map: str
    ends: tuple[str, str] | None = None
    note: str = ""
    counts: tuple[int, ...] = ()


class Shape(Enum):
    """What a swatch looks like: as the thing it stands for."""

    PATCH = "patch"
    HATCHED = "hatched"
    DOTTED = "dotted"
    DOT = "dot"
    DIAMOND = "diamond"
    CROSS = "cross"


MARKS = {Shape.DOT: Mark.DOT, Shape.DIAMOND: Mark.DIAMOND, Shape.CROSS: Mark.CROSS}


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour and its meaning.

    Attributes:
        text: What it stands for.
        colour: Of the swatch; empty for words that go on from the line before.
        shape: What it looks like.
        pattern: Colour of the pattern of a hatched or dotted one; darker where it is the same.
    """

    text: str
    colour: str
    shape: Shape = Shape.PATCH
    pattern: str = ""


PATTERNS = (Shape.HATCHED, Shape.DOTTED)
PADDING, BAR_HEIGHT, BAR_WIDTH, SWATCH = 9.0, 9.0, 150.0, 13.0
SHORT_BAR, GAP = 56.0, 7.0
COUNTS_HEIGHT = 22.0
MARGIN = 10  # px from the corner
GAP_ABOVE = 2  # px between a legend and the room of a face
MOST_HIDDEN = 0.25  # of the faces in a photo: a legend that would hide more of them is not shown
MOST_SHARE = (
    0.22  # of a view's height a legend takes without being made terser, if it would lie over the face
)
WIDEST = 10_000  # px: before it is known how wide the view is


BETWEEN = " · "  # notes in one line


class Form(Enum):
    """How many lines a colour bar and its words take."""

    FULL = "one below the other"
    SHORT = "words, histogram and gradient side by side"
    BARE = "words and gradient side by side"


class Legend(QWidget):
    """A colour bar, or swatches; hidden while it has nothing to say. Lets the mouse through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._palette = DARK
        self._form, self._room = Form.FULL, WIDEST
        self._view = (WIDEST, WIDEST)
        self._bar: ColourBar | None = None
        self._swatches: tuple[Swatch, ...] = ()
        self.hide()

    def set_palette(self, palette: Palette) -> None:
        """The theme's colours."""
        self._palette = palette
        self.update()

    def set_content(self, bar: ColourBar | None = None, swatches: tuple[Swatch, ...] = ()) -> None:
        """What to explain; nothing hides the legend."""
        if (bar, swatches) == (self._bar, self._swatches):
            return
        self._bar, self._swatches = bar, swatches
        self.setVisible(self._says_something)
        self.setAccessibleName("Legend: " + self.text())
        self._take_form()
        self.update()

    def stand(self, view_width: int, view_height: int, faces: Sequence[QRectF] = ()) -> None:
        """In a corner of a view, no wider than that; terser where it would lie over a face in the middle.

        In the lower left one, or the first of the others that hides less of `faces`, px of the view; nowhere
        if it would hide much of them in each.
        """
        if (view_width, view_height) != self._view:
            self._view, self._room = (view_width, view_height), max(view_width - 2 * MARGIN, 1)
            self._take_form()
            self.update()
        right, below = view_width - self.width() - MARGIN, view_height - self.height() - MARGIN
        corners = ((MARGIN, below), (right, below), (MARGIN, MARGIN), (right, MARGIN))
        corner = min(corners, key=lambda corner: self._hidden(corner, faces))
        self.move(*corner)
        seen = sum(face.width() * face.height() for face in faces)
        self.setVisible(self._says_something and self._hidden(corner, faces) <= MOST_HIDDEN * seen)

    def kept_px(self) -> int:
        """The height at the lower border of the view that the legend needs for itself, px."""
        return _kept_px(self.height()) if self._says_something else 0

    @property
    def _says_something(self) -> bool:
        return self._bar is not None or bool(self._swatches)

    def _hidden(self, corner: tuple[int, int], faces: Sequence[QRectF]) -> float:
        """How much of faces it would hide there, px²."""
        place = QRectF(*corner, self.width(), self.height())
        hidden = (place.intersected(face) for face in faces)
        return sum(part.width() * part.height() for part in hidden)

    def _take_form(self) -> None:
        """The fullest that leaves a face in the middle its place; else the tersest."""
        width, height = self._view
        free = max((height - width) / 2, MOST_SHARE * height)
        for form in Form:
            self._form = form
            if _kept_px(self.sizeHint().height()) <= free:
                break
        self.resize(self.sizeHint())

    def text(self) -> str:
        """The legend in words."""
        words = [", ".join(swatch.text for swatch in self._swatches)] if self._swatches else []
        if self._bar is None:
            return "".join(words)
        low, high = _ends(self._bar)
        return "; ".join((f"{_titled(self._bar)}, {low} to {high}", *self._bar.note.splitlines(), *words))

    def sizeHint(self) -> QSize:
        """As large as its words need."""
        sizes = [*([self._bar_size(self._bar)] if self._bar is not None else []), self._swatches_size()]
        width, height = max(size[0] for size in sizes), sum(size[1] for size in sizes)
        return QSize(round(width + 2 * PADDING), round(height + 2 * PADDING - 4))

    def _bar_size(self, bar: ColourBar) -> tuple[float, float]:
        """Width and height of a colour bar with its words, px."""
        metrics, notes = QFontMetricsF(self.font()), self._notes(bar)
        line = metrics.height()
        widest = max(map(metrics.horizontalAdvance, (*notes, "")))
        if self._form is not Form.FULL:
            titles = self._title_lines(bar)
            above = max(map(metrics.horizontalAdvance, (*titles, "")))
            rows = line * (len(titles) + 1 + len(notes)) + self._counts_height(bar)
            return max(self._row_width(bar), above, widest), rows + 2
        ends = GAP + sum(metrics.horizontalAdvance(end) for end in _ends(bar))
        width = max(BAR_WIDTH, ends, metrics.horizontalAdvance(_titled(bar)), widest)
        return width, (2 + len(notes)) * line + BAR_HEIGHT + 4 + self._counts_height(bar)

    def _counts_height(self, bar: ColourBar) -> float:
        """What the histogram above the gradient takes, px."""
        return COUNTS_HEIGHT + 1 if bar.counts and self._form is not Form.BARE else 0.0

    def _swatches_size(self) -> tuple[float, float]:
        """Width and height of the swatches, px."""
        rows = self._rows()
        width = max((sum(self._advance(swatch) for swatch in row) for row in rows), default=10.0) - 10
        return width, len(rows) * self._row_height()

    def _title_lines(self, bar: ColourBar) -> tuple[str, ...]:
        """The title above the row of a short bar, where it has no room in the row."""
        return () if _row_advance(self.font(), _words(bar)) <= self._room - 2 * PADDING else (_titled(bar),)

    def _row_words(self, bar: ColourBar) -> tuple[str, ...]:
        """The words beside a short bar: its title, if there is room, and its ends."""
        return _words(bar)[len(self._title_lines(bar)) :]

    def _row_width(self, bar: ColourBar) -> float:
        return _row_advance(self.font(), self._row_words(bar))

    def _row_height(self) -> float:
        return max(QFontMetricsF(self.font()).height(), SWATCH)

    def _advance(self, swatch: Swatch) -> float:
        return QFontMetricsF(self.font()).horizontalAdvance(swatch.text) + SWATCH + 18

    def _rows(self) -> list[list[Swatch]]:
        """The swatches in as few rows as there is room for; words too long for one go on in the next."""
        room = self._room - 2 * PADDING + 10
        parts = [part for swatch in self._swatches for part in self._parts(swatch, room)]
        return broken(parts, self._advance, room)

    def _parts(self, swatch: Swatch, room: float) -> list[Swatch]:
        if self._advance(swatch) <= room:
            return [swatch]
        metrics = QFontMetricsF(self.font())
        words = broken(
            swatch.text.split(), lambda word: metrics.horizontalAdvance(f"{word} "), room - SWATCH - 18
        )
        lines = [" ".join(some) for some in words]
        return [replace(swatch, text=lines[0]), *(Swatch(line, "") for line in lines[1:])]

    def _notes(self, bar: ColourBar) -> list[str]:
        """The lines of a note, broken where there is too little room; one after the other in a short form."""
        metrics, room = QFontMetricsF(self.font()), self._room - 2 * PADDING
        lines = [
            " ".join(words)
            for note in bar.note.splitlines()
            for words in broken(note.split(), lambda word: metrics.horizontalAdvance(f"{word} "), room)
        ]
        if self._form is Form.FULL:
            return lines
        rows = broken(
            lines, lambda line: metrics.horizontalAdvance(f"{line}{BETWEEN}"), room + self._between()
        )
        return [BETWEEN.join(row) for row in rows]

    def _between(self) -> float:
        return QFontMetricsF(self.font()).horizontalAdvance(BETWEEN)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Words and colours on a quiet plate."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate = QColor(self._palette.strip)
        plate.setAlphaF(0.86)
        painter.setBrush(plate)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        top = PADDING - 2
        if self._bar is not None:
            paint = self._paint_bar if self._form is Form.FULL else self._paint_short_bar
            paint(painter, self._bar)
            top += self._bar_size(self._bar)[1]
        self._paint_swatches(painter, top)
        painter.end()

    def _paint_bar(self, painter: QPainter, bar: ColourBar) -> None:
        line = QFontMetricsF(self.font()).height()
        width = self.width() - 2 * PADDING
        painter.setPen(QColor(self._palette.text))
        painter.drawText(QRectF(PADDING, PADDING - 3, width, line), Qt.AlignmentFlag.AlignLeft, _titled(bar))
        top = PADDING + line
        if self._counts_height(bar):
            _paint_counts(painter, bar, QRectF(PADDING, top, width, COUNTS_HEIGHT))
            top += self._counts_height(bar)
        _paint_gradient(painter, bar, QRectF(PADDING, top, width, BAR_HEIGHT))
        painter.setPen(QColor(self._palette.quiet))
        under = QRectF(PADDING, top + BAR_HEIGHT + 2, width, line)
        low, high = _ends(bar)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, high)
        for number, text in enumerate(self._notes(bar), 1):
            painter.drawText(under.translated(0, number * line), Qt.AlignmentFlag.AlignLeft, text)

    def _paint_short_bar(self, painter: QPainter, bar: ColourBar) -> None:
        metrics = QFontMetricsF(self.font())
        line, top = metrics.height(), PADDING - 2
        painter.setPen(QColor(self._palette.text))
        for title in self._title_lines(bar):
            painter.drawText(QPointF(PADDING, top + metrics.ascent()), title)
            top += line
        counted = self._counts_height(bar)
        words, x = self._row_words(bar), PADDING
        for index, text in enumerate(words):
            if index == len(words) - 1:  # between both ends
                area = QRectF(x, top + counted + (line - BAR_HEIGHT) / 2, SHORT_BAR, BAR_HEIGHT)
                if counted:
                    above = QRectF(x, area.top() - COUNTS_HEIGHT, SHORT_BAR, COUNTS_HEIGHT)
                    _paint_counts(painter, bar, above)
                _paint_gradient(painter, bar, area)
                x += SHORT_BAR + GAP
            painter.setPen(QColor(self._palette.text if len(words) - index > 2 else self._palette.quiet))
            painter.drawText(QPointF(x, top + counted + metrics.ascent()), text)
            x += metrics.horizontalAdvance(text) + GAP
        top += counted + line
        painter.setPen(QColor(self._palette.quiet))
        for number, text in enumerate(self._notes(bar)):
            painter.drawText(QPointF(PADDING, top + number * line + metrics.ascent()), text)

    def _paint_swatches(self, painter: QPainter, first: float) -> None:
        height = self._row_height()
        for number, row in enumerate(self._rows()):
            x, top = PADDING, first + number * height
            for swatch in row:
                self._paint_swatch(painter, swatch, QPointF(x + SWATCH / 2, top + height / 2))
                painter.setPen(QColor(self._palette.text))
                words = QRectF(x + SWATCH + 6, top, self._advance(swatch), height)
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, swatch.text)
                x += self._advance(swatch)

    def _paint_swatch(self, painter: QPainter, swatch: Swatch, middle: QPointF) -> None:
        if not swatch.colour:
            return
        if swatch.shape in MARKS:
            paint_mark(painter, middle, QColor(swatch.colour), MARKS[swatch.shape])
            return
        square = QRectF(middle.x() - SWATCH / 2, middle.y() - SWATCH / 2, SWATCH, SWATCH)
        painter.setPen(QPen(QColor(self._palette.line), 1))
        painter.setBrush(QColor(swatch.colour))
        painter.drawRoundedRect(square, 2, 2)
        if swatch.shape in PATTERNS:
            own = swatch.pattern == swatch.colour
            colour = QColor(swatch.pattern).darker(160) if own else QColor(swatch.pattern)
            _paint_pattern(painter, square, colour, swatch.shape)


def broken(parts: Sequence[T], advance: Callable[[T], float], room: float) -> list[list[T]]:
    """Parts in rows of no more than `room`, one part at least in each."""
    rows: list[list[T]] = []
    used = 0.0
    for part in parts:
        if not rows or used + advance(part) > room:
            rows.append([])
            used = 0.0
        rows[-1].append(part)
        used += advance(part)
    return rows


def _paint_pattern(painter: QPainter, square: QRectF, colour: QColor, shape: Shape) -> None:
    """Stripes or dots, as on the surface; drawn by hand, as Qt's own patterns ignore the screen's scale."""
    painter.save()
    painter.setClipRect(square)
    if shape is Shape.HATCHED:
        painter.setPen(QPen(colour, 2.2))
        for k in range(-2, 4):
            at = square.left() + 4.5 * k
            painter.drawLine(QPointF(at, square.bottom()), QPointF(at + square.height(), square.top()))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour.darker(130))
        for x, y in ((0.25, 0.25), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0.75, 0.75)):
            at_dot = square.topLeft() + QPointF(x * square.width(), y * square.height())
            painter.drawEllipse(at_dot, 1.4, 1.4)
    painter.restore()


def _titled(bar: ColourBar) -> str:
    return f"{bar.name} ({bar.unit})" if bar.unit else bar.name


def _numbers(low: float, high: float) -> tuple[str, str]:
    """Both ends with as many decimals as tell them apart."""
    span = abs(high - low)
    decimals = 0 if span >= 20 else 1 if span >= 2 else 2
    return f"{low:.{decimals}f}", f"{high:.{decimals}f}"


def _ends(bar: ColourBar) -> tuple[str, str]:
    """What stands at both ends."""
    return bar.ends or _numbers(bar.low, bar.high)


def _words(bar: ColourBar) -> tuple[str, str, str]:
    """Name and both ends, for one line."""
    return (_titled(bar), *_ends(bar))


def _kept_px(height: int) -> int:
    """What a legend of that height takes of a view, px."""
    return height + MARGIN + GAP_ABOVE


def _row_advance(font: QFont, words: Sequence[str]) -> float:
    """How wide words beside a short bar are with it, px."""
    return SHORT_BAR + sum(QFontMetricsF(font).horizontalAdvance(text) + GAP for text in words)


def _paint_counts(painter: QPainter, bar: ColourBar, area: QRectF) -> None:
    """A histogram that stands on the gradient, each bar in the colour below it."""
    table = colour_map(bar.colour_map)
    most, wide = max(max(bar.counts), 1), area.width() / len(bar.counts)
    painter.setPen(Qt.PenStyle.NoPen)
    for place, count in enumerate(bar.counts):
        high = area.height() * count / most
        shade = table[round(255 * (place + 0.5) / len(bar.counts))]
        painter.setBrush(QColor(*(int(part) for part in shade)))
        painter.drawRect(QRectF(area.left() + place * wide, area.bottom() - high, max(wide - 0.5, 0.5), high))


def _paint_gradient(painter: QPainter, bar: ColourBar, area: QRectF) -> None:
    gradient = QLinearGradient(area.left(), 0, area.right(), 0)
    table = colour_map(bar.colour_map)
    for index in np.linspace(0, 255, 17).astype(int):
        gradient.setColorAt(index / 255, QColor(*(int(part) for part in table[index])))
    painter.setBrush(QBrush(gradient))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(area, 2, 2)
