"""What 3DDFA-V2's release does otherwise than this program, kept to the letter for comparison.

Differences of the release (github.com/cleardusk/3DDFA_V2) from `methods.tddfa`'s default:

- Angles: the release's yaw, pitch and roll are not those of AFLW2000's `Pose_Para` but for turns about a
  single axis, and there with other signs. The default reads AFLW2000's angles off the same rotation, exactly.
- Back-projection: crop px k goes to roi_x1 + k s, though its centre lies at roi_x1 + (k + 0.5) s - 0.5; and
  the roi is not rounded, though the pixels were cut from a rounded one. The default keeps both.
- Depth: the smallest z of the points that were reconstructed is taken off, so that 68 landmarks and all
  vertices answer with different depths. The default measures from the face model's own origin.
- Pixels: the release resizes with cv2's bilinear filter, without a lowpass where it shrinks.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats

Roi = tuple[float, float, float, float]  # x0, y0, x1, y1; image px, as floats


def roi_of_points(points: Floats) -> Roi:
    """The square around landmarks or vertices [K, >= 2]: the diagonal of the square about their box."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    side = math.sqrt(2) * float((high - low).max())
    (x, y) = ((low + high) / 2).tolist()
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def cut(image: NDArray[np.uint8], roi: Roi, size: int = 120) -> NDArray[np.uint8]:
    """[size, size, 3]: the rounded rectangle of a picture [H, W, 3], black outside, resized by cv2."""
    x0, y0, x1, y1 = (round(v) for v in roi)
    height, width = image.shape[:2]
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"a roi needs x0 < x1 and y0 < y1, got {roi}")
    canvas = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if right > left and bottom > top:
        canvas[top - y0 : bottom - y0, left - x0 : right - x0] = image[top:bottom, left:right]
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def transform(roi: Roi, size: int = 120) -> NDArray[np.float64]:
    """T_image_crop [3, 3] of the release's back-projection."""
    x0, y0, x1, y1 = roi
    return np.array([[(x1 - x0) / size, 0, x0], [0, (y1 - y0) / size, y0], [0, 0, 1]], np.float64)


def angles_deg(rotation: Floats) -> tuple[float, float, float]:
    """Pitch, yaw, roll as the release reads them off a rotation [3, 3], y up."""
    r = np.asarray(rotation, np.float64)
    if abs(r[2, 0]) > 0.998:
        sign = math.copysign(1.0, r[2, 0])
        pitch, yaw, roll = math.atan2(-sign * r[0, 1], -sign * r[0, 2]), sign * math.pi / 2, 0.0
    else:
        yaw = math.asin(r[2, 0])
        c = math.cos(yaw)
        pitch, roll = math.atan2(r[2, 1] / c, r[2, 2] / c), math.atan2(r[1, 0] / c, r[0, 0] / c)
    return math.degrees(pitch), math.degrees(yaw), math.degrees(roll)
