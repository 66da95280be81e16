"""What was seen, drawn over the photo: the plain picture that goes with an answer's files."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.metrics.states import landmark_states
from models.reconstruction import SEEN_ABOVE, Array, MapLayer, Reconstruction, State

STATE_COLOURS = {State.SEEN: (0, 158, 115), State.TURNED_AWAY: (153, 153, 153), State.COVERED: (213, 94, 0)}
"""Bluish green, grey and vermilion of Okabe and Ito's palette: told apart with any kind of colour vision."""
SOFT = 0.06  # of the mask's range about `SEEN_ABOVE`: so softly a drawn mask ends

_LANDMARK_LINES = (
    *((range(0, 17), False), (range(17, 22), False), (range(22, 27), False), (range(27, 31), False)),
    *((range(31, 36), False), (range(36, 42), True), (range(42, 48), True), (range(48, 60), True)),
    (range(60, 68), True),
)  # iBUG: jaw, brows, bridge, nostrils, eyes, outer and inner lips; True closes the line


def draw_overlay(image: NDArray[np.uint8], answers: Sequence[Reconstruction]) -> NDArray[np.uint8]:
    """[H, W, 3]: the frame with what was seen tinted, boxes, and landmarks.

    A landmark that was seen is a filled dot, one that is turned away a diamond, a covered one a cross.
    """
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
    fine = np.asarray(cv2.warpAffine(values, T_part_map, (x1 - x0, y1 - y0)), np.float32)
    share = face_share(fine)[..., None] * 0.35
    part = image[y0:y1, x0:x1]
    colour = np.array(STATE_COLOURS[State.SEEN], np.float32)
    part[:] = np.rint(part * (1 - share) + colour * share).astype(np.uint8)


def face_share(mask: Array) -> Array:
    """How much of each pixel is called face, 0..1: a smooth step where the mask passes `SEEN_ABOVE`."""
    x = ((mask - SEEN_ABOVE) / (2 * SOFT) + 0.5).clip(0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


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
    states = landmark_states(answer)
    for i, (x, y) in enumerate(fixed.tolist()):
        state = State.SEEN if states is None else State(int(states[i]))
        _draw_mark(image, (x, y), radius, thickness, state)
    if answer.box is not None and all(map(math.isfinite, answer.box)):
        x0, y0, x1, y1 = (round(edge) for edge in answer.box)
        cv2.rectangle(image, (x0, y0), (x1, y1), (90, 170, 255), thickness, cv2.LINE_AA)


def _draw_mark(
    image: NDArray[np.uint8], at: tuple[int, int], radius: int, thickness: int, state: State
) -> None:
    """A dot, a diamond or a cross; place and radius in 1/16 px."""
    x, y = at
    colour = (255, 190, 40) if state is State.SEEN else (235, 80, 80)
    if state is State.SEEN:
        cv2.circle(image, at, radius, colour, cv2.FILLED, cv2.LINE_AA, 4)
        return
    reach = round(1.3 * radius)
    if state is State.TURNED_AWAY:
        tips = np.array([(x - reach, y), (x, y - reach), (x + reach, y), (x, y + reach)], np.int32)
        cv2.polylines(image, [tips], True, colour, thickness, cv2.LINE_AA, 4)
        return
    for way in (1, -1):
        ends = (x - reach, y - way * reach), (x + reach, y + way * reach)
        cv2.line(image, *ends, colour, thickness, cv2.LINE_AA, 4)
