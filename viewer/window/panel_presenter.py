"""Between Store and panels: panels are told the State, and what the user does in them becomes verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from models.metrics.correspondence import counterpart
from models.metrics.normalisers import Normaliser, normaliser
from models.reconstruction import Array, MeshLayer, Reconstruction
from viewer.app.commands import Controller
from viewer.gl.framing import Framing
from viewer.panels.placement import depth_between, framing
from viewer.readouts.answer import alarms_of
from viewer.readouts.difference import compared_in
from viewer.readouts.lineup import standing
from viewer.sources.source import Frame
from viewer.state.camera import Camera
from viewer.state.layout import PanelRow, alarms_on, panel_row, panels_shown, style_of
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Theme
from viewer.state.views import camera_of

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement


WARNED_BY = ("shown", "answer", "lineup")  # parts of the State that alarms depend on


class SurfacePanel(Protocol):
    """A GL panel, as `viewer.panels.panel.Panel`; the four are signals."""

    camera_moved: Any
    style_chosen: Any
    vertex_picked: Any
    renderer_found: Any

    def set_answer(
        self,
        answer: Reconstruction | None,
        image: NDArray[np.uint8] | None = None,
        framing: Framing | None = None,
    ) -> None:
        """Show this answer about this photo, put there."""

    def set_look(self, style: LayerStyle) -> None:
        """Draw the surface like this."""

    def set_camera(self, camera: Camera) -> None:
        """Look from here."""

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""

    def set_probe(self, vertex: int | None) -> None:
        """Mark a vertex."""

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """Warn of this."""

    def set_truth(self, landmarks: Array | None, surface: Array | None) -> None:
        """Show what is true, image px."""


class PictureView(Protocol):
    """The photo, as `viewer.panels.photo_panel.PhotoPanel`; the first three are signals."""

    picked: Any
    box_drawn: Any
    whole_asked: Any

    def set_shown(self, shown: Shown | None) -> None:
        """Show this frame and what was answered about it."""

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Draw these over the photo."""

    def set_truth(self, judgement: Judgement | None, normaliser: Normaliser | None) -> None:
        """The truth about one of the faces, and what errors are divided by if that is to be drawn."""

    def set_selected_face(self, index: int) -> None:
        """Mark the face the other panels show."""

    def set_drawing_box(self, drawing: bool) -> None:
        """Whether the next drag draws a face box."""

    def set_whole(self, whole: bool) -> None:
        """Whether to show all of the photo rather than its faces."""

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""

    def set_probe(self, position: tuple[float, float] | None) -> None:
        """Mark a place, image px."""

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """Warn of this."""


class Linked(QObject):
    """Keeps all panels true to the Store. Only the user's hand makes a panel speak, so there are no loops."""

    def __init__(
        self,
        store: Store,
        controller: Controller,
        photo: PictureView,
        surfaces: Mapping[str, SurfacePanel],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._photo, self._surfaces = photo, surfaces
        self._told: dict[str, Reconstruction | None] = {}  # the answer each panel was given last
        photo.picked.connect(controller.pick)
        photo.box_drawn.connect(controller.look_at_box)
        photo.whole_asked.connect(controller.looks.show_whole_photo)
        for name, panel in surfaces.items():
            if not panel_row(name).chart:  # one looks at a chart on its own
                panel.camera_moved.connect(lambda camera, name=name: controller.viewpoints.move(name, camera))
            panel.style_chosen.connect(lambda style, name=name: controller.looks.set_style(name, style))
            panel.vertex_picked.connect(lambda vertex, name=name: self._picked(name, vertex))
            panel.renderer_found.connect(controller.looks.set_renderer)
        self._follow(store.state, None)
        store.changed.connect(self._follow)

    @Slot(object, object)
    def _follow(self, new: State, old: State | None = None) -> None:
        if old is None or new.theme is not old.theme:
            self._dress(new.theme is Theme.DARK)
        if old is None or new.overlays is not old.overlays:
            self._photo.set_overlays(new.overlays)
        if old is None or new.shown is not old.shown:
            self._photo.set_shown(new.shown)
        if old is None or new.selected_face != old.selected_face or new.shown is not old.shown:
            self._photo.set_selected_face(new.selected_face)
        if old is None or new.drawing_box is not old.drawing_box:
            self._photo.set_drawing_box(new.drawing_box)
        if old is None or new.whole_photo is not old.whole_photo:
            self._photo.set_whole(new.whole_photo)
        if old is None or new.probe is not old.probe:
            self._photo.set_probe(None if new.probe is None else new.probe.position[:2])
        if old is None or any(getattr(new, part) is not getattr(old, part) for part in WARNED_BY):
            self._warn(new)
        anew = self._show(new)
        for name, panel in self._surfaces.items():
            if old is None or style_of(new, name) != style_of(old, name):
                panel.set_look(style_of(new, name))
            camera = camera_of(new, name)
            if not panel_row(name).chart and (old is None or camera != camera_of(old, name)):
                panel.set_camera(camera)
            if old is None or new.probe is not old.probe or name in anew:
                panel.set_probe(_vertex_on(name, new))
            if old is None or name in anew or _truth_shown(new) != _truth_shown(old):
                panel.set_truth(*_truth_of(name, new))
        if old is None or _measured(new) != _measured(old) or new.judgement is not old.judgement:
            self._photo.set_truth(new.judgement, _measured(new))

    def _dress(self, dark: bool) -> None:
        self._photo.set_theme(dark)
        for panel in self._surfaces.values():
            panel.set_theme(dark)

    def _show(self, state: State) -> set[str]:
        """Give the answer to the panels in sight that have another one, and tell which; the rest can wait."""
        anew = set()
        for row in panels_shown(state):
            if row.name not in self._surfaces:
                continue
            answer, frame = _wanted_by(row, state)
            if row.name not in self._told or self._told[row.name] is not answer:
                image = None if frame is None else frame.image
                placed = None if answer is None or row.slot is None else framing(state, answer)
                self._surfaces[row.name].set_answer(answer, image, placed)
                self._told[row.name] = answer
                anew.add(row.name)
        return anew

    def _warn(self, state: State) -> None:
        alarms = alarms_of(state.shown, state.answer)
        self._photo.set_alarms(alarms_on(panel_row("photo"), alarms))
        for name, panel in self._surfaces.items():
            row = panel_row(name)
            answer = _answer_of(row, state)
            own = tuple(alarm.text for alarm in answer.alarms) if answer is not None else ()
            panel.set_alarms(alarms_on(row, alarms) if row.slot is None else own)

    def _picked(self, name: str, vertex: int) -> None:
        """A click on a surface that is not the whole face is passed on by where it lies in the photo."""
        state = self._store.state
        answer = _answer_of(panel_row(name), state)
        if answer is None or state.answer is None:
            return
        if answer is not state.answer:
            self._controller.probe_on(answer.topology, vertex)
            return
        surface = _surface(name, answer)
        if surface is None or len(surface.vertices) == len(answer.vertices):
            self._controller.probe_vertex(vertex)
        else:
            x, y = surface.vertices[vertex, :2]
            self._controller.pick(float(x), float(y))


def _truth_shown(state: State) -> bool:
    return "truth" in state.overlays and state.judgement is not None


def _truth_of(name: str, state: State) -> tuple[Array | None, Array | None]:
    """True landmarks and true surface as a panel draws them; None where it does not."""
    judgement = state.judgement
    if judgement is None or "truth" not in state.overlays:
        return None, None
    answer, first = _answer_of(panel_row(name), state), state.answer
    surface = None if judgement.surface is None else judgement.surface.vertices
    if answer is first or answer is None or first is None:
        return judgement.landmarks, surface
    nearer = np.array([0, 0, depth_between(first, answer)], np.float32)
    landmarks = None if judgement.landmarks is None else judgement.landmarks + nearer
    return landmarks, None if surface is None else surface + nearer


def _answer_of(row: PanelRow, state: State) -> Reconstruction | None:
    """Whose answer a panel is about."""
    if row.slot is None:
        return state.answer
    place = standing(state, row.slot)
    return None if place is None else place.answer


def _measured(state: State) -> Normaliser | None:
    """What errors are divided by, while the user has asked for it to be drawn."""
    return normaliser(state.normaliser) if state.explained else None


def _wanted_by(row: PanelRow, state: State) -> tuple[Reconstruction | None, Frame | None]:
    """What a panel is to show, and which frame that is about."""
    if not row.compares:
        return _answer_of(row, state), None if state.shown is None else state.shown.frame
    pair = compared_in(state)
    return pair.marked, None if pair.b is None else pair.b.frame


def _surface(name: str, answer: Reconstruction) -> MeshLayer | None:
    """What the panel of that name draws of an answer; None for the answer's own vertices."""
    wanted = panel_row(name).layer
    layers = (layer for layer in answer.layers if isinstance(layer, MeshLayer))
    return next((layer for layer in layers if layer.name == wanted), None)


def _vertex_on(name: str, state: State) -> int | None:
    """The picked vertex as an index into what the panel of that name draws; None if it is not on it."""
    if state.probe is None or state.answer is None:
        return None
    answer = _answer_of(panel_row(name), state)
    if answer is not state.answer:
        return (
            None
            if answer is None
            else counterpart(state.answer.topology, state.probe.vertex, answer.topology)
        )
    surface = _surface(name, state.answer)
    if surface is None or len(surface.vertices) == len(state.answer.vertices):
        return state.probe.vertex
    x, y, _ = state.probe.position
    distance = np.hypot(surface.vertices[:, 0] - x, surface.vertices[:, 1] - y)
    closest = int(np.argmin(distance)) if len(distance) else -1
    return (
        closest
        if closest >= 0 and distance[closest] < 0.02 * float(np.ptp(state.answer.vertices[:, 0]))
        else None
    )
