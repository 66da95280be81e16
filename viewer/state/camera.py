"""How a panel looks at the face, and the turns of it. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Camera:
    """How all linked panels look at the face.

    Attributes:
        rotation: Unit quaternion (w, x, y, z) that turns the face about its centre, in view axes: x right,
            y up, z towards the viewer. The identity shows the face as the photo does.
        zoom: 1 lets the face fill most of the panel; 2 shows it twice as large.
        pan: Shift of the face's centre to the right and upwards, in face sizes.
        perspective: False is the scaled-orthographic camera the face models assume.
    """

    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    perspective: bool = False


class Link(Enum):
    """What the cameras of the panels have in common; the value is the text a user reads."""

    ALL = "All"
    ROTATION = "Rotation only"
    NONE = "Nothing"


def turn(axis: tuple[float, float, float], angle_deg: float) -> Quaternion:
    """The unit quaternion of a turn about `axis` (of any length, not zero)."""
    half, length = math.radians(angle_deg) / 2, math.hypot(*axis)
    x, y, z = (math.sin(half) * part / length for part in axis)
    return (math.cos(half), x, y, z)


def product(p: Quaternion, q: Quaternion) -> Quaternion:
    """First turn by `q`, then by `p`; kept at unit length however often it is repeated."""
    pw, px, py, pz = p
    qw, qx, qy, qz = q
    w = pw * qw - px * qx - py * qy - pz * qz
    x = pw * qx + px * qw + py * qz - pz * qy
    y = pw * qy - px * qz + py * qw + pz * qx
    z = pw * qz + px * qy - py * qx + pz * qw
    length = math.sqrt(w * w + x * x + y * y + z * z)
    return (w / length, x / length, y / length, z / length)


STANDARD_VIEWS: Mapping[str, Quaternion] = MappingProxyType(
    {
        "front": (1.0, 0.0, 0.0, 0.0),
        "left": turn((0, 1, 0), 90),
        "right": turn((0, 1, 0), -90),
        "top": turn((1, 0, 0), 90),
        "below": turn((1, 0, 0), -90),
        "half left": turn((0, 1, 0), 45),
        "half right": turn((0, 1, 0), -45),
    }
)
"""Where the viewer stands -> how the face is turned for it."""


def seen_from(camera: Camera, view: str) -> Camera:
    """`camera` gone to one of STANDARD_VIEWS; zoom and pan as a new camera has them."""
    return replace(Camera(perspective=camera.perspective), rotation=STANDARD_VIEWS[view])
