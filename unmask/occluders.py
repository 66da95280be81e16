"""Faces covered, and what that changes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.occlusion.kinds import KINDS, occluder
from models.occlusion.occluder import lay
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from models.robustness.sweep import Sweep, Swept, sweeping

OCCLUDERS = KINDS
"""What `occlude` can lay over a face."""


@dataclass(frozen=True, eq=False, slots=True)
class Covered:
    """A picture with something on it.

    Attributes:
        image: [H, W, 3] uint8 RGB.
        hidden: [H, W] float32, 0..1: how much of each pixel is hidden.
    """

    image: NDArray[np.uint8]
    hidden: NDArray[np.float32]


def occlude(image: NDArray[np.uint8], answer: Reconstruction, *kinds: str, seed: int = 0) -> Covered:
    """The picture with things laid over the face of an answer, drawn for it, as `unmask occlude` lays them.

    Args:
        image: [H, W, 3] uint8 RGB; it is not changed.
        answer: About the bare picture, in image space.
        kinds: What is laid, from the bottom up; `unmask.OCCLUDERS` names them.
        seed: Of looks and places; the same seed gives the same picture.

    Returns:
        The picture [H, W, 3] uint8, and how much of each pixel is hidden [H, W], 0..1.

    Raises:
        ValueError: There is no such kind, or no face in the landmarks.

    >>> import unmask
    >>> image, dsfnet = unmask.read(unmask.samples()[0]), unmask.load("dsfnet")
    >>> face = unmask.detect(image)[0]
    >>> (bare,) = unmask.reconstruct(image, [face], dsfnet)
    >>> covered = unmask.occlude(image, bare, "mask")
    >>> (answer,) = unmask.reconstruct(covered.image, [face], dsfnet)
    >>> found = unmask.change(answer, bare, covered.hidden)
    >>> [row.branch for row in found.rows], found.percent(found.rows[0].all_mm) < 10  # % of the face's size
    (['fused', 'image space', 'model space'], True)
    """
    return Covered(*lay(image, [occluder(kind, answer.landmarks[:, :2], seed) for kind in kinds]))


def sweep(
    image: NDArray[np.uint8],
    face: Face,
    method: Reconstructor,
    series: Sweep = Sweep(),  # noqa: B008, frozen
    without: frozenset[str] = frozenset(),
) -> Swept:
    """What a series of occluders over one face changes, as `unmask occlude --sweep` tells it.

    Args:
        image: [H, W, 3] uint8 RGB, the bare picture.
        face: The face, its box in image px.
        method: The face alignment method.
        series: Which occluders: a board pushed over the face from a side, a kind that grows, or a patch
            that slides over a grid.
        without: Switches of the method to leave out of the computation.

    Returns:
        Of each step the covered share (0..1) and the change of each branch (mm, % of the face's size).

    Raises:
        ValueError: The image or box cannot be used, or `without` names no switch of the method.

    >>> import unmask
    >>> image, dsfnet = unmask.read(unmask.samples()[0]), unmask.load("dsfnet")
    >>> swept = unmask.sweep(image, unmask.detect(image)[0], dsfnet, unmask.Sweep("bottom", steps=2))
    >>> [round(share, 1) for share in swept.shares.tolist()]
    [0.0, 0.5, 1.0]
    >>> swept.percent().shape  # of the fused face, % of its size
    (3,)
    """
    steps = sweeping(series, image, face.box, lambda photo, at: reconstruct(photo, [at], method, without)[0])
    return deque(steps, maxlen=1).pop()
