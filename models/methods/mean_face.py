"""Averages over photos that weights may carry beside their network.

One offset per vertex of the mean face, see training/correction.py, and one per landmark, to where people
place it, see training/by_hand.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from models.errors import WeightsError
from models.face_model.morphable import FaceModel

CORRECTION = "correction"  # keys of the offsets, beside the network's tensors
BY_HAND = "by_hand"
MEASURED = (CORRECTION, BY_HAND)


def taken_out(tensors: dict[str, Tensor], face_model: FaceModel, path: Path) -> Tensor | None:
    """The correction of the mean face, [N, 3] mm, taken out of `tensors`; None where the file has none.

    Raises:
        WeightsError: It is of another face model.
    """
    return _taken_out(tensors, CORRECTION, face_model.mean.shape, path)


def by_hand_taken_out(tensors: dict[str, Tensor], path: Path) -> Tensor | None:
    """From the landmarks to where people place them, [68, 3] mm, likewise.

    Raises:
        WeightsError: It has another form.
    """
    return _taken_out(tensors, BY_HAND, (68, 3), path)


def _taken_out(tensors: dict[str, Tensor], key: str, shape: Sequence[int], path: Path) -> Tensor | None:
    found = tensors.pop(key, None)
    if found is not None and list(found.shape) != list(shape):
        raise WeightsError(
            f"{path.name}: {key} is {list(found.shape)}, should be {list(shape)}. "
            "Choose weights made for this face model."
        )
    return None if found is None else found.float()


def corrected(face_model: FaceModel, correction: Tensor | None) -> FaceModel:
    """The face model with that mean face."""
    return face_model if correction is None else replace(face_model, mean=face_model.mean + correction)
