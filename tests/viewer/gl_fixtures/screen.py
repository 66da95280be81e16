"""Asks a GL view for its pixels, and says why where there can be none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication, QImage, QOffscreenSurface, QOpenGLContext
from PySide6.QtWidgets import QApplication

from viewer.gl.face_view import FaceView
from viewer.gl.trackball import stage


def require_gl(application: QApplication) -> None:
    """Skip the test where no OpenGL context can be had."""
    assert application is not None
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        pytest.skip(f"the Qt platform {QGuiApplication.platformName()!r} has no OpenGL; use xcb under Xvfb")
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        pytest.skip("no OpenGL context can be made on this display")
    context.doneCurrent()


def pixels(image: QImage) -> NDArray[np.int16]:
    """[H, W, 3] RGB, signed so that differences are safe."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.asarray(image.constBits()).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(np.int16)


def near(pixel: NDArray[np.int16], colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    """Whether a pixel has about that colour."""
    return bool((np.abs(pixel - np.array(colour)) <= tolerance).all())


def middle(view: FaceView) -> QPoint:
    """Where the face's centre lies in a view that was neither moved nor enlarged."""
    (x, y), _ = stage(view.width(), view.height(), view.kept_px)
    return QPoint(round(x), round(y))
