"""A method of a third party: puts the average face into every box. What any method at least has to beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsError
from models.loading import load_face_model
from models.reconstruction import Reconstruction, Scalar, Space, frozen
from models.reconstructor import Face

SIZE = 64


def load(weights: str | Path, device: str) -> AverageFace:
    """What the entry point names. It learned nothing, so there is one kind of weights."""
    if str(weights) != "open":
        raise WeightsError("The average face has no weights of its own. Choose open.")
    return AverageFace()


class AverageFace:
    """A `models.reconstructor.Reconstructor`."""

    name = "average-face"
    size = SIZE
    switches: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._model = load_face_model()
        self.topology = self._model.topology

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The box itself, as a square."""
        x0, y0, x1, y1 = face.box
        scale = max(x1 - x0, y1 - y0) / SIZE
        shift = (np.array([x0 + x1, y0 + y1]) - scale * (SIZE - 1)) / 2
        return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """The same face for every crop: its landmarks fill the square from top to bottom."""
        if without:
            raise ValueError(f"there is nothing to leave out of the average face, so not {sorted(without)}")
        return [self._answer() for _ in crops]

    def _answer(self) -> Reconstruction:
        mean = np.asarray(self._model.mean, np.float64) * (1, -1, 1)  # y down
        points = self.topology.landmarks(mean.astype(np.float32))
        low, high = points.min(0), points.max(0)
        px_per_mm = SIZE / float(high[1] - low[1])
        middle = np.array([*((low + high)[:2] / 2), 0])
        vertices = (mean - middle) * px_per_mm + ((SIZE - 1) / 2, (SIZE - 1) / 2, 0)
        nothing = Scalar("towards camera", frozen(np.full(len(vertices), np.nan)), 0, 1)
        return Reconstruction(
            method=self.name,
            space=Space.CROP,
            topology=self.topology,
            vertices=frozen(vertices),
            pose_deg=(0.0, 0.0, 0.0),
            scalars=(nothing,),
            took_part=("the average face",),
            mm_per_px=1 / px_per_mm,
        )
