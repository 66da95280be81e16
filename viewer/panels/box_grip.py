"""A face box in the hand: what of it is gripped, and what it becomes while that is dragged. No Qt widgets."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt

from models.geometry.arrays import Box
from models.geometry.rescaling import Size

REACH = 6.0  # logical px: how far beside a border still grips it
HANDLE = 3.5  # logical px: half the side of a handle
ALONG = 12.0  # logical px: how far along a border its middle handle reaches
LEAST_PX = 8.0  # of a box's sides, image px

Part = tuple[int, int]
"""Which borders move: -1 the left (the upper) one, 1 the right (the lower) one, 0 none; (0, 0): the whole."""
WHOLE: Part = (0, 0)


@dataclass(frozen=True, slots=True)
class BoxGrip:
    """A box held at a part of it.

    Attributes:
        box: As it was when it was gripped: x0, y0, x1, y1, image px.
        part: What is held.
        at: Where it was gripped, image px.
    """

    box: Box
    part: Part
    at: QPointF

    def dragged_to(self, at: QPointF, photo: Size) -> Box:
        """The box once what is held is here, image px: within a photo (width, height), never turned over."""
        (x0, y0, x1, y1), (width, height) = self.box, photo
        way = at - self.at
        if self.part == WHOLE:
            x = min(max(way.x(), -0.5 - x0), max(width - 0.5 - x1, -0.5 - x0))
            y = min(max(way.y(), -0.5 - y0), max(height - 0.5 - y1, -0.5 - y0))
            return x0 + x, y0 + y, x1 + x, y1 + y
        (x0, x1), (y0, y1) = (
            _stretched(low, high, side, by, top)
            for low, high, side, by, top in (
                (x0, x1, self.part[0], way.x(), width - 0.5),
                (y0, y1, self.part[1], way.y(), height - 0.5),
            )
        )
        return x0, y0, x1, y1


def _stretched(low: float, high: float, side: int, by: float, top: float) -> tuple[float, float]:
    """Both ends of a length of which one end moved, or none."""
    if side < 0:
        return min(max(low + by, -0.5), high - LEAST_PX), high
    return (low, max(min(high + by, top), low + LEAST_PX)) if side > 0 else (low, high)


def gripped(box: QRectF, at: QPointF) -> Part | None:
    """What of a box, logical px, is under the mouse: a corner, the middle of a side, else all of it."""
    if not box.adjusted(-REACH, -REACH, REACH, REACH).contains(at):
        return None
    inner = min(REACH, box.width() / 4, box.height() / 4)  # a small face keeps an inside to be clicked
    if box.adjusted(inner, inner, -inner, -inner).contains(at):
        return None
    across = _end(at.x(), box.left(), box.right(), REACH)
    down = _end(at.y(), box.top(), box.bottom(), REACH)
    if across and down:
        return across, down
    middle = box.center()
    if across:
        return (across, 0) if abs(at.y() - middle.y()) <= min(ALONG, box.height() / 6) else WHOLE
    return (0, down) if abs(at.x() - middle.x()) <= min(ALONG, box.width() / 6) else WHOLE


def _end(place: float, low: float, high: float, reach: float) -> int:
    """-1 near the low end, 1 near the high one, 0 between."""
    if min(abs(place - low), abs(place - high)) > reach:
        return 0
    return -1 if abs(place - low) <= abs(place - high) else 1


def handles(box: QRectF) -> list[QPointF]:
    """Where the handles of a box are: at its corners, and in the middle of sides that are long enough."""
    x, y = (box.left(), box.center().x(), box.right()), (box.top(), box.center().y(), box.bottom())
    corners = [QPointF(x[i], y[j]) for i in (0, 2) for j in (0, 2)]
    if min(box.width(), box.height()) < 4 * REACH:
        return corners
    return [*corners, QPointF(x[1], y[0]), QPointF(x[1], y[2]), QPointF(x[0], y[1]), QPointF(x[2], y[1])]


def cursor_of(part: Part) -> Qt.CursorShape:
    """The shape of the mouse over a part."""
    if part == WHOLE:
        return Qt.CursorShape.SizeAllCursor
    if part[1] == 0:
        return Qt.CursorShape.SizeHorCursor
    if part[0] == 0:
        return Qt.CursorShape.SizeVerCursor
    falls = part[0] == part[1]
    return Qt.CursorShape.SizeFDiagCursor if falls else Qt.CursorShape.SizeBDiagCursor
