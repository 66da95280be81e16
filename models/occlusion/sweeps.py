"""Series of occluders: one that grows over a face, one that slides over a grid; and how much they hide."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box
from models.occlusion.face_frame import FaceFrame, face_frame
from models.occlusion.fillings import Filling, fill
from models.occlusion.flat import DIRECTIONS, board_from
from models.occlusion.kinds import KINDS, occluder
from models.occlusion.occluder import Occluder


def growing(what: str, landmarks: NDArray[np.floating], steps: int, seed: int = 0) -> list[Occluder]:
    """Covers that hide more and more of a face, each all that the one before hides.

    Args:
        what: A side ("left", "right", "top", "bottom") from which a board is pushed over the whole face, or
            one of `KINDS`, uncovered bit by bit from its middle.
        landmarks: [68, D >= 2], image px.
        steps: K.
        seed: As for `kinds.occluder`.

    Returns:
        K occluders: a board hides k / K of the outline of the face, a kind k / K of
            its own area; the last one all.
    """
    if steps < 1:
        raise ValueError(f"a sweep takes at least one step, not {steps}")
    if what in DIRECTIONS:
        return _pushed(what, face_frame(landmarks), steps, seed)
    if what in KINDS:
        return _uncovered(occluder(what, landmarks, seed), steps)
    raise ValueError(f"nothing grows as {what!r}; choose one of {[*DIRECTIONS, *KINDS]}")


def sliding(
    photo: NDArray[np.uint8],
    box: Box,
    grid: tuple[int, int],
    patch_px: float,
    filling: Filling = Filling(),  # noqa: B008, frozen
    seed: int = 0,
) -> list[Occluder]:
    """Square patches about the centres of the cells of a grid over a box, row by row.

    Args:
        photo: [H, W, 3] RGB.
        box: (x0, y0, x1, y1), image px.
        grid: (rows, columns).
        patch_px: Side of a patch; wider than a cell, neighbours overlap.
        filling: What patches show.
        seed: Of patch 0; patch i has seed + i.

    Returns:
        rows x columns occluders; one that lies beyond the photo is a clear pixel.
    """
    rows, columns = grid
    x0, y0, x1, y1 = box
    if rows < 1 or columns < 1 or not (x0 < x1 and y0 < y1) or not patch_px > 0:
        raise ValueError(f"a sliding patch needs a grid, a box and a size, not {grid}, {box}, {patch_px}")
    height, width = photo.shape[:2]
    occluders = []
    for i in range(rows * columns):
        row, column = divmod(i, columns)
        x, y = x0 + (column + 0.5) * (x1 - x0) / columns, y0 + (row + 0.5) * (y1 - y0) / rows
        across, down = _overlap(x, patch_px, width), _overlap(y, patch_px, height)
        occluders.append(fill(photo, np.outer(down, across), filling, seed + i))
    return occluders


def face_area(landmarks: NDArray[np.floating], height: int, width: int) -> NDArray[np.bool_]:
    """[H, W]: the pixels within the outline (convex hull) of a face's landmarks [68, D >= 2]."""
    hull = cv2.convexHull(np.ascontiguousarray(landmarks[:, :2], np.float32))
    area = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(area, np.rint(hull * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    return area.astype(bool)


def covered_share(hidden: NDArray[np.float32], face: NDArray[np.floating] | NDArray[np.bool_]) -> float:
    """How much of a face is hidden, 0..1; NaN if none of it is in the picture.

    Args:
        hidden: [H, W] 0..1, as `lay` gives it.
        face: Landmarks [68, D >= 2], whose outline counts, or a mask [H, W] bool.
    """
    area = face.astype(bool) if face.dtype == bool else face_area(face.astype(np.float64), *hidden.shape)
    if area.shape != hidden.shape:
        raise ValueError(f"the face's mask {area.shape} must be as large as the picture {hidden.shape}")
    return float(hidden[area].mean()) if area.any() else float("nan")


def _pushed(side: str, frame: FaceFrame, steps: int, seed: int) -> list[Occluder]:
    outwards = np.array(DIRECTIONS[side])
    fine = 400
    inside = face_area((frame.points + 0.75) * fine, round(1.5 * fine), round(1.5 * fine))
    y, x = np.nonzero(inside)
    along = (np.stack([x, y], 1) / fine - 0.75) @ outwards
    edges = np.quantile(along, 1 - np.arange(1, steps + 1) / steps)
    edges[-1] -= 0.05
    return [
        board_from(outwards, float(edge), np.random.default_rng(seed)).occluder(
            f"board from the {side}", frame
        )
        for edge in edges
    ]


def _uncovered(whole: Occluder, steps: int) -> list[Occluder]:
    alpha = whole.rgba[..., 3]
    y, x = np.nonzero(alpha)
    away = np.hypot(*(np.indices(alpha.shape) - np.array([y.mean(), x.mean()])[:, None, None]))
    limits = np.quantile(away[y, x], np.arange(1, steps + 1) / steps)
    occluders = []
    for limit in limits:
        rgba = whole.rgba.copy()
        rgba[away > limit, 3] = 0
        occluders.append(replace(whole, rgba=rgba))
    return occluders


def _overlap(centre: float, side: float, size: int) -> NDArray[np.float32]:
    """[size]: how much of each pixel an interval of that length covers."""
    left = np.arange(size) - 0.5
    low, high = np.maximum(left, centre - side / 2), np.minimum(left + 1, centre + side / 2)
    return np.asarray((high - low).clip(0), np.float32)
