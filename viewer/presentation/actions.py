"""What whoever presents can do, as rows of menus."""

from __future__ import annotations

from viewer.presentation.commands import PresentationCommands
from viewer.state.state import State
from viewer.widgets.action import ActionRow


def _presents(state: State) -> bool:
    return state.presentation is not None


def _free(state: State) -> bool:
    return state.presentation is None


ACTIONS: tuple[ActionRow[PresentationCommands], ...] = (
    ActionRow(
        "present",
        "Present",
        "Show onlookers in steps, full screen, what the network saw and what it made up.",
        "&View",
        lambda commands: commands.present(),
        "F11",
        enabled=_free,
        group="present",
    ),
    ActionRow(
        "present-own",
        "Present from a file…",
        "Show steps of your own: a .presentation.json file.",
        "&View",
        lambda commands: commands.open_dialog(),
        enabled=_free,
        group="present",
    ),
    ActionRow(
        "present-back",
        "Previous step",
        "Go back to the step before this one.",
        "&View",
        lambda commands: commands.go(-1),
        "PgUp",
        "previous",
        enabled=_presents,
        visible=_presents,
        group="present",
    ),
    ActionRow(
        "present-next",
        "Next step",
        "Go on to the next step.",
        "&View",
        lambda commands: commands.go(1),
        "PgDown",
        "next",
        enabled=_presents,
        visible=_presents,
        group="present",
    ),
    ActionRow(
        "present-auto",
        "Steps follow by themselves",
        "Go on after some seconds, round and round.",
        "&View",
        lambda commands: commands.toggle_auto(),
        "Ctrl+F11",
        "play",
        enabled=_presents,
        visible=_presents,
        checked=lambda state: state.presentation is not None and state.presentation.auto,
        icon_on="pause",
        group="present",
    ),
    ActionRow(
        "present-end",
        "End presentation",
        "Back to the window as it was.",
        "&View",
        lambda commands: commands.end(),
        "Esc",
        "stop",
        enabled=_presents,
        visible=_presents,
        group="present",
    ),
)
