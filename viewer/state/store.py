"""The one mutable thing of the window: which State holds now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import fields, replace
from typing import TypeVar, Unpack

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from viewer.state.state import Changes, State

T = TypeVar("T")
NAMES = tuple(field.name for field in fields(State))


class Store(QObject):
    """Holds the State; views are told when the part they draw is replaced.

    Whoever is told may update again: everybody hears of one change before anybody hears of the next.

    Signals:
        changed: (new, old), on the GUI thread; not emitted when nothing differs.
    """

    changed = Signal(object, object)

    def __init__(self, state: State | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state if state is not None else State()
        self._news: deque[tuple[State, State]] = deque()

    @property
    def state(self) -> State:
        """What holds now."""
        return self._state

    def update(self, **changes: Unpack[Changes]) -> None:
        """Replace the State by one with these fields; TypeError if State has no such field."""
        old, new = self._state, replace(self._state, **changes)
        if all(getattr(new, name) is getattr(old, name) for name in NAMES):
            return
        self._state = new
        self._news.append((new, old))
        if len(self._news) == 1:
            self._tell()

    def on(
        self, selector: Callable[[State], T], handler: Callable[[T], object], owner: QObject | None = None
    ) -> None:
        """Call `handler` with `selector(state)`: now, and whenever it is another value.

        Args:
            selector: A part of a State, or a value or tuple made of parts; compared by `==`.
            handler: Told of the new value.
            owner: What the handler acts on: once Qt has deleted it, nothing is called any more. A method of
                a QObject need not say.
        """
        acts_on = owner if owner is not None else getattr(handler, "__self__", None)
        last = selector(self._state)

        def follow(new: State, _old: State) -> None:
            nonlocal last
            value = selector(new)
            if value is last or value == last:
                return
            last = value
            if not isinstance(acts_on, QObject) or isValid(acts_on):
                handler(value)

        self.changed.connect(follow)
        handler(last)

    def _tell(self) -> None:
        try:
            while self._news:
                self.changed.emit(*self._news[0])
                self._news.popleft()
        finally:
            self._news.clear()
