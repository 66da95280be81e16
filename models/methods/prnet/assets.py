"""What PRNet is made of: the surfaces its maps lie over, and the release's weights and pose."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import WeightsError
from models.face_model.bfm_uv import BFMLayout
from models.face_model.correspondence import ChartPlaces
from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.file_formats.numpy_file import read_array
from models.methods.prnet.method import MOVABLE, Surface, depth_zero
from models.networks.position_net import BESIDE, PositionForm

SCOPE = "resfcn256/"
OPTIMISER = re.compile(r"(/Adam(_1)?|^beta[12]_power)$")
NORM = {"beta": "bias", "gamma": "weight", "moving_mean": "running_mean", "moving_variance": "running_var"}
PARTS = {"Conv": "narrow.conv", "Conv_1": "look.conv", "Conv_2": "widen", "shortcut": "around"}
LIKE = re.compile(r"(Conv|resBlock(?:_\d+)?|Conv2d_transpose(?:_\d+)?)/(.+)")


def our_form(recipe: dict[str, Any]) -> PositionForm:
    """The network form a recipe describes; KeyError, TypeError or ValueError if it describes none."""
    return PositionForm(**recipe["form"])


def our_network(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the branch that only training needs."""
    return {key: value for key, value in tensors.items() if not key.startswith(BESIDE)}


def open_surface(face_model: FaceModel, size: int, device: str = "cpu") -> Surface:
    """The open face's own chart, `size` cells a side."""
    topology = face_model.topology
    table = PositionMapTable(topology, size).to(device)
    return Surface(
        topology,
        table.to_vertices,
        depth_zero(size),
        face_model.mean,
        lambda points: points,
        _firm(face_model),
    )


def release_surface(
    layout: BFMLayout, places: ChartPlaces, face_model: FaceModel, device: str = "cpu"
) -> Surface:
    """The 43,867 cells of BFM's UV layout that are face; the pose is measured on the open face's vertices."""
    known = places.on_grid(layout.mask)
    cells = torch.from_numpy(np.flatnonzero(layout.mask)).to(device)
    corners = torch.tensor(known.corners, device=device).long()
    weights = torch.tensor(known.weights, device=device)
    return Surface(
        layout.topology(known),
        lambda positions: positions.flatten(2)[:, :, cells].mT,
        0.0,
        face_model.mean,
        lambda points: (weights[..., None] * points[:, corners]).sum(2),
        _firm(face_model) * torch.tensor(known.reached).float(),
    )


def _firm(face_model: FaceModel) -> Tensor:
    """[N] 0 for lips and jaw, whose place says little about the pose, else 1."""
    topology = face_model.topology
    movable = [topology.region_names.index(name) for name in MOVABLE]
    return torch.from_numpy(~np.isin(topology.regions, movable)).float()


def is_model(name: str) -> bool:
    """Whether an array of the release's checkpoint belongs to the network, not to its optimiser."""
    return OPTIMISER.search(name) is None


def release_network(arrays: dict[str, NDArray[Any]], wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """The release's arrays under our names, in PyTorch's order of axes.

    Kernels are [rows, columns, in, out] there, of transposed convolutions [rows, columns, out, in]; one
    permutation is right for both.

    Args:
        arrays: By TensorFlow's names.
        wanted: The state dict of our network; its counters of batches, which the release lacks, are kept.
    """
    counters = {key: value for key, value in wanted.items() if key.endswith("num_batches_tracked")}
    return counters | {our_name(name): _tensor(array) for name, array in arrays.items()}


def our_name(name: str) -> str:
    """Our name of an array of the release, or the same name where there is none: `fill` then names it."""
    found = LIKE.fullmatch(name.removeprefix(SCOPE))
    if found is None or not name.startswith(SCOPE):
        return name
    place, rest = found.groups()
    kind, _, number = place.partition("_") if place.startswith("res") else place.rpartition("transpose")
    if place == "Conv":
        where = "enter"
    elif kind == "resBlock":
        where = f"blocks.{number or 0}"
    else:
        where = f"ups.{number.removeprefix('_') or 0}"
    return f"{where}.{_inner(rest, where)}"


def _inner(rest: str, where: str) -> str:
    *parts, last = rest.split("/")
    block = where.startswith("blocks")
    if parts and parts[-1] == "BatchNorm":
        within = f"{PARTS.get(parts[0], parts[0]).removesuffix('.conv')}." if len(parts) == 2 else ""
        return f"{within}norm.{NORM.get(last, last)}"
    if block and len(parts) == 1:
        return f"{PARTS.get(parts[0], parts[0])}.{last.replace('weights', 'weight')}"
    return f"conv.{last.replace('weights', 'weight')}"


def _tensor(array: NDArray[Any]) -> Tensor:
    held = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
    return torch.from_numpy(np.array(held, np.float32))


def canonical_face(path: Path, count: int) -> Tensor:
    """[count, 3] the release's average face (canonical_vertices.npy), y down.

    Raises:
        WeightsError: It is something else.
    """
    array = read_array(path)
    fits = array.shape == (count, 3) and array.dtype.kind == "f"
    if not fits or not np.isfinite(array).all():
        raise WeightsError(f"{path.name} does not hold {count} vertices. Get it anew.")
    return torch.from_numpy(np.array(array, np.float64))
