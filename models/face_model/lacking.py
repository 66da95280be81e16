"""What an answer lacks of the truth's shape and expression, told apart by the face model fitted to both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.face_model.fitting import fit
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Doubles
from models.metrics.ground_truth_errors import Judgement, Lacking


def told_apart(judgement: Judgement, face_model: FaceModel) -> Judgement:
    """The same, knowing what the fused face lacks of the true shape and expression, where the truth tells."""
    if judgement.landmarks is None or not judgement.has_depth:
        return judgement
    own = judgement.branches[0].landmarks
    return replace(judgement, lacking=lacking(own, judgement.landmarks, face_model))


def lacking(own: NDArray[np.floating], true: NDArray[np.floating], face_model: FaceModel) -> Lacking | None:
    """Tell the shape of two faces apart from their expression.

    The face model is fitted to both by itself; what their coefficients differ by, times the movements these
    stand for, is what one lacks of the other. How the two mark a landmark enters neither, as far as no face
    of the model looks like that.

    Args:
        own: [68, 3] landmarks of an answer, image px, z towards the camera.
        true: [68, 3] the true ones, with their depth.
        face_model: Whose identity and expression count.

    Returns:
        None where no face can be fitted: landmarks not finite, or all in one place.
    """
    both = torch.from_numpy(np.stack([own, true]).astype(np.float32))
    if not bool(both.isfinite().all()) or bool((both.amax(1) == both.amin(1))[:, :2].any()):
        return None
    try:
        fits = fit(face_model, both)
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # its stubs leave it out
        return None
    basis = face_model.landmarks(face_model.basis)
    place = fits.camera[1, 0] * fits.rotation[1]

    def moved(coefficients: Tensor, movements: Tensor) -> Doubles:
        change = torch.tensordot(coefficients[1] - coefficients[0], movements, 1) @ place.mT
        return np.asarray((change * change.new_tensor((1.0, -1.0, 1.0))).numpy(), np.float64)

    count = face_model.identity_count
    told = Lacking(moved(fits.identity, basis[:count]), moved(fits.expression, basis[count:]))
    return told if np.isfinite(told.shape).all() and np.isfinite(told.expression).all() else None
