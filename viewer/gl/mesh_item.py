"""A surface in a GL view: static triangles, streamed vertices, looks that cost one uniform."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL
from pyqtgraph.opengl.GLGraphicsItem import GLGraphicsItem

from viewer.gl import colour_maps
from viewer.gl.program import Program
from viewer.gl.texture import Texture

Colour = tuple[float, float, float]

ATTRIBUTES = (("position", 3), ("normal", 3), ("uv", 2), ("pixel", 2), ("values", 4), ("more_values", 4))
STRIDE = 4 * sum(count for _, count in ATTRIBUTES)
VALUES = 8  # numbers per vertex a surface can be coloured by
UNKNOWN = np.float32(-1e9)  # a NaN may be lost on its way through a driver


class Fill(Enum):
    """Where a surface's colour comes from; the number is the shader's."""

    CLAY = 0
    PHOTO = 1
    VALUE = 2
    UV = 3
    NORMALS = 4
    PLAIN = 5


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """What is streamed: a mesh in face radii, x right, y up, z towards the viewer.

    Attributes:
        positions, normals: [N, 3] float32.
        triangles: [T, 3] int32; uploaded again only if it is another object than before.
        uv: [N, 2] float32, 0..1.
        pixels: [N, 2] float32, where each vertex lies in the photo, px.
        values: [N, VALUES] float32; the first is how well seen a vertex is, 0..1. NaN where unknown.
    """

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int32]
    uv: NDArray[np.float32]
    pixels: NDArray[np.float32]
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Paint:
    """How to draw it. Changing this uploads nothing.

    Attributes:
        fill: Where the colour comes from.
        channel: Which of the surface's values `Fill.VALUE` shows.
        low, high: The values at the two ends of the colour map.
        colour_map: One of COLOUR_MAPS.
        wire: Edges over the surface.
        points: Vertices instead of triangles.
        flat: One normal per triangle.
        mark_hidden: Show in `hidden` and hatched what was not seen (first value below one half).
        opacity: 0..1.
        clay, hidden, edge: Colours of the seen surface, the hidden one and the wire.
        body: Colour of the surface under a wire with nothing else to show (fill PLAIN).
        edge_opacity: Of the wire, 0..1.
        point_size_px: In logical pixels.
    """

    fill: Fill = Fill.CLAY
    channel: int = 0
    low: float = 0.0
    high: float = 1.0
    colour_map: str = "viridis"
    wire: bool = False
    points: bool = False
    flat: bool = False
    mark_hidden: bool = False
    opacity: float = 1.0
    clay: Colour = (0.87, 0.83, 0.79)
    hidden: Colour = (0.25, 0.47, 0.86)
    edge: Colour = (0.10, 0.11, 0.13)
    body: Colour = (0.09, 0.10, 0.11)
    edge_opacity: float = 0.34
    point_size_px: float = 3.0


class MeshItem(GLGraphicsItem):  # type: ignore[misc]  # pyqtgraph has no types
    """One surface. Setters only mark; GL is touched in `paint`, where the context is current.

    Attributes:
        uploads: How often a buffer or texture went to the driver, for whoever counts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setGLOptions("translucent")
        self.uploads = 0
        self._surface: Surface | None = None
        self._paint = Paint()
        self._photo = Texture(0)
        self._maps = Texture(1)
        self._maps.set_picture(colour_maps.stacked())
        self._photo_window = (0.0, 0.0, 1.0, 1.0)
        self._program: Program | None = None
        self._buffers: list[int] = []
        self._stale_vertices = self._stale_triangles = False

    def set_surface(self, surface: Surface | None) -> None:
        """Draw this surface from now on; None draws nothing."""
        old = self._surface
        self._surface = surface
        self._stale_vertices = True
        if surface is not None and (old is None or old.triangles is not surface.triangles):
            self._stale_triangles = True
        self.update()

    def set_photo(self, piece: NDArray[np.uint8], window: tuple[float, float, float, float]) -> None:
        """A piece of the photo [H, W, 3] RGB, and where it lies: x0, y0, width, height in photo px."""
        self._photo.set_picture(piece)
        self._photo_window = window
        self.update()

    def set_paint(self, paint: Paint) -> None:
        """Change the look."""
        if paint != self._paint:
            self._paint = paint
            self.update()

    def initializeGL(self) -> None:
        """A new context: nothing made in another one is ours any more."""
        self._program = None
        self._buffers = []
        self._photo.forget()
        self._maps.forget()
        self._stale_vertices = self._stale_triangles = True

    def release(self) -> None:
        """Give everything back to the current context."""
        if self._program is not None:
            self._program.delete()
        if self._buffers:
            GL.glDeleteBuffers(len(self._buffers), self._buffers)
        self._photo.delete()
        self._maps.delete()
        self.initializeGL()

    def paint(self) -> None:
        """Upload what is stale, draw."""
        if self._surface is None or len(self._surface.positions) == 0:
            return
        self.setupGLState()
        GL.glEnable(GL.GL_PROGRAM_POINT_SIZE)
        GL.glEnable(GL.GL_POINT_SPRITE)
        self._upload(self._surface)
        assert self._program is not None
        with self._program.bound(), self._bound_vertices():
            self._set_uniforms(self._program)
            self._draw(self._program, self._surface)

    def _upload(self, surface: Surface) -> None:
        if self._program is None:
            self._program = Program("mesh", [name for name, _ in ATTRIBUTES])
        if not self._buffers:
            self._buffers = [int(name) for name in np.atleast_1d(GL.glGenBuffers(2))]
        if self._stale_vertices:
            self._stale_vertices = False
            vertices = _interleaved(surface)
            GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers[0])
            GL.glBufferData(GL.GL_ARRAY_BUFFER, vertices.nbytes, vertices, GL.GL_STREAM_DRAW)
            self.uploads += 1
        if self._stale_triangles:
            self._stale_triangles = False
            indices = np.ascontiguousarray(surface.triangles, np.uint32)
            GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, self._buffers[1])
            GL.glBufferData(GL.GL_ELEMENT_ARRAY_BUFFER, indices.nbytes, indices, GL.GL_STATIC_DRAW)
            self.uploads += 1
        self.uploads += self._photo.bind() + self._maps.bind()

    def _bound_vertices(self) -> _BoundVertices:
        return _BoundVertices(self._buffers)

    def _set_uniforms(self, program: Program) -> None:
        paint = self._paint
        program.set(
            {
                "model_view": matrix_of(self.modelViewMatrix()),
                "projection": matrix_of(self.projectionMatrix()),
                "perspective": bool(self.view().camera.perspective),
                "look": paint.fill.value,
                "channel": tuple(float(i == paint.channel) for i in range(4)),
                "more_channels": tuple(float(i == paint.channel) for i in range(4, VALUES)),
                "value_range": (paint.low, paint.high if paint.high > paint.low else paint.low + 1.0),
                "colour_maps": 1,
                "map_row": colour_maps.row(paint.colour_map),
                "photo": 0,
                "photo_window": self._photo_window,
                "mark_hidden": paint.mark_hidden,
                "flat_shading": paint.flat and not paint.points,
                "points": paint.points,
                "point_size": paint.point_size_px * float(self.view().pixel_scale),
                "opacity": paint.opacity,
                "clay": paint.clay,
                "hidden_colour": paint.hidden,
                "plain": paint.body,
                "depth_bias": 0.0,
            }
        )

    def _draw(self, program: Program, surface: Surface) -> None:
        if self._paint.points:
            GL.glDrawArrays(GL.GL_POINTS, 0, len(surface.positions))
            return
        if self._paint.opacity < 1:  # only the nearest surface may shine through, not every fold behind it
            GL.glColorMask(False, False, False, False)
            _draw_triangles(surface)
            GL.glColorMask(True, True, True, True)
            GL.glDepthFunc(GL.GL_LEQUAL)
        _draw_triangles(surface)
        GL.glDepthFunc(GL.GL_LESS)
        if self._paint.wire:
            self._draw_wire(program, surface)

    def _draw_wire(self, program: Program, surface: Surface) -> None:
        program.set(
            {
                "look": Fill.PLAIN.value,
                "plain": self._paint.edge,
                "opacity": self._paint.edge_opacity * self._paint.opacity,
                "depth_bias": 1e-4,
            }
        )
        GL.glEnable(GL.GL_LINE_SMOOTH)
        GL.glLineWidth(max(1.0, float(self.view().pixel_scale)))
        GL.glPolygonMode(GL.GL_FRONT_AND_BACK, GL.GL_LINE)
        GL.glDepthMask(False)
        _draw_triangles(surface)
        GL.glDepthMask(True)
        GL.glPolygonMode(GL.GL_FRONT_AND_BACK, GL.GL_FILL)
        GL.glLineWidth(1.0)
        GL.glDisable(GL.GL_LINE_SMOOTH)


class _BoundVertices:
    """The vertex attributes, pointed at their buffer inside a `with`: no VAO, which contexts do not share."""

    def __init__(self, buffers: list[int]) -> None:
        self._buffers = buffers

    def __enter__(self) -> None:
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers[0])
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, self._buffers[1])
        offset = 0
        for location, (_, count) in enumerate(ATTRIBUTES):
            GL.glEnableVertexAttribArray(location)
            GL.glVertexAttribPointer(location, count, GL.GL_FLOAT, False, STRIDE, ctypes.c_void_p(offset))
            offset += 4 * count

    def __exit__(self, *_: object) -> None:
        for location in range(len(ATTRIBUTES)):
            GL.glDisableVertexAttribArray(location)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, 0)
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, 0)


def _draw_triangles(surface: Surface) -> None:
    count = surface.triangles.size
    GL.glDrawElements(GL.GL_TRIANGLES, count, GL.GL_UNSIGNED_INT, ctypes.c_void_p(0))


def _interleaved(surface: Surface) -> NDArray[np.float32]:
    values = np.where(np.isnan(surface.values), UNKNOWN, surface.values)
    columns = (surface.positions, surface.normals, surface.uv, surface.pixels, values[:, :4], values[:, 4:])
    vertices = np.empty((len(surface.positions), STRIDE // 4), np.float32)
    start = 0
    for (_, count), column in zip(ATTRIBUTES, columns, strict=True):
        vertices[:, start : start + count] = column
        start += count
    return vertices


def matrix_of(matrix: object) -> NDArray[np.float32]:
    """A QMatrix4x4 as [4, 4], rows first."""
    return np.array(matrix.copyDataTo(), np.float32).reshape(4, 4)  # type: ignore[attr-defined]
