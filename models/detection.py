"""Faces found without a download: OpenCV's bundled Haar cascades. Any other `Detector` may take their place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.reconstructor import Face


def detect(image: NDArray[np.uint8]) -> list[Face]:
    """[H, W, 3] RGB -> faces, surest first; empty if there is none."""
    raise NotImplementedError


class HaarDetector:
    """x."""

    name = "haar"

    def __call__(self, image: NDArray[np.uint8]) -> list[Face]:
        """x."""
        return []
