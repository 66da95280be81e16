"""A and B on the photo: A's picture and marks to the left of a line, B's to the right of it."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from models.reconstruction import Topology
from models.reconstructor import Face
from viewer.panels.colours import DARK, palette
from viewer.panels.legend import Legend
from viewer.panels.message import Message
from viewer.panels.over_button import OverButton
from viewer.panels.photo_legend import answers_legend
from viewer.panels.photo_panel import begins_anew
from viewer.panels.photo_view import PhotoView
from viewer.panels.title_strip import TitleStrip
from viewer.panels.veil import Veil
from viewer.panels.viewport import Viewport, surroundings
from viewer.panels.wipe_line import SideNames, WipeLine, line_px
from viewer.readouts.answer import nearest_vertex
from viewer.readouts.difference import Compared, SideAnswer, vertex_on
from viewer.state.layout import PanelRow, panel_row
from viewer.state.style import OVERLAYS, LayerStyle

ABOUT_TRUTH = frozenset({"truth", "error"})
"""Overlays about the answer shown alone: A and B may be about other frames."""


class PhotoWipePanel(QFrame):
    """Title strip, and two photos of which B lies over A, cut off at the line.

    Signals:
        vertex_picked(Topology, int): The user clicked a vertex, of whichever side is shown there.
        wiped(float): The user dragged the line there.
        overlay_toggled(str), style_chosen(LayerStyle): As of PhotoPanel.
    """

    vertex_picked = Signal(object, int)
    wiped = Signal(float)
    overlay_toggled = Signal(str)
    style_chosen = Signal(object)

    def __init__(self, row: PanelRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row, self._share = row, 0.5
        self._style, self._overlays, self._colours = panel_row("photo").style, frozenset[str](), DARK
        self._pair: Compared | None = None
        self.strip, self.view = TitleStrip(row, self), PhotoView(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.view, 1)
        self._offered = OverButton(self, tuple(name for name in OVERLAYS if name not in ABOUT_TRUTH))
        self._offered.overlay_toggled.connect(self.overlay_toggled)
        self._offered.style_chosen.connect(self.style_chosen)
        self.strip.add_button(self._offered)
        self._window = QWidget(self.view)  # shows a part of what lies in it
        self._over = PhotoView(self._window)
        self._legend, self._empty, self._veil = Legend(self.view), Message(self.view), Veil(self.view)
        self._names, self._line = SideNames(self.view), WipeLine(self.view)
        for view, letter in ((self.view, "A"), (self._over, "B")):
            view.setAccessibleName(f"{row.title}: {letter}")
            view.shifted.connect(self._repaint)
            view.mesh.ready.connect(self._tell_legend)
        self.view.picked.connect(lambda x, y: self._pick(None if self._pair is None else self._pair.a, x, y))
        self._over.picked.connect(lambda x, y: self._pick(None if self._pair is None else self._pair.b, x, y))
        self.view.resized.connect(self._place)
        self._line.wiped.connect(self.wiped)
        self.set_theme(True)
        self.set_share(0.5)

    def set_pair(self, pair: Compared, names: tuple[str, str]) -> None:
        """Show these two, called so."""
        before, self._pair = self._pair, pair
        one_size = _size(pair.a) == _size(pair.b)
        self._over.set_viewport(self.view.viewport if one_size else Viewport())
        for view, side in ((self.view, pair.a), (self._over, pair.b)):
            self._show(view, side, None if before is None else (before.a if view is self.view else before.b))
        self._names.set_names(*names)
        nothing = pair.a is None and pair.b is None
        self._empty.setText(pair.trouble if nothing else "")
        self._empty.setVisible(nothing)
        self.strip.set_alarms((pair.trouble,) if pair.trouble and not nothing else ())
        self._tell_legend()
        self._place()

    def complete(self) -> None:
        """Have drawn what a thread is still at: a picture is taken."""
        for view in (self.view, self._over):
            view.mesh.complete()

    def set_share(self, share: float) -> None:
        """Give A this share of the width, from the left. Emits nothing."""
        self._share = share
        self._line.set_share(share)
        self._names.set_share(share)
        self._place()

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Which of OVERLAYS lie over both photos."""
        self._overlays = overlays - ABOUT_TRUTH
        self._offered.set_overlays(self._overlays)
        for view in (self.view, self._over):
            view.set_overlays(self._overlays)
        self._tell_legend()

    def set_look(self, style: LayerStyle) -> None:
        """How the meshes over both photos are drawn."""
        self._style = style
        self._offered.set_style(style)
        for view in (self.view, self._over):
            view.set_look(style)
        self._tell_legend()

    def legend_text(self) -> str:
        """What colours and marks mean, in words."""
        return self._legend.text()

    def set_probe(self, vertex: int | None, topology: Topology | None = None) -> None:
        """Mark a vertex of some mesh where each side has it; None, or one it does not have, marks nothing."""
        sides = (None, None) if self._pair is None else (self._pair.a, self._pair.b)
        for view, side in zip((self.view, self._over), sides, strict=True):
            index = vertex_on(side, vertex, topology)
            place = None if side is None or index is None else side.answer.vertices[index]
            view.set_probe(None if place is None else (float(place[0]), float(place[1])))

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown: it is older than what was asked for since."""
        self._veil.set_stale(stale)
        self._line.raise_()
        if not stale:
            self._legend.raise_()

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""
        colours = self._colours = palette(dark)
        self.strip.set_palette(colours)
        self.view.set_palette(colours)
        self._over.set_palette(colours)
        self._legend.set_palette(colours)
        self._veil.set_palette(colours)
        self._names.set_palette(colours)
        self._line.set_palette(colours)
        self._empty.setStyleSheet(f"color: {colours.quiet}; background: transparent;")
        self._tell_legend()

    def _show(self, view: PhotoView, side: SideAnswer | None, before: SideAnswer | None) -> None:
        view.set_photo(None if side is None else side.frame.image)
        if side is None:
            view.set_answers((), ())
            return
        box = side.answer.box
        view.set_answers(() if box is None else (Face(box),), (side.answer,))
        if box is not None and (before is None or begins_anew(side.frame, before.frame)):
            view.show_area(surroundings([box]))

    @Slot()
    def _tell_legend(self) -> None:
        """Of both sides; of numbers those of B, or of A where there is no B."""
        sides = () if self._pair is None else (self._pair.b, self._pair.a)
        there = [side.answer for side in sides if side is not None]
        mesh = self.view.mesh if self._pair is not None and self._pair.b is None else self._over.mesh
        self._legend.set_content(*answers_legend(there, mesh, self._style, self._overlays, self._colours))
        self._place()

    def _pick(self, side: SideAnswer | None, x: float, y: float) -> None:
        vertex = None if side is None else nearest_vertex(side.answer.vertices, x, y)
        if side is not None and vertex is not None:
            self.vertex_picked.emit(side.answer.topology, vertex)

    @Slot()
    def _repaint(self) -> None:
        """Where both share a viewport, the hand moved both."""
        self.view.update()
        self._over.update()

    @Slot()
    def _place(self) -> None:
        width, height = self.view.width(), self.view.height()
        at = line_px(self._share, width)
        self._window.setGeometry(at, 0, width - at, height)
        self._window.setVisible(at < width)
        self._over.setGeometry(-at, 0, width, height)
        self._legend.stand(width, height)
        self._empty.stand(width, height)
        self._veil.place()
        self._line.place()
        self._legend.raise_()  # the line must not cross out what it says
        self._names.place()


def _size(side: SideAnswer | None) -> tuple[int, ...]:
    return () if side is None else side.frame.image.shape
