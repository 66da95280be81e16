"""Faces followed from frame to frame by where their last mesh lay. Pure functions; no identity is kept."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.metrics import box_iou
from models.reconstruction import Reconstruction
from models.reconstructor import Face

LEAST_SIDE_PX = 16.0
LEAST_INSIDE = 0.5  # share of the box inside the frame
LARGEST_CHANGE = 1.6  # of the box's size from one frame to the next
SAME_FACE_IOU = 0.6
LOST = frozenset({"empty-mask", "little-seen"})
THUMB_PX = 16
JUMP = 0.55  # correlation of two frames' thumbnails below which they show different scenes
FOUND_AGAIN_IOU = 0.2


def followed(answers: Sequence[Reconstruction], width_px: int, height_px: int) -> list[Face]:
    """Where to look in the next frame: the boxes of the last meshes' landmarks.

    A face is given up, so that the caller asks a detector again, when its answer says that hardly any face
    was seen, when its box leaves the frame, shrinks to nothing or changes size by more than half again, and
    when it has run onto a face followed already. The last box is used as it is: at 25 frames a second a head
    moves little against the margin of a crop.

    Args:
        answers: Of the last frame, in IMAGE space.
        width_px: Of the next frame.
        height_px: Of the next frame.

    Returns:
        Faces in the order of the answers; fewer where some are lost.
    """
    kept: list[Face] = []
    for answer in answers:
        points = answer.landmarks[:, :2].astype(np.float64)
        (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
        face = Face((x0, y0, x1, y1))
        if _is_there(answer, face, width_px, height_px) and not any(_same(face, other) for other in kept):
            kept.append(face)
    return kept


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
            result.append(face if _overlap(face, again) >= SAME_FACE_IOU else again)
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


def _change(before: tuple[float, float, float, float], after: tuple[float, float, float, float]) -> float:
    """By which factor the longer side grew or shrank, >= 1."""
    sides = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (before, after)]
    return max(sides) / min(sides)


def _same(first: Face, second: Face) -> bool:
    return _overlap(first, second) > SAME_FACE_IOU


def _overlap(first: Face, second: Face) -> float:
    return float(box_iou(np.array(first.box), np.array(second.box)))
