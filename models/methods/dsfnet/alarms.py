"""When an answer must not be taken at its word: each alarm by its code, with the threshold it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.geometry.looking import looking
from models.reconstruction import Alarm

# Chosen on 2400 labelled crops, clean and covered, in right and shifted boxes, 480 renders and 201 boxes
# without a face (`models/training/likely_error.py`): good answers err by under 5 %, wrong ones by over 8 %.
NO_FACE_PERCENT = 20.0  # likely error: no good answer, two in five wrong ones, 93 % of those about no face
WRONG_PERCENT = 8.0  # likely error: do not rely on it
MISPLACED_IOU = 0.5  # of the answer's own box with the one it was asked about: 1.5 % of good answers ...
DOUBTFUL_IOU = 0.65  # ... and where the likely error is large as well
UPSIDE_DOWN_DEG, ON_SIDE_DEG = 120.0, 60.0  # of its lean in the picture
APART_SHARE = (
    0.09  # mean distance of the branches, in sizes of the face: 2 % of good answers, most wrong ones
)
OWN_SHARE = 0.045  # mean own correction of the fusion, likewise: 1 % of good answers
FAR_ASIDE_DEG, FAR_UP_DEG = 75.0, 45.0
OUTSIDE = 0.07  # share of vertices beyond the crop: 1 % of good answers


class Evidence(NamedTuple):
    """What the alarms look at, of one answer. NaN where it is not known.

    Attributes:
        likely_percent: Likely error.
        box_iou: Of the answer's own box with the square box it was asked about.
        pose_deg: Pitch, yaw, roll.
        apart, own: Mean distance of the branches, mean own correction, in sizes of the face.
        outside: Share of vertices beyond the crop.
        finite: No vertex is NaN or infinite.
        vertices: How many there are.
    """

    likely_percent: float
    box_iou: float
    pose_deg: tuple[float, float, float]
    apart: float
    own: float
    outside: float
    finite: bool
    vertices: int


def alarms(e: Evidence) -> Iterator[Alarm]:
    """All that hold, the gravest first; what was seen is told by `models.metrics.states.state_alarms`.

    Comparisons with NaN are false: what is not known alarms nobody.
    """
    if not e.finite:
        yield Alarm("not-finite", "The answer holds values that are no numbers; nothing of it can be used.")
        return
    yield from _about_the_face(e)
    yield from _about_the_fusion(e)


def _about_the_face(e: Evidence) -> Iterator[Alarm]:
    aside, up, lean = looking(e.pose_deg)
    no_face = e.likely_percent > NO_FACE_PERCENT
    if no_face:
        yield Alarm("no-face", "There is probably no face here, or the box is far off it.")
    elif e.box_iou < (DOUBTFUL_IOU if e.likely_percent > WRONG_PERCENT else MISPLACED_IOU):
        text = "The box is probably misplaced: the answer's own box lies elsewhere. Take that box instead."
        yield Alarm("box-misplaced", text)
    if abs(lean) > UPSIDE_DOWN_DEG:
        yield Alarm("upside-down", "The face seems to be upside down. Turn the picture and look again.")
    elif abs(lean) > ON_SIDE_DEG:
        yield Alarm("on-its-side", "The face seems to lie on its side. Turn the picture and look again.")
    if abs(aside) > FAR_ASIDE_DEG or abs(up) > FAR_UP_DEG:
        where = f"{abs(aside):.0f} degrees aside, {abs(up):.0f} {'down' if up < 0 else 'up'}"
        text = f"The head is turned far ({where}): errors are larger there."
        yield Alarm("extreme-pose", text)
    if e.outside > OUTSIDE:
        text = f"{e.outside:.0%} of the face lies outside the crop: the box is too small, or shifted."
        yield Alarm("crop-border", text, round(e.outside * e.vertices))


def _about_the_fusion(e: Evidence) -> Iterator[Alarm]:
    if e.apart > APART_SHARE:
        text = (
            f"Image space and model space lie {e.apart:.0%} of the face's size apart: one of them is wrong."
        )
        yield Alarm("branches-apart", text)
    if e.own > OWN_SHARE:
        text = f"The fusion moved the face by {e.own:.0%} of its size beyond what either branch says."
        yield Alarm("own-correction", text)


def square_iou(low: NDArray[np.floating], high: NDArray[np.floating], side: float, middle: float) -> float:
    """IoU of a box, made square about its centre, with the square of that side about (middle, middle)."""
    own = float((high - low).max())
    if not (own > 0 and side > 0):
        return 0.0
    shift = np.abs((low + high) / 2 - middle)
    both = np.clip((own + side) / 2 - shift, 0, min(own, side)).prod()
    return float(both / (own**2 + side**2 - both))
