"""What a row of a feature's ACTIONS says; menus, toolbar, shortcuts and command palette come from these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from viewer.state.state import State

Test = Callable[[State], bool]
Commands = TypeVar("Commands")


def always(_: State) -> bool:
    """For what can be done at any time."""
    return True


def has_frame(state: State) -> bool:
    """For what needs a picture."""
    return state.shown is not None


def has_answer(state: State) -> bool:
    """For what needs a face."""
    return state.answer is not None


@dataclass(frozen=True, slots=True)
class ActionRow(Generic[Commands]):
    """One thing a user can do.

    Attributes:
        name: Stable key.
        text: As menus and the palette say it.
        tooltip: One sentence more.
        menu: One of MENUS.
        verb: What is done, with the commands of the row's feature.
        shortcut: As QKeySequence reads it; may be empty.
        icon: File in resources/icons; may be empty.
        icon_on: The icon while it is on; empty for the same.
        toolbar: What its button in the toolbar says; empty for no button.
        enabled: When it can be done.
        checked: Whether it is on, for what can be on or off.
        group: A line is drawn in the menu where this changes.
        text_now: The text where it depends on the State; None: always `text`.
        visible: When it is there at all.
    """

    name: str
    text: str
    tooltip: str
    menu: str
    verb: Callable[[Commands], object]
    shortcut: str = ""
    icon: str = ""
    toolbar: str = ""
    enabled: Test = always
    checked: Test | None = None
    group: str = ""
    icon_on: str = ""
    text_now: Callable[[State], str] | None = None
    visible: Test = always
