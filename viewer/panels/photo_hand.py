"""The user's hand on a photo: shifts and enlarges it, clicks on it, draws boxes over it and drags them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from models.geometry.arrays import Box
from viewer.panels.box_grip import WHOLE, BoxGrip, Part, cursor_of, gripped, handles
from viewer.panels.viewport import Viewport
from viewer.state.occlusion import FIRST_DRAG

NEAR = 12  # logical px beside a box where its handles are shown
DRAG_FROM = 3  # logical px: less is a click
SMALLEST_BOX = 6  # logical px: less is a slip of the hand
ZOOM = 1.15  # per step of the wheel, or per key press
SHIFT = 40  # logical px, per key press


class PhotoHand(QObject):
    """Takes the mouse, the wheel and the keys of the view that shows the photo. Does nothing without a photo.

    Signals:
        picked(float, float): A click, in image px.
        box_drawn(tuple): x0, y0, x1, y1 in image px, when the user drew a box.
        box_edited(tuple, bool, int): What becomes of the box that can be gripped while it is dragged, whether
            its size changes, and the number of the drag.
        box_given_up(int): That drag is to be as if it had never been.
        box_changed(): The box that is being drawn or dragged, whether there is one, or its handles.
        shifted(): The user moved or enlarged the photo.
    """

    picked = Signal(float, float)
    box_drawn = Signal(object)
    box_edited = Signal(object, bool, int)
    box_given_up = Signal(int)
    box_changed = Signal()
    shifted = Signal()

    def __init__(
        self, view: QWidget, port: Callable[[], Viewport], grippable: Callable[[], Box | None] = lambda: None
    ) -> None:
        """`grippable` says which box of the photo, image px, can be dragged now."""
        super().__init__(view)
        self._grippable = grippable
        self._held: BoxGrip | None = None
        self._over: Part | None = None  # what of that box the mouse is over
        self._near = False  # whether the mouse is over the box or about it
        self._shape = Qt.CursorShape.ArrowCursor  # of the mouse elsewhere
        self._view, self._port = view, port
        self._draws_box = False
        self._grip: tuple[QPointF, QPointF] | None = None  # where pressed, and the centre then
        self._dragged = False
        self._drag = FIRST_DRAG  # the number of the last one of a box, or of the one under way
        self._box: tuple[QPointF, QPointF] | None = None
        view.setMouseTracking(True)  # its shape says what it would grip
        view.installEventFilter(self)

    @property
    def draws_box(self) -> bool:
        """Whether the next drag draws a face box."""
        return self._draws_box

    @property
    def box(self) -> tuple[QPointF, QPointF] | None:
        """Two corners of the box that is being drawn or dragged, image px."""
        return self._box

    def handles(self) -> list[QPointF]:
        """Where handles are to be seen, logical px: of the box under the mouse, or of the one dragged."""
        box = self._grippable() if self._held is None else self._held.box
        if box is None or not (self._near or self._held):
            return []
        if self._held is not None and self._box is not None:
            box = (self._box[0].x(), self._box[0].y(), self._box[1].x(), self._box[1].y())
        return handles(self._area(box))

    def set_drawing_box(self, drawing: bool) -> None:
        """Whether the next drag draws a face box. A box that was begun is forgotten."""
        self._draws_box, self._held = drawing, None
        self._hover(None)
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
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._box is not None:
            event.accept()  # an override too, so that it is no shortcut
            self._give_up()
            return True
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._key(event)
        if event.type() is QEvent.Type.Leave:
            self._hover(None)
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
        """Grip the photo, or the box there, or begin one: in the box mode, or with Shift held at any time."""
        port = self._port()
        if 0 in port.photo:
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._hover(event.position())
        box = self._grippable()
        left = event.button() is Qt.MouseButton.LeftButton
        if self._over is not None and box is not None and left and not shift:
            self._held, self._dragged = BoxGrip(box, self._over, port.to_image(event.position())), False
            self._grip = event.position(), port.centre
            self._drag += 1
        elif (self._draws_box or shift) and left:
            corner = port.to_image(event.position())
            self._hold_box((corner, corner))
        else:
            self._grip, self._dragged = (event.position(), port.centre), False

    def _move(self, event: QMouseEvent) -> None:
        """Shift the photo, stretch the box, or drag the one that is held."""
        port = self._port()
        if self._held is not None and self._grip is not None:
            way = event.position() - self._grip[0]
            if self._dragged or way.manhattanLength() >= DRAG_FROM:
                self._dragged = True
                box = x0, y0, x1, y1 = self._held.dragged_to(port.to_image(event.position()), port.photo)
                self._hold_box((QPointF(x0, y0), QPointF(x1, y1)))
                self.box_edited.emit(box, self._held.part != WHOLE, self._drag)
        elif self._box is not None:
            self._hold_box((self._box[0], port.to_image(event.position())))
        elif self._grip is not None:
            pressed, centre = self._grip
            way = event.position() - pressed
            if self._dragged or way.manhattanLength() >= DRAG_FROM:
                self._dragged = True
                port.shift(centre - way / port.scale)
                self.shifted.emit()
        elif event.buttons() == Qt.MouseButton.NoButton:
            self._hover(event.position())

    def _release(self, event: QMouseEvent) -> None:
        """End the box, or the shift; without either it was a click."""
        at = self._port().to_image(event.position())
        if self._held is not None and self._dragged:
            held = self._held
            self._forget_box()
            if (box := held.dragged_to(at, self._port().photo)) != held.box:
                self.box_edited.emit(box, held.part != WHOLE, self._drag)
            else:
                self.box_given_up.emit(self._drag)
        elif self._box is not None:
            self._end_box(self._box[0], at)
        elif self._grip is not None and not self._dragged and event.button() is Qt.MouseButton.LeftButton:
            self.picked.emit(at.x(), at.y())
        self._grip = self._held = None

    def _hold_box(self, box: tuple[QPointF, QPointF] | None) -> None:
        self._box = box
        self.box_changed.emit()

    def _give_up(self) -> None:
        """Forget the box that is being drawn or dragged; what was there before comes back."""
        dragged = self._held is not None
        self._forget_box()
        if dragged:
            self.box_given_up.emit(self._drag)

    def _forget_box(self) -> None:
        self._grip = self._held = None
        self._hold_box(None)

    def _hover(self, at: QPointF | None) -> None:
        """The mouse is here; None if it left. Its shape says what it would grip."""
        box = None if self._draws_box or at is None else self._grippable()
        area = None if box is None else self._area(box)
        over = None if area is None or at is None else gripped(area, at)
        near = area is not None and at is not None and area.adjusted(-NEAR, -NEAR, NEAR, NEAR).contains(at)
        if over != self._over:
            if self._over is None:
                self._shape = self._view.cursor().shape()
            self._over = over
            self._view.setCursor(self._shape if over is None else cursor_of(over))
        if near is not self._near:
            self._near = near
            self.box_changed.emit()

    def _area(self, box: Box) -> QRectF:
        port = self._port()
        return QRectF(port.to_widget(QPointF(*box[:2])), port.to_widget(QPointF(*box[2:])))

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
