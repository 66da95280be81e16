"""Between Store and the hand on the photo: covers follow the State, and drags become verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from viewer.app.commands import Controller
from viewer.occlusion.selectors import brush_px, carry_of
from viewer.state.occlusion import Tool
from viewer.state.state import State
from viewer.state.store import Store

if TYPE_CHECKING:
    from models.occlusion.cover import Cover

NO_BOX = (0.0, 0.0, 1.0, 1.0)


class CoverView(Protocol):
    """As `viewer.panels.cover_overlay.CoverOverlay`; the first three are signals."""

    picked: Any
    placed: Any
    stroked: Any

    def set_covers(self, covers: Sequence[Cover], selected: int) -> None:
        """Covers that are shown, where they lie in the photo; the selected one or -1."""

    def set_tool(self, tool: Tool, brush_px: float) -> None:
        """What the hand does; a brush's diameter, image px."""


class CoveredPhoto(Protocol):
    """As `viewer.panels.photo_panel.PhotoPanel`."""

    covers: Any

    def set_map(self, values: NDArray[np.float64] | None, box: tuple[float, float, float, float]) -> None:
        """[rows, columns] over a box of the photo: how much covering hurts there."""


class LabLinked(QObject):
    """Keeps the photo's covers true to the Store."""

    def __init__(
        self, store: Store, controller: Controller, photo: CoveredPhoto, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._photo = store, controller, photo
        self._places: tuple[int, ...] = ()  # index into the stack of each cover that is shown
        view: CoverView = photo.covers
        view.picked.connect(self._pick)
        view.placed.connect(controller.occluding.place)
        view.stroked.connect(controller.occluding.stroke)
        self._follow(store.state, None)
        store.changed.connect(self._follow)

    @Slot(int)
    def _pick(self, index: int) -> None:
        """The overlay counts shown covers, the stack all."""
        self._controller.occluding.select(self._places[index] if 0 <= index < len(self._places) else -1)

    @Slot(object, object)
    def _follow(self, new: State, old: State | None) -> None:
        if old is not None and new.lab is old.lab and new.shown is old.shown:
            return
        self._show_covers(new)
        self._photo.covers.set_tool(new.lab.tool, brush_px(new))
        if old is None or new.lab.swept is not old.lab.swept or new.lab.step != old.lab.step:
            self._show_map(new)

    def _show_covers(self, state: State) -> None:
        lab = state.lab
        self._places = tuple(i for i, layer in enumerate(lab.stack.layers) if layer.shown)
        if lab.step is not None or not self._places:
            self._places = ()
            self._photo.covers.set_covers((), -1)
            return
        from models.occlusion.cover import placed

        carry = carry_of(state)
        covers = [placed(lab.stack.layers[i].cover, carry) for i in self._places]
        selected = self._places.index(lab.selected) if lab.selected in self._places else -1
        self._photo.covers.set_covers(covers, selected)

    def _show_map(self, state: State) -> None:
        swept = state.lab.swept
        if swept is None or not swept.sweep.slides or state.lab.step is not None:
            self._photo.set_map(None, NO_BOX)
        else:
            self._photo.set_map(swept.sensitivity(), swept.box)
