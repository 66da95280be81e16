"""What features keep in a case beyond the view: each its own part, under `sections`, by its name. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from models.errors import InputError
from viewer.cases.media import Files
from viewer.cases.mined import MINED, MinedSection
from viewer.cases.records import MalformedError
from viewer.state.mining import marks_as_json, marks_from_json
from viewer.state.state import Changes, State


class Section(Protocol):
    """One feature's part of a case: plain JSON values, which only it understands."""

    def of(self, state: State, files: Files) -> Any:
        """What a case is to hold, as JSON values with finite numbers; None for nothing."""

    def restored(self, values: Any, state: State, key: str, folder: Path) -> Changes:
        """The changes of State that bring it back.

        Args:
            values: As a case file holds them: nothing about them has been checked but that they are JSON.
            state: What holds now.
            key: Where they stand in the file, for messages.
            folder: Of the case file.

        Raises:
            MalformedError: They are not what `of` gives; names the key.
        """


class MarksSection:
    """What somebody said about answers while mining; it is added to the marks that are there."""

    def of(self, state: State, _files: Files) -> Any:
        """A list of marks."""
        return marks_as_json(state.mining.marks) or None

    def restored(self, values: Any, state: State, key: str, _folder: Path) -> Changes:
        """Marks of the case come before those about the same answers."""
        try:
            marks = marks_from_json(values)
        except InputError as error:
            raise MalformedError(key, f"is not usable: {error}") from error
        merged = MappingProxyType({**state.mining.marks, **marks})
        return {"mining": replace(state.mining, marks=merged)}


SECTIONS: Mapping[str, Section] = MappingProxyType({"marks": MarksSection(), MINED: MinedSection()})
"""By the name of the key under `sections`."""
