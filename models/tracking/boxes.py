"""Faces followed from frame to frame by where their last mesh lay. Pure functions; names: identity.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.metrics.errors import box_iou
from models.reconstruction import Reconstruction
from models.reconstructor import Face

LEAST_SIDE_PX = 16.0
LEAST_INSIDE = 0.5  # share of the box inside the frame
LARGEST_CHANGE = 1.6  # of the box's size from one frame to the next
SAME_FACE_IOU = 0.6
LOST = frozenset({"empty-mask", "little-seen", "no-face", "not-finite"})
THUMB_PX = 16
JUMP = 0.55  # correlation of two frames' thumbnails below which they show different scenes
FOUND_AGAIN_IOU = 0.2
KEPT_SHIFT = 0.08  # of the box's longer side: a face that moved less is looked at through the same crop
KEPT_CHANGE = 1.08  # likewise of its size


def followed(answers: Sequence[Reconstruction], width_px: int, height_px: int) -> list[Face]:
    """Where to look in the next frame: the last boxes where they still fit, else those of the last landmarks.

    A crop that follows every tremble of the last answer passes it on to the next one, so the box stays as it
    is until the face has moved or grown by a twelfth of it.

    A face is given up, so that the caller asks a detector again, when its answer says that hardly any face
    was seen, when its box leaves the frame, shrinks to nothing or changes size by more than half again, and
    when it has run onto a face followed already. No motion is added: at 25 frames a second a head moves
    little against the margin of a crop.

    Args:
        answers: Of the last frame, in IMAGE space.
        width_px: Of the next frame.
        height_px: Of the next frame.

    Returns:
        Faces in the order of the answers; fewer where some are lost.
    """
    there = [answer for answer in answers if _is_there(answer, span(answer), width_px, height_px)]
    return [_steady(there[i].box, span(there[i])) for i in distinct(there)]


def distinct(answers: Sequence[Reconstruction]) -> list[int]:
    """Which of the answers are about different faces: of meshes that lie on one face the first is kept."""
    kept: list[int] = []
    for i, answer in enumerate(answers):
        if not any(_overlap(span(answer), span(answers[other])) > SAME_FACE_IOU for other in kept):
            kept.append(i)
    return kept


def span(answer: Reconstruction) -> Face:
    """The box around the landmarks of an answer, turned as its crop was."""
    points = answer.landmarks[:, :2].astype(np.float64)
    (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
    return Face((x0, y0, x1, y1), turn_deg=answer.turn_deg)


def jumped(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> bool:
    """Whether the scene changed between two frames, e.g. by a cut: faces are then not where they were.

    Compares coarse grey thumbnails by their correlation, which a change of light alone does not lower.

    Args:
        before: [H, W, 3] uint8 RGB.
        now: Likewise; of another size it is another scene.
    """
    if before.shape != now.shape:
        return True
    a, b = _thumbnail(before), _thumbnail(now)
    spread = float(a.std() * b.std())
    if spread < 1.0:  # at least one is of one colour: nothing to correlate
        return abs(float(a.mean() - b.mean())) > 32
    return float(((a - a.mean()) * (b - b.mean())).mean()) / spread < JUMP


def reconciled(followed_faces: Sequence[Face], detected: Sequence[Face]) -> list[Face]:
    """Faces that were followed, set right by a new look: corrected where it saw them, new ones added.

    A face the detector does not see, e.g. a covered one, is followed on.
    """
    left = list(detected)
    result = []
    for face in followed_faces:
        again = max(left, key=lambda other: _overlap(face, other), default=None)
        if again is None or _overlap(face, again) < FOUND_AGAIN_IOU:
            result.append(face)
        else:
            left.remove(again)
            same = _overlap(face, again) >= SAME_FACE_IOU and face.turn_deg == again.turn_deg
            result.append(face if same else again)
    return [*result, *left]


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    step = max(1, min(image.shape[:2]) // 128)  # a full frame need not be read to tell scenes apart
    grey = np.asarray(image[::step, ::step].mean(-1), np.float32)
    return np.asarray(cv2.resize(grey, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_AREA), np.float32)


def _is_there(answer: Reconstruction, face: Face, width_px: int, height_px: int) -> bool:
    if LOST & {alarm.code for alarm in answer.alarms}:
        return False
    x0, y0, x1, y1 = face.box
    if not np.isfinite(face.box).all() or min(x1 - x0, y1 - y0) < LEAST_SIDE_PX:
        return False
    inside = max(0.0, min(x1, width_px) - max(x0, 0)) * max(0.0, min(y1, height_px) - max(y0, 0))
    if inside < LEAST_INSIDE * (x1 - x0) * (y1 - y0):
        return False
    return answer.box is None or _change(answer.box, face.box) <= LARGEST_CHANGE


def _steady(before: tuple[float, float, float, float] | None, now: Face) -> Face:
    """The box before, where the face has hardly moved in it."""
    if before is None or _change(before, now.box) > KEPT_CHANGE:
        return now
    x0, y0, x1, y1 = before
    shift = max(abs(now.box[0] + now.box[2] - x0 - x1), abs(now.box[1] + now.box[3] - y0 - y1)) / 2
    return now if shift > KEPT_SHIFT * max(x1 - x0, y1 - y0) else replace(now, box=before)


def _change(before: tuple[float, float, float, float], after: tuple[float, float, float, float]) -> float:
    """By which factor the longer side grew or shrank, >= 1."""
    sides = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (before, after)]
    return max(sides) / min(sides)


def _overlap(first: Face, second: Face) -> float:
    return float(box_iou(np.array(first.box), np.array(second.box)))
