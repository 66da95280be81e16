"""What a user can do with methods side by side: who stands where."""

from __future__ import annotations

from PySide6.QtCore import QObject

from viewer.readouts.lineup import with_setting, without_slot
from viewer.state.setting import METHODS, MOST_METHODS, Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.dialogs import DesktopServices


class MethodCommands(QObject):
    """The methods side by side."""

    def __init__(self, store: Store, desktop: DesktopServices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._desktop = store, desktop

    def put(self, slot: int, setting: Setting) -> None:
        """Let somebody answer at a place in line; at the first one, in all other panel layouts too."""
        if slot > 0:
            self._store.update(lineup=with_setting(self._state.lineup, slot, setting))
        elif (setting.method, setting.weights) != (self._state.method, self._state.weights):
            same = setting.method == self._state.method
            switches = self._state.switches if same else ()
            self._store.update(
                method=setting.method,
                weights=setting.weights,
                switches=switches,
                switched_off=self._state.switched_off if same else frozenset(),
            )

    def put_file(self, slot: int) -> None:
        """Ask for a weights file and let it answer there, with the method that stands there."""
        if path := self._desktop.ask_file("weights"):
            lineup = self._state.lineup
            method = lineup[slot - 1].method if 0 < slot <= len(lineup) else self._state.method
            self.put(slot, Setting(method, path))

    def add(self, setting: Setting) -> None:
        """Let one more answer, at the end of the line, and look at them side by side."""
        if len(self._state.lineup) < MOST_METHODS - 1:
            self._store.update(lineup=(*self._state.lineup, setting), panel_layout=METHODS)

    def remove(self, slot: int) -> None:
        """Let nobody stand there; those after move up. The first stays."""
        if slot > 0:
            self._store.update(lineup=without_slot(self._state.lineup, slot))

    @property
    def _state(self) -> State:
        return self._store.state
