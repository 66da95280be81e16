"""What a user can do with sources, as rows of menus."""

from __future__ import annotations

from viewer.playback.commands import PlaybackCommands
from viewer.state.state import State
from viewer.widgets.action import ActionRow


def _has_several(state: State) -> bool:
    """While something is presented the same keys go through its steps."""
    return state.shown is not None and state.shown.frame.count > 1 and state.presentation is None


ACTIONS: tuple[ActionRow[PlaybackCommands], ...] = (
    ActionRow(
        "open",
        "Open…",
        "Open a picture or a video from disk; dropping it on the window does the same.",
        "&File",
        PlaybackCommands.open_dialog,
        "Ctrl+O",
        "open",
        toolbar="Open",
        group="open",
    ),
    ActionRow(
        "open-folder",
        "Open folder…",
        "Open a folder and go through its pictures one by one.",
        "&File",
        PlaybackCommands.open_folder_dialog,
        "Ctrl+Shift+O",
        group="open",
    ),
    ActionRow(
        "camera",
        "Open camera",
        "Show what the first camera sees; the newest frame wins.",
        "&File",
        PlaybackCommands.open_camera,
        "Ctrl+Shift+C",
        "camera",
        toolbar="Camera",
        group="open",
    ),
    ActionRow(
        "play",
        "Play or pause",
        "Let the folder or video run, or hold it.",
        "&Playback",
        PlaybackCommands.play_or_pause,
        "Space",
        "play",
        enabled=_has_several,
        checked=lambda state: state.live,
        icon_on="pause",
    ),
    ActionRow(
        "previous",
        "Previous frame",
        "Go to the frame before this one.",
        "&Playback",
        lambda commands: commands.step(-1),
        "PgUp",
        "previous",
        enabled=_has_several,
    ),
    ActionRow(
        "next",
        "Next frame",
        "Go to the frame after this one.",
        "&Playback",
        lambda commands: commands.step(1),
        "PgDown",
        "next",
        enabled=_has_several,
    ),
    ActionRow(
        "stop",
        "Stop",
        "Stop the camera or video; the last picture stays.",
        "&Playback",
        PlaybackCommands.stop,
        "Ctrl+.",
        "stop",
        toolbar="Stop",
        enabled=lambda state: state.live,
    ),
)
