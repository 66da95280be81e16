"""A picture that lies in no file: it was on the clipboard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.sources.player import Player
from viewer.sources.source import Frame, Recording

NAME = "pasted picture"


class OnePicture:
    """A Reader of one picture."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._image = image

    def open(self) -> int:
        """One."""
        return 1

    def read(self, index: int) -> Frame:
        """It."""
        return Frame(self._image, NAME)

    def due_s(self, index: int) -> float:
        """At once."""
        return 0.0

    def close(self) -> None:
        """Nothing is held open."""


def pasted(image: NDArray[np.uint8]) -> Recording:
    """[H, W, 3] RGB, read-only, as a source. Not started."""
    return Player(NAME, OnePicture(image))
