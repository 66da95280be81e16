"""The photo and what lies over it, painted in plain 2D."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QTransform
from PySide6.QtWidgets import QWidget

from models.geometry.arrays import Box
from models.metrics.normalisers import Normaliser
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.panels import marks, truth_marks
from viewer.panels import overlays as over
from viewer.panels.colours import DARK, Palette
from viewer.panels.photo_hand import PhotoHand
from viewer.panels.photo_mesh import PhotoMesh
from viewer.panels.viewport import Viewport
from viewer.state.layout import panel_row
from viewer.state.style import OVERLAYS, LayerStyle
from viewer.widgets.raster import halved, qimage, qtransform

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement

CRISP_FROM = 4.0  # device px per image px from which on single pixels are shown


class PhotoView(QWidget):
    """A photo that can be shifted and enlarged. Image px (0, 0) is the centre of the top-left pixel.

    Attributes:
        mesh: The meshes over it.

    Signals:
        picked(float, float): A click, in image px.
        box_drawn(tuple): x0, y0, x1, y1 in image px, when the user drew a box.
        box_edited(tuple, bool, int), box_given_up(int): The selected face's box in the hand, as of PhotoHand.
        resized(): Its size changed.
        shifted(): The user moved or enlarged the photo.
    """

    picked = Signal(float, float)
    box_drawn = Signal(object)
    box_edited = Signal(object, bool, int)
    box_given_up = Signal(int)
    resized = Signal()
    shifted = Signal()

    def __init__(self, parent: QWidget | None = None, edits_boxes: bool = False) -> None:
        """With `edits_boxes` the selected face's box can be dragged by its border and its handles."""
        super().__init__(parent)
        self._edits_boxes = edits_boxes
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(QSize(120, 120))
        self._colours: Palette = DARK
        self._levels: list[QImage] = []
        self._port = Viewport()
        self._faces: tuple[Face, ...] = ()
        self._answers: tuple[Reconstruction, ...] = ()
        self._selected = 0
        self._probe: QPointF | None = None
        self._judgement: Judgement | None = None
        self._normaliser: Normaliser | None = None
        self._overlays: frozenset[str] = frozenset()
        self._pictures: dict[str, list[tuple[QImage, tuple[int, int], QTransform]]] = {}
        self.mesh, self._style = PhotoMesh(self), panel_row("photo").style
        self.mesh.ready.connect(self.update)
        self._hand = PhotoHand(self, lambda: self._seen, self._grippable)
        self._hand.box_edited.connect(self.box_edited)
        self._hand.box_given_up.connect(self.box_given_up)
        self._hand.picked.connect(self.picked)
        self._hand.box_drawn.connect(self.box_drawn)
        self._hand.box_changed.connect(self.update)
        self._hand.shifted.connect(self._on_shifted)

    # --- what to show

    def set_photo(self, image: NDArray[np.uint8] | None) -> None:
        """[H, W, 3] RGB. A photo of another size is shown whole; the next frame of a video stays put."""
        size = (0, 0) if image is None else (image.shape[1], image.shape[0])
        self._levels = [] if image is None else [qimage(image)]
        self.mesh.set_photo(image)
        if size != self._seen.photo:
            self._seen.photo = size
            self._seen.show(QRectF())
        self.update()

    def set_answers(self, faces: Sequence[Face], answers: Sequence[Reconstruction]) -> None:
        """What was found in the photo; answers in image space."""
        self._faces, self._answers = tuple(faces), tuple(answers)
        self._pictures = {}
        self.mesh.set_answers(self._answers)
        self.update()

    def set_selected(self, index: int) -> None:
        """Which answer the other panels show: its box stands out."""
        self._selected = index
        self.update()

    def set_truth(self, judgement: Judgement | None, normaliser: Normaliser | None) -> None:
        """The truth about one of the faces, and what errors are divided by if that is to be drawn."""
        self._judgement, self._normaliser = judgement, normaliser
        self.update()

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Which of OVERLAYS to draw."""
        self._overlays = overlays
        if "mesh" not in overlays:
            self.mesh.rest()
        self.update()

    def set_look(self, style: LayerStyle) -> None:
        """How the meshes are drawn."""
        self._style = style
        self.update()

    def set_probe(self, position: tuple[float, float] | None) -> None:
        """Mark a place, image px; None marks nothing."""
        self._probe = None if position is None else QPointF(*position)
        self.update()

    def set_palette(self, colours: Palette) -> None:
        """The theme's colours."""
        self._colours = colours
        self.update()

    def set_drawing_box(self, drawing: bool) -> None:
        """Whether the next drag draws a face box."""
        self._hand.set_drawing_box(drawing)
        self.setCursor(Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.ArrowCursor)

    def show_area(self, area: QRectF) -> None:
        """Bring a part of the photo into sight, image px; a null rectangle shows the whole photo."""
        self._seen.show(area)
        self.update()

    @property
    def draws_box(self) -> bool:
        """Whether the next drag draws a face box."""
        return self._hand.draws_box

    @property
    def viewport(self) -> Viewport:
        """Where the photo lies in the widget; another view may share it."""
        return self._port

    def set_viewport(self, viewport: Viewport) -> None:
        """Show the photo there, as another view of the same size does."""
        if viewport is not self._port:
            self._port = viewport
            self.update()

    @property
    def moved(self) -> bool:
        """Whether the user moved the photo away from what `show_area` showed, or has a box in the hand."""
        return self._seen.moved or self._hand.box is not None

    @property
    def sight(self) -> QRectF:
        """What of the image plane is in sight, image px."""
        return self._seen.sight

    # --- geometry

    @property
    def _seen(self) -> Viewport:
        """The viewport at the widget's present size, whether or not Qt has told of it yet."""
        if self._port.widget != (self.width(), self.height()):
            self._port.resize(self.width(), self.height())
        return self._port

    @property
    def scale(self) -> float:
        """Logical px per image px."""
        return self._seen.scale

    def to_image(self, point: QPointF) -> QPointF:
        """Where a point of the widget, logical px, lies in the photo."""
        return self._seen.to_image(point)

    def to_widget(self, point: QPointF) -> QPointF:
        """The inverse of `to_image`."""
        return self._seen.to_widget(point)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell whoever lies on top."""
        super().resizeEvent(event)
        self.resized.emit()

    @Slot()
    def _on_shifted(self) -> None:
        self.update()
        self.shifted.emit()

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
                size = math.ceil(self.width() * ratio), math.ceil(self.height() * ratio)
                self.mesh.paint(painter, self._style, self._seen, (ratio, *size), self._colours)
            if "landmarks" in self._overlays:
                for answer in self._answers:
                    marks.paint_landmarks(painter, answer, self._seen, self._colours)
            if "box" in self._overlays:
                chosen = self._answers[self._selected].box if self._selected < len(self._answers) else None
                boxes, numbers = self._boxes()
                marks.paint_boxes(painter, boxes, numbers, chosen, self._seen, self._colours)
            self._paint_truth(painter)
            if self._probe is not None:
                marks.paint_probe(painter, self.to_widget(self._probe), self._colours)
            if self._hand.box is not None:
                marks.paint_drawn_box(painter, *self._hand.box, self._seen, self._colours)
            marks.paint_handles(painter, self._hand.handles(), self._colours)
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
        width, height = self._seen.photo
        target = QRectF(corner.x(), corner.y(), width * self.scale, height * self.scale)
        painter.drawImage(target, level, QRectF(level.rect()))

    def _level(self, wanted: int) -> QImage:
        """The photo halved `wanted` times: shrinking in one step would flicker and cost more."""
        while len(self._levels) <= wanted and min(self._levels[-1].size().toTuple()) > 1:
            self._levels.append(halved(self._levels[-1]))
        return self._levels[min(wanted, len(self._levels) - 1)]

    def _paint_map(self, painter: QPainter, name: str) -> None:
        if name not in self._pictures:
            self._pictures[name] = [
                (qimage(over.picture(name, layer)), over.area(layer), qtransform(layer.T_image_map))
                for answer in self._answers
                if (layer := over.map_layer(answer, name)) is not None
            ]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for picture, (width, height), place in self._pictures[name]:
            painter.save()
            painter.setTransform(place * self._seen.transform(), True)
            painter.drawImage(QRectF(-0.5, -0.5, width, height), picture)
            painter.restore()

    def _paint_truth(self, painter: QPainter) -> None:
        if self._judgement is None:
            return
        if "truth" in self._overlays:
            truth_marks.paint_truth(painter, self._judgement, self._seen, self._colours)
        if "error" in self._overlays:
            truth_marks.paint_errors(painter, self._judgement, self._seen)
        if self._normaliser is not None:
            at = (painter, self._judgement, self._normaliser, self._seen, self._colours)
            truth_marks.paint_normaliser(*at)

    def _grippable(self) -> Box | None:
        """The box that can be dragged: that of the selected face, while it is drawn."""
        drawn = self._edits_boxes and "box" in self._overlays and 0 <= self._selected < len(self._faces)
        return self._faces[self._selected].box if drawn else None

    def _boxes(self) -> tuple[list[Box], list[int | None]]:
        """The boxes of faces or answers, and their numbers where there is more than one to tell apart."""
        boxes = [face.box for face in self._faces] or [a.box for a in self._answers if a.box is not None]
        several = len(self._faces) > 1 or any((face.identity or 1) > 1 for face in self._faces)
        return boxes, [face.identity for face in self._faces] if several else [None] * len(boxes)
