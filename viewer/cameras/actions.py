"""What a user can do with cameras, as rows of menus."""

from __future__ import annotations

from viewer.cameras.commands import CameraCommands
from viewer.state.camera import Link
from viewer.state.state import State
from viewer.widgets.action import ActionRow

VIEWPOINT = "View&point"
SAVED_VIEWS = 9  # that have a key and a menu entry


def _has_views(state: State) -> bool:
    return bool(state.views)


def _view(name: str, key: str, place: str) -> ActionRow[CameraCommands]:
    return ActionRow(
        f"view-{name.replace(' ', '-')}",
        f"View from {place}",
        f"Turn the face in all panels so that it is seen from {place}.",
        VIEWPOINT,
        lambda commands: commands.look_from(name),
        key,
        group="standard",
    )


def _link(link: Link, tooltip: str) -> ActionRow[CameraCommands]:
    return ActionRow(
        f"link-{link.name.lower()}",
        f"Panels turn together: {link.value.lower()}",
        tooltip,
        VIEWPOINT,
        lambda commands: commands.link(link),
        checked=lambda state: state.link is link,
        group="link",
    )


def _saved_view(index: int) -> ActionRow[CameraCommands]:
    text = f"Saved view {index + 1}"
    return ActionRow(
        f"saved-view-{index + 1}",
        text,
        "Go to this saved view with all panels.",
        VIEWPOINT,
        lambda commands: commands.recall(index),
        f"Alt+{index + 1}",
        enabled=lambda state: index < len(state.views),
        group="saved",
        text_now=lambda state: (
            f"Saved view: {list(state.views)[index]}" if index < len(state.views) else text
        ),
        visible=lambda state: index < len(state.views),
    )


ACTIONS: tuple[ActionRow[CameraCommands], ...] = (
    ActionRow(
        "reset-view",
        "Reset view",
        "Look at the face as the photo does, in all panels.",
        VIEWPOINT,
        lambda commands: commands.reset(),
        "Home",
        "reset",
        toolbar="Reset view",
        group="camera",
    ),
    ActionRow(
        "fit-view",
        "Fit to face",
        "Bring the whole face into the middle of every panel, turned as it is.",
        VIEWPOINT,
        lambda commands: commands.fit(),
        "F",
        "face",
        group="camera",
    ),
    ActionRow(
        "perspective",
        "Perspective",
        "Draw near parts larger; off, the camera is the one the face models assume.",
        VIEWPOINT,
        lambda commands: commands.toggle_perspective(),
        "P",
        "perspective",
        checked=lambda state: state.camera.perspective,
        group="camera",
    ),
    _view("front", "1", "the front"),
    _view("left", "2", "the left"),
    _view("right", "3", "the right"),
    _view("top", "4", "the top"),
    _view("half left", "5", "half left, 45 degrees"),
    _view("half right", "6", "half right, 45 degrees"),
    _view("below", "7", "below"),
    _link(Link.ALL, "What turns, moves or enlarges the face in one panel does so in all."),
    _link(Link.ROTATION, "The panels turn together, and each is moved and enlarged on its own."),
    _link(Link.NONE, "Each panel is turned, moved and enlarged on its own."),
    ActionRow(
        "save-view",
        "Save this view…",
        "Keep how the panels look at the face, under a name.",
        VIEWPOINT,
        lambda commands: commands.save(),
        "Ctrl+D",
        group="saved",
    ),
    ActionRow(
        "rename-view",
        "Rename a saved view…",
        "Give a saved view another name.",
        VIEWPOINT,
        lambda commands: commands.rename(),
        enabled=_has_views,
        group="saved",
    ),
    ActionRow(
        "delete-view",
        "Delete a saved view…",
        "Forget a saved view.",
        VIEWPOINT,
        lambda commands: commands.delete(),
        enabled=_has_views,
        group="saved",
    ),
    *(_saved_view(index) for index in range(SAVED_VIEWS)),
)
