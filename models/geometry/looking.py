"""Where a head looks, as one sees it in the picture: near a profile its Euler angles no longer say that."""

from __future__ import annotations

import math
from typing import NamedTuple


class Looking(NamedTuple):
    """Angles in degrees.

    Attributes:
        aside: Of the nose, to the viewer's left, -180..180; beyond 90 the face looks away.
        up: Of the nose, -90..90.
        lean: Of the head's long axis in the picture, clockwise as seen, -180..180.
    """

    aside: float
    up: float
    lean: float


def looking(pose_deg: tuple[float, float, float]) -> Looking:
    """From pitch, yaw and roll, R = Rx(-pitch) Ry(-yaw) Rz(-roll) with y up (AFLW2000).

    A profile that nods a little beyond 90 degrees of yaw has e.g. (-102, -70, 91): 94 degrees to the viewer's
    right, 20 down, leaning by 20.
    """
    pitch, yaw, roll = (math.radians(angle) for angle in pose_deg)
    aside = math.atan2(math.sin(yaw), math.cos(pitch) * math.cos(yaw))
    up = math.asin(max(-1.0, min(1.0, math.sin(pitch) * math.cos(yaw))))
    upward = math.cos(pitch) * math.cos(roll) + math.sin(pitch) * math.sin(yaw) * math.sin(roll)
    lean = math.atan2(math.cos(yaw) * math.sin(roll), upward)
    return Looking(math.degrees(aside), math.degrees(up), math.degrees(lean))
