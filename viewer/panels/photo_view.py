"""The photo and what lies over it, painted in plain 2D."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
    qRgba,
)
from PySide6.QtWidgets import QWidget

from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.panels import overlays as over
from viewer.panels.palette import DARK, Palette
from viewer.panels.raster import SHADOW, halved, paint_dot, qimage, qtransform
from viewer.state import OVERLAYS

Box = tuple[float, float, float, float]

ZOOM_RANGE = (0.5, 60.0)
CRISP_FROM = 4.0  # device px per image px from which on single pixels are shown


class PhotoView(QWidget):
    """A photo that can be shifted and enlarged. Image px (0, 0) is the centre of the top-left pixel.

    Signals:
        picked(float, float): A click, in image px.
        box_drawn(tuple): x0, y0, x1, y1 in image px, when the user drew a box.
        resized(): Its size changed.
    """

    picked = Signal(float, float)
    box_drawn = Signal(object)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(QSize(120, 120))
        self._colours: Palette = DARK
        self._levels: list[QImage] = []
        self._size = (0, 0)  # of the photo, width and height
        self._faces: tuple[Face, ...] = ()
        self._answers: tuple[Reconstruction, ...] = ()
        self._selected = 0
        self._overlays: frozenset[str] = frozenset()
        self._pictures: dict[str, list[tuple[QImage, QTransform]]] = {}
        self._wire: tuple[tuple[object, ...], QImage] | None = None
        self._zoom, self._centre = 1.0, QPointF()
        self._grip: tuple[QPointF, QPointF] | None = None  # where pressed, and the centre then
        self._moved = False
        self._draws_box = False
        self._box_corner: QPointF | None = None
        self._box_now: QPointF | None = None

    # --- what to show

    def set_photo(self, image: NDArray[np.uint8] | None) -> None:
        """[H, W, 3] RGB. A photo of another size is fitted anew; the next frame of a video stays put."""
        size = (0, 0) if image is None else (image.shape[1], image.shape[0])
        self._levels = [] if image is None else [qimage(image)]
        if size != self._size:
            self._size = size
            self.fit()
        self.update()

    def set_answers(self, faces: Sequence[Face], answers: Sequence[Reconstruction]) -> None:
        """What was found in the photo; answers in image space."""
        self._faces, self._answers = tuple(faces), tuple(answers)
        self._pictures = {}
        self.update()

    def set_selected(self, index: int) -> None:
        """Which answer the other panels show: its box stands out."""
        self._selected = index
        self.update()

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Which of OVERLAYS to draw."""
        self._overlays = overlays
        self.update()

    def set_palette(self, colours: Palette) -> None:
        """The theme's colours."""
        self._colours = colours
        self.update()

    def set_drawing_box(self, drawing: bool) -> None:
        """Whether the next drag draws a face box."""
        self._draws_box = drawing
        self._box_corner = self._box_now = None
        self.setCursor(Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.ArrowCursor)
        self.update()

    def fit(self) -> None:
        """The whole photo, in the middle."""
        self._zoom = 1.0
        self._centre = QPointF((self._size[0] - 1) / 2, (self._size[1] - 1) / 2)
        self.update()

    # --- geometry

    @property
    def scale(self) -> float:
        """Logical px per image px."""
        if 0 in self._size:
            return 1.0
        return min(self.width() / self._size[0], self.height() / self._size[1]) * self._zoom

    def to_image(self, point: QPointF) -> QPointF:
        """Where a point of the widget, logical px, lies in the photo."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        return (point - middle) / self.scale + self._centre

    def to_widget(self, point: QPointF) -> QPointF:
        """The inverse of `to_image`."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        return (point - self._centre) * self.scale + middle

    def _transform(self) -> QTransform:
        origin = self.to_widget(QPointF(0, 0))
        return QTransform(self.scale, 0, 0, self.scale, origin.x(), origin.y())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell whoever lies on top."""
        super().resizeEvent(event)
        self.resized.emit()

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The photo, then the overlays in the order of OVERLAYS, points and boxes last."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self._colours.view))
        if self._levels:
            ratio = float(painter.device().devicePixelRatioF())
            self._paint_photo(painter, ratio)
            for name in OVERLAYS:
                if name in self._overlays and name in over.LAYER_OF:
                    self._paint_map(painter, name)
            if "mesh" in self._overlays:
                self._paint_wire(painter, ratio)
            if "landmarks" in self._overlays:
                for answer in self._answers:
                    self._paint_landmarks(painter, answer)
            if "box" in self._overlays:
                self._paint_boxes(painter)
            self._paint_drawn_box(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_photo(self, painter: QPainter, ratio: float) -> None:
        pixels = self.scale * ratio
        smooth = pixels < CRISP_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        level = self._level(max(0, math.floor(-math.log2(pixels)))) if pixels < 1 else self._levels[0]
        corner = self.to_widget(QPointF(-0.5, -0.5))
        target = QRectF(corner.x(), corner.y(), self._size[0] * self.scale, self._size[1] * self.scale)
        painter.drawImage(target, level, QRectF(level.rect()))

    def _level(self, wanted: int) -> QImage:
        """The photo halved `wanted` times: shrinking in one step would flicker and cost more."""
        while len(self._levels) <= wanted and min(self._levels[-1].size().toTuple()) > 1:
            self._levels.append(halved(self._levels[-1]))
        return self._levels[min(wanted, len(self._levels) - 1)]

    def _paint_map(self, painter: QPainter, name: str) -> None:
        if name not in self._pictures:
            self._pictures[name] = [
                (qimage(over.picture(name, layer)), qtransform(layer.T_image_map))
                for answer in self._answers
                if (layer := over.map_layer(answer, name)) is not None
            ]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for picture, place in self._pictures[name]:
            painter.save()
            painter.setTransform(place * self._transform(), True)
            painter.drawImage(QRectF(-0.5, -0.5, picture.width(), picture.height()), picture)
            painter.restore()

    def _paint_wire(self, painter: QPainter, ratio: float) -> None:
        key = (self._answers, self._transform(), self.size(), ratio)
        if self._wire is None or self._wire[0] != key:
            self._wire = (key, self._wire_picture(ratio))
        painter.drawImage(QPointF(0, 0), self._wire[1])

    def _wire_picture(self, ratio: float) -> QImage:
        origin, scale = self.to_widget(QPointF(0, 0)), self.scale * ratio
        to_device = np.array(
            [[scale, 0, origin.x() * ratio - 0.5], [0, scale, origin.y() * ratio - 0.5], [0, 0, 1]]
        )
        width, height = math.ceil(self.width() * ratio), math.ceil(self.height() * ratio)
        mask = over.wire_mask(self._answers, to_device, width, height)
        picture = QImage(mask.data, width, height, width, QImage.Format.Format_Indexed8)
        strength = min(0.75, 0.22 + 0.05 * self.scale * ratio)  # dense edges would whiten the face
        colour = QColor(self._colours.landmark)
        red, green, blue = colour.red(), colour.green(), colour.blue()
        picture.setColorTable([qRgba(red, green, blue, round(alpha * strength)) for alpha in range(256)])
        picture = picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        picture.setDevicePixelRatio(ratio)
        return picture

    def _paint_landmarks(self, painter: QPainter, answer: Reconstruction) -> None:
        points = [self.to_widget(QPointF(float(x), float(y))) for x, y, _ in answer.landmarks]
        hidden = over.hidden_landmarks(answer)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = QColor(self._colours.landmark)
        line.setAlphaF(0.55)
        painter.setPen(QPen(line, 1))
        for indices, closed in over.CONTOURS:
            chain = [points[i] for i in indices]
            painter.drawPolygon(chain) if closed else painter.drawPolyline(chain)
        for point, is_hidden in zip(points, hidden, strict=True):
            paint_dot(painter, point, QColor(self._colours.landmark), hollow=bool(is_hidden))

    def _paint_boxes(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        chosen = self._answers[self._selected].box if self._selected < len(self._answers) else None
        boxes = [face.box for face in self._faces] or [a.box for a in self._answers if a.box is not None]
        for box in boxes:
            area = QRectF(self.to_widget(QPointF(*box[:2])), self.to_widget(QPointF(*box[2:])))
            stands_out = len(boxes) == 1 or box == chosen
            painter.setPen(QPen(SHADOW, 4 if stands_out else 3))
            painter.drawRoundedRect(area, 3, 3)
            colour = self._colours.box if stands_out else "#c8ccd2"
            painter.setPen(QPen(QColor(colour), 1.8 if stands_out else 1.0))
            painter.drawRoundedRect(area, 3, 3)

    def _paint_drawn_box(self, painter: QPainter) -> None:
        if self._box_corner is None or self._box_now is None:
            return
        area = QRectF(self.to_widget(self._box_corner), self.to_widget(self._box_now)).normalized()
        fill = QColor(self._colours.box)
        fill.setAlphaF(0.18)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(self._colours.box), 1.5, Qt.PenStyle.DashLine))
        painter.drawRect(area)

    # --- the user's hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grip the photo, or begin a box."""
        if not self._levels:
            return
        if self._draws_box and event.button() is Qt.MouseButton.LeftButton:
            self._box_corner = self._box_now = self.to_image(event.position())
            return
        self._grip, self._moved = (event.position(), self._centre), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Shift the photo, or stretch the box."""
        if self._box_corner is not None:
            self._box_now = self.to_image(event.position())
            self.update()
        elif self._grip is not None:
            pressed, centre = self._grip
            way = event.position() - pressed
            if self._moved or way.manhattanLength() >= 3:
                self._moved = True
                self._centre = centre - way / self.scale
                self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the box, or the shift; without either it was a click."""
        if self._box_corner is not None:
            self._end_box(self._box_corner, self.to_image(event.position()))
        elif self._grip is not None and not self._moved and event.button() is Qt.MouseButton.LeftButton:
            at = self.to_image(event.position())
            self.picked.emit(at.x(), at.y())
        self._grip = None

    def _end_box(self, a: QPointF, b: QPointF) -> None:
        self._box_corner = self._box_now = None
        self.update()
        width, height = self._size
        xs = sorted(min(max(x, 0.0), width - 1.0) for x in (a.x(), b.x()))
        ys = sorted(min(max(y, 0.0), height - 1.0) for y in (a.y(), b.y()))
        if min(xs[1] - xs[0], ys[1] - ys[0]) * self.scale >= 6:  # less is a slip of the hand
            self.box_drawn.emit((xs[0], ys[0], xs[1], ys[1]))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole photo again."""
        self._grip = None
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom to where the mouse points."""
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        self._zoom_at(1.15**steps, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Plus and minus zoom, arrows shift, 0 or Home shows the whole photo."""
        middle, step = QPointF(self.width() / 2, self.height() / 2), 40 / self.scale
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._zoom_at(1.15, middle)
            case Qt.Key.Key_Minus:
                self._zoom_at(1 / 1.15, middle)
            case Qt.Key.Key_0 | Qt.Key.Key_Home:
                self.fit()
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down as key:
                x = {Qt.Key.Key_Left: -step, Qt.Key.Key_Right: step}.get(Qt.Key(key), 0.0)
                y = {Qt.Key.Key_Up: -step, Qt.Key.Key_Down: step}.get(Qt.Key(key), 0.0)
                self._centre += QPointF(x, y)
                self.update()
            case _:
                event.ignore()

    def _zoom_at(self, factor: float, at: QPointF) -> None:
        before = self.to_image(at)
        self._zoom = min(max(self._zoom * factor, ZOOM_RANGE[0]), ZOOM_RANGE[1])
        self._centre += before - self.to_image(at)
        self.update()
