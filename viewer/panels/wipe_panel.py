"""A and B in one 3D view: A to the left of a line, B to the right of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from models.reconstruction import Topology
from viewer.gl.face_view import FaceView
from viewer.gl.framing import Framing
from viewer.gl.mesh_item import MeshItem
from viewer.gl.picking import picked_vertex
from viewer.gl.points_item import PointsItem
from viewer.gl.turns import Turns
from viewer.panels.colours import DARK, palette, shares
from viewer.panels.legend import Legend
from viewer.panels.message import Message
from viewer.panels.placement import depth_between
from viewer.panels.range_dialog import RangeDialog, ask_range
from viewer.panels.shading import head_paint, legend_of, paint_of
from viewer.panels.surface_data import Drawn, drawn, spanned
from viewer.panels.title_strip import TitleStrip
from viewer.panels.veil import Veil
from viewer.panels.wipe_line import SideNames, WipeLine, line_px
from viewer.readouts.difference import Compared, SideAnswer, vertex_on
from viewer.state.camera import Camera
from viewer.state.layout import PanelRow
from viewer.state.style import LayerStyle

NOTHING = np.zeros((0, 3), np.float32)


class WipePanel(QFrame):
    """Title strip, two surfaces, the line between them, their names, a legend.

    Signals:
        camera_moved(Camera), style_chosen(LayerStyle), driver_found(Driver): As of Panel.
        vertex_picked(Topology, int): The user clicked a vertex, of whichever side is shown there.
        wiped(float): The user dragged the line there.
        failed(str): Painting failed.
        legend_kept(int, QSize): The height its legend needs at the bottom, px, at this size of the view.
    """

    camera_moved = Signal(object)
    style_chosen = Signal(object)
    vertex_picked = Signal(object, int)
    driver_found = Signal(object)
    wiped = Signal(float)
    failed = Signal(str)
    legend_kept = Signal(int, object)

    def __init__(self, row: PanelRow, parent: QWidget | None = None, turns: Turns | None = None) -> None:
        """Panels of one window share `turns`, so that never all of them draw at once what takes long."""
        super().__init__(parent)
        self.row = row
        self._style, self._colours, self._share = row.style, DARK, 0.5
        self._pair = Compared(None, None)
        self._drawn: tuple[Drawn | None, Drawn | None] = (None, None)
        self.strip, self.view = TitleStrip(row, self), FaceView(self, turns=turns)
        self.view.setAccessibleName(f"{row.title}: {row.subtitle}. Arrow keys turn the face.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.view, 1)
        self._head_on = False
        self._heads, self._meshes = (MeshItem(), MeshItem()), (MeshItem(), MeshItem())
        self._probes = PointsItem(13, (1, 0.7, 0.3), always=True), PointsItem(13, (1, 0.7, 0.3), always=True)
        for item in (*self._heads, *self._meshes, *self._probes):
            self.view.addItem(item)
        self._legend, self._empty, self._veil = Legend(self.view), Message(self.view), Veil(self.view)
        self._names, self._line = SideNames(self.view), WipeLine(self.view)
        self._connect()
        self.set_theme(True)
        self.set_share(0.5)
        self.set_pair(Compared(None, None, trouble="no face yet."), ("", ""))

    def _connect(self) -> None:
        for signal, told in (
            (self.view.camera_moved, self.camera_moved),
            (self.view.driver_found, self.driver_found),
            (self.strip.style_chosen, self.style_chosen),
            (self._line.wiped, self.wiped),
        ):
            signal.connect(told)
        self.view.failed.connect(self._show_error, Qt.ConnectionType.QueuedConnection)
        self.view.resized.connect(self._place)
        self.view.focus_changed.connect(self.strip.set_focused)
        self.view.clicked.connect(self._pick)
        self.strip.reset_asked.connect(self.view.reset_view)
        self.strip.range_asked.connect(self._ask_range)

    # --- what to show

    def set_pair(self, pair: Compared, names: tuple[str, str]) -> None:
        """Show these two, called so. About one frame they keep their places; about two each is centred."""
        self._pair = pair
        self._draw_anew()
        self._names.set_names(*names)
        self.set_probe(None)
        self._empty.setText(pair.trouble if self._drawn == (None, None) else "")
        self._empty.setVisible(bool(self._empty.text()))
        self.strip.set_alarms((pair.trouble,) if pair.trouble and not self._empty.text() else ())
        self._apply_look()

    def set_head(self, shown: bool) -> None:
        """Draw a head around each face, or none. Emits nothing."""
        if shown != self._head_on:
            self._head_on = shown
            self._draw_anew()
            self._apply_look()

    def set_share(self, share: float) -> None:
        """Give A this share of the width, from the left. Emits nothing."""
        self._share = share
        self._line.set_share(share)
        self._names.set_share(share)
        self._clip()

    def set_look(self, style: LayerStyle) -> None:
        """Draw both surfaces like this. Emits nothing."""
        self._style = style
        self.strip.set_style(style)
        self._apply_look()

    def keep_free(self, kept_px: int) -> None:
        """Draw above that height at the bottom, which the legends of the panels in sight need, px."""
        self.view.keep_free(kept_px)

    def set_camera(self, camera: Camera) -> None:
        """Look from here. Emits nothing."""
        self.view.set_camera(camera)

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown: it is older than what was asked for since."""
        self._veil.set_stale(stale)
        self._line.raise_()
        if not stale:
            self._legend.raise_()

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""
        colours = self._colours = palette(dark)
        self.view.setBackgroundColor(QColor(colours.view))
        tell: tuple[Callable[..., None], ...] = (
            self.strip.set_palette,
            self._legend.set_palette,
            self._veil.set_palette,
            self._names.set_palette,
            self._line.set_palette,
        )
        for each in tell:
            each(colours)
        self._empty.setStyleSheet(f"color: {colours.quiet}; background: transparent;")
        for probe in self._probes:
            probe.set_colour(shares(colours.accent))
        self._apply_look()

    def set_probe(self, vertex: int | None, topology: Topology | None = None) -> None:
        """Mark a vertex of some mesh on both sides; None, or one they do not have, marks nothing."""
        sides = zip(self._probes, self._drawn, (self._pair.a, self._pair.b), strict=True)
        for probe, side, found in sides:
            place = vertex_on(found, vertex, topology)
            known = side is not None and place is not None
            probe.set_points(side.surface.positions[place : place + 1] if known else NOTHING)  # type: ignore

    def picture_state(self) -> str:
        """What the panel says instead of surfaces; empty while it shows any."""
        return self._empty.text()

    def legend_text(self) -> str:
        """What the colours mean, in words."""
        return self._legend.text()

    # --- inside

    def _draw_anew(self) -> None:
        """Give the surfaces of both to the graphics card."""
        ours, theirs = _framings(self._pair)
        self._drawn = self._side(self._pair.a, ours), self._side(self._pair.b, theirs)
        for mesh, head, side in zip(self._meshes, self._heads, self._drawn, strict=True):
            mesh.set_surface(None if side is None else side.surface)
            head.set_surface(None if side is None else side.head)
            if side is not None:
                mesh.set_chart(side.mean_colours)
                for item in (mesh, head):
                    item.set_photo(side.photo, side.window)

    def _side(self, side: SideAnswer | None, framing: Framing | None) -> Drawn | None:
        if side is None:
            return None
        return drawn(self.row, side.answer, side.frame.image, framing, self._head_on)

    def _apply_look(self) -> None:
        for mesh, head, side in zip(self._meshes, self._heads, self._drawn, strict=True):
            paint = paint_of(self.row, self._style, spanned(side, self._style), self._colours)
            mesh.set_paint(paint)
            around = head_paint(paint)
            head.setVisible(around is not None)
            if around is not None:
                head.set_paint(around)
        shown = spanned(self._drawn[1] or self._drawn[0], self._style)
        self.strip.set_ranged(shown is not None and self._style.look in shown.scales)
        paint = paint_of(self.row, self._style, shown, self._colours)
        self._legend.set_content(*legend_of(self.row, self._style.look, paint, shown, self._colours))
        self._place()

    @Slot()
    def _ask_range(self) -> None:
        """Of both sides' numbers together."""
        sides = [side for side in self._drawn if side is not None and self._style.look in side.scales]
        if sides:
            scale = sides[-1].scales[self._style.look]
            values = np.concatenate([side.surface.values[:, scale.channel] for side in sides])
            dialog = RangeDialog(values, scale, self._style.span, self._colours, self)
            ask_range(dialog, lambda span: self.style_chosen.emit(replace(self._style, span=span)))

    def _clip(self) -> None:
        width = max(self.view.width(), 1)
        at = line_px(self._share, width) / width
        for items, part in zip(
            zip(self._heads, self._meshes, self._probes, strict=True), ((0.0, at), (at, 1.0)), strict=True
        ):
            for item in items:
                self.view.set_clip(item, part)

    @Slot(float, float)
    def _pick(self, x: float, y: float) -> None:
        which = 0 if x < line_px(self._share, self.view.width()) else 1
        side, found = self._drawn[which], (self._pair.a, self._pair.b)[which]
        if side is None or found is None:
            return
        surface = side.surface
        camera, size = self.view.camera, (self.view.width(), self.view.height())
        at = (x, y), self.view.kept_px
        vertex = picked_vertex(surface.positions, surface.normals, camera, size, *at)
        if vertex is not None:
            self.vertex_picked.emit(found.answer.topology, vertex)

    @Slot(str)
    def _show_error(self, text: str) -> None:
        self._empty.setText(f"This panel could not be drawn.\n{text}")
        self._empty.show()
        self._place()
        self.failed.emit(text)

    @Slot()
    def _place(self) -> None:
        width, height = self.view.width(), self.view.height()
        self._legend.stand(width, height)
        self.legend_kept.emit(self._legend.kept_px(), self.view.size())
        self._empty.stand(width, height)
        self._veil.place()
        self._line.place()
        self._legend.raise_()  # the line must not cross out what it says
        self._names.place()
        self._clip()


def _framings(pair: Compared) -> tuple[Framing | None, Framing | None]:
    """Where A and B are put: about one frame where they lie, two methods at one depth; else each centred."""
    if pair.a is None or pair.b is None or pair.a.frame is not pair.b.frame:
        return None, None
    framing = Framing.of(pair.b.whole.vertices)
    if not pair.level:
        return framing, framing
    x, y, z = framing.centre
    return Framing((x, y, z + depth_between(pair.b.answer, pair.a.answer)), framing.radius), framing
