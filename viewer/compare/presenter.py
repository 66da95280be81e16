"""Between Store and the panels that show A against B."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from PySide6.QtCore import QObject

from models.reconstruction import Topology
from viewer.cameras.commands import CameraCommands
from viewer.compare.commands import CompareCommands
from viewer.display.commands import DisplayCommands
from viewer.inspector.commands import InspectorCommands
from viewer.readouts.difference import Compared, compared_in, described
from viewer.readouts.parts import outdated
from viewer.state.camera import Camera
from viewer.state.comparison import A_B
from viewer.state.driver import Driver
from viewer.state.layout import style_of
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Theme
from viewer.state.views import camera_of
from viewer.widgets.signals import Emits

T = TypeVar("T")


class PairView(Protocol):
    """A panel that shows two things along a line."""

    @property
    def wiped(self) -> Emits[float]:
        """The user moved the line: the share of the width that shows A."""

    @property
    def vertex_picked(self) -> Emits[Topology, int]:
        """The user clicked a vertex of that mesh."""

    def set_pair(self, pair: Compared, names: tuple[str, str]) -> None:
        """Show these two, called so."""

    def set_share(self, share: float) -> None:
        """Give A this share of the width, from the left."""

    def set_probe(self, vertex: int | None, topology: Topology | None = None) -> None:
        """Mark a vertex of some mesh."""

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown, or no longer."""

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""


class PhotoPair(PairView, Protocol):
    """As `viewer.panels.photo_wipe_panel.PhotoWipePanel`."""

    def complete(self) -> None:
        """Have drawn what a thread is still at: a picture is taken."""

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Draw these over both photos."""

    @property
    def overlay_toggled(self) -> Emits[str]:
        """The user wants something drawn over both, or no longer."""

    @property
    def style_chosen(self) -> Emits[LayerStyle]:
        """The user chose how the meshes over both are drawn."""

    def set_look(self, style: LayerStyle) -> None:
        """Draw the meshes over both like this."""


class SurfacePair(PairView, Protocol):
    """As `viewer.panels.wipe_panel.WipePanel`."""

    @property
    def camera_moved(self) -> Emits[Camera]:
        """The user moved the camera."""

    @property
    def style_chosen(self) -> Emits[LayerStyle]:
        """The user chose how the surfaces are drawn."""

    @property
    def driver_found(self) -> Emits[Driver]:
        """OpenGL has said which driver draws."""

    def set_look(self, style: LayerStyle) -> None:
        """Draw both surfaces like this."""

    def set_head(self, shown: bool) -> None:
        """Draw a head around each, or none."""

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
        photo.overlay_toggled.connect(display.toggle_overlay)
        photo.style_chosen.connect(lambda style: display.set_style("photo", style))
        surface.camera_moved.connect(lambda camera: cameras.move("wipe", camera))
        surface.style_chosen.connect(lambda style: display.set_style("wipe", style))
        surface.driver_found.connect(display.set_driver)
        self._store = store
        store.on(lambda state: state.theme is Theme.DARK, self._dress)
        self._in_sight(compared_in, self._show)
        self._in_sight(_outdated, self._tell_age)
        self._in_sight(lambda state: state.comparison.share, self._share)
        self._in_sight(lambda state: state.overlays, photo.set_overlays)
        self._in_sight(lambda state: style_of(state, "photo"), photo.set_look)
        self._in_sight(lambda state: style_of(state, "wipe"), surface.set_look)
        self._in_sight(lambda state: state.head, surface.set_head)
        self._in_sight(lambda state: camera_of(state, "wipe"), surface.set_camera)
        self._in_sight(lambda state: (compared_in(state), state.probe), self._mark)

    def _in_sight(self, part: Callable[[State], T], handler: Callable[[T], object]) -> None:
        """As `store.on`, but only while A and B are looked at."""

        def tell(value: T | None) -> None:
            if value is not None:
                handler(value)

        self._store.on(lambda state: part(state) if state.panel_layout == A_B else None, tell, self)

    def _dress(self, dark: bool) -> None:
        for view in (self._photo, self._surface):
            view.set_theme(dark)

    def _show(self, pair: Compared) -> None:
        if pair is self._told:
            return
        self._told = pair
        state = self._store.state
        names = described(state.comparison.a, state), described(state.comparison.b, state)
        for view in (self._photo, self._surface):
            view.set_pair(pair, names)

    def _tell_age(self, stale: bool) -> None:
        for view in (self._photo, self._surface):
            view.set_stale(stale)

    def _share(self, share: float) -> None:
        for view in (self._photo, self._surface):
            view.set_share(share)

    def _mark(self, _changed: object) -> None:
        for view in (self._photo, self._surface):
            view.set_probe(*_probed(self._store.state))


def _outdated(state: State) -> bool:
    """Whether a side will change with the answer that is on its way; what is pinned stays."""
    pinned = state.comparison.a.pinned is not None and state.comparison.b.pinned is not None
    return outdated(state) and not pinned


def _probed(state: State) -> tuple[int | None, Topology | None]:
    """The picked vertex, and the mesh it is one of."""
    if state.probe is None or state.answer is None:
        return None, None
    return state.probe.vertex, state.answer.topology
