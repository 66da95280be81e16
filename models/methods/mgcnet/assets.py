"""What files of MGCNet, ours and the release's, mean to it: networks and faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import WeightsError
from models.face_model.linear import LinearModel
from models.face_model.morphable import FaceModel
from models.face_model.reflective import ReflectiveFace
from models.methods.mgcnet.method import reflective_face
from models.networks.resnet import ResNetForm, variable_names
from models.reconstruction import Topology

RELEASE = ResNetForm()
SCOPE = "resnet_v1_50/"
TRAINING_ONLY = ("/Adam", "/Adam_1")  # an optimiser's memory of a variable


def our_form(recipe: Mapping[str, Any]) -> ResNetForm:
    """The form a recipe tells of; KeyError, TypeError or ValueError if it tells of none."""
    told = dict(recipe["form"])
    sizes: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
    form = ResNetForm(**sizes)
    if len(form.pose_units) != 6:
        raise ValueError(f"pose_units are {len(form.pose_units)}, not 6")
    return form


def our_parts(
    tensors: Mapping[str, Tensor], form: ResNetForm, face_model: FaceModel, name: str
) -> tuple[dict[str, Tensor], ReflectiveFace]:
    """Network and face of weights trained here; the albedo lies beside the network's tensors.

    Raises:
        WeightsError: The albedo is not there or of another face, or the face model has fewer coefficients.
    """
    mean, basis = tensors.get("albedo_mean"), tensors.get("albedo_basis")
    wanted = face_model.mean.shape
    if mean is None or basis is None or (mean.shape, basis.shape) != (wanted, (form.albedo, *wanted)):
        raise WeightsError(f"{name}: its albedo is of another face. Choose weights made for this one.")
    if form.identity > face_model.identity_count or form.expression > face_model.expression_count:
        raise WeightsError(f"{name} wants more coefficients than the face model has. Train it anew.")
    network = {key: value for key, value in tensors.items() if not key.startswith("albedo_")}
    return network, reflective_face(face_model, form, mean.float(), basis.float())


def is_encoder(name: str) -> bool:
    """Whether a variable belongs to the encoder itself: no step, no optimiser, no network of the losses."""
    return name.startswith(SCOPE) and not name.endswith(TRAINING_ONLY)


def release_network(variables: Mapping[str, NDArray[Any]], form: ResNetForm = RELEASE) -> dict[str, Tensor]:
    """The encoder's variables by this network's keys; kernels [H, W, in, out] become [out, in, H, W].

    Whatever is no `is_encoder` is left out; a variable of the encoder that this network does not have keeps
    its name, for `loading.fill` to complain about.
    """
    keys = {name: key for key, name in variable_names(form).items()}
    tensors = {}
    for name, value in variables.items():
        if is_encoder(name):
            array = np.asarray(value, np.float32)
            array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
            tensors[keys.get(name, name)] = torch.from_numpy(np.ascontiguousarray(array))
    return tensors


def release_face(
    model: LinearModel, topology: Topology, name: str, form: ResNetForm = RELEASE
) -> ReflectiveFace:
    """The release's face model, movements per standard deviation, as many as the network has.

    Raises:
        WeightsError: The file has fewer, or no colours.
    """
    if model.albedo is None:
        raise WeightsError(f"{name} has no colours: it is not the face model of MGCNet.")
    kinds = {
        "identity": (model.identity, model.identity_sigma, form.identity),
        "expression": (model.expression, model.expression_sigma, form.expression),
        "albedo": (model.albedo.basis, model.albedo.sigma, form.albedo),
    }
    few = [f"{len(basis)} of {kind} where {count} are needed" for kind, (basis, _, count) in kinds.items()
           if len(basis) < count]  # fmt: skip
    if few:
        raise WeightsError(f"{name} has too few components: {', '.join(few)}.")
    identity, expression, albedo = (
        torch.from_numpy(basis[:count] * sigma[:count, None, None]) for basis, sigma, count in kinds.values()
    )
    return ReflectiveFace(
        topology,
        torch.from_numpy(model.mean.copy()),
        identity,
        expression,
        torch.from_numpy(model.albedo.mean.copy()),
        albedo,
    )
