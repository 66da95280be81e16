"""Between Store and panels: panels are told the State, and what the user does in them becomes verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Slot

from models.geometry.arrays import Box
from models.metrics.correspondence import counterpart
from models.metrics.normalisers import Normaliser, normaliser
from models.reconstruction import Array, MeshLayer, Reconstruction
from viewer.cameras.commands import CameraCommands
from viewer.display.commands import DisplayCommands
from viewer.faces.commands import FaceCommands
from viewer.gl.framing import Framing
from viewer.gl.turns import NEXT_TURN_MS
from viewer.inspector.commands import InspectorCommands
from viewer.panels.placement import depth_between, framing
from viewer.readouts.answer import alarms_of
from viewer.readouts.difference import compared_in
from viewer.readouts.lineup import standing
from viewer.readouts.parts import BOTH_OFF, both_off, outdated
from viewer.readouts.verdict import ERROR_MEANING, likely_error_text
from viewer.sources.source import Frame
from viewer.state.camera import Camera
from viewer.state.driver import Driver
from viewer.state.layout import PanelRow, alarms_on, panel_row, panels_shown, style_of
from viewer.state.probe import Probe
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Theme
from viewer.state.views import camera_of
from viewer.widgets.signals import Emits

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement


NO_FACE = "No face yet"
WARNED_BY = ("shown", "answer", "lineup")  # parts of the State that alarms depend on


class SurfacePanel(Protocol):
    """A GL panel, as `viewer.panels.panel.Panel`."""

    @property
    def camera_moved(self) -> Emits[Camera]:
        """The user moved the camera."""

    @property
    def style_chosen(self) -> Emits[LayerStyle]:
        """The user chose how the surface is drawn."""

    @property
    def vertex_picked(self) -> Emits[int]:
        """The user clicked a vertex of what is drawn."""

    @property
    def driver_found(self) -> Emits[Driver]:
        """OpenGL has said which driver draws."""

    def set_answer(
        self,
        answer: Reconstruction | None,
        image: NDArray[np.uint8] | None = None,
        framing: Framing | None = None,
    ) -> None:
        """Show this answer about this photo, put there."""

    def set_head(self, shown: bool) -> None:
        """Draw a head around the face, or no longer."""

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

    def set_trust(self, trust: str, meaning: str) -> None:
        """Say how far the answer may be relied on."""

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown, or no longer."""

    def set_absence(self, absence: str) -> None:
        """What to say without an answer."""

    def prepare(self, answer: Reconstruction, image: NDArray[np.uint8]) -> None:
        """Make ready what takes long of what is shown next; from any thread."""

    def await_answer(self) -> None:
        """Show nothing and say nothing until there is an answer."""

    def set_truth(self, landmarks: Array | None, surface: Array | None) -> None:
        """Show what is true, image px."""


class PictureView(Protocol):
    """The photo, as `viewer.panels.photo_panel.PhotoPanel`."""

    @property
    def picked(self) -> Emits[float, float]:
        """The user clicked a point, image px."""

    def prepare(self, shown: Shown) -> None:
        """Make ready what takes long to draw of what is shown next; from any thread."""

    def complete(self) -> None:
        """Have drawn what a thread is still at: a picture is taken."""

    @property
    def box_drawn(self) -> Emits[Box]:
        """The user drew a box (x0, y0, x1, y1), image px."""

    @property
    def box_edited(self) -> Emits[Box, bool, int]:
        """The user drags the selected box; whether its size changes, and the number of the drag."""

    @property
    def box_given_up(self) -> Emits[int]:
        """The user gave that drag up."""

    @property
    def whole_asked(self) -> Emits[bool]:
        """The user wants all of the photo, or its faces large."""

    @property
    def overlay_toggled(self) -> Emits[str]:
        """The user wants something drawn over the photo, or no longer."""

    @property
    def style_chosen(self) -> Emits[LayerStyle]:
        """The user chose how the meshes over the photo are drawn."""

    def set_shown(self, shown: Shown | None) -> None:
        """Show this frame and what was answered about it."""

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Draw these over the photo."""

    def set_look(self, style: LayerStyle) -> None:
        """Draw the meshes over the photo like this."""

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

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown, or no longer."""


class PanelPresenter(QObject):
    """Keeps all panels true to the Store. Only the user's hand makes a panel speak, so there are no loops."""

    def __init__(
        self,
        store: Store,
        faces: FaceCommands,
        inspector: InspectorCommands,
        cameras: CameraCommands,
        display: DisplayCommands,
        photo: PictureView,
        surfaces: Mapping[str, SurfacePanel],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._inspector = store, inspector
        self._photo, self._surfaces = photo, surfaces
        self._told: dict[str, Reconstruction | None] = {}  # the answer each panel was given last
        self._began = False  # until then nobody waits for a turn
        self._in_sight: dict[str, bool] = {}
        self._waiting: list[str] = []  # panels that came into sight and are still to be given theirs
        self._next = QTimer(self, singleShot=True, interval=NEXT_TURN_MS)
        self._next.timeout.connect(self._show_next)
        photo.picked.connect(inspector.pick)
        photo.box_drawn.connect(faces.look_at_box)
        photo.box_edited.connect(faces.place_box)
        photo.box_given_up.connect(faces.give_up_box)
        photo.whole_asked.connect(display.show_whole_photo)
        photo.overlay_toggled.connect(display.toggle_overlay)
        photo.style_chosen.connect(partial(display.set_style, "photo"))
        for name, panel in surfaces.items():
            if not panel_row(name).chart:  # one looks at a chart on its own
                panel.camera_moved.connect(partial(cameras.move, name))
            panel.style_chosen.connect(partial(display.set_style, name))
            panel.vertex_picked.connect(partial(self._picked, name))
            panel.driver_found.connect(display.set_driver)
        self._listen(store)
        self._began = True

    def _listen(self, store: Store) -> None:
        photo = self._photo
        store.on(lambda state: state.theme is Theme.DARK, self._dress)
        store.on(lambda state: state.overlays, photo.set_overlays, self)
        store.on(partial(_style_on, "photo"), photo.set_look, self)
        store.on(lambda state: state.shown, photo.set_shown, self)
        store.on(lambda state: (state.shown, state.selected_face), lambda now: self._select(now[1]), self)
        store.on(lambda state: state.drawing_box, photo.set_drawing_box, self)
        store.on(lambda state: state.whole_photo, photo.set_whole, self)
        store.on(
            lambda state: None if state.probe is None else state.probe.position[:2], photo.set_probe, self
        )
        store.on(lambda state: (state.judgement, _measured(state)), lambda now: photo.set_truth(*now), self)
        for name, panel in self._surfaces.items():
            store.on(lambda state: state.head, panel.set_head, self)
            store.on(partial(_style_on, name), panel.set_look, self)
            if not panel_row(name).chart:
                store.on(partial(_camera_on, name), panel.set_camera, self)
        store.on(lambda state: tuple(getattr(state, part) for part in WARNED_BY), self._on_warned_by)
        store.on(outdated, self._tell_age)
        store.on(both_off, self._tell_absence)
        for name in self._surfaces:
            store.on(partial(_sight, name), partial(self._on_sight, name), self)

    def _select(self, face: int) -> None:
        self._photo.set_selected_face(face)

    def _on_warned_by(self, _parts: tuple[object, ...]) -> None:
        self._warn(self._store.state)

    def _dress(self, dark: bool) -> None:
        self._photo.set_theme(dark)
        for panel in self._surfaces.values():
            panel.set_theme(dark)

    def prepare(self, shown: Shown) -> None:
        """Make ready what takes long of what the panels in sight show next; from any thread."""
        self._photo.prepare(shown)
        state = replace(self._store.state, shown=shown)
        for row in panels_shown(state):
            answer = state.answer
            if row.name in self._surfaces and row.slot is None and not row.compares and answer is not None:
                self._surfaces[row.name].prepare(answer, shown.frame.image)

    def _on_sight(self, name: str, sight: _Sight | None) -> None:
        """Panels that come into sight get their answers one after the other; all others at once."""
        came, self._in_sight[name] = not self._in_sight.get(name, False), sight is not None
        if sight is None:
            return
        if came and self._began and self._told.get(name) is not sight.answer:
            self._surfaces[name].await_answer()
            self._told[name] = None
            self._waiting.append(name)
            self._next.start()
        elif name not in self._waiting:
            self._show(name, sight)

    @Slot()
    def _show_next(self) -> None:
        name = self._waiting.pop(0)
        if self._waiting:
            self._next.start()
        if (sight := _sight(name, self._store.state)) is not None:
            self._show(name, sight)

    def finish(self) -> None:
        """Show now what still waits for its turn: a picture is taken."""
        while self._waiting:
            self._show_next()
        self._next.stop()

    def stop(self) -> None:
        """Give nobody anything any more: the panels go."""
        self._next.stop()
        self._waiting.clear()

    def _show(self, name: str, sight: _Sight) -> None:
        """Give a panel in sight its answer, unless it still has that, and what is marked on it."""
        panel, state = self._surfaces[name], self._store.state
        if name not in self._told or self._told[name] is not sight.answer:
            image = None if sight.frame is None else sight.frame.image
            placed = None
            if sight.answer is not None and panel_row(name).slot is not None:
                placed = framing(sight.first, sight.answer)
            panel.set_answer(sight.answer, image, placed)
            self._told[name] = sight.answer
        panel.set_probe(_vertex_on(name, state))
        panel.set_truth(*_truth_of(name, state))

    def _warn(self, state: State) -> None:
        alarms = alarms_of(state.shown, state.answer)
        self._photo.set_alarms(alarms_on(panel_row("photo"), alarms))
        for name, panel in self._surfaces.items():
            row = panel_row(name)
            answer = _answer_of(row, state)
            own = tuple(alarm.text for alarm in answer.alarms) if answer is not None else ()
            panel.set_alarms(alarms_on(row, alarms) if row.slot is None else own)
            if name == "fused":
                trust = "" if answer is None else likely_error_text(answer)
                panel.set_trust(trust, ERROR_MEANING)

    def _tell_age(self, stale: bool) -> None:
        """Dim what is older than what was asked for since."""
        self._photo.set_stale(stale)
        for panel in self._surfaces.values():
            panel.set_stale(stale)

    def _tell_absence(self, off: bool) -> None:
        """What panels without an answer say; methods side by side and A and B say it themselves."""
        for name, panel in self._surfaces.items():
            if panel_row(name).slot is None and not panel_row(name).compares:
                panel.set_absence(BOTH_OFF if off else NO_FACE)

    def _picked(self, name: str, vertex: int) -> None:
        """A click on a surface that is not the whole face is passed on by where it lies in the photo."""
        state = self._store.state
        answer = _answer_of(panel_row(name), state)
        if answer is None or state.answer is None:
            return
        if answer is not state.answer:
            self._inspector.probe_on(answer.topology, vertex)
            return
        surface = _surface(name, answer)
        if surface is None or len(surface.vertices) == len(answer.vertices):
            self._inspector.probe_vertex(vertex)
        else:
            x, y = surface.vertices[vertex, :2]
            self._inspector.pick(float(x), float(y))


def _style_on(name: str, state: State) -> LayerStyle:
    return style_of(state, name)


def _camera_on(name: str, state: State) -> Camera:
    return camera_of(state, name)


class _Sight(NamedTuple):
    """What a panel in sight is about.

    Attributes:
        answer, frame: What it is to show.
        first: The answer of the first method: what is marked is marked on that.
        probe: The vertex that was picked.
        judgement: What is true of the first answer, while that is drawn.
    """

    answer: Reconstruction | None
    frame: Frame | None
    first: Reconstruction | None
    probe: Probe | None
    judgement: Judgement | None


def _sight(name: str, state: State) -> _Sight | None:
    """What a panel is about; None out of sight, where it can wait."""
    if name not in (row.name for row in panels_shown(state)):
        return None
    answer, frame = _wanted_by(panel_row(name), state)
    judgement = state.judgement if state.truth_in_3d else None
    return _Sight(answer, frame, state.answer, state.probe, judgement)


def _truth_of(name: str, state: State) -> tuple[Array | None, Array | None]:
    """True landmarks and true surface as a panel draws them; None where it does not."""
    judgement = state.judgement
    if judgement is None or not state.truth_in_3d:
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
