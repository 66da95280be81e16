"""What a row of ACTIONS says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.app.commands import Controller
from viewer.state.state import State

Test = Callable[[State], bool]


def always(_: State) -> bool:
    """For what can be done at any time."""
    return True


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One thing a user can do.

    Attributes:
        name: Stable key.
        text: As menus and the palette say it.
        tooltip: One sentence more.
        menu: One of MENUS.
        verb: What is done.
        shortcut: As QKeySequence reads it; may be empty.
        icon: File in resources/icons; may be empty.
        icon_on: The icon while it is on; empty for the same.
        toolbar: What its button in the toolbar says; empty for no button.
        enabled: When it can be done.
        checked: Whether it is on, for what can be on or off.
        group: A line is drawn in the menu where this changes.
    """

    name: str
    text: str
    tooltip: str
    menu: str
    verb: Callable[[Controller], None]
    shortcut: str = ""
    icon: str = ""
    toolbar: str = ""
    enabled: Test = always
    checked: Test | None = None
    group: str = ""
    icon_on: str = ""
