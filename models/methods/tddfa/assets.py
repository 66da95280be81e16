"""What files of 3DDFA-V2, ours and the release's, mean to it: networks, whitening, face models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import WeightsError
from models.face_model.landmarks_only import landmark_topology
from models.face_model.linear import LinearModel
from models.face_model.morphable import FaceModel
from models.geometry.units import MM_PER_UNIT
from models.methods.tddfa.method import LinearFace, Whitening
from models.networks.regressor import CAMERA, RegressorForm
from models.reconstruction import Topology

RELEASE_UNITS_PER_MM = 1000.0  # of BFM as the release packs it
RELEASE = RegressorForm(width=1.0)
OUR_PREFIX, OUR_BRANCH = "network.", "fc_lm."


def our_form(recipe: Mapping[str, Any]) -> RegressorForm:
    """The form a recipe tells of; KeyError, TypeError or ValueError if it tells of none."""
    return RegressorForm(**dict(recipe["form"]))


def our_parts(
    tensors: dict[str, Tensor], form: RegressorForm, face_model: FaceModel, name: str
) -> tuple[dict[str, Tensor], Whitening, LinearFace]:
    """Network, whitening and face of weights trained here: half crop sides and 100 mm become px and mm.

    Raises:
        WeightsError: There is no whitening of the right length, or the face model has fewer coefficients.
    """
    mean, std = tensors.get("mean"), tensors.get("std")
    if mean is None or std is None or not mean.shape == std.shape == (form.outputs,):
        raise WeightsError(f"{name} lacks the mean and std of its {form.outputs} parameters. Train it anew.")
    if form.identity > face_model.identity_count or form.expression > face_model.expression_count:
        raise WeightsError(f"{name} wants more coefficients than the face model has. Train it anew.")
    network = {
        key.removeprefix(OUR_PREFIX): value
        for key, value in tensors.items()
        if key not in ("mean", "std") and not key.startswith(OUR_BRANCH)
    }
    half, middle = form.size / 2, (form.size + 1) / 2
    whitening = _camera_scaled(mean, std, half / MM_PER_UNIT, half, middle)
    kept = face_model.identity[: form.identity], face_model.expression[: form.expression]
    return network, whitening, LinearFace(face_model.mean, torch.cat(kept), face_model.topology)


def release_form(tensors: Mapping[str, Tensor], name: str) -> RegressorForm:
    """Which of the published networks a state dict is of, by its keys and first shapes.

    Raises:
        WeightsError: Of none.
    """
    first = tensors.get("conv1.weight")
    if first is None or first.ndim != 4:
        raise WeightsError(f"{name} is no network of 3DDFA-V2: it has no conv1.weight. Choose another file.")
    kind = "resnet22" if "layer1.0.conv1.weight" in tensors else "mobilenet"
    return RegressorForm(kind, len(first) / 32)


def release_network(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Keys as the networks here have them: `fc_param` is `fc`; the landmark branch is left out."""
    kept = {key: value for key, value in tensors.items() if not key.startswith(("fc_lm.", "conv_lm."))}
    return {key.replace("fc_param.", "fc."): value for key, value in kept.items()}


def release_whitening(held: object, name: str) -> Whitening:
    """Of the dict of param_mean_std_62d_120x120.pkl, in mm.

    Raises:
        WeightsError: It is no such dict.
    """
    parts = [held.get(key) for key in ("mean", "std")] if isinstance(held, dict) else []
    arrays = [np.asarray(part, np.float64).ravel() for part in parts if isinstance(part, np.ndarray)]
    if [len(array) for array in arrays] != [RELEASE.outputs] * 2:
        raise WeightsError(f"{name} holds no mean and std of {RELEASE.outputs} parameters. Get it anew.")
    mean, std = (torch.from_numpy(array.copy()) for array in arrays)
    return _camera_scaled(mean, std, RELEASE_UNITS_PER_MM, 1.0, 0.0)


def landmark_face(arrays: Mapping[str, NDArray[Any]], name: str) -> LinearFace:
    """Of bfm68.npz: u_base [204, 1], w_shp_base [204, 40], w_exp_base [204, 10]; x, y, z of each landmark.

    Raises:
        WeightsError: An array is missing or misshapen.
    """
    wanted = {
        "u_base": (204, 1),
        "w_shp_base": (204, RELEASE.identity),
        "w_exp_base": (204, RELEASE.expression),
    }
    wrong = [key for key, shape in wanted.items() if key not in arrays or arrays[key].shape != shape]
    if wrong:
        raise WeightsError(f"{name}: {', '.join(wrong)} is missing or misshapen. Make it anew.")
    mean = arrays["u_base"].reshape(68, 3) / RELEASE_UNITS_PER_MM
    both = np.concatenate([arrays["w_shp_base"], arrays["w_exp_base"]], 1).T / RELEASE_UNITS_PER_MM
    basis = np.ascontiguousarray(both, np.float32).reshape(-1, 68, 3)
    return LinearFace(
        torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(basis), landmark_topology(mean)
    )


def dense_face(model: LinearModel, topology: Topology, name: str) -> LinearFace:
    """Of bfm_noneck_v3.pkl: its first coefficients, on its own mesh.

    Raises:
        WeightsError: It has too few.
    """
    if len(model.identity) < RELEASE.identity or len(model.expression) < RELEASE.expression:
        raise WeightsError(
            f"{name} has {len(model.identity)} and {len(model.expression)} coefficients, not at least "
            f"{RELEASE.identity} and {RELEASE.expression}. Get it anew."
        )
    both = np.concatenate([model.identity[: RELEASE.identity], model.expression[: RELEASE.expression]])
    return LinearFace(torch.tensor(model.mean), torch.from_numpy(both), topology)


def _camera_scaled(mean: Tensor, std: Tensor, turn: float, shift: float, offset: float) -> Whitening:
    """The whitening after A is multiplied by `turn`, t by `shift`, and `offset` is added to t_x and t_y."""
    factor, added = torch.ones(len(mean), dtype=torch.float64), torch.zeros(len(mean), dtype=torch.float64)
    factor[:CAMERA] = torch.tensor([turn, turn, turn, shift] * 3, dtype=torch.float64)
    added[[3, 7]] = offset
    return Whitening((mean.double() * factor + added).float(), (std.double() * factor).float())
