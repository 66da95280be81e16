"""Between Store and the panels that show A against B."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject, Slot

from models.reconstruction import Topology
from viewer.cameras.commands import CameraCommands
from viewer.compare.commands import CompareCommands
from viewer.display.commands import DisplayCommands
from viewer.inspector.commands import InspectorCommands
from viewer.readouts.difference import Compared, compared_in, described
from viewer.state.camera import Camera
from viewer.state.comparison import ARRANGEMENT
from viewer.state.layout import style_of
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Theme
from viewer.state.views import camera_of


class PairView(Protocol):
    """A panel that shows two things along a line; `wiped` and `vertex_picked` are signals."""

    wiped: Any
    vertex_picked: Any

    def set_pair(self, pair: Compared, names: tuple[str, str]) -> None:
        """Show these two, called so."""

    def set_share(self, share: float) -> None:
        """Give A this share of the width, from the left."""

    def set_probe(self, vertex: int | None, topology: Topology | None = None) -> None:
        """Mark a vertex of some mesh."""

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""


class PhotoPair(PairView, Protocol):
    """As `viewer.panels.photo_wipe_panel.PhotoWipePanel`."""

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Draw these over both photos."""


class SurfacePair(PairView, Protocol):
    """As `viewer.panels.wipe_panel.WipePanel`; the three are signals."""

    camera_moved: Any
    style_chosen: Any
    renderer_found: Any

    def set_look(self, style: LayerStyle) -> None:
        """Draw both surfaces like this."""

    def set_camera(self, camera: Camera) -> None:
        """Look from here."""


class ComparePresenter(QObject):
    """Keeps both panels true to the Store while they are in sight."""

    def __init__(
        self,
        store: Store,
        compare: CompareCommands,
        inspector: InspectorCommands,
        cameras: CameraCommands,
        display: DisplayCommands,
        photo: PhotoPair,
        surface: SurfacePair,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._photo, self._surface = photo, surface
        self._told: Compared | None = None
        for view in (photo, surface):
            view.wiped.connect(compare.set_wipe)
            view.vertex_picked.connect(inspector.probe_on)
        surface.camera_moved.connect(lambda camera: cameras.move("wipe", camera))
        surface.style_chosen.connect(lambda style: display.set_style("wipe", style))
        surface.renderer_found.connect(display.set_renderer)
        self._follow(store.state, None)
        store.changed.connect(self._follow)

    @Slot(object, object)
    def _follow(self, new: State, old: State | None = None) -> None:
        if old is None or new.theme is not old.theme:
            for view in (self._photo, self._surface):
                view.set_theme(new.theme is Theme.DARK)
        if new.arrangement == ARRANGEMENT:
            self._show(new, old)

    def _show(self, new: State, old: State | None) -> None:
        begins = old is None or old.arrangement != ARRANGEMENT
        pair = compared_in(new)
        anew = pair is not self._told
        if anew:
            self._told = pair
            names = described(new.comparison.a, new), described(new.comparison.b, new)
            for view in (self._photo, self._surface):
                view.set_pair(pair, names)
        if begins or old is None or new.comparison.share != old.comparison.share:
            for view in (self._photo, self._surface):
                view.set_share(new.comparison.share)
        if begins or old is None or new.overlays is not old.overlays:
            self._photo.set_overlays(new.overlays)
        if begins or old is None or style_of(new, "wipe") != style_of(old, "wipe"):
            self._surface.set_look(style_of(new, "wipe"))
        if begins or old is None or camera_of(new, "wipe") != camera_of(old, "wipe"):
            self._surface.set_camera(camera_of(new, "wipe"))
        if anew or begins or old is None or new.probe is not old.probe:
            for view in (self._photo, self._surface):
                view.set_probe(*_probed(new))


def _probed(state: State) -> tuple[int | None, Topology | None]:
    """The picked vertex, and the mesh it is one of."""
    if state.probe is None or state.answer is None:
        return None, None
    return state.probe.vertex, state.answer.topology
