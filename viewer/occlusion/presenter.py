"""Between Store and the hand on the photo: covers follow the State, and drags become verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from viewer.occlusion.commands import OcclusionCommands
from viewer.occlusion.selectors import brush_px, carry_of
from viewer.state.occlusion import Tool
from viewer.state.state import State
from viewer.state.store import Store

if TYPE_CHECKING:
    from models.occlusion.cover import Cover
    from models.robustness.sweep import Swept

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


class OcclusionPresenter(QObject):
    """Keeps the photo's covers true to the Store."""

    def __init__(
        self, store: Store, commands: OcclusionCommands, photo: CoveredPhoto, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._commands, self._photo = store, commands, photo
        self._places: tuple[int, ...] = ()  # index into the stack of each cover that is shown
        view: CoverView = photo.covers
        view.picked.connect(self._pick)
        view.placed.connect(commands.place)
        view.stroked.connect(commands.stroke)
        store.on(lambda state: (state.lab, state.shown), self._on_lab)
        store.on(lambda state: (state.lab.swept, state.lab.step), self._show_map)

    @Slot(int)
    def _pick(self, index: int) -> None:
        """The overlay counts shown covers, the stack all."""
        self._commands.select(self._places[index] if 0 <= index < len(self._places) else -1)

    def _on_lab(self, _changed: tuple[object, object]) -> None:
        state = self._store.state
        self._show_covers(state)
        self._photo.covers.set_tool(state.lab.tool, brush_px(state))

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

    def _show_map(self, trial: tuple[Swept | None, int | None]) -> None:
        swept, step = trial
        if swept is None or not swept.sweep.slides or step is not None:
            self._photo.set_map(None, NO_BOX)
        else:
            self._photo.set_map(swept.sensitivity(), swept.box)
