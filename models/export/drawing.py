"""Surfaces drawn to pictures of any size without a window or a graphics card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.export.overlay import PLAIN, STATE_COLOURS, shading
from models.export.surface import normals_of, place_colours, told_of
from models.export.wish import LOOKS, PHOTO, STATES
from models.geometry.arrays import Doubles, Photo
from models.geometry.raster import Fragments, fragments
from models.reconstruction import Array, MeshLayer, Scalar, State, most_likely

FINER = 2  # pixels a side that become one, so that edges are smooth
BAND = 256  # rows drawn at once
FILLS = 0.92  # of the shorter side of a picture, by the face
MAPS: Mapping[str, int] = {"mm": cv2.COLORMAP_INFERNO, "": cv2.COLORMAP_CIVIDIS}


@dataclass(frozen=True, eq=False, slots=True)
class Pose:
    """From where a face is drawn.

    Attributes:
        centre: [3] px of the frame: what is in the middle.
        reach: px of the frame from there to the edge of the face.
        yaw_deg, pitch_deg: How far it is turned to the viewer's right, and down.
    """

    centre: Doubles
    reach: float
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0

    @staticmethod
    def of(vertices: Array, yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> Pose:
        """All of a face [N, 3] in the picture however it turns."""
        low, high = vertices.min(0).astype(np.float64), vertices.max(0).astype(np.float64)
        centre = (low + high) / 2
        reach = float(np.linalg.norm((high - low)[[1, 2]])) / 2
        return Pose(centre, max(reach, float(high[0] - low[0]) / 2, 1e-6), yaw_deg, pitch_deg)

    def turned(self, yaw_deg: float, pitch_deg: float = 0.0) -> Pose:
        """The same face from elsewhere."""
        return replace(self, yaw_deg=yaw_deg, pitch_deg=pitch_deg)

    def place(self, vertices: Array, width: int, height: int) -> Doubles:
        """[N, 3] px of a picture of that size, nearer is greater."""
        yaw, pitch = np.radians([self.yaw_deg, self.pitch_deg])
        about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
        scale = FILLS * min(width, height) / 2 / self.reach
        turned = (vertices.astype(np.float64) - self.centre) @ (about_x @ about_y).T * scale
        return np.asarray(turned + np.array([(width - 1) / 2, (height - 1) / 2, 0]))


def draw_surface(
    surface: MeshLayer, image: Photo, pose: Pose, width: int, height: int, look: str = PHOTO
) -> NDArray[np.uint8]:
    """[H, W, 4]: a surface, transparent around it, drawn band by band so that any size fits in memory.

    Args:
        surface: In IMAGE space.
        image: [H, W, 3] the frame.
        pose: From where.
        width, height: Of the picture, px.
        look: One of LOOKS, or the name of a scalar. What was not seen is grey in the photo's, striped
            where something covers it.

    Raises:
        ValueError: There is no such look.
    """
    scalar = None if look in LOOKS else _scalar(surface, look)
    placed = pose.place(surface.vertices, width * FINER, height * FINER)
    shaded = look != PHOTO
    normals = normals_of(replace(surface, vertices=placed.astype(np.float32))) if shaded else None
    picture = np.zeros((height, width, 4), np.uint8)
    (left, first), (right, last) = _drawn_part(placed, width, height)
    for top in range(first, last, BAND):
        rows = min(BAND, last - top)
        shifted = placed - np.array([left * FINER, top * FINER, 0])
        shown = fragments(shifted, surface.triangles, (right - left) * FINER, rows * FINER)
        colours = _colours(surface, image, shown, look, scalar).astype(np.float32)
        if normals is not None:
            colours *= shading(shown.at_pixels(normals))[:, None]
        picture[top : top + rows, left:right] = _averaged(shown.shown, colours.clip(0, 255))
    return picture


def _drawn_part(placed: Doubles, width: int, height: int) -> NDArray[np.int64]:
    """[[left, top], [right, bottom]]: the part of a picture, px, where something is drawn at all.

    `placed` [N, 3] are FINER times as large.
    """
    known = placed[np.isfinite(placed).all(1), :2]
    if not len(known):
        return np.zeros((2, 2), np.int64)
    reach = np.stack([known.min(0) - 1, known.max(0) + 1]) / FINER
    whole = np.stack([np.floor(reach[0]), np.ceil(reach[1]) + 1])
    return np.asarray(whole.clip(0, (width, height)), np.int64)


def _averaged(shown: NDArray[np.bool_], colours: Array) -> NDArray[np.uint8]:
    """[H, W, 4]: FINER x FINER pixels become one, of those among them that show something.

    Args:
        shown: [FINER * H, FINER * W], whether a pixel does.
        colours: [P, 3] of those that do, 0..255.
    """
    flat = np.zeros((shown.size, 4), np.float32)
    flat[np.flatnonzero(shown)] = np.concatenate([colours, np.ones((len(colours), 1), np.float32)], 1)
    fine = flat.reshape(*shown.shape, 4)
    total = np.zeros((shown.shape[0] // FINER, shown.shape[1] // FINER, 4), np.float32)
    for place in range(FINER**2):
        total += fine[place // FINER :: FINER, place % FINER :: FINER]
    colour = total[..., :3] / np.maximum(total[..., 3:], 1)
    return np.rint(np.concatenate([colour, total[..., 3:] * (255 / FINER**2)], -1)).astype(np.uint8)


def _colours(
    surface: MeshLayer, image: Photo, shown: Fragments, look: str, scalar: Scalar | None
) -> NDArray[np.generic]:
    """[P, 3] at the pixels shown."""
    if scalar is not None:
        return scalar_colours(shown.at_pixels(scalar.values), scalar)
    told = told_of(surface)
    if look == PHOTO:
        if told is None:
            return place_colours(surface, image, shown.at_pixels(surface.vertices), None)
        carried = shown.at_pixels(np.concatenate([surface.vertices, told], 1))
        return place_colours(surface, image, carried[:, :3], carried[:, 3:])
    if look == STATES and told is not None:
        return np.array([STATE_COLOURS[s] for s in State], np.uint8)[most_likely(shown.at_pixels(told))]
    return np.full((len(shown.triangle), 3), PLAIN, np.uint8)


def scalar_colours(values: Array, scalar: Scalar) -> Photo:
    """[P] -> [P, 3] in the scalar's range; grey where the number is not known."""
    share = (values - scalar.low) / max(scalar.high - scalar.low, 1e-9)
    levels = np.rint(np.nan_to_num(share).clip(0, 1) * 255).astype(np.uint8)
    table = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], MAPS.get(scalar.unit, MAPS["mm"]))
    colours = table[:, 0, ::-1][levels]
    colours[~np.isfinite(values)] = PLAIN
    return np.asarray(colours, np.uint8)


def _scalar(surface: MeshLayer, name: str) -> Scalar:
    for scalar in surface.scalars:
        if scalar.name == name:
            return scalar
    there = [scalar.name for scalar in surface.scalars]
    raise ValueError(f"There is no look {name!r}; there are {', '.join([*LOOKS, *there])}.")
