"""Opening assets: names to methods and face models, and what the factories of the methods share."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor, nn

import resources
from models.catalogue import methods
from models.errors import DeviceError, MethodError, MissingAssetError, WeightsError
from models.face_model.morphable import FaceModel
from models.face_model.whole_head import WholeHead
from models.file_formats import reading
from models.networks.blocks import fold_batch_norms
from models.networks.finder import FinderForm, FinderNetwork
from models.reconstructor import Reconstructor
from resources.needs import Need, is_path, missing

__all__ = [
    "checked_device",
    "devices",
    "fetched",
    "fill",
    "load",
    "load_face_model",
    "load_finder",
    "load_page",
    "methods",
    "needed",
    "read_weights",
    "shipped",
    "shipped_weights",
    "weights_path",
]

DEVICES = "Use cpu, cuda, cuda:1, mps or auto."


def load(name: str, weights: str | Path = "open", device: str = "cpu") -> Reconstructor:
    """A face alignment method, ready to run.

    Args:
        name: One of `methods()`.
        weights: The name of weights that ship ("open"), or a path to a .safetensors file.
        device: "cpu", "cuda", "cuda:1", "mps", or "auto" for the fastest that is there.

    Raises:
        MethodError: No such method or device, or its plug-in cannot be loaded.
        WeightsError: The file does not fit; names the first keys or shapes that differ.
        MissingAssetError: The file is not there; says how to get it.
    """
    found = methods()
    if name not in found:
        raise MethodError(f"There is no method {name!r}; installed are {', '.join(sorted(found))}.")
    try:
        factory = found[name].load()
    except (ImportError, AttributeError) as error:
        raise MethodError(f"The method {name!r} cannot be loaded: {error}. Reinstall its package.") from error
    return factory(weights, checked_device(device))


def checked_device(name: str) -> str:
    """The device of that name, if a method can run there; of "auto", the fastest there is.

    Raises:
        DeviceError: No such device, or not here; a sentence.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DeviceError(f"{name!r} is no device. {DEVICES}") from error
    if device.type == "cpu":
        return "cpu"
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("This machine has no Metal device (mps) that torch can use. Use --device cpu.")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            raise DeviceError("This machine has no CUDA device that torch can use. Use --device cpu.")
        if device.index is not None and device.index >= count:
            raise DeviceError(f"There is no {name} here; the last is cuda:{count - 1}. Use that or cpu.")
    elif device.type != "mps":
        raise DeviceError(f"No method runs on {name!r}. {DEVICES}")
    return name


def devices() -> list[tuple[str, str]]:
    """Name and title of every device here that a method can run on, the CPU first."""
    found = [("cpu", "CPU")]
    if torch.cuda.is_available():
        found += [(f"cuda:{n}", torch.cuda.get_device_name(n)) for n in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append(("mps", "Metal"))
    return found


@lru_cache(maxsize=4)
def load_face_model(name: str = "open") -> FaceModel:
    """A face model that ships, by name. One object per name: its topology is shared."""
    return FaceModel.read(shipped(resources.face_model, name))


@lru_cache(maxsize=1)
def load_whole_head() -> WholeHead:
    """The head of the open face model, which goes around any answer on its mesh. One object.

    Raises:
        WeightsError: The shade that ships is of another head.
    """
    with np.load(shipped(resources.face_model, "shading.npz"), allow_pickle=False) as file:
        ambient = file["ambient"].astype(np.float32) / 255
    try:
        return WholeHead(load_face_model(), ambient)
    except ValueError as error:
        raise WeightsError(f"shading.npz: {error}. Run python -m models.synthetic.ambient.") from error


@lru_cache(maxsize=1)
def load_page(name: str) -> str:
    """The text of a page that ships, with places to fill in.

    Raises:
        MissingAssetError: It is not there.
    """
    return shipped(resources.page, name).read_text(encoding="utf-8")


def load_finder(weights: str | Path = "open") -> FinderNetwork:
    """The network of the face finder with the weights of that name or path, ready to run on the CPU.

    Raises:
        WeightsError: The file does not fit.
        MissingAssetError: The file is not there.
    """
    path = weights_path("finder", weights)
    tensors, recipe = read_weights(path)
    try:
        form = {key: tuple(value) for key, value in dict(recipe["form"]).items()}
        network = FinderNetwork(FinderForm(**form))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    fill(network, tensors, path)
    fold_batch_norms(network)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def shipped_weights(method: str) -> tuple[str, ...]:
    """The names of the weights that ship for a method or for the finder."""
    return resources.weights_for(method)


def fetched(name: str) -> Path:
    """A file or folder of others that a user brought; MissingAssetError says how to get it."""
    return shipped(resources.brought, name)


def needed(need: Need) -> Path:
    """The first of the files that meet a need; MissingAssetError says how to get one."""
    for name in need.any_of:
        if (resources.brought_folder() / name).exists():
            return fetched(name)
    raise MissingAssetError(need.sentence())


def weights_path(method: str, weights: str | Path) -> Path:
    """Where weights lie: those that ship by name, whatever lies in the current folder; others by path."""
    path, ships = Path(weights), str(weights) in shipped_weights(method)
    if is_path(weights) or (path.is_file() and not ships):
        if not path.is_file():
            raise MissingAssetError(f"There is no weights file {path}. Check the path.")
        return path
    if not ships and (reasons := missing(method, str(weights))):
        raise MissingAssetError(reasons[0])
    return shipped(resources.weights, f"{method}-{weights}")


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by key, and the recipe in the file's header. Nothing in the file is executed.

    Raises:
        MissingAssetError: It is not there.
        WeightsError: It is no such file, or broken.
    """
    with reading(path, "a safetensors file"), safe_open(path, framework="pt") as file:
        recipe = json.loads((file.metadata() or {}).get("recipe", "{}"))
        if not isinstance(recipe, dict):
            raise ValueError("its recipe is no object")
        return {key: file.get_tensor(key) for key in file.keys()}, recipe  # noqa: SIM118


def fill(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Load every tensor into its place; a missing, extra or misshapen key is an error that names it."""
    wanted = network.state_dict()
    wrong = [f"missing {key}" for key in wanted if key not in tensors]
    wrong += [f"unknown {key}" for key in tensors if key not in wanted]
    wrong += [
        f"{key} is {list(tensors[key].shape)}, should be {list(value.shape)}"
        for key, value in wanted.items()
        if key in tensors and tensors[key].shape != value.shape
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise WeightsError(
            f"{path.name} does not fit {type(network).__name__}: {'; '.join(wrong[:5])}{more}. "
            "Choose weights made for this method by this version."
        )
    network.load_state_dict({key: value.to(wanted[key].dtype) for key, value in tensors.items()})


def shipped(find: Callable[[str], Path], name: str) -> Path:
    """What one of the finders of `resources` finds; its AssetError as MissingAssetError."""
    try:
        return find(name)
    except resources.AssetError as error:
        raise MissingAssetError(str(error)) from error
