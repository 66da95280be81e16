"""The user's hand on a photo: shifts and enlarges it, clicks on it, draws boxes over it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.panels.viewport import Viewport

DRAG_FROM = 3  # logical px: less is a click
SMALLEST_BOX = 6  # logical px: less is a slip of the hand
ZOOM = 1.15  # per step of the wheel, or per key press
SHIFT = 40  # logical px, per key press


class PhotoHand(QObject):
    """Takes the mouse, the wheel and the keys of the view that shows the photo. Does nothing without a photo.

    Signals:
        picked(float, float): A click, in image px.
        box_drawn(tuple): x0, y0, x1, y1 in image px, when the user drew a box.
        box_changed(): The box that is being drawn, or whether there is one.
        shifted(): The user moved or enlarged the photo.
    """

    picked = Signal(float, float)
    box_drawn = Signal(object)
    box_changed = Signal()
    shifted = Signal()

    def __init__(self, view: QWidget, port: Callable[[], Viewport]) -> None:
        super().__init__(view)
        self._view, self._port = view, port
        self._draws_box = False
        self._grip: tuple[QPointF, QPointF] | None = None  # where pressed, and the centre then
        self._dragged = False
        self._box: tuple[QPointF, QPointF] | None = None
        view.installEventFilter(self)

    @property
    def draws_box(self) -> bool:
        """Whether the next drag draws a face box."""
        return self._draws_box

    @property
    def box(self) -> tuple[QPointF, QPointF] | None:
        """Two corners of the box that is being drawn, image px."""
        return self._box

    def set_drawing_box(self, drawing: bool) -> None:
        """Whether the next drag draws a face box. A box that was begun is forgotten."""
        self._draws_box = drawing
        self._hold_box(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Whether the event was for the hand; if not, it is the view's."""
        if isinstance(event, QWheelEvent):
            steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
            self._zoom_at(ZOOM**steps, event.position())
            event.accept()
            return True
        if isinstance(event, QMouseEvent):
            return self._mouse_event(event)
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._key(event)
        return False

    def _mouse_event(self, event: QMouseEvent) -> bool:
        match event.type():
            case QEvent.Type.MouseButtonPress:
                self._press(event)
            case QEvent.Type.MouseMove:
                self._move(event)
            case QEvent.Type.MouseButtonRelease:
                self._release(event)
            case QEvent.Type.MouseButtonDblClick:
                self._grip = None
                self._undo()
            case _:
                return False
        return True

    def _press(self, event: QMouseEvent) -> None:
        """Grip the photo, or begin a box: in the box mode, or with Shift held at any time."""
        port = self._port()
        if 0 in port.photo:
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if (self._draws_box or shift) and event.button() is Qt.MouseButton.LeftButton:
            corner = port.to_image(event.position())
            self._hold_box((corner, corner))
        else:
            self._grip, self._dragged = (event.position(), port.centre), False

    def _move(self, event: QMouseEvent) -> None:
        """Shift the photo, or stretch the box."""
        port = self._port()
        if self._box is not None:
            self._hold_box((self._box[0], port.to_image(event.position())))
        elif self._grip is not None:
            pressed, centre = self._grip
            way = event.position() - pressed
            if self._dragged or way.manhattanLength() >= DRAG_FROM:
                self._dragged = True
                port.shift(centre - way / port.scale)
                self.shifted.emit()

    def _release(self, event: QMouseEvent) -> None:
        """End the box, or the shift; without either it was a click."""
        at = self._port().to_image(event.position())
        if self._box is not None:
            self._end_box(self._box[0], at)
        elif self._grip is not None and not self._dragged and event.button() is Qt.MouseButton.LeftButton:
            self.picked.emit(at.x(), at.y())
        self._grip = None

    def _hold_box(self, box: tuple[QPointF, QPointF] | None) -> None:
        self._box = box
        self.box_changed.emit()

    def _end_box(self, a: QPointF, b: QPointF) -> None:
        self._hold_box(None)
        port = self._port()
        width, height = port.photo
        xs = sorted(min(max(x, 0.0), width - 1.0) for x in (a.x(), b.x()))
        ys = sorted(min(max(y, 0.0), height - 1.0) for y in (a.y(), b.y()))
        if min(xs[1] - xs[0], ys[1] - ys[0]) * port.scale >= SMALLEST_BOX:
            self.box_drawn.emit((xs[0], ys[0], xs[1], ys[1]))

    def _key(self, event: QKeyEvent) -> bool:
        """Plus and minus zoom, arrows shift, 0 undoes both."""
        middle = QPointF(self._view.width() / 2, self._view.height() / 2)
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._zoom_at(ZOOM, middle)
            case Qt.Key.Key_Minus:
                self._zoom_at(1 / ZOOM, middle)
            case Qt.Key.Key_0:
                self._undo()
            case Qt.Key.Key_Left:
                self._shift(-SHIFT, 0)
            case Qt.Key.Key_Right:
                self._shift(SHIFT, 0)
            case Qt.Key.Key_Up:
                self._shift(0, -SHIFT)
            case Qt.Key.Key_Down:
                self._shift(0, SHIFT)
            case _:
                return False
        return True

    def _shift(self, right: int, down: int) -> None:
        port = self._port()
        port.shift(port.centre + QPointF(right, down) / port.scale)
        self.shifted.emit()

    def _zoom_at(self, factor: float, at: QPointF) -> None:
        self._port().zoom_at(factor, at)
        self.shifted.emit()

    def _undo(self) -> None:
        """Show again what was shown at first."""
        port = self._port()
        port.show(port.wanted)
        self.shifted.emit()
