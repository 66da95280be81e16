"""A face of a set with what people, or a fit, say of its landmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box
from models.ground_truth.record import box_of
from models.reconstruction import Array

T = TypeVar("T")
UNKNOWN = 255  # a state nobody told


@dataclass(frozen=True, eq=False, slots=True)
class Labelled:
    """One face in one picture.

    Attributes:
        name: Tells it from all others of the set.
        image: Reads [H, W, 3] RGB.
        points: [K, 2 or 3] float32 image px from 0, y down; NaN where not placed. 68 in iBUG order, unless
            the set says otherwise.
        states: [K] uint8, a `State` or UNKNOWN; None if nobody says.
        pose_deg: Pitch, yaw, roll, AFLW2000 convention; None if nobody says.
        given_box: A box that comes with the set; None: the points' own.
        subsets: Parts of the set it belongs to.
        subject: Who it is; empty where nobody says.
        by_hand: People placed the points in the picture; else a fitted face model did.
    """

    name: str
    image: Callable[[], NDArray[np.uint8]]
    points: Array
    states: NDArray[np.uint8] | None = None
    pose_deg: tuple[float, float, float] | None = None
    given_box: Box | None = None
    subsets: tuple[str, ...] = ()
    subject: str = ""
    by_hand: bool = False

    @property
    def box(self) -> Box:
        """(x0, y0, x1, y1): the box of the set, else what the placed points span, px."""
        return self.given_box or box_of(self.points[np.isfinite(self.points[:, :2]).all(1)])


def spread(faces: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` of them, evenly spread."""
    if limit is None or limit >= len(faces):
        return list(faces)
    return [faces[i] for i in np.linspace(0, len(faces) - 1, max(limit, 1)).round().astype(int)]
