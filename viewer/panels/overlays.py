"""What can lie over the photo, as pictures and points. numpy only; the photo view paints it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.export.overlay import STATE_COLOURS, face_share
from models.reconstruction import MapLayer, Reconstruction, State
from viewer.gl.colour_maps import coloured

LAYER_OF = {"mask": "visible mask", "uv": "uv", "confidence": "confidence", "depth": "depth"}
"""Which map layer an overlay shows."""

MAP_COLOURS = {"confidence": "viridis", "depth": "viridis"}
TINT = STATE_COLOURS[State.SEEN]  # of the visible mask
FINER = 8  # per cell of the mask, so that its rim is drawn below a pixel
TINT_ALPHA, HEAT_ALPHA = 120, 185

CONTOURS = (
    (range(17), False),  # jaw
    (range(17, 22), False),  # brows
    (range(22, 27), False),
    (range(27, 31), False),  # nose
    (range(31, 36), False),
    (range(36, 42), True),  # eyes
    (range(42, 48), True),
    (range(48, 60), True),  # lips
    (range(60, 68), True),
)
"""Which of the 68 iBUG landmarks are joined, and whether the line closes."""


def map_layer(answer: Reconstruction, overlay: str) -> MapLayer | None:
    """The map an overlay shows of an answer; None if it has none."""
    for layer in answer.layers:
        if isinstance(layer, MapLayer) and layer.name == LAYER_OF.get(overlay):
            return layer
    return None


def picture(overlay: str, layer: MapLayer) -> NDArray[np.uint8]:
    """[h, w, 4] RGBA over the cells of the map; transparent where the network says nothing."""
    if overlay == "mask":
        return _tinted(layer.values)
    if overlay == "uv":
        return _rainbow(layer.values)
    rgba = coloured(_flat(layer.values), layer.low, layer.high, MAP_COLOURS[overlay])
    rgba[..., 3] = np.where(rgba[..., 3] > 0, HEAT_ALPHA, 0)
    return rgba


def area(layer: MapLayer) -> tuple[int, int]:
    """Width and height of a map, cells."""
    height, width = layer.values.shape[:2]
    return width, height


def _flat(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values[..., 0] if values.ndim == 3 else values


def _tinted(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Finer than the map: its rim is where the linearly interpolated mask passes what counts as seen."""
    known = np.clip(np.nan_to_num(_flat(values)), 0, 1)
    share = face_share(
        np.asarray(cv2.resize(known, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR))
    )
    rgba = np.empty((*share.shape, 4), np.uint8)
    rgba[..., :3] = TINT
    rgba[..., 3] = np.rint(share * TINT_ALPHA)
    return rgba


def _rainbow(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The colours of the surface's UV look: red grows to the right, green upwards; with a chequer."""
    known = np.asarray(np.isfinite(values).all(-1), np.bool_)
    uv = np.clip(np.where(known[..., None], values, 0), 0, 1)
    chequer = np.where((np.floor(uv * 24).sum(-1) % 2) > 0, 1.0, 0.8)
    rgb = np.stack([uv[..., 0], 1 - uv[..., 1], np.full(known.shape, 0.55)], -1) * chequer[..., None]
    rgba = np.empty((*known.shape, 4), np.uint8)
    rgba[..., :3] = np.rint(rgb * 255)
    rgba[..., 3] = np.where(known, HEAT_ALPHA, 0)
    return rgba


def wire_mask(
    answers: Sequence[Reconstruction], T_device_image: NDArray[np.float64], width: int, height: int
) -> NDArray[np.uint8]:
    """[height, width]: how much of each device pixel the projected edges cover, 0..255.

    Args:
        answers: In image space. Only triangles that face the camera are drawn.
        T_device_image: [3, 3], carries image px to device px with (0, 0) = centre of the top-left pixel.
        width, height: Of what is painted on, device px.
    """
    mask = np.zeros((height, width), np.uint8)
    for answer in answers:
        points = answer.vertices[:, :2] @ T_device_image[:2, :2].T + T_device_image[:2, 2]
        corners = points[answer.topology.triangles]  # [T, 3, 2]
        corners = corners[facing(corners) & _within(corners, width, height)]
        fixed = np.rint(corners * 16).astype(np.int32)  # OpenCV wants whole numbers and a shift
        cv2.polylines(mask, list(fixed), True, 255, 1, cv2.LINE_AA, 4)
    return mask


def facing(corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """[T] which triangles face the camera, corners [T, 3, 2] px: counter-clockwise with y up."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] < 0)


def _within(corners: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    low, high = corners.min(1), corners.max(1)
    return np.asarray((high > 0).all(1) & (low[:, 0] < width) & (low[:, 1] < height))
