"""The first panel: the photo, and what the network said about its pixels."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from viewer.panels import overlays as over
from viewer.panels.arrangement import PanelRow
from viewer.panels.legend import ColourBar, Legend, Swatch
from viewer.panels.palette import DARK, palette
from viewer.panels.photo_view import PhotoView
from viewer.panels.title_strip import TitleStrip
from viewer.state import Shown


class PhotoPanel(QFrame):
    """Title strip, photo with overlays, legend.

    Signals:
        picked(float, float): The user clicked the photo, in image px.
        box_drawn(tuple): The user drew a face box: x0, y0, x1, y1 in image px.
    """

    picked = Signal(float, float)
    box_drawn = Signal(object)

    def __init__(self, row: PanelRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        self._colours = DARK
        self._shown: Shown | None = None
        self._overlays: frozenset[str] = frozenset()
        self.strip, self.view = TitleStrip(row, self), PhotoView(self)
        self.view.setAccessibleName(f"{row.title}: {row.subtitle}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.view, 1)
        self._legend = Legend(self.view)
        self._empty = QLabel("No photo yet", self.view)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.view.resized.connect(self._place)
        self.view.picked.connect(self.picked)
        self.view.box_drawn.connect(self.box_drawn)
        self.set_theme(True)

    def set_shown(self, shown: Shown | None) -> None:
        """Show a frame and what was answered about it; None clears the panel."""
        self._shown = shown
        if shown is None:
            self.view.set_photo(None)
            self.view.set_answers((), ())
        else:
            self.view.set_photo(shown.frame.image)
            self.view.set_answers(shown.faces, shown.answers)
        self._empty.setVisible(shown is None)
        self._tell_legend()

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Which of OVERLAYS lie over the photo."""
        self._overlays = overlays
        self.view.set_overlays(overlays)
        self._tell_legend()

    def set_selected_face(self, index: int) -> None:
        """Which answer the other panels show."""
        self.view.set_selected(index)

    def set_drawing_box(self, drawing: bool) -> None:
        """Whether the next drag draws a face box."""
        self.view.set_drawing_box(drawing)

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""
        self._colours = palette(dark)
        self.view.set_palette(self._colours)
        self.strip.set_palette(self._colours)
        self._legend.set_palette(self._colours)
        self._empty.setStyleSheet(f"color: {self._colours.quiet}; background: transparent;")

    @Slot()
    def _place(self) -> None:
        self._legend.move(10, self.view.height() - self._legend.height() - 10)
        self._empty.setGeometry(self.view.rect())

    def _tell_legend(self) -> None:
        bar: ColourBar | None = None
        swatches: tuple[Swatch, ...] = ()
        answers = () if self._shown is None else self._shown.answers
        for answer in answers[:1]:
            for name in ("depth", "confidence"):
                layer = over.map_layer(answer, name) if name in self._overlays else None
                if layer is not None and bar is None:
                    bar = ColourBar(name, layer.low, layer.high, layer.unit, over.MAP_COLOURS[name])
            if "mask" in self._overlays and over.map_layer(answer, "mask") is not None:
                swatches = (Swatch("face seen", "#{:02x}{:02x}{:02x}".format(*over.TINT)),)
        self._legend.set_content(bar, () if bar is not None else swatches)
        self._place()
