"""What a user can do with the window itself, as rows of menus."""

from __future__ import annotations

from viewer.widgets.action import ActionRow
from viewer.window.commands import WindowCommands


def _wish(
    name: str, text: str, tooltip: str, menu: str, shortcut: str = "", icon: str = ""
) -> ActionRow[WindowCommands]:
    return ActionRow(
        name,
        text,
        tooltip,
        menu,
        lambda commands: commands.ask(name),
        shortcut,
        icon,
        toolbar="Commands" if name == "palette" else "",
        group="window",
    )


ASSET_ACTIONS: tuple[ActionRow[WindowCommands], ...] = (
    _wish(
        "assets",
        "Weights and face models…",
        "What ships, what can be fetched, what you must bring; fetch it or add it.",
        "&Compute",
    ),
)

ACTIONS: tuple[ActionRow[WindowCommands], ...] = (
    _wish(
        "reset-layout", "Reset layout", "Put docks and panels back to where a new session has them.", "&View"
    ),
    _wish(
        "preferences",
        "Preferences…",
        "Device, threads, theme, and who looks for faces and answers.",
        "&File",
        "Ctrl+,",
    ),
    _wish("quit", "Quit", "Close the window; layout and theme are kept.", "&File", "Ctrl+Q"),
    _wish(
        "palette",
        "Find a command…",
        "Do anything by typing a part of its name.",
        "&Help",
        "Ctrl+K",
        "palette",
    ),
    _wish("shortcuts", "Keyboard shortcuts…", "All commands and their keys, to be changed.", "&Help", "F1"),
    _wish(
        "panels-help",
        "What am I looking at?",
        "Explain the panels in sight in plain words.",
        "&Help",
        "Shift+F1",
    ),
    _wish("copy-log", "Copy log", "Put the whole log on the clipboard.", "&Help", "Ctrl+Shift+L", "copy"),
    _wish(
        "about",
        "About Unmask",
        "Versions, drivers, and the weights in use with their terms; all of it can be copied.",
        "&Help",
    ),
)
