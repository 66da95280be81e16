"""What the hand does to occluders on the photo: grip, move, turn, scale, paint; and the map of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from models.geometry.arrays import Box
from viewer.gl.colour_maps import coloured
from viewer.occlusion.selectors import bounds, hit
from viewer.panels.colours import DARK, Palette
from viewer.panels.occluder_grip import Grip, about, middle_of
from viewer.panels.photo_view import PhotoView
from viewer.state.occlusion import FIRST_DRAG, NUDGE, SCALE, TURN, Tool
from viewer.widgets.raster import SHADOW

if TYPE_CHECKING:
    from models.occlusion.occluder import Occluder

GRIP = 5.0  # logical px: half the side of a handle
GRIP_REACH = 9.0  # logical px: how far beside a handle still grips it
STALK = 26.0  # logical px: from the upper edge to the handle that turns
WHEEL_FACTOR, WHEEL_DEG = 1.06, 4.0
KEY_FACTOR, KEY_DEG = 1.04, 3.0
MAP_COLOURS = "inferno"
MAP_OPACITY = 0.55


class OccluderOverlay(QWidget):
    """Lies over a photo view; takes from its mouse and keys what concerns occluders and leaves it the rest.

    Signals:
        picked(int): The occluder the user clicked; -1 for none.
        placed(object, int): Where the user wants the selected occluder, [3, 3] its px to image px; and the
            number of the drag.
        stroked(object, int): Image points a brush went along; and the number of the drag.
    """

    picked = Signal(int)
    placed = Signal(object, int)
    stroked = Signal(object, int)

    def __init__(self, view: PhotoView) -> None:
        super().__init__(view)
        self._view, self._colours = view, DARK
        self._occluders: tuple[Occluder, ...] = ()
        self._selected, self._tool, self._brush_px = -1, Tool.MOVE, 1.0
        self._map: NDArray[np.float64] | None = None
        self._map_box: Box = (0, 0, 1, 1)
        self._drags = count(FIRST_DRAG)
        self._drag = 0
        self._grip: Grip | None = None
        self._last: QPointF | None = None  # of a stroke, image px
        self._mouse: QPointF | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.setMouseTracking(True)
        view.installEventFilter(self)
        view.resized.connect(self._fill_view)
        self._fill_view()

    # --- what to show

    def set_occluders(self, occluders: Sequence[Occluder], selected: int) -> None:
        """Covers that are shown, where they lie in the photo, from the bottom up; the selected one or -1."""
        self._occluders, self._selected = tuple(occluders), selected
        self.update()

    def set_tool(self, tool: Tool, brush_px: float) -> None:
        """What the hand does; a brush's diameter, image px."""
        if tool is not self._tool:
            shape = Qt.CursorShape.ArrowCursor if tool is Tool.MOVE else Qt.CursorShape.CrossCursor
            self._view.setCursor(shape)
        self._tool, self._brush_px = tool, brush_px
        self.update()

    def set_map(self, values: NDArray[np.float64] | None, box: Box) -> None:
        """[rows, columns] over a box of the photo, image px: how much covering hurts there; None for none."""
        self._map, self._map_box = values, box
        self.update()

    def set_palette(self, colours: Palette) -> None:
        """The theme's colours."""
        self._colours = colours
        self.update()

    def handles(self) -> dict[str, QPointF]:
        """Where the handles of the selected occluder are, logical px: "scale 0" .. "scale 3", "turn".

        Those of an occluder larger than the view are at its edge, where they can be gripped.
        """
        if not 0 <= self._selected < len(self._occluders):
            return {}
        corners = self._corners()
        middle = (corners[0] + corners[1]) / 2
        across = corners[1] - corners[0]
        length = max((across.x() ** 2 + across.y() ** 2) ** 0.5, 1e-6)
        top = middle + QPointF(across.y(), -across.x()) * (STALK / length)
        return {
            **{f"scale {i}": self._within(corner) for i, corner in enumerate(corners)},
            "turn": self._within(top),
        }

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The map, the outline of the selected occluder with its handles, the brush."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._map is not None:
            self._paint_map(painter, self._map)
        if 0 <= self._selected < len(self._occluders) and self._tool is not Tool.BRUSH:
            self._paint_handles(painter)
        if self._tool is not Tool.MOVE and self._mouse is not None:
            self._paint_brush(painter, self._mouse)
        painter.end()

    def _paint_map(self, painter: QPainter, values: NDArray[np.float64]) -> None:
        rows, columns = values.shape
        top = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
        if top <= 0:
            return
        x0, y0, x1, y1 = self._map_box
        a = self._view.to_widget(QPointF(x0, y0))
        b = self._view.to_widget(QPointF(x1, y1))
        width, height = (b.x() - a.x()) / columns, (b.y() - a.y()) / rows
        rgb = coloured(values.reshape(-1).astype(np.float32), 0.0, top, MAP_COLOURS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for index in np.flatnonzero(np.isfinite(values.reshape(-1))).tolist():
            row, column = divmod(index, columns)
            colour = QColor(*(int(part) for part in rgb[index, :3]))
            colour.setAlphaF(MAP_OPACITY)
            cell = QRectF(a.x() + column * width, a.y() + row * height, width + 0.5, height + 0.5)
            painter.fillRect(cell, colour)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _paint_handles(self, painter: QPainter) -> None:
        outline, handles = QPolygonF(self._corners()), self.handles()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        accent = QColor(self._colours.accent)
        for pen in (QPen(SHADOW, 3.0), QPen(accent, 1.4, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawPolygon(outline)
            painter.drawLine((outline.at(0) + outline.at(1)) / 2, handles["turn"])
        painter.setPen(QPen(SHADOW, 1.0))
        painter.setBrush(accent)
        for name, at in handles.items():
            square = QRectF(at.x() - GRIP, at.y() - GRIP, 2 * GRIP, 2 * GRIP)
            painter.drawEllipse(square) if name == "turn" else painter.drawRect(square)

    def _paint_brush(self, painter: QPainter, at: QPointF) -> None:
        radius = self._brush_px * self._view.scale / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(SHADOW, 3.0), QPen(QColor(self._colours.accent), 1.4)):
            painter.setPen(pen)
            painter.drawEllipse(at, radius, radius)

    # --- the user's hand

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Whether the event concerned an occluder; if not, it is the photo's."""
        if isinstance(event, QMouseEvent):
            return self._mouse_event(event)
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._key(event)
        if event.type() is QEvent.Type.Leave and self._mouse is not None:
            self._mouse = None
            self.update()
        return False

    def _mouse_event(self, event: QMouseEvent) -> bool:
        left = event.button() is Qt.MouseButton.LeftButton
        match event.type():
            case QEvent.Type.MouseButtonPress | QEvent.Type.MouseButtonDblClick if left:
                return not self._view.draws_box and self._press(event)
            case QEvent.Type.MouseMove:
                return self._move(event)
            case QEvent.Type.MouseButtonRelease:
                held = self._grip is not None or self._last is not None
                self._grip = self._last = None
                return held
            case _:
                return False

    def _press(self, event: QMouseEvent) -> bool:
        at = event.position()
        image = self._view.to_image(at)
        if self._tool is not Tool.MOVE:
            self._drag, self._last = next(self._drags), image
            self.stroked.emit([(image.x(), image.y())], self._drag)
            return True
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._gripped(at) is None:
            return False  # draws a face box
        name = self._gripped(at)
        if name is None:
            index = hit(self._occluders, image.x(), image.y())
            if index is None:
                if self._selected >= 0:
                    self.picked.emit(-1)
                return False
            if index != self._selected:
                self.picked.emit(index)
            name = "move"
        if 0 <= self._selected < len(self._occluders):
            self._drag = next(self._drags)
            self._grip = Grip(name, image, self._occluders[self._selected])
        return True

    def _move(self, event: QMouseEvent) -> bool:
        self._mouse = event.position()
        image = self._view.to_image(self._mouse)
        if self._tool is not Tool.MOVE:
            self.update()
        if self._last is not None:
            before, self._last = self._last, image
            self.stroked.emit([(before.x(), before.y()), (image.x(), image.y())], self._drag)
            return True
        if self._grip is None:
            hovers = event.buttons() == Qt.MouseButton.NoButton
            return hovers and (self._tool is not Tool.MOVE or self._gripped(self._mouse) is not None)
        snap = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.placed.emit(self._grip.dragged_to(image, snap), self._drag)
        return True

    def _wheel(self, event: QWheelEvent) -> bool:
        """Over the selected occluder the wheel scales it, with Shift it turns it; elsewhere it zooms."""
        image = self._view.to_image(event.position())
        index = hit(self._occluders, image.x(), image.y())
        if self._tool is not Tool.MOVE or index is None or index != self._selected:
            return False
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._turn(WHEEL_DEG * steps)
        else:
            self._scale(WHEEL_FACTOR**steps)
        event.accept()
        return True

    def _key(self, event: QKeyEvent) -> bool:
        """Arrows move the selected occluder (Shift: ten px), plus and minus scale, comma and dot turn it."""
        if not 0 <= self._selected < len(self._occluders):
            return False
        way = 10.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        match event.key():
            case Qt.Key.Key_Left:
                self._nudge(-way, 0)
            case Qt.Key.Key_Right:
                self._nudge(way, 0)
            case Qt.Key.Key_Up:
                self._nudge(0, -way)
            case Qt.Key.Key_Down:
                self._nudge(0, way)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._scale(KEY_FACTOR)
            case Qt.Key.Key_Minus:
                self._scale(1 / KEY_FACTOR)
            case Qt.Key.Key_Period:
                self._turn(KEY_DEG)
            case Qt.Key.Key_Comma:
                self._turn(-KEY_DEG)
            case Qt.Key.Key_Escape:
                self.picked.emit(-1)
            case _:
                return False
        return True

    def _nudge(self, right_px: float, down_px: float) -> None:
        T = np.array([[1, 0, right_px], [0, 1, down_px], [0, 0, 1]])
        self.placed.emit(T @ self._occluders[self._selected].T_image_occluder, NUDGE)

    def _scale(self, factor: float) -> None:
        occluder = self._occluders[self._selected]
        self.placed.emit(about(middle_of(occluder), factor, 0.0) @ occluder.T_image_occluder, SCALE)

    def _turn(self, angle_deg: float) -> None:
        occluder = self._occluders[self._selected]
        self.placed.emit(
            about(middle_of(occluder), 1.0, np.deg2rad(angle_deg)) @ occluder.T_image_occluder, TURN
        )

    def _gripped(self, at: QPointF) -> str | None:
        """The handle under the mouse."""
        for name, handle in self.handles().items():
            if max(abs(at.x() - handle.x()), abs(at.y() - handle.y())) <= GRIP_REACH:
                return name
        return None

    def _corners(self) -> list[QPointF]:
        return [
            self._view.to_widget(QPointF(x, y)) for x, y in bounds(self._occluders[self._selected]).tolist()
        ]

    def _within(self, point: QPointF) -> QPointF:
        margin = 2 * GRIP
        x = min(max(point.x(), margin), max(self.width() - margin, margin))
        y = min(max(point.y(), margin), max(self.height() - margin, margin))
        return QPointF(x, y)

    def _fill_view(self) -> None:
        self.setGeometry(self._view.rect())
