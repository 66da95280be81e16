"""Four panels of a moving face of 40,000 vertices: ours, and pyqtgraph's GLMeshItem in the same process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

import numpy as np
import pyqtgraph.opengl as gl
from numpy.typing import NDArray
from OpenGL import GL
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QHBoxLayout, QWidget

from viewer.app.startup import make_application
from viewer.gl.face_view import FaceView
from viewer.gl.mesh_item import VALUES, Fill, MeshItem, Paint, Surface
from viewer.gl.normals import smooth_normals
from viewer.state.camera import Camera, turn

SIDE = 200  # vertices a side: 40,000 of them, 79,202 triangles
PANELS = 4
PANEL_PX = (300, 400)
HEADS = ("update", "draw", "both", "cpu", "faster", "by cpu")
FRAMES = 4  # different faces, shown in turn
PAINTS = {
    "solid": Paint(),
    "hidden part marked": Paint(mark_hidden=True),
    "flat": Paint(flat=True),
    "edges over solid": Paint(wire=True),
    "points": Paint(points=True),
    "photo": Paint(Fill.PHOTO),
    "normals": Paint(Fill.NORMALS),
    "UV": Paint(Fill.UV),
    "PNCC": Paint(Fill.PNCC),
    "value through a colour map": Paint(Fill.VALUE),
}
CAMERAS = {"orthographic": Camera(), "perspective": Camera(turn((0, 1, 0), 20), perspective=True)}


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians over the repeats, ms, for all panels together.

    Attributes:
        update: Normals, and handing the vertices over.
        draw: Upload and drawing, until the driver has finished.
        both: Of their sum.
        cpu: Of their sum on the processor's clock, all threads: the better guide on a busy machine.
    """

    update: float
    draw: float
    both: float
    cpu: float


def draw_report(repeats: int) -> str:
    """The table: a row per look and camera."""
    application = make_application()
    vertices, triangles, uv = dome()
    frames = [vertices + np.float32(0.002 * k) for k in range(FRAMES)]
    ours, theirs = _Ours(triangles, uv), _Theirs(vertices, triangles)
    for window in (ours.window, theirs.window):
        window.show()
        application.processEvents()
    baseline = _timed(lambda k: theirs.update(frames[k % FRAMES]), theirs.views, repeats)
    lines = [
        f"{len(vertices):,} vertices, {len(triangles):,} triangles, {PANELS} panels of {PANEL_PX} px",
        _renderer(ours.views[0]),
        "",
        f"{'ms for all panels':42}" + "".join(f"{name:>8}" for name in HEADS),
        _row("pyqtgraph GLMeshItem", baseline, baseline),
    ]
    for seen, camera in CAMERAS.items():
        for name, paint in PAINTS.items():
            ours.look(paint, camera)
            timing = _timed(lambda k: ours.update(frames[k % FRAMES]), ours.views, repeats)
            lines.append(_row(f"{name}, {seen}", timing, baseline))
    ours.window.close()
    theirs.window.close()
    return "\n".join(lines)


def dome() -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Vertices [N, 3] in face radii, triangles [T, 3], places on the chart [N, 2]."""
    v, u = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    bulge = (1 - (2 * u - 1) ** 2) * (1 - (2 * v - 1) ** 2)
    vertices = 0.6 * np.stack([2 * u - 1, 1 - 2 * v, bulge], -1).reshape(-1, 3)
    index = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.stack([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)
    uv = np.stack([u, v], -1).reshape(-1, 2)
    return vertices.astype(np.float32), triangles.astype(np.int32), uv.astype(np.float32)


class _Ours:
    """Panels as the window has them."""

    def __init__(self, triangles: NDArray[np.int32], uv: NDArray[np.float32]) -> None:
        self._triangles, self._uv = triangles, uv
        self._values = np.repeat(uv[:, :1], VALUES, axis=1)
        self._states = np.stack([1 - uv[:, 0], uv[:, 0] * (1 - uv[:, 1]), uv[:, 0] * uv[:, 1]], 1)
        self.views = [FaceView() for _ in range(PANELS)]
        self.window = _beside(self.views)
        self._items = [MeshItem() for _ in self.views]
        picture = np.full((256, 256, 3), 128, np.uint8)
        for view, item in zip(self.views, self._items, strict=True):
            item.set_photo(picture, (0, 0, 100, 100))
            item.set_chart(picture)
            view.addItem(item)

    def look(self, paint: Paint, camera: Camera) -> None:
        """From now on."""
        for view, item in zip(self.views, self._items, strict=True):
            item.set_paint(paint)
            view.set_camera(camera)

    def update(self, vertices: NDArray[np.float32]) -> None:
        """The next frame; every panel has a surface of its own, with values and places in a new photo."""
        for item in self._items:
            item.set_surface(
                Surface(
                    positions=vertices.copy(),
                    normals=smooth_normals(vertices, self._triangles),
                    triangles=self._triangles,
                    uv=self._uv,
                    pixels=vertices[:, :2],
                    states=self._states,
                    values=self._values.copy(),
                )
            )


class _Theirs:
    """Panels as pyqtgraph offers them."""

    def __init__(self, vertices: NDArray[np.float32], triangles: NDArray[np.int32]) -> None:
        self._triangles = triangles
        self.views = [gl.GLViewWidget() for _ in range(PANELS)]
        self.window = _beside(self.views)
        self._items = [
            gl.GLMeshItem(vertexes=vertices, faces=triangles, smooth=True, shader="shaded")
            for _ in self.views
        ]
        for view, item in zip(self.views, self._items, strict=True):
            view.setCameraPosition(distance=2.6, elevation=90, azimuth=-90)
            view.addItem(item)

    def update(self, vertices: NDArray[np.float32]) -> None:
        """The next frame."""
        for item in self._items:
            item.setMeshData(vertexes=vertices, faces=self._triangles)


def _beside(views: Sequence[QOpenGLWidget]) -> QWidget:
    window = QWidget()
    row = QHBoxLayout(window)
    for view in views:
        view.setFixedSize(*PANEL_PX)
        row.addWidget(view)
    return window


def _timed(update: Callable[[int], None], views: Sequence[QOpenGLWidget], repeats: int) -> Timing:
    """Updates and draws in turn; the first time, which compiles shaders, does not count."""
    rows = []
    for repeat in range(repeats + 1):
        cpu, start = process_time(), perf_counter()
        update(repeat)
        updated = perf_counter()
        for view in views:
            _draw(view)
        end = perf_counter()
        rows.append((updated - start, end - updated, end - start, process_time() - cpu))
    return Timing(*(1e3 * median(column) for column in zip(*rows[1:], strict=True)))


def _draw(view: QOpenGLWidget) -> None:
    """One panel, until its driver has finished; Qt's putting the panels together is left out for both."""
    view.makeCurrent()
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, view.defaultFramebufferObject())
    view.paintGL()
    GL.glFinish()
    view.doneCurrent()


def _renderer(view: QOpenGLWidget) -> str:
    view.makeCurrent()
    name = GL.glGetString(GL.GL_RENDERER).decode(errors="replace")
    view.doneCurrent()
    return str(name)


def _row(name: str, timing: Timing, baseline: Timing) -> str:
    numbers = (timing.update, timing.draw, timing.both, timing.cpu)
    faster = f"{baseline.both / timing.both:>7.1f}x{baseline.cpu / timing.cpu:>7.1f}x"
    return f"{name:42}" + "".join(f"{number:8.1f}" for number in numbers) + faster
