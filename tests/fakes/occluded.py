"""Methods whose answers follow a formula of what is covered, or of where the box is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.occlusion.sweeps import face_area
from models.reconstruction import Array, MeshLayer, Reconstruction, frozen
from models.reconstructor import Face, Reconstructor
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct

PLAIN = 90  # the value of every pixel of a picture nobody covered
PER_SHARE_PX = 20.0


def covered_reconstruct(
    image: NDArray[np.uint8],
    faces: Sequence[Face],
    method: Reconstructor,
    without: frozenset[str] = frozenset(),
) -> list[Reconstruction]:
    """The ellipsoid, shifted right by PER_SHARE_PX times the share of its outline that is not PLAIN."""
    return [_shifted(answer, image) for answer in fake_reconstruct(image, faces, method, without)]


def ask_covered(image: NDArray[np.uint8], face: Face) -> Reconstruction:
    """The same about one face."""
    return covered_reconstruct(image, [face], FakeReconstructor())[0]


def ask_boxed(image: NDArray[np.uint8], face: Face) -> Reconstruction:
    """A face that moves and grows with its box and knows nothing of the picture."""
    return fake_reconstruct(image, [face], FakeReconstructor())[0]


def _shifted(answer: Reconstruction, image: NDArray[np.uint8]) -> Reconstruction:
    area = face_area(answer.landmarks.astype(np.float64), *image.shape[:2])
    share = float((image[area] != PLAIN).any(1).mean()) if area.any() else 0.0
    way = np.array([PER_SHARE_PX * share, 0, 0], np.float32)

    def move(points: Array) -> Array:
        return frozen(points + way)

    layers = tuple(
        replace(layer, vertices=move(layer.vertices)) if isinstance(layer, MeshLayer) else layer
        for layer in answer.layers
    )
    return replace(answer, vertices=move(answer.vertices), layers=layers)
