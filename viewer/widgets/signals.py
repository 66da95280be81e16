"""What a signal of a widget carries, as a type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVarTuple

Values = TypeVarTuple("Values")


class Emits(Protocol[*Values]):
    """A Qt signal of some widget, e.g. `Emits[Camera]`; Qt's own type says nothing of the values."""

    def connect(self, slot: Callable[[*Values], object], /) -> object:
        """Call `slot` with the values, whenever they are emitted."""
