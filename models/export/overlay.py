"""What was seen, drawn over the photo: the plain picture that goes with an answer's files."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.export.camera import camera_of
from models.export.surface import normals_of, states_of, surface_of
from models.geometry.raster import fragments
from models.metrics.states import landmark_states
from models.reconstruction import SEEN_ABOVE, Array, MapLayer, Reconstruction, State, most_likely

STATE_COLOURS = {State.SEEN: (0, 158, 115), State.TURNED_AWAY: (153, 153, 153), State.COVERED: (213, 94, 0)}
"""Bluish green, grey and vermilion of Okabe and Ito's palette: told apart with any kind of colour vision."""
PLAIN, COVERS = 200, 0.75  # a face whose states nobody says, and how much of the photo a dense one hides
SOFT = 0.06  # of the mask's range about `SEEN_ABOVE`: so softly a drawn mask ends

_LANDMARK_LINES = (
    *((range(0, 17), False), (range(17, 22), False), (range(22, 27), False), (range(27, 31), False)),
    *((range(31, 36), False), (range(36, 42), True), (range(42, 48), True), (range(48, 60), True)),
    (range(60, 68), True),
)  # iBUG: jaw, brows, bridge, nostrils, eyes, outer and inner lips; True closes the line

_BOX_EDGES = tuple((a, a | bit) for bit in (1, 2, 4) for a in range(8) if not a & bit)
# Of a box whose corners 4 to 7 are its front.


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


def draw_dense(image: NDArray[np.uint8], answers: Sequence[Reconstruction]) -> NDArray[np.uint8]:
    """[H, W, 3]: the frame with every face drawn over it, shaded, in the colours of its states.

    Where nobody says what was seen, it is plain grey.
    """
    drawn = image.copy()
    for answer in answers:
        surface = surface_of(answer)
        shown = fragments(surface.vertices, surface.triangles, image.shape[1], image.shape[0])
        if not shown.shown.any():
            continue
        states = states_of(surface)
        base = np.full((1, 3), PLAIN, np.float32)
        if states is not None:
            base = np.array([STATE_COLOURS[state] for state in State], np.float32)[
                most_likely(shown.at_pixels(states))
            ]
        light = shading(shown.at_pixels(normals_of(surface)))[:, None]
        pixels = drawn[shown.shown].astype(np.float32)
        drawn[shown.shown] = np.rint(pixels * (1 - COVERS) + base * light * COVERS).clip(0, 255)
    return drawn


def shading(normals: Array) -> Array:
    """[P] how bright a surface looks, 0..1.1, by its normals [P, 3] (z to the camera): lit from there."""
    facing = np.abs(normals[:, 2]) / np.linalg.norm(normals, axis=1).clip(1e-9)
    return np.asarray(0.35 + 0.75 * facing, np.float32)


def draw_pose(image: NDArray[np.uint8], answers: Sequence[Reconstruction]) -> NDArray[np.uint8]:
    """[H, W, 3]: the frame with a box around each face, turned as the head is; its front is drawn strong."""
    drawn = image.copy()
    for answer in answers:
        camera = camera_of(answer)
        model = camera.model(answer.vertices)
        if not np.isfinite(model).all():
            continue
        low, high = model.min(0), model.max(0)
        corners = np.array([[(low, high)[(k >> axis) & 1][axis] for axis in range(3)] for k in range(8)])
        fixed = np.rint(camera.project(corners)[:, :2] * 16).astype(np.int32)
        thickness = max(1, round(float(np.ptp(answer.landmarks[:, 0])) / 120))
        for a, b in _BOX_EDGES:
            front = a & 4 and b & 4
            colour, width = ((255, 190, 40), 2 * thickness) if front else ((90, 170, 255), thickness)
            ends = tuple(fixed[a].tolist()), tuple(fixed[b].tolist())
            cv2.line(drawn, *ends, colour, width, cv2.LINE_AA, 4)
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
