"""Where on the mean head each colour belongs: lips, brows, beard, blush, ..., from its landmarks."""

from __future__ import annotations

from enum import IntEnum

import cv2
import numpy as np

from models.geometry.arrays import Floats


class Field(IntEnum):
    """Columns of `Head.fields`: where on the head a colour belongs."""

    LIP = 0  # signed mm, positive inside the lips
    BROW = 1  # mm from the brow's middle line
    BROW_ALONG = 2  # -1 at the inner end .. 1 at the outer end
    EYE_RIM = 3  # mm outside the eye's outline
    BEARD = 4  # 0..1
    MOUSTACHE = 5  # 0..1
    SCALP = 6  # 0..1
    BLUSH = 7  # 0..1
    RED = 8  # nose tip, chin, ears, 0..1
    UNDER_EYE = 9  # 0..1
    CREASE = 10  # 0..1, lines of age and of smiling
    LID = 11  # 0..1, eye shadow


def paint_fields(mean: Floats, marks: Floats) -> Floats:
    """[P, len(Field)] of the mean head [P, 3] with landmarks [68, 3], mm."""
    out = np.zeros((len(mean), len(Field)), np.float32)
    front = mean[:, 2] > marks[36:48, 2].min() - 30
    near = np.abs(mean[:, :2] - marks[51, :2]).max(1) < 60
    out[:, Field.LIP] = -99
    mouth = front & near
    out[mouth, Field.LIP] = _polygon_distance(mean[mouth], marks[48:60])
    right, along_right = _line_distance(mean, marks[21:16:-1])
    left, along_left = _line_distance(mean, marks[22:27])
    out[:, Field.BROW] = np.minimum(right, left)
    out[:, Field.BROW_ALONG] = np.where(right < left, along_right, along_left) * 2 - 1
    out[:, Field.EYE_RIM] = 99
    for eye in (slice(36, 42), slice(42, 48)):
        close = front & (np.linalg.norm(mean - marks[eye].mean(0), axis=1) < 45)
        outside = -_polygon_distance(mean[close], marks[eye])
        out[close, Field.EYE_RIM] = np.minimum(out[close, Field.EYE_RIM], outside)
    _paint_hair(out, mean, marks)
    _paint_blood(out, mean, marks)
    return out


def _polygon_distance(points: Floats, polygon: Floats) -> Floats:
    """Signed distance in the x, y plane, positive inside; a closed smooth curve through the corners."""
    curve = _smooth_closed(polygon[:, :2])
    inside = cv2.pointPolygonTest
    contour = np.ascontiguousarray(curve.reshape(-1, 1, 2), np.float32)
    return np.array([inside(contour, (float(x), float(y)), True) for x, y in points[:, :2]], np.float32)


def _smooth_closed(corners: Floats, steps: int = 8) -> Floats:
    """Catmull-Rom through closed corners."""
    p0, p1, p2, p3 = (np.roll(corners, shift, 0)[:, None] for shift in (1, 0, -1, -2))
    t = (np.arange(steps) / steps)[None, :, None]
    curve = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return np.asarray(curve.reshape(-1, 2), np.float32)


def _line_distance(points: Floats, line: Floats) -> tuple[Floats, Floats]:
    """Distance to a polyline and where along it (0..1) the nearest point lies."""
    best, along = np.full(len(points), 1e9), np.zeros(len(points))
    pieces = len(line) - 1
    for k in range(pieces):
        a, d = line[k], line[k + 1] - line[k]
        t = ((points - a) @ d / (d @ d)).clip(0, 1)
        distance = np.linalg.norm(points - a - t[:, None] * d, axis=1)
        nearer = distance < best
        best[nearer], along[nearer] = distance[nearer], (k + t[nearer]) / pieces
    return best.astype(np.float32), along.astype(np.float32)


def _bump(points: Floats, centre: Floats, radius: float) -> Floats:
    return np.asarray(np.exp(-((points - centre) ** 2).sum(1) / (2 * radius**2)), np.float32)


def _both(points: Floats, centre: Floats, radius: float) -> Floats:
    return _bump(points, centre, radius) + _bump(points, centre * [-1, 1, 1], radius)


def _smoothstep(low: float, high: float, x: Floats) -> Floats:
    t = ((x - low) / (high - low)).clip(0, 1)
    return t * t * (3 - 2 * t)


def _paint_hair(out: Floats, mean: Floats, marks: Floats) -> None:
    """Scalp, beard and moustache densities."""
    mouth_y, nose_y, chin_y = marks[[48, 54], 1].mean(), marks[33, 1], marks[8, 1]
    brow_y, ear_z = marks[17:27, 1].mean(), marks[[0, 16], 2].mean()
    x, y, z = mean.T
    turn = np.degrees(np.arctan2(np.abs(x), z - ear_z - 15))
    face_height = brow_y - chin_y
    knots = [
        (0, 0.50),
        (35, 0.44),
        (55, 0.34),
        (68, 0.12),
        (80, -0.02),
        (96, -0.05),
        (112, -0.1),
        (180, -0.62),
    ]
    angles, heights = zip(*knots, strict=True)
    line = brow_y + face_height * np.interp(turn, angles, heights)
    ear = _both(mean, np.array([marks[16, 0] + 7, marks[16, 1] + 2, ear_z - 14]), 15.0)
    out[:, Field.SCALP] = _smoothstep(-4, 6, y - line) * (ear < 0.45)
    jaw, _ = _line_distance(mean, marks[1:16])
    side = _smoothstep(mouth_y + 8, mouth_y - 14, y) + _smoothstep(26, 12, jaw) * _smoothstep(
        brow_y - 12, brow_y - 30, y
    )
    inner = np.hypot(x, (y - mouth_y) * 1.2)
    beard = side.clip(0, 1) * _smoothstep(chin_y - 45, chin_y - 15, y) * _smoothstep(ear_z - 22, ear_z - 8, z)
    out[:, Field.BEARD] = beard * _smoothstep(14, 24, inner + (y < mouth_y - 16) * 12)
    upper = _smoothstep(mouth_y - 10, mouth_y + 2, y) * _smoothstep(nose_y + 0.5, nose_y - 3, y)
    out[:, Field.MOUSTACHE] = upper * _smoothstep(36, 26, np.abs(x)) * (z > marks[48, 2] - 12)
    bald = (out[:, Field.LIP] < 1.5).astype(np.float32)
    out[:, Field.BEARD] *= bald
    out[:, Field.MOUSTACHE] *= bald


def _paint_blood(out: Floats, mean: Floats, marks: Floats) -> None:
    """Where skin is redder, darker or lined."""
    eye, cheek = marks[42:48].mean(0), (marks[45] + marks[54] + marks[13]) / 3
    out[:, Field.BLUSH] = _both(mean, cheek, 17)
    ear = np.array([marks[16, 0] + 7, marks[16, 1], marks[[0, 16], 2].mean() - 14])
    out[:, Field.RED] = (
        _bump(mean, marks[30], 13) + 0.5 * _bump(mean, marks[8], 14) + _both(mean, ear, 20)
    ).clip(0, 1)
    out[:, Field.UNDER_EYE] = _both(mean, eye + np.array([0, -11, 0]), 7.5)
    smile = np.stack(
        [marks[35] + [3, 5, -3], (marks[35] + marks[54]) / 2 + [11, 2, -6], marks[54] + [11, -3, -6]]
    )
    mirrored = smile * [-1, 1, 1]
    fold = np.minimum(_line_distance(mean, smile)[0], _line_distance(mean, mirrored)[0])
    out[:, Field.CREASE] = np.exp(-((fold / 2.4) ** 2))
    crow = marks[45] + [9, 0, -7]
    out[:, Field.CREASE] = (out[:, Field.CREASE] + 0.4 * _both(mean, crow, 6)).clip(0, 1)
    lid = eye + np.array([0, 7, 0])
    out[:, Field.LID] = _both(mean, lid, 8.5) * _smoothstep(-1.0, 1.0, mean[:, 1] - eye[1])
