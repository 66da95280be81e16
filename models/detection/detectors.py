"""Faces in a picture: who looks for them, and the second look that sets their boxes right."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.catalogue import USUAL_FINDER, YUNET
from models.detection.haar import HaarDetector
from models.detection.learned import LearnedDetector
from models.detection.yunet import YuNetDetector
from models.loading import load, load_finder, needed
from models.metrics.errors import box_iou
from models.metrics.states import seen_share
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Detector, Face, Reconstructor

__all__ = [
    "DEFAULT",
    "DETECTORS",
    "HaarDetector",
    "LearnedDetector",
    "SecondLook",
    "YuNetDetector",
    "detect",
    "detector",
    "looking_twice",
    "refined",
]

DEFAULT = USUAL_FINDER
DETECTORS: Mapping[str, Callable[[], Detector]] = MappingProxyType(
    {
        USUAL_FINDER: lambda: LearnedDetector(load_finder("open")),
        "finder-research": lambda: LearnedDetector(load_finder("research")),
        "yunet": lambda: YuNetDetector(needed(YUNET)),
        "haar": HaarDetector,
    }
)
MOST_REFINED = 12  # faces; a crowd's other boxes stay as found
LEAST_OVERLAP = 0.3  # of the found and the refined box
LARGEST_CHANGE = 1.6  # of the longer side
SAME_FACE_IOU = 0.5
SURE = 0.5  # a find of at least this score stays if nothing surer is beside it; beside a sure one ...
MUST_SHOW = ((0.5, 0.25), (0.75, 0.12))  # ... less than this share of its score must show that much of a face
CROWDING_IOU = 0.3  # ... and must keep clear of surer ones
LOST_PERCENT = 15.0  # likely error of an answer about nothing: 97 % of those about no face, few about one
BLIND = 0.1  # below this share of visible vertices a look moves a box only half the way


def detect(image: NDArray[np.uint8], by: str = DEFAULT) -> list[Face]:
    """[H, W, 3] RGB -> faces, surest first; empty if there is none.

    Found by one of `DETECTORS`, boxes then set right by the default method's own mesh.

    Raises:
        MissingAssetError: A file of the detector is not there; says how to get it.
    """
    return looking_twice(by)(image)


@functools.cache
def looking_twice(name: str = DEFAULT) -> Detector:
    """What `detect` asks: a detector with a second look of the default method.

    Raises:
        MissingAssetError: Its file is not there; says how to get it.
    """
    return SecondLook(detector(name), load("dsfnet"))


@functools.cache
def detector(name: str) -> Detector:
    """One of `DETECTORS`, made once.

    Raises:
        MissingAssetError: Its file is not there; says how to get it.
    """
    return DETECTORS[name]()


class SecondLook:
    """A detector whose boxes a method sets right, see `refined`."""

    def __init__(self, first: Detector, method: Reconstructor) -> None:
        self.name = f"{first.name}, second look"
        self._first, self._method = first, method

    def __call__(self, image: NDArray[np.uint8]) -> list[Face]:
        """[H, W, 3] RGB -> faces, surest first; empty if there is none."""
        return refined(image, self._first(image), self._method)


def refined(image: NDArray[np.uint8], faces: Sequence[Face], method: Reconstructor) -> list[Face]:
    """The same faces after one look of the method: each box as the landmarks of its mesh span it.

    A box that would jump stays as found; where next to nothing of the face is seen it goes half the way. One
    that turns out to be the same face as a surer one is dropped, and a find of low score where the method
    sees no face at all. Beside a far surer find one is dropped where the method sees little of a face, or
    that lies largely upon a surer one.

    Args:
        image: [H, W, 3] uint8 RGB.
        faces: Surest first.
        method: Any face alignment method.
    """
    looked = list(faces[:MOST_REFINED])
    kept: list[Face] = []
    for face, answer in zip(looked, reconstruct(image, looked, method), strict=True):
        least = _must_show(face.score, faces[0].score)
        if _seen(answer) <= least if least else face.score < SURE and _is_nothing(answer):
            continue
        better = _set_right(face, answer, 0.5 if _seen(answer) < BLIND else 1.0)
        most = CROWDING_IOU if least else SAME_FACE_IOU
        if all(_overlap(better, other) < most for other in kept):
            kept.append(better)
    return [*kept, *faces[MOST_REFINED:]]


def _is_nothing(answer: Reconstruction) -> bool:
    """Whether nothing of a face was seen, and the answer itself, where it tells its error, is lost."""
    return _seen(answer) <= 0 and (answer.likely_error is None or answer.likely_error > LOST_PERCENT)


def _must_show(score: float, surest: float) -> float:
    """Share of a face that must be seen beside the surest find; 0 where that is unsure or not far surer."""
    if surest < SURE:
        return 0.0
    return next((least for share, least in MUST_SHOW if score < share * surest), 0.0)


def _seen(answer: Reconstruction) -> float:
    """Share of the vertices that are visible: none with an empty mask, all if the method does not say."""
    if any(alarm.code == "empty-mask" for alarm in answer.alarms):
        return 0.0
    share = seen_share(answer)
    return 1.0 if share is None else share


def _set_right(face: Face, answer: Reconstruction, way: float) -> Face:
    points = answer.landmarks[:, :2].astype(np.float64)
    (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
    better = replace(face, box=(x0, y0, x1, y1))
    if not (np.isfinite(points).all() and x0 < x1 and y0 < y1):
        return face
    sides = [max(f.box[2] - f.box[0], f.box[3] - f.box[1]) for f in (face, better)]
    if max(sides) > LARGEST_CHANGE * min(sides) or _overlap(face, better) < LEAST_OVERLAP:
        return face
    box = np.array(face.box) + way * (np.array(better.box) - np.array(face.box))
    return replace(face, box=tuple(box.tolist()))


def _overlap(first: Face, second: Face) -> float:
    return float(box_iou(np.array(first.box), np.array(second.box)))
