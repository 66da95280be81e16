"""What an answer of DSFNet shows of itself: the signs its likely error is read from, what alarms look at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.methods.dsfnet.alarms import Evidence, square_iou
from models.methods.dsfnet.decoded import Decoded, degrees
from models.methods.dsfnet.likely_error import Likely
from models.reconstruction import SEEN_ABOVE, Array, State, Topology

CROP_FACTOR = 1.5  # side of the crop over the longer side of the box, as in DSFNet's data


def signs(d: Decoded, topology: Topology, size: int) -> Array:
    """[len(SIGNS)] what an answer of both branches says about its own error."""
    marks = topology.landmarks(d.face)[:, :2]
    low, high = marks.min(0), marks.max(0)
    side = max(float(np.sqrt(np.prod(high - low))), 1.0)
    asked, middle = size / CROP_FACTOR, (size - 1) / 2
    shift = ((low + high) / 2 - middle) / asked
    seen, turned, covered = d.states.mean(0)
    doubt = -np.vdot(d.states, np.log(d.states.clip(1e-6))) / len(d.states)
    is_face = d.mask > SEEN_ABOVE
    pitch, yaw, roll = d.euler_rad
    numbers = (
        _log_share(d.apart.mean(), side),
        _log_share(d.own.mean(), side),
        _log_share(d.stray, side),
        *(seen, covered, turned, doubt, is_face.mean()),
        d.confidence[is_face].mean() if is_face.any() else 0.0,
        np.log(max(float((high - low).max()), 1.0) / asked),
        *shift,
        _outside(d.face, size).mean(),
        *d.looks_apart,
        *(abs(yaw), abs(pitch), abs(roll)),
        _unexplained(d, is_face, size),
    )
    return np.array(numbers, np.float32)


def _log_share(distance: float, side: float) -> float:
    return float(np.log(max(float(distance) / side, 1e-4)))


def _outside(face: Array, size: int) -> NDArray[np.bool_]:
    """[N] vertices beyond the crop."""
    x, y = face[:, 0], face[:, 1]
    return np.asarray((x < -0.5) | (y < -0.5) | (x > size - 0.5) | (y > size - 0.5))


def _unexplained(d: Decoded, is_face: NDArray[np.bool_], size: int) -> float:
    """Share of the pixels of face on which no seen vertex lies."""
    if not is_face.any():
        return 1.0
    step = size / len(is_face)
    cells = ((d.face[d.states[:, State.SEEN] > SEEN_ABOVE, :2] + 0.5) / step).astype(int)
    x, y = cells.T
    inside = (x >= 0) & (y >= 0) & (x < len(is_face)) & (y < len(is_face))
    hit = np.zeros(is_face.shape, np.uint8)
    hit[y[inside], x[inside]] = 1
    near = cv2.dilate(hit, np.ones((3, 3), np.uint8)) > 0
    return float((is_face & ~near).sum() / is_face.sum())


def evidence(d: Decoded, topology: Topology, size: int, asked: Likely | None) -> Evidence:
    """What the alarms look at."""
    marks = topology.landmarks(d.face)[:, :2]
    low, high = marks.min(0), marks.max(0)
    side = max(float(np.sqrt(np.prod(high - low))), 1e-6)
    both = d.image_space is not None and d.model_space is not None
    return Evidence(
        likely_percent=np.nan if asked is None else asked.percent,
        box_iou=square_iou(low, high, size / CROP_FACTOR, (size - 1) / 2),
        pose_deg=degrees(d.euler_rad),
        apart=float(d.apart.mean()) / side if both else np.nan,
        own=float(d.own.mean()) / side if both else np.nan,
        outside=float(_outside(d.face, size).mean()),
        finite=bool(np.isfinite(d.face).all()),
        vertices=len(d.face),
    )
