"""Faces in a picture: who looks for them, and who looks at what they found."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.catalogue import USUAL_DETECTOR, YUNET
from models.detection.haar import HaarDetector
from models.detection.learned import LearnedDetector
from models.detection.second_look import SecondLook
from models.detection.yunet import YuNetDetector
from models.geometry.arrays import Box
from models.geometry.crops import warp_crop
from models.loading import load, load_finder, needed
from models.methods.dsfnet.method import DSFNet
from models.pipeline import FACES_AT_ONCE, crop_of
from models.reconstructor import Detector, Face, Reconstructor

__all__ = [
    "DEFAULT",
    "DETECTORS",
    "HaarDetector",
    "LearnedDetector",
    "YuNetDetector",
    "detect",
    "detect_all",
    "detector",
    "looking_twice",
    "with_second_look",
]

DEFAULT = USUAL_DETECTOR
DETECTORS: Mapping[str, Callable[[], Detector]] = MappingProxyType(
    {
        USUAL_DETECTOR: lambda: LearnedDetector(load_finder("open")),
        "finder-research": lambda: LearnedDetector(load_finder("research")),
        "yunet": lambda: YuNetDetector(needed(YUNET)),
        "haar": HaarDetector,
    }
)


def detect(image: NDArray[np.uint8], by: str = DEFAULT) -> list[Face]:
    """The faces of a picture, the most prominent first; empty if there is none.

    Found by one of `DETECTORS`, then looked at by the default method: boxes follow its mesh, a score of 0.5
    means that half of such finds are faces, and faces of a turned picture are found with their turn.

    Args:
        image: [H, W, 3] uint8 RGB.
        by: One of `DETECTORS`.

    Returns:
        Faces with their box (x0, y0, x1, y1) in px of the image, score 0..1 and turn in degrees.

    Raises:
        MissingAssetError: A file of the detector is not there; says how to get it.
    """
    return looking_twice(by)(image)


def detect_all(images: Sequence[NDArray[np.uint8]], by: str = DEFAULT) -> list[list[Face]]:
    """The faces of each picture, as `detect` finds them; looked at several at once, which is quicker.

    Args:
        images: Each [H, W, 3] uint8 RGB, of any sizes.
        by: One of `DETECTORS`.

    Returns:
        For each picture its faces, their boxes in px of that picture.

    Raises:
        MissingAssetError: A file of the detector is not there; says how to get it.
    """
    return looking_twice(by).all(images)


@functools.cache
def looking_twice(name: str = DEFAULT) -> SecondLook:
    """What `detect` asks: a detector with a second look of the default method.

    Raises:
        MissingAssetError: Its file is not there; says how to get it.
    """
    return with_second_look(detector(name), load("dsfnet"))


@functools.cache
def detector(name: str) -> Detector:
    """One of `DETECTORS`, made once.

    Raises:
        MissingAssetError: Its file is not there; says how to get it.
    """
    return DETECTORS[name]()


def with_second_look(first: Detector, method: Reconstructor) -> SecondLook:
    """A detector with a second look of the method, as quick as the two allow."""
    coarse = first.coarse if isinstance(first, LearnedDetector) else None
    glance = partial(glanced, method) if isinstance(method, DSFNet) else None
    return SecondLook(first, method, glance, coarse)


def glanced(method: DSFNet, looks: Sequence[tuple[NDArray[np.uint8], Face]]) -> list[Box]:
    """Where the model space of DSFNet alone puts faces: (x0, y0, x1, y1) of their landmarks, image px."""
    transforms = [crop_of(method, face) for _, face in looks]
    crops = [warp_crop(image, T, method.size) for (image, _), T in zip(looks, transforms, strict=True)]
    boxes: list[Box] = []
    for start in range(0, len(crops), FACES_AT_ONCE):
        points = method.glance(np.stack(crops[start : start + FACES_AT_ONCE]))[..., :2]
        for marks, T in zip(points, transforms[start : start + FACES_AT_ONCE], strict=True):
            placed = marks @ T[:2, :2].T + T[:2, 2]
            (x0, y0), (x1, y1) = placed.min(0).tolist(), placed.max(0).tolist()
            boxes.append((x0, y0, x1, y1))
    return boxes
