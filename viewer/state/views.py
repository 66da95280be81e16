"""Which panel looks how: linked cameras, standard and saved views, as pure functions. No Qt."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from viewer.state.camera import Camera, Link
from viewer.state.layout import PANELS
from viewer.state.state import Changes, State

LONGEST_NAME = 40
SAVED_ZOOM = (0.05, 100.0)  # what a kept view may ask for


def camera_of(state: State, panel: str) -> Camera:
    """How a panel looks at the face."""
    own = state.cameras.get(panel, state.camera)
    if state.link is Link.ALL:
        return state.camera
    if state.link is Link.ROTATION:
        return replace(own, rotation=state.camera.rotation, perspective=state.camera.perspective)
    return own


def moved(state: State, panel: str, camera: Camera) -> Changes:
    """The changes of State after the user moved one panel's camera; the others stay or follow, as linked."""
    if state.link is Link.ALL:
        return {"camera": camera}
    others = {row.name: camera_of(state, row.name) for row in PANELS if row.looks}
    return {"camera": camera, "cameras": MappingProxyType({**others, panel: camera})}


def everywhere(camera: Camera) -> Changes:
    """The changes of State after all panels are told to look this way; they stay linked as they are."""
    return {"camera": camera, "cameras": MappingProxyType({})}


def each(state: State, **changes: Any) -> Changes:
    """The changes of State after the same change to every camera."""
    own = {panel: replace(camera, **changes) for panel, camera in state.cameras.items()}
    return {"camera": replace(state.camera, **changes), "cameras": MappingProxyType(own)}


def with_view(views: Mapping[str, Camera], name: str, camera: Camera) -> Mapping[str, Camera]:
    """`views` with one more, at the end, or another camera under a name there is."""
    return MappingProxyType({**views, name: camera})


def without_view(views: Mapping[str, Camera], name: str) -> Mapping[str, Camera]:
    """`views` with one less."""
    return MappingProxyType({other: camera for other, camera in views.items() if other != name})


def renamed_view(views: Mapping[str, Camera], old: str, new: str) -> Mapping[str, Camera]:
    """`views` with one under another name, in its old place; a view that had that name is given up."""
    kept = {name: camera for name, camera in views.items() if name != new or name == old}
    return MappingProxyType({new if name == old else name: camera for name, camera in kept.items()})


def written(name: str, camera: Camera) -> str:
    """A saved view as one line of text; `read` is the inverse."""
    return json.dumps([name, *camera.rotation, camera.zoom, *camera.pan, camera.perspective])


def read(line: str) -> tuple[str, Camera] | None:
    """A saved view from a settings file; None if it is none, or asks for what no view can be."""
    try:
        name, *numbers, perspective = json.loads(line)
        w, x, y, z, zoom, right, up = (float(number) for number in numbers)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    camera = sane(Camera((w, x, y, z), zoom, (right, up), perspective is True))
    if camera is None or not isinstance(name, str) or not name.strip():
        return None
    return name[:LONGEST_NAME], camera


def sane(camera: Camera) -> Camera | None:
    """A camera from a file, its rotation at unit length; None if it asks for what no view can be."""
    (w, x, y, z), length = camera.rotation, math.hypot(*camera.rotation)
    numbers = (*camera.rotation, camera.zoom, *camera.pan)
    if not all(map(math.isfinite, numbers)) or length <= 1e-6:
        return None
    if not SAVED_ZOOM[0] <= camera.zoom <= SAVED_ZOOM[1]:
        return None
    if abs(length - 1) <= 1e-12:
        return camera
    return replace(camera, rotation=(w / length, x / length, y / length, z / length))
