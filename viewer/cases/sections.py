"""Where other features add what they found to a case, without this one knowing them. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from viewer.state.state import Changes, State


class Section(Protocol):
    """One feature's part of a case: plain JSON values, which only it understands."""

    def of(self, state: State) -> Any:
        """What a case is to hold, as JSON values with finite numbers; None for nothing."""

    def restored(self, values: Any, key: str) -> Changes:
        """The changes of State that bring it back.

        Args:
            values: As a case file holds them: nothing about them has been checked but that they are JSON.
            key: Where they stand in it, for messages.

        Raises:
            MalformedError: They are not what `of` gives; names the key.
        """


SECTIONS: Mapping[str, Section] = MappingProxyType({})
"""By the name of the key under `sections`. A feature below this one is added here."""
