"""A surface in a GL view: static triangles, streamed vertices, looks that upload nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL
from pyqtgraph.opengl.GLGraphicsItem import GLGraphicsItem

from models.reconstruction import SEEN_ABOVE
from viewer.gl import colour_maps
from viewer.gl.program import Program, Uniform, has_geometry_shaders
from viewer.gl.streams import Buffers, Stream
from viewer.gl.texture import Texture

Colour = tuple[float, float, float]

STREAMS = (
    Stream((("position", 3),)),
    Stream((("normal", 3),)),
    Stream((("uv", 2),)),
    Stream((("pixel", 2),)),
    Stream((("states", 3),)),
    Stream((("shade", 2),)),
    Stream((("values", 4), ("more_values", 4), ("last_values", 4))),
)
VALUES = 12  # numbers per vertex a surface can be coloured by
EDGE_BIAS = 3e-4  # of half the depth range: how much nearer edges are than their surface
UNKNOWN = np.float32(-1e9)  # a NaN may be lost on its way through a driver


class Fill(Enum):
    """Where a surface's colour comes from; the number is the shader's."""

    CLAY = 0
    PHOTO = 1
    VALUE = 2
    UV = 3
    NORMALS = 4
    PLAIN = 5
    PNCC = 6
    STATES = 7
    CONTEXT = 8
    CONTEXT_PHOTO = 9  # with the photo on its eyes and mouth


class Rim(Enum):
    """What becomes of a surface's outermost strip, whose triangles form teeth; the number is the shader's."""

    WHOLE = 0
    FADED = 1  # into what surrounds it
    TRIMMED = 2  # not drawn


MARKABLE = (Fill.CLAY, Fill.PHOTO, Fill.VALUE)
"""Fills over which what was not seen can be marked."""


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """What is streamed: a mesh in face radii, x right, y up, z towards the viewer.

    An array that is the same object as in the surface before is not uploaded again.

    Attributes:
        positions, normals: [N, 3] float32.
        triangles: [T, 3] int32.
        uv: [N, 2] float32, 0..1.
        pixels: [N, 2] float32, where each vertex lies in the photo, px.
        states: [N, 3] float32, probabilities of seen, turned away, covered.
        values: [N, VALUES] float32. NaN where unknown.
        shade: [N, 2] float32: how much of the sky a vertex sees, 0..1; how far inside the rim it lies: 0 at
            the very edge, above 0.5 what is kept of a rim that is no WHOLE. None: all light, no rim.
    """

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int32]
    uv: NDArray[np.float32]
    pixels: NDArray[np.float32]
    states: NDArray[np.float32]
    values: NDArray[np.float32]
    shade: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Paint:
    """How to draw it. Changing this uploads nothing: it sets uniforms, and chooses among small programs.

    Attributes:
        fill: Where the colour comes from.
        channel: Which of the surface's values `Fill.VALUE` shows.
        low, high: The values at the two ends of the colour map.
        colour_map: One of COLOUR_MAPS.
        wire: Edges over the surface.
        points: Vertices instead of triangles.
        flat: One normal per triangle.
        mark_hidden: Lay a pattern over what was not seen: dots where turned away, stripes where covered.
        rim: What becomes of the outermost strip.
        opacity: 0..1.
        clay, bare, edge: Colours of the seen surface, of what lies under a pattern, of the wire.
        context: Of what is no part of the answer (fill CONTEXT, and a faded rim).
        seen, turned, covered: Colours of the states.
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
    rim: Rim = Rim.WHOLE
    opacity: float = 1.0
    clay: Colour = (0.87, 0.83, 0.79)
    context: Colour = (0.50, 0.52, 0.55)
    bare: Colour = (0.62, 0.63, 0.65)
    seen: Colour = (0.0, 0.62, 0.45)
    turned: Colour = (0.6, 0.6, 0.6)
    covered: Colour = (0.84, 0.37, 0.0)
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
        self._photo, self._maps, self._chart = Texture(0), Texture(1), Texture(2)
        self._maps.set_picture(colour_maps.stacked())
        self._photo_window = (0.0, 0.0, 1.0, 1.0)
        self._programs: dict[tuple[int, ...], Program] = {}
        self._edges = Edges()
        self._buffers = Buffers(STREAMS)
        self._known: NDArray[np.float32] = np.zeros((0, VALUES), np.float32)
        self._states: NDArray[np.float32] = np.zeros((0, 3), np.float32)
        self._plain_shade: NDArray[np.float32] = np.ones((0, 2), np.float32)

    def set_surface(self, surface: Surface | None) -> None:
        """Draw this surface from now on; None draws nothing."""
        old, self._surface = self._surface, surface
        if surface is not None:
            if old is None or old.values is not surface.values:
                self._known = np.where(np.isnan(surface.values), UNKNOWN, surface.values)
            if old is None or old.states is not surface.states:
                self._states = np.nan_to_num(surface.states)
            if len(self._plain_shade) != len(surface.positions):
                self._plain_shade = np.ones((len(surface.positions), 2), np.float32)
            arrays = (
                surface.positions,
                surface.normals,
                surface.uv,
                surface.pixels,
                self._states,
                self._plain_shade if surface.shade is None else surface.shade,
                self._known,
            )
            self._buffers.set(arrays, surface.triangles)
        self.update()

    def set_photo(self, piece: NDArray[np.uint8], window: tuple[float, float, float, float]) -> None:
        """A piece of the photo [H, W, 3] RGB, and where it lies: x0, y0, width, height in photo px."""
        self._photo.set_picture(piece)
        self._photo_window = window
        self.update()

    def set_chart(self, picture: NDArray[np.uint8] | None) -> None:
        """What `Fill.PNCC` shows: [H, W, 3] RGB over the chart, its first row at v = 0."""
        if picture is not None:
            self._chart.set_picture(picture)
            self.update()

    def set_paint(self, paint: Paint) -> None:
        """Change the look."""
        if paint != self._paint:
            self._paint = paint
            self.update()

    def initializeGL(self) -> None:
        """A new context: nothing made in another one is ours any more."""
        self._programs = {}
        self._edges = Edges()
        self._buffers.forget()
        for texture in self._textures:
            texture.forget()

    def release(self) -> None:
        """Give everything back to the current context."""
        for program in self._programs.values():
            program.delete()
        self._edges.delete()
        self._buffers.delete()
        for texture in self._textures:
            texture.delete()
        self.initializeGL()

    @property
    def _textures(self) -> tuple[Texture, ...]:
        return self._photo, self._maps, self._chart

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self._surface is None or len(self._surface.positions) == 0

    def paint(self) -> None:
        """Upload what is stale, draw."""
        if self.is_empty:
            return
        self.setupGLState()
        GL.glEnable(GL.GL_PROGRAM_POINT_SIZE)
        GL.glEnable(GL.GL_POINT_SPRITE)
        self.uploads += self._buffers.upload() + sum(texture.bind() for texture in self._textures)
        program = self._program()
        with self._buffers.bound():
            with program.bound():
                program.set(self._uniforms())
                self._draw()
            if self._paint.wire and not self._paint.points:
                self._edges.draw(self._buffers, self._placing(), self._paint)

    def _program(self) -> Program:
        """The program for this look, compiled when it is first wanted."""
        paint = self._paint
        marks = paint.mark_hidden and paint.fill in MARKABLE
        flat = paint.flat and not paint.points
        key = (paint.fill.value, int(paint.points), int(flat), int(marks), paint.rim.value)
        if key not in self._programs:
            constants = dict(zip(("LOOK", "POINTS", "FLAT", "MARK_HIDDEN", "RIM"), key, strict=True))
            self._programs[key] = Program("mesh", self._buffers.attribute_names, constants)
        return self._programs[key]

    def _placing(self) -> Placing:
        """How the surface lies in the view."""
        view = self.view()
        model_view, projection = matrix_of(self.modelViewMatrix()), matrix_of(self.projectionMatrix())
        return Placing(model_view, projection, float(view.pixel_scale), bool(view.camera.perspective))

    def _uniforms(self) -> dict[str, Uniform]:
        paint, placing = self._paint, self._placing()
        return {
            "model_view": placing.model_view,
            "projection": placing.projection,
            "perspective": placing.perspective,
            "channel": tuple(float(i == paint.channel) for i in range(4)),
            "more_channels": tuple(float(i == paint.channel) for i in range(4, 8)),
            "last_channels": tuple(float(i == paint.channel) for i in range(8, VALUES)),
            "value_range": (paint.low, paint.high if paint.high > paint.low else paint.low + 1.0),
            "photo": 0,
            "colour_maps": 1,
            "chart": 2,
            "map_row": colour_maps.row(paint.colour_map),
            "photo_window": self._photo_window,
            "point_size": paint.point_size_px * placing.pixel_scale,
            "opacity": paint.opacity,
            "clay": paint.clay,
            "context": paint.context,
            "seen_above": SEEN_ABOVE,
            "seen_colour": paint.seen,
            "turned_colour": paint.turned,
            "covered_colour": paint.covered,
            "bare": paint.bare,
            "plain": paint.body,
        }

    def _draw(self) -> None:
        if self._paint.points:
            self._buffers.draw_points()
            return
        if self._paint.opacity < 1:  # only the nearest surface may shine through, not every fold behind it
            GL.glColorMask(False, False, False, False)
            self._buffers.draw_triangles()
            GL.glColorMask(True, True, True, True)
            GL.glDepthFunc(GL.GL_LEQUAL)
        self._buffers.draw_triangles()
        GL.glDepthFunc(GL.GL_LESS)


@dataclass(frozen=True, eq=False, slots=True)
class Placing:
    """How a surface lies in the view that draws it.

    Attributes:
        model_view, projection: [4, 4], rows first.
        pixel_scale: Device pixels of the target per logical pixel.
        perspective: Whether near parts are larger.
    """

    model_view: NDArray[np.float32]
    projection: NDArray[np.float32]
    pixel_scale: float
    perspective: bool


class Edges:
    """The triangles' edges over a surface.

    Every fragment is told by a geometry shader how far the edges are: as many triangles as the surface has,
    and smooth. Older drivers draw the outlines of polygons instead, which software drivers are slow at.
    """

    def __init__(self) -> None:
        self._program: Program | None = None
        self._by_distance = False

    def draw(self, buffers: Buffers, placing: Placing, paint: Paint) -> None:
        """Over what was drawn; inside `buffers.bound()`."""
        if self._program is None:
            self._by_distance = has_geometry_shaders()
            name = "edges" if self._by_distance else "outlines"
            self._program = Program(name, ("position",), geometry=self._by_distance)
        GL.glDepthMask(False)
        with self._program.bound():
            self._program.set(
                {
                    "model_view": placing.model_view,
                    "projection": placing.projection,
                    "half_width": 0.5 * placing.pixel_scale,
                    "depth_bias": EDGE_BIAS,
                    "colour": (*paint.edge, paint.edge_opacity * paint.opacity),
                }
            )
            if self._by_distance:
                buffers.draw_triangles()
            else:
                GL.glPolygonMode(GL.GL_FRONT_AND_BACK, GL.GL_LINE)
                buffers.draw_triangles()
                GL.glPolygonMode(GL.GL_FRONT_AND_BACK, GL.GL_FILL)
        GL.glDepthMask(True)

    def delete(self) -> None:
        """Give the program back to the current context."""
        if self._program is not None:
            self._program.delete()
            self._program = None


def matrix_of(matrix: object) -> NDArray[np.float32]:
    """A QMatrix4x4 as [4, 4], rows first."""
    return np.array(matrix.copyDataTo(), np.float32).reshape(4, 4)  # type: ignore[attr-defined]
