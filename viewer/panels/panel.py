"""A panel: one surface of the answer, seen through the camera all panels share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from models.reconstruction import Array, Reconstruction
from viewer.gl.face_view import FaceView
from viewer.gl.framing import Framing
from viewer.gl.mesh_item import Fill, MeshItem, Paint
from viewer.gl.picking import picked_vertex
from viewer.gl.points_item import PointsItem
from viewer.panels.arrangement import PanelRow
from viewer.panels.drawn import CHANNELS, Drawn, Scale, drawn
from viewer.panels.legend import ColourBar, Legend, Shape, Swatch, has_little_room
from viewer.panels.palette import DARK, palette, shares
from viewer.panels.title_strip import TitleStrip
from viewer.state import Camera, LayerStyle, Look

FILLS = {
    Look.SHADED: Fill.CLAY,
    Look.PHOTO: Fill.PHOTO,
    Look.WIRE: Fill.PLAIN,
    Look.POINTS: Fill.CLAY,
    Look.UV: Fill.UV,
    Look.NORMALS: Fill.NORMALS,
    Look.PNCC: Fill.PNCC,
}
RED, GREEN, BLUE = "#e5484d", "#46a758", "#3e63dd"
AXES = {
    Fill.UV: (Swatch("u: right", RED), Swatch("v: up", GREEN)),
    Fill.NORMALS: (Swatch("faces right", RED), Swatch("up", GREEN), Swatch("the viewer", BLUE)),
    Fill.PNCC: (Swatch("mean face: right", RED), Swatch("up", GREEN), Swatch("forwards", BLUE)),
}
"""What more red, green and blue mean."""
SCALAR_LOOKS = frozenset(look for look, _, _ in CHANNELS)


class Panel(QFrame):
    """One row of PANELS with a GL view: title strip, surface, legend; says so when it has nothing to show.

    Signals:
        camera_moved(Camera): The user turned, shifted or enlarged the face; never emitted by a setter.
        style_chosen(LayerStyle): The user chose another look in the title strip.
        vertex_picked(int): The user clicked a vertex of the surface.
        failed(str): Painting failed; the panel shows it too.
        renderer_found(str): The name of the OpenGL driver.
    """

    camera_moved = Signal(object)
    style_chosen = Signal(object)
    vertex_picked = Signal(int)
    failed = Signal(str)
    renderer_found = Signal(str)

    def __init__(self, row: PanelRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        self._style, self._colours = row.style, DARK
        self._drawn: Drawn | None = None
        self._answer: Reconstruction | None = None
        self.strip, self.view = TitleStrip(row, self), FaceView(self)
        self.view.setAccessibleName(f"{row.title}: {row.subtitle}. Arrow keys turn the face.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.view, 1)
        self._mesh = MeshItem()
        self._dots = PointsItem(2.5, (1, 1, 1))
        self._landmarks, self._probe = PointsItem(5, (1, 1, 1)), PointsItem(13, (1, 0.7, 0.3), always=True)
        self._truth, self._true_surface = PointsItem(5.5, (1, 1, 1), always=True), PointsItem(2, (1, 1, 1))
        for item in (
            *(self._mesh, self._dots, self._true_surface, self._landmarks, self._truth, self._probe),
        ):
            self.view.addItem(item)
        self._landmarks.setVisible(False)
        self.view.set_flat(row.chart)
        self._legend = Legend(self.view)
        self._empty, self._error = _message(self.view), _message(self.view)
        self._connect()
        self.set_theme(True)
        self._tell_emptiness()

    def _connect(self) -> None:
        self.view.resized.connect(self._place_overlays)
        self.view.camera_moved.connect(self.camera_moved)
        self.view.focus_changed.connect(self.strip.set_focused)
        self.view.clicked.connect(self._pick)
        self.view.failed.connect(self._show_error, Qt.ConnectionType.QueuedConnection)
        self.view.renderer_found.connect(self.renderer_found)
        self.strip.style_chosen.connect(self.style_chosen)
        self.strip.reset_asked.connect(self.view.reset_view)

    # --- what to show

    def set_answer(self, answer: Reconstruction | None, image: NDArray[np.uint8] | None = None) -> None:
        """Show this answer, about this photo [H, W, 3] RGB; None clears the panel."""
        self._answer = answer
        self._drawn = None if answer is None or image is None else drawn(self.row, answer, image)
        self._mesh.set_surface(None if self._drawn is None else self._drawn.surface)
        if self._drawn is not None:
            self._mesh.set_photo(self._drawn.photo, self._drawn.window)
            self._mesh.set_chart(self._drawn.mean_colours)
        self._dots.set_points(np.zeros((0, 3), np.float32) if self._drawn is None else self._drawn.dots)
        self._place_landmarks()
        self._probe.set_points(np.zeros((0, 3), np.float32))
        self._error.hide()
        self._tell_emptiness()
        self._apply_look()

    def set_look(self, style: LayerStyle) -> None:
        """Draw the surface like this. Uploads nothing, emits nothing."""
        self._style = style
        self.strip.set_style(style)
        self._apply_look()

    def set_camera(self, camera: Camera) -> None:
        """Look from here. Emits nothing."""
        self.view.set_camera(camera)

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """Warn of this in the title strip."""
        self.strip.set_alarms(alarms)

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""
        self._colours = palette(dark)
        self.view.setBackgroundColor(QColor(self._colours.view))
        self.strip.set_palette(self._colours)
        self._legend.set_palette(self._colours)
        self._empty.setStyleSheet(f"color: {self._colours.quiet}; background: transparent;")
        self._error.setStyleSheet(
            f"color: {self._colours.warning}; background: {self._colours.strip};"
            " padding: 10px; border-radius: 6px;"
        )
        self._dots.set_colour(shares(self._colours.landmark))
        self._landmarks.set_colour(shares(self._colours.accent))
        self._truth.set_colour(shares(self._colours.truth))
        self._true_surface.set_colour(shares(self._colours.truth))
        self._probe.set_colour(shares(self._colours.accent))
        self._apply_look()

    def set_truth(self, landmarks: Array | None, surface: Array | None) -> None:
        """True landmarks [68, 3] and vertices of a true surface [P, 3], image px; None shows none.

        A panel that unrolls the face shows neither: what is true lies in space.
        """
        for item, points in ((self._truth, landmarks), (self._true_surface, surface)):
            positions = np.zeros((0, 3), np.float32)
            if points is not None and self._answer is not None and not self.row.chart:
                positions = Framing.of(self._answer.vertices).world(points, self._answer.space)
            item.set_points(positions)

    def set_landmarks_shown(self, shown: bool) -> None:
        """Draw the 68 landmarks on the surface, hidden ones as rings."""
        self._landmarks.setVisible(shown)

    def set_probe(self, vertex: int | None) -> None:
        """Mark a vertex; None marks nothing. An index the surface does not have marks nothing."""
        positions = np.zeros((0, 3), np.float32)
        if vertex is not None and self._drawn is not None:
            positions = self._drawn.surface.positions[vertex : vertex + 1]
        self._probe.set_points(positions)

    def positions(self) -> NDArray[np.float32]:
        """[N, 3]: where the surface's vertices are drawn, face radii; nothing while there is none."""
        return np.zeros((0, 3), np.float32) if self._drawn is None else self._drawn.surface.positions

    @property
    def uploads(self) -> int:
        """How often the surface or its photo went to the graphics card."""
        return self._mesh.uploads

    def legend_text(self) -> str:
        """What the colours mean, in words."""
        return self._legend.text()

    def picture_state(self) -> str:
        """What the panel says instead of a surface; empty while it shows one."""
        return "" if self._drawn is not None else self._empty.text()

    # --- inside

    def _tell_emptiness(self) -> None:
        self._empty.setText("No face yet" if self._answer is None else self.row.absent)
        self._empty.setVisible(self._drawn is None)
        self._place_overlays()

    def _apply_look(self) -> None:
        look = self._style.look
        scale = None if self._drawn is None else self._drawn.scales.get(look)
        paint = Paint(
            fill=Fill.VALUE if scale is not None else self._fill(look),
            wire=self._style.wire or look is Look.WIRE,
            points=look is Look.POINTS,
            flat=look is Look.FLAT,
            opacity=self._style.opacity,
            mark_hidden=self.row.marks_hidden and self._knows_visibility(),
            clay=shares(self._colours.clay),
            hidden=shares(self._colours.hidden),
            edge=shares(self._colours.bare_edge if look is Look.WIRE else self._colours.edge),
            body=shares(self._colours.body),
            edge_opacity=0.5 if look is Look.WIRE else 0.3,
        )
        if scale is not None:
            paint = replace(
                paint, channel=scale.channel, low=scale.low, high=scale.high, colour_map=scale.colour_map
            )
        self._mesh.set_paint(paint)
        self._tell_legend(paint)

    def _tell_legend(self, paint: Paint) -> None:
        bar: ColourBar | None = None
        swatches: tuple[Swatch, ...] = ()
        if self._drawn is not None:
            scale = self._drawn.scales.get(self._style.look)
            if scale is not None:
                bar = _bar(scale, dotted=len(self._drawn.dots) > 0)
            elif self._style.look in SCALAR_LOOKS:
                swatches = (
                    Swatch(f"no {self._style.look.value.lower()} in this answer", self._colours.clay),
                )
            elif self._style.look is Look.PNCC and paint.fill is not Fill.PNCC:
                swatches = (Swatch("this method has no mean face", self._colours.clay),)
            elif paint.fill in AXES:
                swatches = AXES[paint.fill]
            elif paint.mark_hidden and paint.fill in (Fill.CLAY, Fill.PHOTO):
                seen = "photo: seen" if paint.fill is Fill.PHOTO else "seen"
                swatches = (
                    Swatch(seen, self._colours.clay),
                    Swatch("hidden, completed", self._colours.hidden, Shape.HATCHED),
                )
        self._legend.set_content(bar, swatches)
        self._place_overlays()

    def _fill(self, look: Look) -> Fill:
        lacks_mean = self._drawn is None or self._drawn.mean_colours is None
        return Fill.CLAY if look is Look.PNCC and lacks_mean else FILLS.get(look, Fill.CLAY)

    def _knows_visibility(self) -> bool:
        return self._drawn is not None and Look.VISIBILITY in self._drawn.scales

    def _place_landmarks(self) -> None:
        positions, hollow = np.zeros((0, 3), np.float32), None
        if self._answer is not None and self._drawn is not None:
            topology, surface = self._answer.topology, self._drawn.surface
            if len(surface.positions) == len(self._answer.vertices):
                seen = (topology.landmark_weights * surface.values[topology.landmark_vertices, 0]).sum(1)
                positions, hollow = topology.landmarks(surface.positions), np.asarray(seen < 0.5)
        self._landmarks.set_points(positions, hollow)

    @Slot(float, float)
    def _pick(self, x: float, y: float) -> None:
        if self._drawn is None:
            return
        surface = self._drawn.surface
        size = self.view.width(), self.view.height()
        vertex = picked_vertex(surface.positions, surface.normals, self.view.camera, size, (x, y))
        if vertex is not None:
            self.vertex_picked.emit(vertex)

    @Slot(str)
    def _show_error(self, text: str) -> None:
        self._error.setText(f"This panel could not be drawn.\n{text}")
        self._error.show()
        self._place_overlays()
        self.failed.emit(text)

    @Slot()
    def _place_overlays(self) -> None:
        width, height = self.view.width(), self.view.height()
        self._legend.set_compact(has_little_room(height))
        self._legend.move(10, height - self._legend.height() - 10)
        for label in (self._empty, self._error):
            label.setFixedWidth(max(80, min(340, width - 32)))
            label.adjustSize()
            label.move((width - label.width()) // 2, (height - label.height()) // 2)


def _bar(scale: Scale, dotted: bool) -> ColourBar:
    notes = [f"grey: undefined at {scale.unknown:,} vertices"] if scale.unknown else []
    notes += ["dots: visible pixels"] if dotted else []
    note = "; ".join(notes)
    return ColourBar(scale.name, scale.low, scale.high, scale.unit, scale.colour_map, scale.ends, note)


def _message(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    label.hide()
    return label
