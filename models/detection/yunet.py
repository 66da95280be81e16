"""Faces found by YuNet, for users who have fetched its file; for comparison."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.geometry.crops import check_image
from models.reconstructor import Face

LEAST_SIDE_PX, LONGEST_PX = 10, 640
LARGEST_BYTES = 16 << 20


class YuNetDetector:
    """OpenCV's `FaceDetectorYN` (Wu et al. 2023) over the picture at no more than 640 px.

    Its box goes from the forehead to the chin: the upper part is cut so that it begins at the brows. Calls
    from several threads wait for one another.
    """

    name = "yunet"

    def __init__(self, path: Path, least_score: float = 0.6) -> None:
        """Read the network.

        Raises:
            MissingAssetError: There is no such file.
            WeightsError: The file is not this network.
        """
        if not path.is_file():
            raise MissingAssetError(f"There is no file {path}. Check the path.")
        try:
            if path.stat().st_size > LARGEST_BYTES:
                raise ValueError(f"larger than {LARGEST_BYTES >> 20} MB")
            self._network = cv2.FaceDetectorYN.create(str(path), "", (64, 64), least_score)
            self._network.detect(np.zeros((64, 64, 3), np.uint8))
        except (cv2.error, OSError, ValueError) as error:
            raise WeightsError(f"{path.name} is not YuNet ({error}). Choose another file.") from error
        self._lock = threading.Lock()

    def __call__(self, image: NDArray[np.uint8]) -> list[Face]:
        """[H, W, 3] RGB -> faces, surest first; empty if there is none.

        Raises:
            ValueError: Not a uint8 picture.
        """
        check_image(image)
        height, width = image.shape[:2]
        share = min(1.0, LONGEST_PX / max(height, width, 1))
        columns, rows = round(width * share), round(height * share)
        if min(columns, rows) < LEAST_SIDE_PX:
            return []
        small = cv2.resize(
            np.ascontiguousarray(image[..., ::-1]), (columns, rows), interpolation=cv2.INTER_AREA
        )
        with self._lock:
            self._network.setInputSize((columns, rows))
            _, found = self._network.detect(small)
        rows_found = np.zeros((0, 15)) if found is None else np.asarray(found, np.float64)
        rows_found = rows_found[np.argsort(-rows_found[:, 14], kind="stable")]
        return [_face(row, width / columns, height / rows) for row in rows_found]


BROWS = 0.2  # share of the box above the brows


def _face(row: NDArray[np.float64], x_scale: float, y_scale: float) -> Face:
    x, y, w, h = row[:4].tolist()
    box = (x * x_scale, (y + BROWS * h) * y_scale, (x + w) * x_scale, (y + h) * y_scale)
    return Face(box, float(row[14]))
