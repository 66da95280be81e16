"""The first panel: the photo, and what the network said about its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Signal, Slot
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from models.metrics.normalisers import Normaliser
from viewer.panels.colours import DARK, palette
from viewer.panels.legend import ColourBar, Legend, Shape, Swatch
from viewer.panels.message import Message
from viewer.panels.occluder_overlay import MAP_COLOURS, OccluderOverlay
from viewer.panels.over_button import OverButton
from viewer.panels.photo_legend import answers_legend
from viewer.panels.photo_view import PhotoView
from viewer.panels.title_strip import TitleStrip
from viewer.panels.truth_marks import ERROR_MAP
from viewer.panels.veil import Veil
from viewer.panels.viewport import surroundings
from viewer.sources.source import Frame
from viewer.state.layout import PanelRow
from viewer.state.shown import Shown
from viewer.state.style import LayerStyle

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement

HINT_TOP = 10  # px
NO_PHOTO = "No photo yet.\nDrop one on the window, or press Ctrl+O."
NO_FACE = "No face was found.\nHold Shift and drag a box over the face, from the brows to the chin."
DRAW_NOW = "Drag a box over the face, from the brows to the chin."


class PhotoPanel(QFrame):
    """Title strip, photo with overlays, legend.

    Attributes:
        occluders: The handles of what covers the photo; a child of the view.

    Signals:
        picked(float, float): The user clicked the photo, in image px.
        box_drawn(tuple): The user drew a face box: x0, y0, x1, y1 in image px.
        box_edited(tuple, bool, int), box_given_up(int): The user drags the selected box, as of PhotoHand.
        whole_asked(bool): The user wants the whole photo, or the faces large.
        overlay_toggled(str): The user wants one of OVERLAYS drawn, or no longer.
        style_chosen(LayerStyle): The user chose how the meshes are drawn.
    """

    picked = Signal(float, float)
    box_drawn = Signal(object)
    box_edited = Signal(object, bool, int)
    box_given_up = Signal(int)
    whole_asked = Signal(bool)
    overlay_toggled = Signal(str)
    style_chosen = Signal(object)

    def __init__(self, row: PanelRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        self._colours = DARK
        self._shown: Shown | None = None
        self._drawing = False
        self._judgement: Judgement | None = None
        self._style = row.style
        self._overlays: frozenset[str] = frozenset()
        self.strip, self.view = TitleStrip(row, self), PhotoView(self, edits_boxes=True)
        self.view.setAccessibleName(f"{row.title}: {row.subtitle}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.view, 1)
        self.occluders = OccluderOverlay(self.view)
        self._map_top: float | None = None
        self._legend = Legend(self.view)
        self._whole, self._framed = False, False
        self._empty, self._hint, self._veil = Message(self.view), Message(self.view), Veil(self.view)
        self._empty.setText(NO_PHOTO)
        self._empty.show()
        self._over = OverButton(self)
        self._over.overlay_toggled.connect(self.overlay_toggled)
        self._over.style_chosen.connect(self.style_chosen)
        self.strip.add_button(self._over)
        self._whole_button = self._make_whole_button()
        self.view.mesh.ready.connect(self._tell_legend)
        self.view.resized.connect(self._place)
        self.view.picked.connect(self.picked)
        self.view.box_drawn.connect(self.box_drawn)
        self.view.box_edited.connect(self.box_edited)
        self.view.box_given_up.connect(self.box_given_up)
        self.set_theme(True)

    def set_shown(self, shown: Shown | None) -> None:
        """Show a frame and what was answered about it; None clears the panel.

        A new picture is shown whole and, once it is known where its faces are, those large. The next frame of
        a video stays as it is unless a face left the sight.
        """
        before, self._shown = self._shown, shown
        self.view.set_photo(None if shown is None else shown.frame.image)
        self.view.set_answers(*((), ()) if shown is None else (shown.faces, shown.answers))
        if shown is not None and (before is None or begins_anew(shown.bare, before.bare)):
            self.view.show_area(QRectF())
            self._framed = False
        self._frame_faces()
        self._empty.setVisible(shown is None)
        self._tell_hint()
        self._tell_legend()

    def prepare(self, shown: Shown) -> None:
        """Make ready what takes long to draw of what `set_shown` will be given next; from any thread."""
        self.view.mesh.prepare(shown.frame.image, shown.answers)

    def complete(self) -> None:
        """Have drawn what a thread is still at: a picture is taken."""
        self.view.mesh.complete()

    def set_whole(self, whole: bool) -> None:
        """Whether to show all of the photo rather than the faces and what is around them."""
        self._whole, self._framed = whole, False
        self._whole_button.setChecked(whole)
        self.view.show_area(QRectF())
        self._frame_faces()

    def set_truth(self, judgement: Judgement | None, normaliser: Normaliser | None) -> None:
        """The truth about one of the faces, and what errors are divided by if that is to be drawn."""
        self._judgement = judgement
        self.view.set_truth(judgement, normaliser)
        self._tell_legend()

    def set_map(self, values: NDArray[np.float64] | None, box: tuple[float, float, float, float]) -> None:
        """[rows, columns] over a box, image px: how much covering hurts there, % of face size."""
        known = values is not None and bool(np.isfinite(values).any())
        self._map_top = float(np.nanmax(values)) if known and values is not None else None
        self.occluders.set_map(values, box)
        self._tell_legend()

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Which of OVERLAYS lie over the photo."""
        self._overlays = overlays
        self.view.set_overlays(overlays)
        self._over.set_overlays(overlays)
        self._tell_legend()

    def set_look(self, style: LayerStyle) -> None:
        """How the meshes over the photo are drawn."""
        self._style = style
        self.view.set_look(style)
        self._over.set_style(style)
        self._tell_legend()

    def set_selected_face(self, index: int) -> None:
        """Which answer the other panels show."""
        self.view.set_selected(index)

    def set_probe(self, position: tuple[float, float] | None) -> None:
        """Mark a place of the photo, image px; None marks nothing."""
        self.view.set_probe(position)

    def set_drawing_box(self, drawing: bool) -> None:
        """Whether the next drag draws a face box."""
        self._drawing = drawing
        self.view.set_drawing_box(drawing)
        self._tell_hint()

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """Warn of this in the title strip."""
        self.strip.set_alarms(alarms)

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown: it is older than what was asked for since."""
        self._veil.set_stale(stale)

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""
        self._colours = palette(dark)
        self.view.set_palette(self._colours)
        self.strip.set_palette(self._colours)
        self._legend.set_palette(self._colours)
        self._veil.set_palette(self._colours)
        self.occluders.set_palette(self._colours)
        self._empty.setStyleSheet(f"color: {self._colours.quiet}; background: transparent;")
        self._tell_legend()
        self._hint.setStyleSheet(
            f"color: {self._colours.text}; background: {self._colours.strip};"
            f" border: 1px solid {self._colours.accent}; border-radius: 6px; padding: 8px;"
        )

    def hint(self) -> str:
        """What the panel asks the user to do; empty for nothing."""
        return "" if self._hint.isHidden() else self._hint.text()

    def legend_text(self) -> str:
        """What colours and marks mean, in words."""
        return self._legend.text()

    def legend_height(self) -> int:
        """How much of the panel the legend takes, px."""
        return self._legend.height()

    def _make_whole_button(self) -> QToolButton:
        button = QToolButton()
        button.setText("Whole")
        button.setObjectName("lookButton")
        button.setAccessibleName("Show the whole photo")
        button.setToolTip("Show the whole photo, or its faces large (Z)")
        button.setCheckable(True)
        button.clicked.connect(self.whole_asked)
        self.strip.add_button(button)
        return button

    def _faces_seen(self) -> list[QRectF]:
        """Where the faces lie in the view, logical px."""
        boxes = [] if self._shown is None else [face.box for face in self._shown.faces]
        corners = ((QPointF(*box[:2]), QPointF(*box[2:])) for box in boxes)
        return [QRectF(self.view.to_widget(a), self.view.to_widget(b)) for a, b in corners]

    def _frame_faces(self) -> None:
        """Bring the faces into sight where that was not done yet, or where one has left it."""
        if self._whole or self._shown is None or self.view.moved:
            return
        area = surroundings([face.box for face in self._shown.faces])
        height, width = self._shown.frame.image.shape[:2]
        inside = area.intersected(QRectF(-0.5, -0.5, width, height))
        faces = [QRectF(QPointF(*face.box[:2]), QPointF(*face.box[2:])) for face in self._shown.faces]
        if area.isEmpty() or (self._framed and all(self.view.sight.contains(face) for face in faces)):
            return
        self.view.show_area(inside)
        self._framed = True

    def _tell_hint(self) -> None:
        shown = self._shown
        lost = shown is not None and shown.search is not None and not shown.faces
        self._hint.setText(DRAW_NOW if self._drawing else NO_FACE)
        self._hint.setVisible(lost or (self._drawing and shown is not None))
        self._place()

    @Slot()
    def _place(self) -> None:
        width, height = self.view.width(), self.view.height()
        self._legend.stand(width, height, self._faces_seen())
        self._empty.stand(width, height)
        self._veil.place()
        self._hint.stand(width, height, HINT_TOP)

    @Slot()
    def _tell_legend(self) -> None:
        answers = () if self._shown is None else self._shown.answers
        bar, swatches = answers_legend(answers, self.view.mesh, self._style, self._overlays, self._colours)
        if (
            self._judgement is not None
            and self._judgement.landmarks is not None
            and "truth" in self._overlays
        ):
            swatches += (Swatch("ground truth", self._colours.truth, Shape.CROSS),)
        judgement = self._judgement if "error" in self._overlays else None
        if bar is None and judgement is not None and judgement.landmarks is not None:
            bar = ColourBar("truth to answer", 0.0, judgement.top_px, "px", ERROR_MAP)
        if self._map_top:
            bar = ColourBar("change, if covered here", 0.0, self._map_top, "% of face", MAP_COLOURS)
        self._legend.set_content(bar, swatches)
        self._place()


def begins_anew(frame: Frame, before: Frame) -> bool:
    """Whether a frame is another picture, and not the next of the same video or camera."""
    return frame is not before and (frame.time_s == 0 or frame.image.shape != before.image.shape)
