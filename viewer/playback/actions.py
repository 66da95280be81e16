"""What a user can do with sources, as rows of menus."""

from __future__ import annotations

from collections.abc import Callable

from viewer.playback.commands import PlaybackCommands
from viewer.playback.timeline_commands import TimelineCommands
from viewer.state.state import State
from viewer.widgets.action import ActionRow, Test, has_frame


def _has_several(state: State) -> bool:
    """While something is presented the same keys go through its steps."""
    return state.shown is not None and state.shown.frame.count > 1 and state.presentation is None


def _is_cut(state: State) -> bool:
    return _has_several(state) and state.timeline.is_cut


def _timeline_row(
    name: str,
    text: str,
    tooltip: str,
    verb: Callable[[TimelineCommands], object],
    shortcut: str,
    enabled: Test = _has_several,
    checked: Test | None = None,
) -> ActionRow[TimelineCommands]:
    return ActionRow(
        name, text, tooltip, "&Playback", verb, shortcut, enabled=enabled, checked=checked, group="timeline"
    )


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
        "paste",
        "Paste picture",
        "Open the picture, the files or the path that is on the clipboard.",
        "&Edit",
        PlaybackCommands.paste,
        "Ctrl+V",
        group="paste",
    ),
    ActionRow(
        "turn-right",
        "Turn picture right",
        "Turn the picture by a quarter, with boxes, occluders and truth. Exports are of the turned one.",
        "&Edit",
        lambda commands: commands.turn(1),
        "R",
        enabled=has_frame,
        group="turn",
    ),
    ActionRow(
        "turn-left",
        "Turn picture left",
        "Turn the picture by a quarter to the left.",
        "&Edit",
        lambda commands: commands.turn(-1),
        "Shift+R",
        enabled=has_frame,
        group="turn",
    ),
    ActionRow(
        "mirror",
        "Mirror picture",
        "Exchange left and right; of ground truth the landmarks change sides too.",
        "&Edit",
        PlaybackCommands.mirror,
        "Ctrl+M",
        enabled=has_frame,
        group="turn",
    ),
    ActionRow(
        "camera",
        "Open camera",
        "Show what the camera sees that was chosen last; the newest frame wins.",
        "&File",
        lambda commands: commands.open_camera(),
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

TIMELINE_ACTIONS: tuple[ActionRow[TimelineCommands], ...] = (
    _timeline_row(
        "slower",
        "Slower",
        "Play at the next lower speed, a quarter at least.",
        lambda c: c.change_speed(-1),
        "[",
    ),
    _timeline_row(
        "faster",
        "Faster",
        "Play at the next higher speed, four times at most.",
        lambda c: c.change_speed(1),
        "]",
    ),
    _timeline_row(
        "loop",
        "Loop",
        "After the last frame, or the out point, begin again.",
        TimelineCommands.toggle_loop,
        "Shift+L",
        checked=lambda state: state.timeline.loop,
    ),
    _timeline_row(
        "in-point",
        "Set in point",
        "Playing and video export begin with this frame.",
        TimelineCommands.begin_here,
        "I",
    ),
    _timeline_row(
        "out-point",
        "Set out point",
        "Playing and video export end with this frame.",
        TimelineCommands.end_here,
        "O",
    ),
    _timeline_row(
        "uncut",
        "Clear in and out point",
        "Play and export all frames again.",
        TimelineCommands.uncut,
        "Shift+I",
        enabled=_is_cut,
    ),
    _timeline_row(
        "to-in",
        "Go to in point",
        "Show the first frame that is played.",
        lambda c: c.go_to_end(False),
        "Shift+PgUp",
    ),
    _timeline_row(
        "to-out",
        "Go to out point",
        "Show the last frame that is played.",
        lambda c: c.go_to_end(True),
        "Shift+PgDown",
    ),
)
