"""The one mutable thing of the window: which State holds now."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from viewer.state.state import State


class Store(QObject):
    """Holds the State; views are told when it is replaced and compare, by identity, the part they draw.

    Signals:
        changed: (new, old), on the GUI thread; not emitted when nothing differs.
    """

    changed = Signal(object, object)

    def __init__(self, state: State | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state if state is not None else State()

    @property
    def state(self) -> State:
        """What holds now."""
        return self._state

    def update(self, **changes: Any) -> None:
        """Replace the State by one with these fields; TypeError if State has no such field."""
        old, new = self._state, replace(self._state, **changes)
        if all(getattr(new, field.name) is getattr(old, field.name) for field in fields(State)):
            return
        self._state = new
        self.changed.emit(new, old)
