"""What was seen, drawn over the photo: the plain picture that goes with an answer's files."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.reconstruction import MapLayer, Reconstruction

VISIBLE = 0.5  # a vertex of at least this visibility counts as seen

_LANDMARK_LINES = (
    *((range(0, 17), False), (range(17, 22), False), (range(22, 27), False), (range(27, 31), False)),
    *((range(31, 36), False), (range(36, 42), True), (range(42, 48), True), (range(48, 60), True)),
    (range(60, 68), True),
)  # iBUG: jaw, brows, bridge, nostrils, eyes, outer and inner lips; True closes the line


def visible_share(answer: Reconstruction) -> float | None:
    """Share of the vertices that were seen, 0..1; None if the method does not say."""
    seen = seen_vertices(answer)
    return None if seen is None else round(float(seen.mean()), 4)


def seen_vertices(answer: Reconstruction) -> NDArray[np.bool_] | None:
    """[N]: which vertices were seen; None if the method does not say."""
    for scalar in answer.scalars:
        if scalar.name == "visibility":
            with np.errstate(invalid="ignore"):
                return np.asarray(scalar.values >= VISIBLE)
    return None


def hidden_landmarks(answer: Reconstruction) -> NDArray[np.bool_]:
    """[68]: which landmarks lie where the face was not seen; none if the answer does not say."""
    for scalar in answer.scalars:
        if scalar.name == "visibility":
            corners = scalar.values[answer.topology.landmark_vertices]
            return np.asarray((answer.topology.landmark_weights * corners).sum(1) < VISIBLE)
    return np.zeros(68, np.bool_)


def draw_overlay(image: NDArray[np.uint8], answers: Sequence[Reconstruction]) -> NDArray[np.uint8]:
    """[H, W, 3]: the frame with what was seen tinted, boxes, and landmarks; unseen ones are hollow."""
    drawn = image.copy()
    for answer in answers:
        for layer in answer.layers:
            if isinstance(layer, MapLayer) and layer.name == "visible mask":
                _tint(drawn, layer)
    for answer in answers:
        _draw_face(drawn, answer)
    return drawn


def _tint(image: NDArray[np.uint8], mask: MapLayer) -> None:
    """Lay green over what the mask holds for visible."""
    rows, columns = mask.values.shape[:2]
    corners = np.array([[-1, -1, 1], [columns, -1, 1], [-1, rows, 1], [columns, rows, 1]], np.float64)
    reach = (corners @ mask.T_image_map.T)[:, :2]
    height, width = image.shape[:2]
    x0, y0 = np.floor(reach.min(0)).clip(0, (width, height)).astype(int).tolist()
    x1, y1 = np.ceil(reach.max(0)).clip(0, (width, height)).astype(int).tolist()
    if x0 >= x1 or y0 >= y1:
        return
    T_part_map = mask.T_image_map[:2].copy()
    T_part_map[:, 2] -= (x0, y0)
    values = np.nan_to_num(np.asarray(mask.values, np.float32)).clip(0, 1)
    share = np.asarray(cv2.warpAffine(values, T_part_map, (x1 - x0, y1 - y0)), np.float32)[..., None] * 0.35
    part = image[y0:y1, x0:x1]
    part[:] = np.rint(part * (1 - share) + np.array([40, 220, 120], np.float32) * share).astype(np.uint8)


def _draw_face(image: NDArray[np.uint8], answer: Reconstruction) -> None:
    points = answer.landmarks[:, :2]
    if not np.isfinite(points).all():
        return
    side = float(np.ptp(points, axis=0).max())
    thickness = max(1, round(side / 300))
    radius = max(16, round(side * 16 / 90))
    fixed = np.rint(points * 16).astype(np.int32)  # cv2 takes 1/16 px with shift=4
    for indices, closed in _LANDMARK_LINES:
        cv2.polylines(image, [fixed[list(indices)]], closed, (255, 255, 255), thickness, cv2.LINE_AA, 4)
    seen = seen_vertices(answer)
    for i, (x, y) in enumerate(fixed.tolist()):
        visible = seen is None or bool(seen[answer.topology.landmark_vertices[i]].any())
        colour = (255, 190, 40) if visible else (235, 80, 80)
        fill = cv2.FILLED if visible else thickness
        cv2.circle(image, (x, y), radius, colour, fill, cv2.LINE_AA, 4)
    if answer.box is not None and all(map(math.isfinite, answer.box)):
        x0, y0, x1, y1 = (round(edge) for edge in answer.box)
        cv2.rectangle(image, (x0, y0), (x1, y1), (90, 170, 255), thickness, cv2.LINE_AA)
