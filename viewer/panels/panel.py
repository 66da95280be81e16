"""A panel: one surface of the answer, seen through the camera all panels share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from models.reconstruction import VISIBLE_SURFACE, Array, Reconstruction
from viewer.gl.face_view import FaceView
from viewer.gl.framing import Framing, reach_of
from viewer.gl.mesh_item import MeshItem, Paint
from viewer.gl.picking import picked_vertex
from viewer.gl.points_item import PointsItem
from viewer.gl.turns import Turns
from viewer.panels.colours import DARK, palette, shares
from viewer.panels.legend import Legend, Shape, Swatch
from viewer.panels.message import Message
from viewer.panels.range_dialog import RangeDialog, ask_range
from viewer.panels.shading import head_paint, legend_of, paint_of
from viewer.panels.surface_data import Drawn, drawn, spanned
from viewer.panels.title_strip import TitleStrip
from viewer.panels.veil import Veil
from viewer.state.camera import Camera
from viewer.state.layout import PanelRow
from viewer.state.style import LayerStyle

NO_FACE = "No face yet"
BESIDE = 0.06  # face radii: a true point farther from a part of a face lies beside it


class Panel(QFrame):
    """One row of PANELS with a GL view: title strip, surface, legend; says so when it has nothing to show.

    Signals:
        camera_moved(Camera): The user turned, shifted or enlarged the face; never emitted by a setter.
        style_chosen(LayerStyle): The user chose another look in the title strip.
        vertex_picked(int): The user clicked a vertex of the surface.
        failed(str): Painting failed; the panel shows it too.
        legend_kept(int, QSize): The height its legend needs at the bottom, px, at this size of the view.
        driver_found(Driver): The OpenGL driver.
    """

    camera_moved = Signal(object)
    style_chosen = Signal(object)
    vertex_picked = Signal(int)
    failed = Signal(str)
    legend_kept = Signal(int, object)
    driver_found = Signal(object)

    def __init__(self, row: PanelRow, parent: QWidget | None = None, turns: Turns | None = None) -> None:
        """Panels of one window share `turns`, so that never all of them draw at once what takes long."""
        super().__init__(parent)
        self.row = row
        self._style, self._colours = row.style, DARK
        self._drawn: Drawn | None = None
        self._answer: Reconstruction | None = None
        self._image: NDArray[np.uint8] | None = None
        self._placed: Framing | None = None
        self._head_on, self._truth_on = False, False
        self._framing, self._reach, self._absence = Framing(), 1.0, NO_FACE
        self.strip, self.view = TitleStrip(row, self), FaceView(self, row.chart, turns)
        self.view.setAccessibleName(f"{row.title}: {row.subtitle}. Arrow keys turn the face.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.view, 1)
        self._head, self._mesh = MeshItem(), MeshItem()
        self._dots = PointsItem(2.5, (1, 1, 1))
        self._probe = PointsItem(13, (1, 0.7, 0.3), always=True)
        self._truth, self._true_surface = PointsItem(5.5, (1, 1, 1), always=True), PointsItem(2, (1, 1, 1))
        for item in (self._head, self._mesh, self._dots, self._true_surface, self._truth, self._probe):
            self.view.addItem(item)
        self._legend = Legend(self.view)
        self._empty, self._error, self._veil = Message(self.view), Message(self.view), Veil(self.view)
        self._connect()
        self.set_theme(True)
        self._tell_emptiness()

    def _connect(self) -> None:
        self.view.resized.connect(self._place_overlays)
        self.view.camera_moved.connect(self.camera_moved)
        self.view.focus_changed.connect(self.strip.set_focused)
        self.view.clicked.connect(self._pick)
        self.view.failed.connect(self._show_error, Qt.ConnectionType.QueuedConnection)
        self.view.driver_found.connect(self.driver_found)
        self.strip.style_chosen.connect(self.style_chosen)
        self.strip.reset_asked.connect(self.view.reset_view)
        self.strip.range_asked.connect(self._ask_range)

    # --- what to show

    def set_answer(
        self,
        answer: Reconstruction | None,
        image: NDArray[np.uint8] | None = None,
        framing: Framing | None = None,
    ) -> None:
        """Show this answer, about this photo [H, W, 3] RGB; None clears the panel.

        `framing` says where to put it; None centres it.
        """
        self._answer, self._image, self._placed = answer, image, framing
        self._framing = framing or (Framing() if answer is None else Framing.of(answer.vertices))
        self._draw_anew()
        self._dots.set_points(np.zeros((0, 3), np.float32) if self._drawn is None else self._drawn.dots)
        self._probe.set_points(np.zeros((0, 3), np.float32))
        self._error.hide()
        self._tell_emptiness()
        self._apply_look()

    def prepare(self, answer: Reconstruction, image: NDArray[np.uint8]) -> None:
        """Make ready what takes long of what `set_answer` will be given next; from any thread."""
        drawn(self.row, answer, image, None, self._head_on)

    def await_answer(self) -> None:
        """Show nothing and say nothing until `set_answer`: what was shown before is not to be seen."""
        self.set_answer(None)
        self._empty.hide()

    def set_head(self, shown: bool) -> None:
        """Draw a head around the face, or no longer."""
        if shown != self._head_on:
            self._head_on = shown
            self._draw_anew()
            self._apply_look()

    def set_look(self, style: LayerStyle) -> None:
        """Draw the surface like this. Uploads nothing, emits nothing."""
        self._style = style
        self.strip.set_style(style)
        self._apply_look()

    def keep_free(self, kept_px: int) -> None:
        """Draw above that height at the bottom, which the legends of the panels in sight need, px."""
        self.view.keep_free(kept_px)

    def set_camera(self, camera: Camera) -> None:
        """Look from here. Emits nothing."""
        self.view.set_camera(camera)

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """Warn of this in the title strip."""
        self.strip.set_alarms(alarms)

    def set_trust(self, trust: str, meaning: str) -> None:
        """Say in the title strip how far the answer may be relied on; empty for nothing."""
        self.strip.set_trust(trust, meaning)

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown: it is older than what was asked for since."""
        self._veil.set_stale(stale)

    def set_absence(self, absence: str) -> None:
        """What the panel says while it has no answer."""
        if absence != self._absence:
            self._absence = absence
            self._tell_emptiness()

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""
        self._colours = palette(dark)
        self.view.setBackgroundColor(QColor(self._colours.view))
        self.strip.set_palette(self._colours)
        self._legend.set_palette(self._colours)
        self._veil.set_palette(self._colours)
        self._empty.setStyleSheet(f"color: {self._colours.quiet}; background: transparent;")
        self._error.setStyleSheet(
            f"color: {self._colours.warning}; background: {self._colours.strip};"
            " padding: 10px; border-radius: 6px;"
        )
        self._dots.set_colour(shares(self._colours.landmark))
        self._truth.set_colour(shares(self._colours.truth))
        self._true_surface.set_colour(shares(self._colours.truth))
        self._probe.set_colour(shares(self._colours.accent))
        self._apply_look()

    def set_truth(self, landmarks: Array | None, surface: Array | None) -> None:
        """True landmarks [68, 3] and vertices of a true surface [P, 3], image px; None shows none.

        A panel that unrolls the face shows neither: what is true lies in space. One of a part of a face shows
        what is true of that part.
        """
        reach = self._reach
        self._truth_on = False
        for item, points in ((self._truth, landmarks), (self._true_surface, surface)):
            positions = np.zeros((0, 3), np.float32)
            draws = self._drawn is not None and not self.row.chart
            if points is not None and self._answer is not None and draws:
                positions = self._on_surface(self._framing.world(points, self._answer.space))
                self._truth_on = self._truth_on or len(positions) > 0
            item.set_points(positions)
            reach = max(reach, reach_of(positions))
        self.view.set_reach(reach)
        self._tell_legend()

    def set_caption(self, title: str, note: str, meaning: str, absence: str) -> None:
        """What the strip says and means, and what the panel says while it has no answer."""
        self.strip.set_title(title)
        self.strip.set_note(note, meaning)
        self.view.setAccessibleName(f"{title}: {note}. Arrow keys turn the face.")
        self.set_absence(absence)

    def offer(self, menu: QMenu, meaning: str) -> None:
        """Let the title be a button that opens a menu."""
        self.strip.offer(menu, meaning)

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

    def _on_surface(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        """Those of [P, 3] that lie on what is drawn, seen from the front, where that is no whole face."""
        surface = self.positions()
        if self._answer is None or self.row.layer != VISIBLE_SURFACE or not len(surface):
            return places
        from scipy.spatial import cKDTree  # no start has to wait for it

        distance, _ = cKDTree(surface[:, :2]).query(places[:, :2])
        return np.asarray(places[distance < BESIDE])

    def _draw_anew(self) -> None:
        """Give the surfaces of the answer to the graphics card."""
        answer, image = self._answer, self._image
        given = answer is not None and image is not None
        self._drawn = drawn(self.row, answer, image, self._placed, self._head_on) if given else None  # type: ignore[arg-type]
        self._mesh.set_surface(None if self._drawn is None else self._drawn.surface)
        self._head.set_surface(None if self._drawn is None else self._drawn.head)
        if self._drawn is not None:
            around = () if self._drawn.head is None else (self._drawn.head.positions,)
            self._reach = reach_of(self._drawn.surface.positions, self._drawn.dots, *around)
            self.view.set_reach(self._reach)
            self._mesh.set_chart(self._drawn.mean_colours)
            for mesh in (self._mesh, self._head):
                mesh.set_photo(self._drawn.photo, self._drawn.window)

    def _tell_emptiness(self) -> None:
        self._empty.setText(self._absence if self._answer is None else self.row.absent)
        self._empty.setVisible(self._drawn is None)
        self._place_overlays()

    def _apply_look(self) -> None:
        self.strip.set_ranged(self._drawn is not None and self._style.look in self._drawn.scales)
        paint = self._paint()
        self._mesh.set_paint(paint)
        head = head_paint(paint)
        self._head.setVisible(head is not None)
        if head is not None:
            self._head.set_paint(head)
        self._tell_legend()

    def _paint(self) -> Paint:
        return paint_of(self.row, self._style, spanned(self._drawn, self._style), self._colours)

    @Slot()
    def _ask_range(self) -> None:
        scale = None if self._drawn is None else self._drawn.scales.get(self._style.look)
        if self._drawn is None or scale is None:
            return
        values = self._drawn.surface.values[:, scale.channel]
        dialog = RangeDialog(values, scale, self._style.span, self._colours, self)
        ask_range(dialog, lambda span: self.style_chosen.emit(replace(self._style, span=span)))

    def _tell_legend(self) -> None:
        seen = spanned(self._drawn, self._style)
        bar, swatches = legend_of(self.row, self._style.look, self._paint(), seen, self._colours)
        truth = (Swatch("ground truth", self._colours.truth, Shape.DOT),) if self._truth_on else ()
        self._legend.set_content(bar, (*swatches, *truth))
        self._place_overlays()

    @Slot(float, float)
    def _pick(self, x: float, y: float) -> None:
        if self._drawn is None:
            return
        surface = self._drawn.surface
        camera, size = self.view.camera, (self.view.width(), self.view.height())
        at = (x, y), self.view.kept_px
        vertex = picked_vertex(surface.positions, surface.normals, camera, size, *at)
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
        self._legend.stand(width, height)
        self.legend_kept.emit(self._legend.kept_px(), self.view.size())
        self._empty.stand(width, height)
        self._error.stand(width, height)
        self._veil.place()
