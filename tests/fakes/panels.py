"""Panels without OpenGL that remember what they were told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from models.reconstruction import Reconstruction
from viewer.app.assembly import Panels
from viewer.readouts.difference import Compared
from viewer.state.camera import Camera
from viewer.state.layout import PANELS, Kind
from viewer.state.shown import Shown
from viewer.state.style import LayerStyle


class StubSurface(QWidget):
    """A GL panel that draws nothing."""

    camera_moved = Signal(object)
    style_chosen = Signal(object)
    vertex_picked = Signal(int)
    driver_found = Signal(object)
    legend_kept = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.kept_px = 0
        self.answer: Reconstruction | None = None
        self.answers_told = 0
        self.style: LayerStyle | None = None
        self.camera: Camera | None = None
        self.cameras_told = 0
        self.dark: bool | None = None
        self.probe: int | None = None
        self.alarms: tuple[str, ...] = ()
        self.prepared_answer: Reconstruction | None = None
        self.head: bool | None = None

    def set_answer(  # type: ignore[no-untyped-def]
        self, answer: Reconstruction | None, image: NDArray[np.uint8] | None = None, framing=None
    ) -> None:
        """Remember it."""
        self.framing = framing
        assert (answer is None) or (image is not None)
        self.answer = answer
        self.answers_told += 1

    def prepare(self, answer: Reconstruction, image: NDArray[np.uint8]) -> None:
        """Remember it."""
        self.prepared_answer = answer

    def await_answer(self) -> None:
        """Show none meanwhile."""
        self.answer = None

    def keep_free(self, kept_px: int) -> None:
        """Remember it."""
        self.kept_px = kept_px

    def set_head(self, shown: bool) -> None:
        self.head = shown

    def set_look(self, style: LayerStyle) -> None:
        """Remember it."""
        self.style = style

    def set_camera(self, camera: Camera) -> None:
        """Remember it, and how often that was said."""
        self.camera = camera
        self.cameras_told += 1

    def set_theme(self, dark: bool) -> None:
        """Remember it."""
        self.dark = dark

    def set_probe(self, vertex: int | None, topology=None) -> None:  # type: ignore[no-untyped-def]
        """Remember it."""
        self.probe = vertex

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """Remember it."""
        self.alarms = alarms

    def set_trust(self, trust: str, meaning: str) -> None:
        """Remember it."""
        self.trust = trust

    def set_stale(self, stale: bool) -> None:
        """Remember it."""
        self.stale = stale

    def set_absence(self, absence: str) -> None:
        """Remember it."""
        self.absence = absence

    def offer(self, menu: QMenu, meaning: str) -> None:
        """Remember it."""
        self.menu, self.meaning = menu, meaning

    def set_caption(self, title: str, note: str, meaning: str, absence: str) -> None:
        """Remember it."""
        self.caption, self.note, self.absence = title, note, absence

    def set_truth(self, landmarks, surface) -> None:  # type: ignore[no-untyped-def]
        """Remember it."""
        self.truth = (landmarks, surface)


class StubOccluders(QObject):
    """The hand on occluders, as a test moves it."""

    picked = Signal(int)
    placed = Signal(object, int)
    stroked = Signal(object, int)

    def __init__(self) -> None:
        super().__init__()
        self.occluders, self.selected, self.tool, self.brush_px = (), -1, None, 0.0

    def set_occluders(self, occluders, selected) -> None:  # type: ignore[no-untyped-def]
        """Remember it."""
        self.occluders, self.selected = tuple(occluders), selected

    def set_tool(self, tool, brush_px) -> None:  # type: ignore[no-untyped-def]
        """Remember it."""
        self.tool, self.brush_px = tool, brush_px


class StubPhoto(QWidget):
    """A photo panel that draws nothing."""

    picked = Signal(float, float)
    box_drawn = Signal(object)
    box_edited = Signal(object, bool, int)
    box_given_up = Signal(int)
    whole_asked = Signal(bool)
    overlay_toggled = Signal(str)
    style_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.occluders, self.map = StubOccluders(), None
        self.shown: Shown | None = None
        self.overlays: frozenset[str] = frozenset()
        self.dark: bool | None = None
        self.drawing = False
        self.selected = -1
        self.whole: bool | None = None
        self.probe: tuple[float, float] | None = None
        self.alarms: tuple[str, ...] = ()

    def prepare(self, shown: Shown) -> None:
        """Remember it."""
        self.prepared = shown

    def complete(self) -> None:
        """Nothing is left for later."""

    def set_shown(self, shown: Shown | None) -> None:
        """Remember it."""
        self.shown = shown

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Remember it."""
        self.overlays = overlays

    def set_look(self, style: LayerStyle) -> None:
        """Remember it."""
        self.style = style

    def set_theme(self, dark: bool) -> None:
        """Remember it."""
        self.dark = dark

    def set_truth(self, judgement, normaliser) -> None:  # type: ignore[no-untyped-def]
        """Remember it."""
        self.judgement, self.measured = judgement, normaliser

    def set_selected_face(self, index: int) -> None:
        """Remember it."""
        self.selected = index

    def set_map(self, values, box) -> None:  # type: ignore[no-untyped-def]
        """Remember it."""
        self.map = values

    def set_whole(self, whole: bool) -> None:
        """Remember it."""
        self.whole = whole

    def set_drawing_box(self, drawing: bool) -> None:
        """Remember it."""
        self.drawing = drawing

    def set_stale(self, stale: bool) -> None:
        """Remember it."""
        self.stale = stale

    def set_probe(self, position, topology=None) -> None:  # type: ignore[no-untyped-def]
        """Remember it."""
        self.probe = position

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """Remember it."""
        self.alarms = alarms


class StubPair(StubSurface):
    """A wipe panel that draws nothing."""

    wiped = Signal(float)
    vertex_picked = Signal(object, int)

    def __init__(self) -> None:
        super().__init__()
        self.pair: Compared | None = None
        self.names = ("", "")
        self.share = -1.0

    def set_pair(self, pair: Compared, names: tuple[str, str]) -> None:
        """Remember them."""
        self.pair, self.names = pair, names

    def set_share(self, share: float) -> None:
        """Remember it."""
        self.share = share


class StubPhotoPair(StubPhoto):
    """A wipe panel over photos that draws nothing."""

    wiped = Signal(float)
    vertex_picked = Signal(object, int)
    set_pair, set_share = StubPair.set_pair, StubPair.set_share

    def __init__(self) -> None:
        super().__init__()
        self.pair: Compared | None = None
        self.names = ("", "")
        self.share = -1.0


def stub_panels() -> Panels:
    """As `viewer.app.startup.make_panels`, without OpenGL."""
    rows = [row for row in PANELS if row.kind is Kind.SURFACE]
    photo, photo_wipe, wipe, maps = StubPhoto(), StubPhotoPair(), StubPair(), StubSurface()
    surfaces = {row.name: StubSurface() for row in rows}
    widgets = {"photo": photo, **surfaces, "photo-wipe": photo_wipe, "wipe": wipe, "maps": maps}
    return Panels(photo, surfaces, photo_wipe, wipe, maps, widgets)
