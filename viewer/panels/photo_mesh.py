"""The fused meshes over the photo: filled in the colours of a look, or their edges alone. Painted in 2D."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Signal, Slot
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from models.export.overlay import shading
from models.geometry.raster import Fragments, fragments
from models.reconstruction import Reconstruction, most_likely
from viewer.gl.colour_maps import coloured
from viewer.gl.mesh_item import Fill, Paint
from viewer.panels import marks
from viewer.panels.colours import Palette
from viewer.panels.legend import ColourBar, Shape, Swatch
from viewer.panels.overlays import facing
from viewer.panels.shading import legend_of, paint_of
from viewer.panels.surface_data import Drawn, drawn, spanned
from viewer.panels.viewport import Viewport
from viewer.state.layout import panel_row
from viewer.state.style import LayerStyle, Look
from viewer.tasks.latest_only import LatestOnly
from viewer.widgets.raster import qimage

MOST_PX = 400  # of the longer side of a face's picture: enlarged beyond that it gets softer, not slower
ROW = panel_row("photo")


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """One face's mesh as a picture.

    Attributes:
        picture: With transparency.
        area: Where it lies, image px.
    """

    picture: QImage
    area: QRectF


@dataclass(frozen=True, slots=True)
class _Manner:
    """How meshes are filled.

    Attributes:
        style: As it was chosen.
        fineness: Device px per image px, as a power of two.
        colours: The theme's.
    """

    style: LayerStyle
    fineness: int
    colours: Palette

    def same_as(self, other: _Manner) -> bool:
        """Whether the pictures would be the same: how opaque they are comes later."""
        return self.fineness == other.fineness and self.looks_as(other)

    def looks_as(self, other: _Manner) -> bool:
        """Whether the pictures would be the same but for their fineness."""
        same = (self.style.look, self.style.span) == (other.style.look, other.style.span)
        return same and self.colours is other.colours


@dataclass(frozen=True, eq=False, slots=True)
class _Filled:
    """The meshes of some answers as pictures."""

    answers: tuple[Reconstruction, ...]
    drawn: tuple[Drawn, ...]
    manner: _Manner
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Job:
    """What is to be filled, and how; `drawn` where that is known already."""

    answers: tuple[Reconstruction, ...]
    photo: NDArray[np.uint8]
    drawn: tuple[Drawn, ...] | None
    manner: _Manner

    def same_as(self, other: _Job | None) -> bool:
        """Whether the same pictures would come of it."""
        return other is not None and self.answers is other.answers and self.manner.same_as(other.manner)


class PhotoMesh(QObject):
    """The meshes of all answers; what was rasterised is kept until answer, colours or enlargement change.

    On the screen nobody waits for them: a thread rasterises, and meanwhile there is no mesh, or where the
    photo was only enlarged, the one there was. Whoever renders a view out of sight gets them at once.

    Signals:
        ready: Meshes that were painted as missing are there.
    """

    ready = Signal()

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        view.installEventFilter(self)
        self._answers: tuple[Reconstruction, ...] = ()
        self._photo: NDArray[np.uint8] | None = None
        self._drawn: tuple[Drawn, ...] | None = None
        self._filling: _Filled | None = None
        self._ready: _Filled | None = None  # made by another thread for answers that are still to come
        self._manner: _Manner | None = None  # in which they were painted last; None: they are not filled now
        self._wire: tuple[tuple[object, ...], QImage] | None = None
        self._asked: _Job | None = None
        self._jobs: LatestOnly | None = None  # while somebody looks

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Rest while the view is hidden."""
        if event.type() is QEvent.Type.Hide:
            self.rest()
        return super().eventFilter(watched, event)

    def prepare(self, photo: NDArray[np.uint8], answers: tuple[Reconstruction, ...]) -> None:
        """Rasterise what `set_answers` will be given next, as meshes are painted now; from any thread."""
        if (manner := self._manner) is not None:
            self._ready = _done(_Job(answers, photo, None, manner))

    def complete(self) -> None:
        """Have what is painted now without waiting for another thread, e.g. because a picture is taken."""
        if (manner := self._manner) is not None and not self._is_filled(manner):
            self._fill(manner)

    def rest(self) -> None:
        """Nobody looks: `prepare` nothing until the next `paint`, and end the thread."""
        self._manner = self._asked = None
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None

    def set_photo(self, photo: NDArray[np.uint8] | None) -> None:
        """[H, W, 3], what the answers are about."""
        self._photo = photo

    def set_answers(self, answers: tuple[Reconstruction, ...]) -> None:
        """In image space."""
        ready, self._ready = self._ready, None
        if ready is not None and [*map(id, ready.answers)] != [*map(id, answers)]:
            ready = None
        self._answers, self._wire, self._filling = answers, None, ready
        self._drawn = None if ready is None else ready.drawn
        self._asked = None

    def paint(
        self,
        painter: QPainter,
        style: LayerStyle,
        port: Viewport,
        screen: tuple[float, int, int],
        colours: Palette,
    ) -> None:
        """All meshes over a photo that lies in `port`.

        `screen` is how many device px a logical one has, and the widget's width and height in device px.
        """
        ratio, *size = screen
        painter.save()
        painter.setOpacity(style.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        self._manner = None
        if style.look is not Look.WIRE:
            for piece in self._filled(style, port.scale * ratio, colours):
                corners = (port.to_widget(piece.area.topLeft()), port.to_widget(piece.area.bottomRight()))
                painter.drawImage(QRectF(*corners), piece.picture)
        if style.wire or style.look is Look.WIRE:
            key = (self._answers, port.transform(), *screen, colours.landmark)
            if self._wire is None or self._wire[0] != key:
                picture = marks.wire(self._answers, port, ratio, (size[0], size[1]), colours)
                self._wire = (key, picture)
            painter.drawImage(QPointF(0, 0), self._wire[1])
        painter.restore()

    def legend(
        self, style: LayerStyle, overlays: frozenset[str], colours: Palette
    ) -> tuple[ColourBar | None, tuple[Swatch, ...]]:
        """What the colours mean; nothing while no mesh is drawn."""
        if "mesh" not in overlays or style.look is Look.WIRE or style.opacity == 0:
            return None, ()
        if self._drawn is None and not self._view.isVisible() and self._photo is not None:
            self._drawn = _surfaces(self._answers, self._photo)
        for one in (self._drawn or ())[:1]:
            seen = spanned(one, style)
            paint = paint_of(ROW, style, seen, colours)
            bar, swatches = legend_of(ROW, style.look, paint, seen, colours)
            return bar, tuple(replace(swatch, shape=Shape.PATCH) for swatch in swatches)  # no patterns here
        return None, ()

    def _filled(self, style: LayerStyle, scale: float, colours: Palette) -> tuple[Piece, ...]:
        """The pictures, about as fine as `scale`, device px per image px: the next power of two."""
        manner = self._manner = _Manner(style, round(math.log2(max(scale, 1e-6))), colours)
        if not self._is_filled(manner):
            if self._view.isVisible():
                self._ask(manner)
            else:
                self._fill(manner)
        filling = self._filling
        return () if filling is None or not filling.manner.looks_as(manner) else filling.pieces

    def _is_filled(self, manner: _Manner) -> bool:
        return self._filling is not None and self._filling.manner.same_as(manner)

    def _job(self, manner: _Manner) -> _Job | None:
        return None if self._photo is None else _Job(self._answers, self._photo, self._drawn, manner)

    def _fill(self, manner: _Manner) -> None:
        if (job := self._job(manner)) is not None:
            self._take(_done(job))

    def _ask(self, manner: _Manner) -> None:
        job = self._job(manner)
        if job is None or job.same_as(self._asked):
            return
        if self._jobs is None:
            self._jobs = LatestOnly(_done, "unmask meshes")
            self._jobs.done.connect(self._on_done)
            self._jobs.failed.connect(self._on_failed)
        self._asked = job
        self._jobs.submit(job)

    def _take(self, filled: _Filled) -> None:
        self._filling, self._drawn = filled, filled.drawn

    @Slot(object, object)
    def _on_done(self, job: _Job, filled: _Filled) -> None:
        if job.answers is not self._answers:
            return  # about what is shown no longer
        self._asked = None if job is self._asked else self._asked
        self._take(filled)
        self.ready.emit()

    @Slot(object, object)
    def _on_failed(self, _job: _Job, error: BaseException) -> None:
        self._asked = None
        raise error


def _surfaces(answers: tuple[Reconstruction, ...], photo: NDArray[np.uint8]) -> tuple[Drawn, ...]:
    about = (drawn(ROW, answer, photo) for answer in answers)
    return tuple(one for one in about if one is not None)


def _done(job: _Job) -> _Filled:
    """The meshes as pictures; on any thread."""
    surfaces = _surfaces(job.answers, job.photo) if job.drawn is None else job.drawn
    manner, about = job.manner, zip(surfaces, job.answers, strict=False)
    pieces = (
        _piece(one, answer, manner.style, 2.0**manner.fineness, manner.colours) for one, answer in about
    )
    return _Filled(job.answers, surfaces, manner, tuple(piece for piece in pieces if piece is not None))


def _piece(
    one: Drawn, answer: Reconstruction, style: LayerStyle, scale: float, colours: Palette
) -> Piece | None:
    """One face's mesh; None where it has no place."""
    points = answer.vertices.astype(np.float64)
    if not len(points) or not np.isfinite(points).all():
        return None
    low, high = np.floor(points[:, :2].min(0)) - 1, np.ceil(points[:, :2].max(0)) + 1
    scale = min(scale, MOST_PX / float((high - low).max()))
    width, height = (math.ceil(side * scale) for side in high - low)
    points[:, :2] = (points[:, :2] - low + 0.5) * scale - 0.5
    triangles = answer.topology.triangles
    shown = fragments(points, triangles[facing(points[:, :2][triangles])], width, height)
    rgba = np.zeros((height, width, 4), np.uint8)
    seen = spanned(one, style)
    assert seen is not None
    rgba[shown.shown, :3] = _colours(seen, shown, paint_of(ROW, style, seen, colours))
    rgba[shown.shown, 3] = 255
    at = QPointF(low[0] - 0.5, low[1] - 0.5)
    return Piece(qimage(rgba), QRectF(at, at + QPointF(width, height) / scale))


def _colours(one: Drawn, shown: Fragments, paint: Paint) -> NDArray[np.uint8]:
    """[P, 3] at the pixels shown, as the panels paint the same surface."""
    surface = one.surface
    if paint.fill is Fill.VALUE:
        values = shown.at_pixels(surface.values[:, paint.channel])
        rgba = coloured(values, paint.low, paint.high, paint.colour_map)
        rgba[rgba[:, 3] == 0, :3] = np.rint(np.multiply(paint.bare, 255))
        base = rgba[:, :3].astype(np.float32)
    elif paint.fill is Fill.STATES:
        table = np.array([paint.seen, paint.turned, paint.covered], np.float32) * 255
        base = table[most_likely(shown.at_pixels(surface.states))]
    else:
        base = np.tile(np.array(paint.clay, np.float32) * 255, (len(shown.triangle), 1))
    light = shading(shown.at_pixels(surface.normals))
    return np.asarray(np.rint(base * light[:, None]).clip(0, 255), np.uint8)
