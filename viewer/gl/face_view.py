"""The GL view inside a panel: one camera, a trackball, and paint errors that are heard of."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL
from pyqtgraph.opengl import GLViewWidget
from pyqtgraph.opengl.GLGraphicsItem import GLGraphicsItem
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMatrix4x4,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from viewer.gl import trackball
from viewer.gl.mesh_item import MeshItem
from viewer.gl.points_item import PointsItem
from viewer.gl.sharp_picture import SUPERSAMPLING, SharpPicture
from viewer.gl.turns import NEXT_TURN_MS, Turns
from viewer.state.camera import Camera, product, turn
from viewer.state.driver import Driver

log = logging.getLogger(__name__)

REFINE_AFTER_MS = 140
DRAWN_AFTER_MS = 8  # until it is looked again whether the driver is done
STEP_DEG = 6.0
STEP_SHIFT = 0.08


class FaceView(GLViewWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A face seen through a Camera. While it moves it is drawn plainly; once it rests, smoothly.

    Signals:
        camera_moved(Camera): The user turned, shifted or enlarged the face. Never emitted by a setter.
        clicked(float, float): A press and release on one spot, in widget px.
        failed(str): Painting failed; the text says how.
        resized(): Its size changed.
        focus_changed(bool): Whether the keyboard turns this face.
        driver_found(Driver): The OpenGL driver, once there is a context.
    """

    camera_moved = Signal(object)
    clicked = Signal(float, float)
    failed = Signal(str)
    resized = Signal()
    focus_changed = Signal(bool)
    driver_found = Signal(object)

    _rest: QTimer | None = None  # pyqtgraph asks for an update while it is being made

    def __init__(self, parent: QWidget | None = None, flat: bool = False, turns: Turns | None = None) -> None:
        """With `flat` nothing turns; views of one window share `turns`."""
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(QSize(120, 120))
        self.camera = Camera()
        self.paints = 0  # for whoever counts
        self.pixel_scale = 1.0  # device pixels of the target being drawn into, per logical pixel
        self._flat = flat  # what is shown is: a drag then shifts it, and nothing turns it
        self.reach = trackball.SHOWN_RADII
        self.kept_px = trackball.KEPT_PX  # of height, for a legend
        self._clips: dict[GLGraphicsItem, tuple[float, float]] = {}
        self._grip: tuple[Camera, QPointF, bool] | None = None
        self._moved = False
        self._sharp = False
        self._turns = turns or Turns()
        self._practised = False
        self._turns.watch(self, self._is_novice)
        self._resizing = False
        self._failure = ""
        self._picture = SharpPicture()
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._refine)

    def set_camera(self, camera: Camera) -> None:
        """Look like this from now on."""
        if camera != self.camera:
            self.camera = camera
            self.update()

    def set_reach(self, reach: float) -> None:
        """How far from the face's centre the content reaches, in face radii: near and far hug it."""
        reach = reach * 1.03 + 0.02  # room for dots and edges before the surface
        if reach != self.reach:
            self.reach = reach
            self.update()

    def keep_free(self, kept_px: float) -> None:
        """Leave that height at the bottom to a legend, px; a face is drawn above it."""
        kept_px = max(kept_px, trackball.KEPT_PX)
        if kept_px != self.kept_px:
            self.kept_px = kept_px
            self.update()

    def set_clip(self, item: GLGraphicsItem, part: tuple[float, float]) -> None:
        """Draw an item in a part of the width only: from where to where, 0..1."""
        if self._clips.get(item) != part:
            self._clips[item] = part
            self.update()

    def update(self, *_: object) -> None:
        """Something changed: draw it now, and smoothly once nothing changes any more."""
        self._sharp = False
        if self._rest is not None:
            self._picture.drop()
            self._rest.start(REFINE_AFTER_MS)
        super().update()

    def _refine(self) -> None:
        """Have the smooth picture drawn, a view at a time; show it when the driver is done with it."""
        assert self._rest is not None
        if not self._picture.is_begun:
            if not self._turns.take():
                self._rest.start(NEXT_TURN_MS)
                return
            if self._gains_by_sharpness():
                self._begin_sharp()
        if self._picture.is_begun and not self._ended_sharp():
            self._rest.start(DRAWN_AFTER_MS)
            return
        self._sharp = True
        super().update()

    @property
    def is_sharp(self) -> bool:
        """Whether nothing has changed for a while, so that the next picture is the smooth one."""
        return self._sharp

    def _is_novice(self) -> bool:
        """Whether its next drawing is the first of a surface; not while it is not on the screen at all."""
        return not self._practised and self.paints > 0 and any(map(_shows, self.items))

    # --- drawing

    def initializeGL(self) -> None:
        """A context, perhaps another one than before: a panel that floats gets a new one."""
        self._picture.drop()
        self._practised = False
        context = self.context()
        context.aboutToBeDestroyed.connect(self._release, Qt.ConnectionType.DirectConnection)
        for item in self.items:
            item.initialize()
        self.driver_found.emit(Driver(*map(_told, (GL.GL_VENDOR, GL.GL_RENDERER, GL.GL_VERSION))))

    def _release(self) -> None:
        self.makeCurrent()
        self._picture.drop()
        for item in self.items:
            if isinstance(item, MeshItem | PointsItem):
                item.release()
        self.doneCurrent()

    def paintGL(self) -> None:
        """Draw all items. What goes wrong is logged and told, instead of leaving an empty panel."""
        if self._resizing:
            return
        self.paints += 1
        try:
            if self._picture.fits(self._device_size):
                self._picture.show(self.defaultFramebufferObject())
            else:
                self._draw(self.devicePixelRatioF())
                if self._sharp and self._gains_by_sharpness() and self._rest is not None:
                    self._sharp = False  # it came to rest while nobody saw it
                    self._rest.start(REFINE_AFTER_MS)
        except Exception as error:  # any driver or shader trouble: Qt must get its frame back
            self._fail(error)
        else:
            self._failure = ""

    def _fail(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._failure:  # once, not sixty times a second
            self._failure = text
            log.error("drawing failed", exc_info=error)
            self.failed.emit(text)

    @property
    def _device_size(self) -> QSize:
        scale = self.devicePixelRatioF()
        return QSize(round(self.width() * scale), round(self.height() * scale))

    def _gains_by_sharpness(self) -> bool:
        drawn = self.isValid() and self.isVisible() and any(map(_shows, self.items))
        return drawn and self.format().samples() <= 1

    def _begin_sharp(self) -> None:
        self.makeCurrent()
        try:
            scale = self.devicePixelRatioF() * SUPERSAMPLING
            self._picture.begin(self._device_size, lambda: self._draw(scale))
        except Exception as error:  # as in `paintGL`
            self._fail(error)
        finally:
            self.doneCurrent()

    def _ended_sharp(self) -> bool:
        self.makeCurrent()
        try:
            return self._picture.end()
        finally:
            self.doneCurrent()

    def _draw(self, pixel_scale: float) -> None:
        self.pixel_scale = pixel_scale
        shape = self.width(), self.height(), self.reach, self.kept_px
        self._projectionStack[:] = [_qmatrix(trackball.projection_matrix(self.camera, *shape))]
        self._modelViewStack[:] = [_qmatrix(trackball.view_matrix(self.camera))]
        GL.glDepthMask(True)
        GL.glClearColor(*self.opts["bgcolor"])
        GL.glClear(GL.GL_DEPTH_BUFFER_BIT | GL.GL_COLOR_BUFFER_BIT)
        for item in sorted(self.items, key=lambda item: float(item.depthValue())):
            if item.visible():
                self._paint_clipped(item)
        self._practised = self._practised or any(map(_shows, self.items))

    def _paint_clipped(self, item: GLGraphicsItem) -> None:
        if item not in self._clips:
            item.paint()
            return
        ratio = self.devicePixelRatioF()
        finer = round(self.pixel_scale / ratio)  # the edge falls between device pixels, however fine
        left, right = (round(share * self.width() * ratio) * finer for share in self._clips[item])
        GL.glEnable(GL.GL_SCISSOR_TEST)
        GL.glScissor(left, 0, right - left, round(self.height() * self.pixel_scale) + finer)
        try:
            item.paint()
        finally:
            GL.glDisable(GL.GL_SCISSOR_TEST)

    # --- the user's hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grip the face."""
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton)
        if event.button() not in buttons:
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        shifts = self._flat or shift or event.button() is not Qt.MouseButton.LeftButton
        self._grip = (self.camera, event.position(), shifts)
        self._moved = False
        self.setCursor(Qt.CursorShape.SizeAllCursor if shifts else Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn the face, or shift it."""
        if self._grip is None:
            return
        camera, pressed, shifts = self._grip
        if not self._moved and (event.position() - pressed).manhattanLength() < 3:
            return
        self._moved = True
        a, b = self._screen(pressed), self._screen(event.position())
        if shifts:
            self._move(trackball.shifted(camera, (b[0] - a[0], b[1] - a[1])))
        else:
            self._move(trackball.dragged(camera, a, b))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; without a drag it was a click."""
        if self._grip is not None and not self._moved and event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit(event.position().x(), event.position().y())
        self._grip = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the view of the photo."""
        self._grip = None
        self.reset_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom to where the mouse points."""
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if steps:
            self._move(trackball.zoomed(self.camera, 1.15**steps, self._screen(event.position())))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows turn, with Shift they move; plus and minus zoom; 0 or Home resets; P: perspective."""
        camera = self._after_key(event)
        if camera is None:
            event.ignore()
        else:
            self._move(camera)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Nothing: pyqtgraph's own key timer is not used."""
        event.ignore()

    def _after_key(self, event: QKeyEvent) -> Camera | None:
        key, camera = event.key(), self.camera
        if key in _ARROWS:
            x, y = _ARROWS[Qt.Key(key)]
            if self._flat or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                return trackball.shifted(camera, (x * STEP_SHIFT, y * STEP_SHIFT))
            return _with_rotation(camera, product(turn((-y, x, 0), STEP_DEG), camera.rotation))
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            return trackball.zoomed(camera, 1.15, (0, 0))
        if key == Qt.Key.Key_Minus:
            return trackball.zoomed(camera, 1 / 1.15, (0, 0))
        if key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            return Camera(perspective=camera.perspective)
        if key == Qt.Key.Key_P:
            return Camera(camera.rotation, camera.zoom, camera.pan, not camera.perspective)
        return None

    def reset_view(self) -> None:
        """As the photo shows the face; tells the others."""
        self._move(Camera(perspective=self.camera.perspective))

    def _move(self, camera: Camera) -> None:
        if camera != self.camera:
            self.set_camera(camera)
            self.camera_moved.emit(camera)

    def _screen(self, point: QPointF) -> trackball.Point:
        (x, y), half = trackball.stage(self.width(), self.height(), self.kept_px)
        return (point.x() - x) / half, (y - point.y()) / half

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell whoever lies on top. Qt would have all drawn here, however often a layout changes its mind."""
        self._resizing = True
        try:
            super().resizeEvent(event)
        finally:
            self._resizing = False
        self.update()
        self.resized.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard speaks to this view now."""
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard speaks to something else."""
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        """A new scale of the screen changes how many pixels there are."""
        super().changeEvent(event)
        self.update()


_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}


def _with_rotation(camera: Camera, rotation: tuple[float, float, float, float]) -> Camera:
    return Camera(rotation, camera.zoom, camera.pan, camera.perspective)


def _qmatrix(matrix: NDArray[np.float64]) -> QMatrix4x4:
    return QMatrix4x4([float(value) for value in matrix.ravel()])


def _shows(item: GLGraphicsItem) -> bool:
    return item.visible() and not (isinstance(item, MeshItem | PointsItem) and item.is_empty)


def problem_of(view: FaceView) -> str:
    """Why a view shows nothing: there is no OpenGL, or painting failed; empty while it draws."""
    return view._failure if view.isValid() else "no OpenGL context could be made"


def _told(what: int) -> str:
    """What the driver says of itself; empty for nothing."""
    return (GL.glGetString(what) or b"").decode(errors="replace")
