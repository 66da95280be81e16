"""Loose points in a GL view: landmarks, a picked vertex."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL
from pyqtgraph.opengl.GLGraphicsItem import GLGraphicsItem

from viewer.gl.mesh_item import Colour, matrix_of
from viewer.gl.program import Program

BEFORE = 0.012  # face radii: how much nearer dots are than the surface they lie on


class PointsItem(GLGraphicsItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Round points of one colour whose positions stream; hidden ones are rings.

    Args:
        size_px: Diameter, in logical pixels.
        colour: RGB, 0..1.
        always: Draw them even where a surface is in front.
    """

    def __init__(self, size_px: float, colour: Colour, always: bool = False) -> None:
        super().__init__()
        self.setGLOptions("translucent")
        self.updateGLOptions({GL.GL_DEPTH_TEST: not always})
        self.setDepthValue(1)
        self._size_px, self._colour = size_px, colour
        self._points = np.zeros((0, 4), np.float32)
        self._stale = True
        self._program: Program | None = None
        self._buffer = 0

    def set_points(self, positions: NDArray[np.float32], hollow: NDArray[np.bool_] | None = None) -> None:
        """[N, 3] in face radii; [N] which of them are rings."""
        self._points = np.zeros((len(positions), 4), np.float32)
        self._points[:, :3] = positions
        if hollow is not None:
            self._points[:, 3] = hollow
        self._stale = True
        self.update()

    def set_colour(self, colour: Colour) -> None:
        """RGB, 0..1."""
        self._colour = colour
        self.update()

    def initializeGL(self) -> None:
        """A new context: nothing made in another one is ours any more."""
        self._program, self._buffer, self._stale = None, 0, True

    def release(self) -> None:
        """Give everything back to the current context."""
        if self._program is not None:
            self._program.delete()
        if self._buffer:
            GL.glDeleteBuffers(1, [self._buffer])
        self.initializeGL()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return len(self._points) == 0

    def paint(self) -> None:
        """Upload if stale, draw."""
        if self.is_empty:
            return
        self.setupGLState()
        GL.glEnable(GL.GL_PROGRAM_POINT_SIZE)
        GL.glEnable(GL.GL_POINT_SPRITE)
        if self._program is None:
            self._program = Program("points", ("position", "hollow"))
        if self._buffer == 0:
            self._buffer = int(GL.glGenBuffers(1))
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffer)
        if self._stale:
            self._stale = False
            GL.glBufferData(GL.GL_ARRAY_BUFFER, self._points.nbytes, self._points, GL.GL_STREAM_DRAW)
        with self._program.bound():
            self._program.set(
                {
                    "model_view": matrix_of(self.modelViewMatrix()),
                    "projection": matrix_of(self.projectionMatrix()),
                    "point_size": self._size_px * float(self.view().pixel_scale),
                    "depth_bias": BEFORE / float(self.view().reach),
                    "colour": self._colour,
                    "opacity": 1.0,
                }
            )
            self._draw()

    def _draw(self) -> None:
        for location, (count, offset) in enumerate(((3, 0), (1, 12))):
            GL.glEnableVertexAttribArray(location)
            GL.glVertexAttribPointer(location, count, GL.GL_FLOAT, False, 16, ctypes.c_void_p(offset))
        GL.glDrawArrays(GL.GL_POINTS, 0, len(self._points))
        for location in (0, 1):
            GL.glDisableVertexAttribArray(location)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, 0)
