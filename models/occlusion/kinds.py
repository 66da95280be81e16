"""Covers by name: what people wear, hold or have before their face."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.occlusion.canvas import Canvas
from models.occlusion.face_frame import FaceFrame, face_frame
from models.occlusion.flat import half_board, random_shapes
from models.occlusion.hand import hand
from models.occlusion.held import cup, microphone
from models.occlusion.occluder import Occluder
from models.occlusion.worn import mask, scarf, sunglasses

_DRAW: dict[str, Callable[[FaceFrame, np.random.Generator], Canvas]] = {
    "mask": mask,
    "sunglasses": sunglasses,
    "hand": hand,
    "half board": half_board,
    "scarf": scarf,
    "microphone": microphone,
    "cup": cup,
    "random": random_shapes,
}
KINDS: tuple[str, ...] = tuple(_DRAW)


def occluder(kind: str, landmarks: NDArray[np.floating], seed: int) -> Occluder:
    """A thing of that kind, drawn for that face and placed on it as such a thing would be.

    The same for the same kind, landmarks and seed; it moves, turns and grows with the landmarks.

    Args:
        kind: One of `KINDS`.
        landmarks: [68, D >= 2], iBUG order, image px.
        seed: Which colours, texture, size and place it gets; >= 0.

    Raises:
        ValueError: No such kind, or no face in the landmarks.
    """
    if kind not in _DRAW:
        raise ValueError(f"there is no occluder {kind!r}; there are {list(KINDS)}")
    frame = face_frame(landmarks)
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    return _DRAW[kind](frame, rng).occluder(kind, frame)
