"""Frames to find faces in: heads and distractions pasted before a backdrop, and things before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats, Rng
from models.synthetic.cutout import Kind
from models.synthetic.people import skin_colour
from models.synthetic.photo import worn_out
from models.synthetic.stock import Stock

SMALLEST_PX, LEAST_SEEN, LEAST_INSIDE = 18.0, 0.15, 0.55
LARGE, COVERED = 0.6, 0.5  # shares of faces: over a quarter of the frame; with a flat thing before them
SCALE_OF_HULL = 4  # hulls and what covers them are compared at a quarter of the frame's size


@dataclass(frozen=True, eq=False, slots=True)
class FaceFrame:
    """A picture and the faces in it.

    Attributes:
        image: [S, S, 3] uint8 RGB.
        boxes: [K, 4] px around all 68 landmarks, seen or not.
        rotation: [K, 3, 3] model to camera, y up in both.
        wanted: [K] bool: False where hardly anything is seen, so that either answer is right.
    """

    image: NDArray[np.uint8]
    boxes: Floats
    rotation: Floats
    wanted: NDArray[np.bool_]


@dataclass(eq=False, slots=True)
class _Pasted:
    """A face of a frame in the making; what comes before it takes from `left`."""

    points: Floats
    rotation: Floats
    hull: NDArray[np.bool_]
    left: NDArray[np.bool_]
    seen: float


def compose(stocks: Sequence[Stock], seed: int, index: int, size: int) -> FaceFrame:
    """The frame of that index over that stock: heads from far to near, then flat things before them."""
    rng = np.random.default_rng([seed, index])
    canvas = _backdrop(stocks[0].backdrops, rng, size)
    _blobs(canvas, rng)
    faces: list[_Pasted] = []
    count = int(rng.choice(6, p=[0.06, 0.44, 0.22, 0.14, 0.09, 0.05]))
    sides = np.sort([_side(rng, size) for _ in range(count)])
    for side in sides:
        _paste(canvas, stocks[int(rng.integers(len(stocks)))], float(side), rng, faces)
    for face in faces:
        if rng.random() < COVERED:
            _cover(canvas, stocks[0].backdrops, face, rng, faces)
    image = worn_out(_spoiled(canvas, rng), rng)
    return _frame(image, faces)


def _side(rng: Rng, size: int) -> float:
    """Longer side of a face, px: from tiny to more than the frame, more often large than small."""
    least = 0.25 * size if rng.random() < LARGE else SMALLEST_PX
    return float(least * np.exp(rng.uniform(0, np.log(1.15 * size / least))))


def _frame(image: NDArray[np.uint8], faces: Sequence[_Pasted]) -> FaceFrame:
    size = len(image)
    boxes = np.array([(*f.points.min(0), *f.points.max(0)) for f in faces], np.float32).reshape(-1, 4)
    share = [f.seen * float(f.left.sum()) / max(float(f.hull.sum()), 1) for f in faces]
    inside = (np.minimum(boxes[:, 2:], size) - np.maximum(boxes[:, :2], 0)).clip(0).prod(1)
    inside /= (boxes[:, 2:] - boxes[:, :2]).prod(1)
    there = inside > 0.1
    wanted = (np.array(share, np.float32) > LEAST_SEEN) & (inside > LEAST_INSIDE)
    rotation = np.array([f.rotation for f in faces], np.float32).reshape(-1, 3, 3)
    return FaceFrame(image, boxes[there], rotation[there], wanted[there])


def _backdrop(backdrops: NDArray[np.uint8], rng: Rng, size: int) -> Floats:
    """[size, size, 3] 0..1: a piece of a backdrop, mirrored, turned, brightened by chance."""
    picture = backdrops[int(rng.integers(len(backdrops)))]
    whole = len(picture)
    side = int(rng.uniform(0.4, 1.0) * whole)
    y, x = rng.integers(0, whole - side + 1, 2)
    piece = np.rot90(picture[y : y + side, x : x + side], int(rng.integers(4)))
    piece = cv2.resize(np.ascontiguousarray(piece), (size, size), interpolation=cv2.INTER_LINEAR)
    gain = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.06, 3))
    return np.asarray(piece.astype(np.float32) * (gain / 255).astype(np.float32))


def _blobs(canvas: Floats, rng: Rng) -> None:
    """Things of the colour of skin that are no face."""
    size = len(canvas)
    for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.4 else 0):
        colour = np.sqrt(np.array(skin_colour(rng, float(rng.uniform(0, 6))))) * rng.uniform(0.5, 1.1)
        centre, axes = rng.integers(0, size, 2), rng.integers(size // 24, size // 3, 2)
        angle = float(rng.uniform(0, 180))
        layer = np.zeros((size, size), np.float32)
        cv2.ellipse(
            layer, (int(centre[0]), int(centre[1])), (int(axes[0]), int(axes[1])), angle, 0, 360, 1.0, -1
        )
        layer = cv2.GaussianBlur(layer, (0, 0), float(rng.uniform(0.5, 6)))[..., None]
        shade = np.linspace(rng.uniform(0.5, 1), rng.uniform(0.8, 1.2), size, dtype=np.float32)[:, None, None]
        canvas += (np.asarray(colour, np.float32) * shade - canvas) * layer


def _paste(canvas: Floats, stock: Stock, side: float, rng: Rng, faces: list[_Pasted]) -> None:
    """One cut-out so that the box of its landmarks is about `side` px; given up on another face."""
    size, k = len(canvas), int(rng.integers(len(stock)))
    points = np.asarray(stock.landmarks[k], np.float64)
    turn = float(rng.uniform(-60, 60)) if rng.random() < 0.2 else float(rng.normal(0, 8))
    mirror = bool(rng.random() < 0.5)
    reach = 0.5 * side if side > 0.6 * size else 0.3 * side
    centre = rng.uniform(min(reach, size / 2.2), max(size - reach, size / 1.8), 2)
    T = _placement(points, side, turn, mirror, centre)
    placed = points @ T[:, :2].T + T[:, 2]
    if stock.kind[k] == Kind.FACE and _crowds(placed, faces):
        return
    shown = _warped(_without_sides(stock.rgba[k]), T, size)
    _lay(canvas, shown)
    _take_away(shown[..., 3] > 127, faces)
    if stock.kind[k] == Kind.FACE:
        hull = _hull(placed, size)
        rotation = _turned(stock.rotation[k], turn, mirror)
        faces.append(_Pasted(placed, rotation, hull, hull.copy(), float(stock.seen[k])))


def _placement(points: Floats, side: float, turn_deg: float, mirror: bool, centre: Floats) -> Floats:
    """[2, 3] cut-out px to frame px: landmarks turned (clockwise as seen), `side` long, about `centre`."""
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if mirror else 1.0, 1.0])
    turned = points @ linear.T
    linear *= side / np.ptp(turned, axis=0).max()
    turned = points @ linear.T
    return np.concatenate([linear, (centre - (turned.min(0) + turned.max(0)) / 2)[:, None]], 1)


def _turned(rotation: Floats, turn_deg: float, mirror: bool) -> Floats:
    """[3, 3] the rotation of a head in its mirrored, then turned picture."""
    if mirror:
        flip = np.array([-1.0, 1.0, 1.0])
        rotation = flip[:, None] * rotation * flip
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]) @ rotation  # y is up here


def _without_sides(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy that fades out at the top and the sides; at the bottom clothes shall go on."""
    side = len(rgba)
    fade = (np.arange(side, dtype=np.float32) / (0.07 * side)).clip(0, 1)
    result = np.array(rgba)
    ramp = np.minimum(fade[:, None], np.minimum(fade, fade[::-1])[None])
    result[..., 3] = (result[..., 3] * ramp).astype(np.uint8)
    return result


def _warped(rgba: NDArray[np.uint8], T: Floats, size: int) -> NDArray[np.uint8]:
    """[size, size, 4] the cut-out in the frame; averaged where it shrinks."""
    factor = float(np.hypot(*T[:, 0]))
    if factor < 0.5:
        small = max(8, round(1.5 * factor * len(rgba)))
        step = len(rgba) / small
        T = np.concatenate([T[:, :2] * step, T[:, :2] @ np.full((2, 1), (step - 1) / 2) + T[:, 2:]], 1)
        alpha = rgba[..., 3:].astype(np.float32)
        weighed = np.concatenate([rgba[..., :3] * (alpha / 255), alpha], 2)
        weighed = cv2.resize(weighed, (small, small), interpolation=cv2.INTER_AREA)
        weighed[..., :3] /= np.maximum(weighed[..., 3:] / 255, 1e-3)
        rgba = weighed.clip(0, 255).astype(np.uint8)
    way, edge = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(rgba, T, (size, size), flags=way, borderMode=edge), np.uint8)


def _crowds(points: Floats, faces: Sequence[_Pasted]) -> bool:
    """Whether a face at these points would lie on another one's middle."""
    low, high = points.min(0), points.max(0)
    return any(((low < f.points.mean(0)) & (f.points.mean(0) < high)).all() for f in faces)


def _hull(points: Floats, size: int) -> NDArray[np.bool_]:
    mask = np.zeros((size // SCALE_OF_HULL,) * 2, np.uint8)
    hull = cv2.convexHull((points / SCALE_OF_HULL).round().astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1)
    return mask > 0


def _lay(canvas: Floats, rgba: NDArray[np.uint8]) -> None:
    """Paste, touching only the rows and columns where there is something."""
    there = rgba[..., 3] > 0
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    if not len(rows):
        return
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    pasted = rgba[part].astype(np.float32) / np.float32(255)
    canvas[part] += (pasted[..., :3] - canvas[part]) * pasted[..., 3:]


def _take_away(hidden: NDArray[np.bool_], faces: Sequence[_Pasted]) -> None:
    low = hidden[SCALE_OF_HULL // 2 :: SCALE_OF_HULL, SCALE_OF_HULL // 2 :: SCALE_OF_HULL]
    for face in faces:
        n, m = face.left.shape
        face.left &= ~low[:n, :m]


def _cover(
    canvas: Floats, backdrops: NDArray[np.uint8], face: _Pasted, rng: Rng, faces: Sequence[_Pasted]
) -> None:
    """A flat thing that hides a side of a face, or a band or a spot of it."""
    size = len(canvas)
    low, high = face.points.min(0), face.points.max(0)
    side = float((high - low).max())
    middle = (low + high) / 2
    angle = float(rng.choice([0, 90, 180, 270]) + rng.normal(0, 15))
    towards = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    if rng.random() < 0.6:  # a board that hides everything beyond a line
        width, height = side * rng.uniform(0.5, 1.8), side * rng.uniform(0.8, 2.5)
        centre = middle + towards * (width / 2 + side * rng.uniform(-0.28, 0.2))
    else:
        width, height = side * rng.uniform(0.15, 0.7, 2)
        centre = middle + rng.normal(0, 0.28, 2) * side
    layer = np.zeros((size, size), np.float32)
    box = ((float(centre[0]), float(centre[1])), (float(width), float(height)), angle)
    if rng.random() < 0.75:
        cv2.fillPoly(layer, [cv2.boxPoints(box).round().astype(np.int32)], 1.0, cv2.LINE_AA)
    else:
        cv2.ellipse(layer, box, 1.0, -1, cv2.LINE_AA)
    if rng.random() < 0.4:
        layer = cv2.GaussianBlur(layer, (0, 0), float(rng.uniform(0.5, 2)))
    canvas += (_filling(canvas, backdrops, rng) - canvas) * layer[..., None]
    _take_away(layer > 0.5, faces)


def _filling(canvas: Floats, backdrops: NDArray[np.uint8], rng: Rng) -> Floats:
    """What a flat thing is made of: one colour, a pattern, noise, skin."""
    size, kind = len(canvas), rng.random()
    if kind < 0.3:
        return np.broadcast_to(rng.uniform(0, 1, 3).astype(np.float32), canvas.shape)
    if kind < 0.45:
        skin = np.sqrt(np.array(skin_colour(rng, float(rng.uniform(0, 6))), np.float32))
        return np.broadcast_to(skin * np.float32(rng.uniform(0.5, 1.1)), canvas.shape)
    if kind < 0.55:
        return rng.random(canvas.shape, np.float32)
    return _backdrop(backdrops, rng, size)


def _spoiled(canvas: Floats, rng: Rng) -> Floats:
    """Light, colours and focus of the whole picture."""
    tone = np.clip(canvas, 0, 1) ** float(np.exp(rng.normal(0, 0.25)))
    tone = tone * np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.05, 3)).astype(np.float32)
    if rng.random() < 0.1:
        tone = np.repeat(tone.mean(2, keepdims=True), 3, 2)
    if rng.random() < 0.3:
        tone = cv2.GaussianBlur(tone, (0, 0), float(rng.uniform(0.4, 1.6)))
    return np.asarray(tone, np.float32)
