"""What a user can do with single vertices: pick one and read it out."""

from __future__ import annotations

from PySide6.QtCore import QObject

from models.metrics.correspondence import counterpart
from models.reconstruction import Topology
from viewer.readouts.answer import face_at, nearest_vertex, probed
from viewer.state.store import Store


class InspectorCommands(QObject):
    """Which vertex is read out."""

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store

    def pick(self, x: float, y: float) -> None:
        """Read out the vertex at a point of the photo, image px; a click on another face selects that."""
        state = self._store.state
        if state.shown is None:
            return
        index = face_at(state.shown, state.selected_face, x, y)
        if index is None:
            self._store.update(probe=None)
            return
        answer = state.shown.answers[index]
        vertex = nearest_vertex(answer.vertices, x, y)
        self._store.update(selected_face=index, probe=None if vertex is None else probed(answer, vertex))

    def probe_vertex(self, vertex: int) -> None:
        """Read out a vertex of the selected answer."""
        answer = self._store.state.answer
        if answer is not None and 0 <= vertex < len(answer.vertices):
            self._store.update(probe=probed(answer, vertex))

    def probe_on(self, topology: Topology, vertex: int) -> None:
        """Read out the vertex of the selected answer at the place of a vertex of some method's mesh."""
        answer = self._store.state.answer
        place = None if answer is None else counterpart(topology, vertex, answer.topology)
        if place is not None:
            self.probe_vertex(place)
