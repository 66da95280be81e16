"""The occlusion lab's part of the State: what lies on the photo, what hides it, what trials gave. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from viewer.state.occlusion import STILL, Matrix
from viewer.state.state import State

if TYPE_CHECKING:
    from models.occlusion.occluder import Occluder
    from models.reconstruction import Reconstruction
    from viewer.sources.source import Frame
    from viewer.state.state import State

NO_FACE_PX = 200.0  # what a brush is measured by where there is no face


def carry_of(state: State) -> Matrix:
    """[3, 3]: px of the stack's anchor to px of the frame that is shown."""
    occluded = None if state.shown is None else state.shown.occluded
    return STILL if occluded is None or state.occlusion.step is not None else occluded.carry


def reference_of(state: State) -> Reconstruction | None:
    """What the method says of the selected face without occluders."""
    occluded = None if state.shown is None else state.shown.occluded
    if occluded is None:
        return state.answer
    index = state.selected_face
    return occluded.references[index] if 0 <= index < len(occluded.references) else None


def bare_frame(state: State) -> Frame | None:
    """The frame shown, without occluders."""
    return None if state.shown is None else state.shown.bare


def brush_px(state: State) -> float:
    """The brush's diameter, image px."""
    reference = reference_of(state)
    size = NO_FACE_PX
    if reference is not None:
        low, high = reference.landmarks[:, :2].min(0), reference.landmarks[:, :2].max(0)
        size = float(np.sqrt(np.prod(high - low)))
    return max(1.0, size * state.occlusion.brush.percent / 100)


def hit(occluders: Sequence[Occluder], x: float, y: float) -> int | None:
    """Index of the topmost occluder that hides a point of the image, px; None for none."""
    for index in range(len(occluders) - 1, -1, -1):
        occluder = occluders[index]
        column, row, depth = np.linalg.inv(occluder.T_image_occluder) @ np.array([x, y, 1.0])
        height, width = occluder.rgba.shape[:2]
        i, j = round(float(row / depth)), round(float(column / depth))
        if 0 <= i < height and 0 <= j < width and occluder.rgba[i, j, 3] > 0:
            return index
    return None


def bounds(occluder: Occluder) -> Matrix:
    """[4, 2] image px: the corners of what an occluder hides, without its clear margins; clockwise."""
    alpha = occluder.rgba[..., 3] > 0
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    if not len(rows):
        return occluder.corners
    x0, x1, y0, y1 = columns[0] - 0.5, columns[-1] + 0.5, rows[0] - 0.5, rows[-1] + 0.5
    corners = np.array([[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]]) @ occluder.T_image_occluder.T
    return np.asarray(corners[:, :2] / corners[:, 2:])
