"""How a face moved from one frame to the next, read off the picture itself."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box, Doubles

SIDE_PX = 160  # of the crops that are compared
MARGIN = 1.25  # of them around the face
WINDOW_PX = 15
BACK_AND_FORTH_PX = 0.5  # a point that does not come back to where it started was not followed
OFF_PX = 0.5  # from the common motion at which a point counts half
FEWEST = 12
LARGEST_STRETCH = 1.3


def face_motion(
    before: NDArray[np.uint8], now: NDArray[np.uint8], points: NDArray[np.floating], box: Box
) -> Doubles | None:
    """The affine motion of a face's surface between two frames.

    Points are followed by pyramidal Lucas-Kanade (Bouguet 2001), there and back; one affine map is fitted to
    those that came back, by iterated least squares with Cauchy weights, so that a moving mouth or a hand that
    comes in does not carry the head along.

    Args:
        before: [H, W, 3] uint8 RGB.
        now: Likewise, the same size.
        points: [P, 2] px of `before`: uncovered places of the face.
        box: Of the face, px.

    Returns:
        [2, 3]: carries px of `before` to px of `now`; None where too little could be followed.
    """
    if len(points) < FEWEST or before.shape != now.shape:
        return None
    corner, step = _region(box, before.shape[1], before.shape[0])
    if step == 0:
        return None
    first, second = (_grey(image, corner, step) for image in (before, now))
    start = ((points - corner[:2] + 0.5) / step - 0.5).astype(np.float32)
    end, there = _followed(first, second, start)
    again, back = _followed(second, first, end)
    kept = there & back & (np.linalg.norm(again - start, axis=1) < BACK_AND_FORTH_PX)
    if kept.sum() < FEWEST:
        return None
    M = _affine(start[kept].astype(np.float64), end[kept].astype(np.float64))
    stretch = np.linalg.svd(M[:, :2], compute_uv=False)
    if not (np.isfinite(M).all() and 1 / LARGEST_STRETCH < stretch[1] <= stretch[0] < LARGEST_STRETCH):
        return None
    zero = corner[:2] + 0.5 * step - 0.5  # where px (0, 0) of the small pictures lies
    return np.column_stack((M[:, :2], step * M[:, 2] + zero - M[:, :2] @ zero))


def similarity(
    source: NDArray[np.floating], target: NDArray[np.floating]
) -> tuple[float, Doubles, Doubles] | None:
    """The similarity of least squares that carries points onto points (Umeyama 1991).

    Args:
        source: [P, 3].
        target: [P, 3].

    Returns:
        scale, rotation [3, 3], translation [3]: target = scale R source + translation; None where the points
        coincide or are not finite.
    """
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        return None
    try:
        M, scale = cv2.estimateAffine3D(
            source.astype(np.float64), target.astype(np.float64), force_rotation=True
        )
    except cv2.error:
        return None
    return float(scale), np.asarray(M[:, :3]), np.asarray(M[:, 3])


def _region(box: Box, width: int, height: int) -> tuple[NDArray[np.int64], float]:
    """(x0, y0, x1, y1) px of the frame around a face, and px per px of the small picture; 0: outside."""
    x0, y0, x1, y1 = box
    reach = MARGIN * max(x1 - x0, y1 - y0) / 2
    if not np.isfinite(reach):
        return np.zeros(4, np.int64), 0.0
    middle = np.array([x0 + x1, y0 + y1] * 2) / 2
    edges = np.round(middle + np.array([-reach, -reach, reach, reach])).astype(np.int64)
    corner = edges.clip(0, [width, height, width, height])
    side = int((corner[2:] - corner[:2]).min())
    return corner, max(1.0, 2 * reach / SIDE_PX) if side >= WINDOW_PX else 0.0


def _grey(image: NDArray[np.uint8], corner: NDArray[np.int64], step: float) -> NDArray[np.generic]:
    """The region in grey, one px for each `step` px: averages, so that fine texture does not flicker."""
    x0, y0, x1, y1 = corner.tolist()
    grey = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY)
    if step == 1:
        return np.asarray(grey)
    size = (round((x1 - x0) / step), round((y1 - y0) / step))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def _followed(
    first: NDArray[np.generic], second: NDArray[np.generic], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """[P, 2] where the points went, and [P] whether they could be followed."""
    end, status, _ = cv2.calcOpticalFlowPyrLK(
        first,
        second,
        points[:, None],
        points[:, None].copy(),
        winSize=(WINDOW_PX, WINDOW_PX),
        maxLevel=3,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.001),
    )
    return np.asarray(end, np.float32)[:, 0], np.asarray(status)[:, 0] > 0


def _affine(start: Doubles, end: Doubles) -> Doubles:
    """[2, 3]: robust least squares of end on start, both [P, 2]."""
    rows = np.column_stack((start, np.ones(len(start))))
    weights = np.ones(len(start))
    for _ in range(5):
        solved = np.linalg.lstsq(rows * weights[:, None], end * weights[:, None], rcond=None)[0]
        off = np.linalg.norm(rows @ solved - end, axis=1)
        weights = 1 / np.sqrt(1 + (off / OFF_PX) ** 2)
    return np.asarray(solved.T)
