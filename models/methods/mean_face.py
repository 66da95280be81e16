"""The offsets of the mean face that weights may carry beside their network; see training/correction.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from models.errors import WeightsError
from models.face_model.morphable import FaceModel

CORRECTION = "correction"  # key of the offsets, beside the network's tensors


def taken_out(tensors: dict[str, Tensor], face_model: FaceModel, path: Path) -> Tensor | None:
    """The correction of the mean face, [N, 3] mm, taken out of `tensors`; None where the file has none.

    Raises:
        WeightsError: It is of another face model.
    """
    correction = tensors.pop(CORRECTION, None)
    if correction is not None and correction.shape != face_model.mean.shape:
        shapes = list(correction.shape), list(face_model.mean.shape)
        raise WeightsError(
            f"{path.name}: {CORRECTION} is {shapes[0]}, should be {shapes[1]}. "
            "Choose weights made for this face model."
        )
    return None if correction is None else correction.float()


def corrected(face_model: FaceModel, correction: Tensor | None) -> FaceModel:
    """The face model with that mean face."""
    return face_model if correction is None else replace(face_model, mean=face_model.mean + correction)
