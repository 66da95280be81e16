"""Detector and method of a process: faces of many pictures go through them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from models.batch.shard import Found, Picture
from models.detection.detectors import DEFAULT, detect_all
from models.errors import MethodError, told
from models.geometry.arrays import Box
from models.geometry.rescaling import moved_box
from models.loading import load
from models.pipeline import reconstruct_all
from models.reconstructor import Face, Reconstructor

GREY, SIDE_PX = 128, 128  # of the picture that shows whether a method still answers


@dataclass(frozen=True, slots=True)
class Setting:
    """Who answers.

    Attributes:
        method, weights, device: As `models.loading.load` takes them.
        detector: Who looks for faces.
        without: Parts of the computation to leave out.
        box: Where the face is in every picture, px of its file; None looks for faces.
        threads: For the mathematics of this process; 0 leaves it to torch.
        layers: Whether answers need their layers.
    """

    method: str = "dsfnet"
    weights: str = "open"
    device: str = "cpu"
    detector: str = DEFAULT
    without: frozenset[str] = frozenset()
    box: Box | None = None
    threads: int = 0
    layers: bool = False


class MethodEngine:
    """A `shard.Engine` of a method that is installed."""

    def __init__(self, method: Reconstructor, setting: Setting) -> None:
        self._method, self._setting = method, setting

    @classmethod
    def loaded(cls, setting: Setting) -> MethodEngine:
        """With its weights.

        Raises:
            UnmaskError: As `models.loading.load`; or the method cannot do without what it is to leave out.
        """
        if setting.threads:
            torch.set_num_threads(setting.threads)
        engine = cls(load(setting.method, setting.weights, setting.device), setting)
        try:
            engine.check()
        except ValueError as error:
            raise MethodError(f"{told(error)}. Say other parts with --without.") from error
        return engine

    def __call__(self, pictures: Sequence[Picture]) -> list[Found]:
        """What is found in each of the pictures, all of which were read."""
        images = [_image(picture) for picture in pictures]
        start = perf_counter()
        faces, detect_ms = self._faces(pictures, images), None
        if self._setting.box is None:
            detect_ms = 1e3 * (perf_counter() - start) / len(pictures)
        asked, bare = list(zip(images, faces, strict=True)), not self._setting.layers
        answers = reconstruct_all(asked, self._method, self._setting.without, bare)
        return [Found(f, a, detect_ms) for f, a in zip(faces, answers, strict=True)]

    def check(self) -> None:
        """Answer about a grey picture; whatever is raised says that this process is of no more use."""
        grey = np.full((SIDE_PX, SIDE_PX, 3), GREY, np.uint8)
        reconstruct_all([(grey, [Face((32.0, 32.0, 96.0, 96.0))])], self._method, self._setting.without)

    def _faces(
        self, pictures: Sequence[Picture], images: Sequence[NDArray[np.uint8]]
    ) -> Sequence[Sequence[Face]]:
        box = self._setting.box
        if box is None:
            return detect_all(images, self._setting.detector)
        ways = [np.linalg.inv(picture.T_file_image).astype(np.float64) for picture in pictures]
        return [[Face(moved_box(box, T_image_file))] for T_image_file in ways]


def _image(picture: Picture) -> NDArray[np.uint8]:
    assert picture.image is not None, "what could not be read is not asked about"
    return picture.image
