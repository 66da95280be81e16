"""Between Store and the hand on the photo: occluders follow the State, and drags become commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from viewer.occlusion.commands import OcclusionCommands, Points
from viewer.occlusion.selectors import brush_px, carry_of
from viewer.state.occlusion import Matrix, Tool
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.signals import Emits

if TYPE_CHECKING:
    from models.occlusion.occluder import Occluder
    from models.robustness.sweep import Swept

NO_BOX = (0.0, 0.0, 1.0, 1.0)


class OccluderHandles(Protocol):
    """As `viewer.panels.occluder_overlay.OccluderOverlay`."""

    @property
    def picked(self) -> Emits[int]:
        """The user clicked one of those shown; -1: beside them."""

    @property
    def placed(self) -> Emits[Matrix, int]:
        """The user put the selected one elsewhere: its px to image px, and the number of the drag."""

    @property
    def stroked(self) -> Emits[Points, int]:
        """The user drew along points, image px; and the number of the drag."""

    def set_occluders(self, occluders: Sequence[Occluder], selected: int) -> None:
        """Covers that are shown, where they lie in the photo; the selected one or -1."""

    def set_tool(self, tool: Tool, brush_px: float) -> None:
        """What the hand does; a brush's diameter, image px."""


class CoveredPhoto(Protocol):
    """As `viewer.panels.photo_panel.PhotoPanel`."""

    @property
    def occluders(self) -> OccluderHandles:
        """The occluders over it."""

    def set_map(self, values: NDArray[np.float64] | None, box: tuple[float, float, float, float]) -> None:
        """[rows, columns] over a box of the photo: how much covering hurts there."""


class OcclusionPresenter(QObject):
    """Keeps the photo's occluders true to the Store."""

    def __init__(
        self, store: Store, commands: OcclusionCommands, photo: CoveredPhoto, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._commands, self._photo = store, commands, photo
        self._places: tuple[int, ...] = ()  # index into the stack of each occluder that is shown
        view = photo.occluders
        view.picked.connect(self._pick)
        view.placed.connect(commands.place)
        view.stroked.connect(commands.stroke)
        store.on(lambda state: (state.occlusion, state.shown), self._on_occlusion)
        store.on(lambda state: (state.occlusion.swept, state.occlusion.step), self._show_map)

    @Slot(int)
    def _pick(self, index: int) -> None:
        """The overlay counts shown occluders, the stack all."""
        self._commands.select(self._places[index] if 0 <= index < len(self._places) else -1)

    def _on_occlusion(self, _changed: tuple[object, object]) -> None:
        state = self._store.state
        self._show_occluders(state)
        self._photo.occluders.set_tool(state.occlusion.tool, brush_px(state))

    def _show_occluders(self, state: State) -> None:
        occlusion = state.occlusion
        self._places = tuple(i for i, layer in enumerate(occlusion.stack.layers) if layer.shown)
        if occlusion.step is not None or not self._places:
            self._places = ()
            self._photo.occluders.set_occluders((), -1)
            return
        from models.occlusion.occluder import placed

        carry = carry_of(state)
        occluders = [placed(occlusion.stack.layers[i].occluder, carry) for i in self._places]
        selected = self._places.index(occlusion.selected) if occlusion.selected in self._places else -1
        self._photo.occluders.set_occluders(occluders, selected)

    def _show_map(self, trial: tuple[Swept | None, int | None]) -> None:
        swept, step = trial
        if swept is None or not swept.sweep.slides or step is not None:
            self._photo.set_map(None, NO_BOX)
        else:
            self._photo.set_map(swept.sensitivity(), swept.box)
