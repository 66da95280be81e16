"""The seam: what a face alignment method, and a face detector, must offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Reconstruction, Topology


@dataclass(frozen=True, slots=True)
class Face:
    """A face to look at.

    Attributes:
        box: (x0, y0, x1, y1) in image px: bounding box of the face, brows to chin, as its landmarks span it.
        score: How sure the detector is, 0..1; 1 for a box given by hand.
        identity: Number of the person in this video, from 1; None where nobody has told faces apart.
        pose_deg: Pitch, yaw, roll as the detector guesses them, AFLW2000 convention; None if it does not.
        turn_deg: How far the picture, or the head in it, is turned, clockwise as seen: the crop is turned
            along, so that the method sees the face upright (`models.pipeline.crop_of`).
    """

    box: tuple[float, float, float, float]
    score: float = 1.0
    identity: int | None = None
    pose_deg: tuple[float, float, float] | None = None
    turn_deg: float = 0.0


class Detector(Protocol):
    """Finds faces in a frame."""

    name: str

    def __call__(self, image: NDArray[np.uint8]) -> list[Face]:
        """[H, W, 3] RGB -> faces, surest first; empty if there is none."""


@runtime_checkable
class AnswersBare(Protocol):
    """A method that is quicker where nobody wants layers."""

    def bare(self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        """As a call of the method, its answers without their layers."""


class Reconstructor(Protocol):
    """A face alignment method: where it looks, and what it sees there."""

    name: str
    size: int  # side of the crop it wants, px
    topology: Topology
    switches: tuple[str, ...]  # parts of the computation that may be left out, in display order

    def crop(self, face: Face) -> NDArray[np.float64]:
        """T_image_crop [3, 3]: the square this method wants of the frame; carries crop px to image px.

        The rule for an upright face: `models.pipeline.crop_of` turns the square for one that is not.
        """

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """[F, S, S, 3] RGB -> F answers in crop space, computed without the switched-off parts.

        Raises:
            ValueError: `without` names no switch of this method, or leaves nothing to compute with.
        """
