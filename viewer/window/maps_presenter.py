"""Between Store and the panel of maps: it is told the answer while it is in sight."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from models.reconstruction import Reconstruction
from viewer.readouts.parts import outdated
from viewer.state.layout import panels_shown
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import Theme

Sight = tuple[Reconstruction | None, Shown | None]


class MapsGrid(Protocol):
    """As `viewer.panels.maps_panel.MapsPanel`."""

    def set_answer(self, answer: Reconstruction | None, image: NDArray[np.uint8] | None = None) -> None:
        """Show the maps of this answer about this photo."""

    def set_theme(self, dark: bool) -> None:
        """Dark or light."""

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown, or no longer."""


class MapsPresenter(QObject):
    """Keeps the panel true to the Store."""

    def __init__(self, store: Store, panel: MapsGrid, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        store.on(lambda state: state.theme is Theme.DARK, panel.set_theme, self)
        store.on(outdated, panel.set_stale, self)
        store.on(_sight, self._show, self)

    def _show(self, sight: Sight | None) -> None:
        if sight is not None:
            answer, shown = sight
            self._panel.set_answer(answer, None if shown is None else shown.frame.image)


def _sight(state: State) -> Sight | None:
    """What the panel is about; None out of sight, where it can wait."""
    in_sight = any(row.name == "maps" for row in panels_shown(state))
    return (state.answer, state.shown) if in_sight else None
