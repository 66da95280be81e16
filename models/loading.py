"""Opening assets: the one place that turns names and files into methods and face models."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

import resources
from models.catalogue import methods
from models.errors import MethodError, MissingAssetError, WeightsError
from models.face_model.bfm import read_tddfa
from models.face_model.bfm_hdf5 import read_presplit
from models.face_model.bfm_uv import BFMLayout, bfm_chart, patch_chart
from models.face_model.correspondence import ChartPlaces
from models.face_model.importing import topology_of
from models.face_model.morphable import FaceModel
from models.face_model.pinhole import Pinhole
from models.methods import mgcnet_assets, prnet_assets, tddfa_assets
from models.methods.dsfnet import DSFNet, make_network
from models.methods.dsfnet_published import PublishedMethod, official_surface, open_chart, open_surface
from models.methods.mgcnet import MGCNet, open_rest
from models.methods.prnet import PRNet
from models.methods.tddfa import TDDFA, LinearFace
from models.networks.blocks import fold_batch_norms
from models.networks.dual_space import Form
from models.networks.finder import FinderForm, FinderNetwork
from models.networks.position_net import PositionForm, PositionNetwork
from models.networks.published import PublishedDSFNet, PublishedForm
from models.networks.published_geometry import Parity
from models.networks.resnet import ResNet50
from models.reading.matlab import read_matlab
from models.reading.numpy_file import read_arrays
from models.reading.pickled import read_pickled
from models.reading.tensorflow_file import INDEX, read_tensorflow
from models.reading.torch_file import read_torch
from models.reconstructor import Reconstructor
from resources import brought_folder
from resources.needs import NEEDS, OFFICIAL, Need, missing

CORRECTION = "correction"  # key of the mean face's offsets, beside the network's tensors

__all__ = [
    "CORRECTION",
    "bfm_places",
    "dsfnet",
    "dsfnet_published",
    "fetched",
    "fill",
    "form_from",
    "load",
    "load_face_model",
    "load_finder",
    "methods",
    "mgcnet",
    "prnet",
    "read_weights",
    "shipped_weights",
    "taken_out",
    "tddfa",
    "weights_path",
]


def load(name: str, weights: str | Path = "open", device: str = "cpu") -> Reconstructor:
    """A face alignment method, ready to run.

    Args:
        name: One of `methods()`.
        weights: The name of weights that ship ("open"), or a path to a .safetensors file.
        device: "cpu", "cuda", "cuda:1", ...

    Raises:
        MethodError: No such method, or its plug-in cannot be loaded.
        WeightsError: The file does not fit; names the first keys or shapes that differ.
        MissingAssetError: The file is not there; says how to get it.
    """
    found = methods()
    if name not in found:
        raise MethodError(f"There is no method {name!r}; installed are {sorted(found)}.")
    try:
        factory = found[name].load()
    except (ImportError, AttributeError) as error:
        raise MethodError(f"The method {name!r} cannot be loaded: {error}. Reinstall its package.") from error
    return factory(weights, device)


@lru_cache(maxsize=4)
def load_face_model(name: str = "open") -> FaceModel:
    """A face model that ships, by name. One object per name: its topology is shared."""
    return FaceModel.read(_shipped(resources.face_model, name))


@lru_cache(maxsize=1)
def bfm_places() -> ChartPlaces:
    """Where the open face's vertices lie on the UV layout of BFM that PRNet and the published DSFNet use."""
    path = _shipped(resources.face_model, "bfm_uv_correspondence.npz")
    return ChartPlaces.read(path, len(load_face_model().mean))


def dsfnet(weights: str | Path = "open", device: str = "cpu") -> Reconstructor:
    """DSFNet with the weights of that name or path."""
    path = weights_path("dsfnet", weights)
    tensors, recipe = read_weights(path)
    face_model = load_face_model()
    correction = taken_out(tensors, face_model, path)
    try:
        network = make_network(form_from(recipe), face_model)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    fill(network, tensors, path)
    return DSFNet(network, face_model, device, correction)


def tddfa(weights: str | Path = "open", device: str = "cpu", parity: str | None = None) -> Reconstructor:
    """3DDFA-V2: weights that ship, "official" for those a user brought, or a file of either kind.

    The official ones answer for the 68 landmarks alone where only bfm68.npz was brought.

    Args:
        weights: As for `load`.
        device: As for `load`.
        parity: "v2" for the release's own angles, depth and back-projection.
    """
    if weights == OFFICIAL:
        return _official_tddfa(_needed(NEEDS["tddfa"][0]), device, parity)
    path = weights_path("tddfa", weights)
    if path.suffix != ".safetensors":
        return _official_tddfa(path, device, parity)
    tensors, recipe = read_weights(path)
    try:
        form = tddfa_assets.our_form(recipe)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    kept, whitening, face = tddfa_assets.our_parts(tensors, form, load_face_model(), path.name)
    network = form.make()
    fill(network, kept, path)
    return TDDFA(network, whitening, face, form.size, device, parity)


def _official_tddfa(path: Path, device: str, parity: str | None) -> Reconstructor:
    tensors = read_torch(path)
    form = tddfa_assets.release_form(tensors, path.name)
    network = form.make()
    fill(network, tddfa_assets.release_network(tensors), path)
    statistics = _needed(NEEDS["tddfa"][1])
    whitening = tddfa_assets.release_whitening(read_pickled(statistics), statistics.name)
    return TDDFA(network, whitening, _official_tddfa_face(), form.size, device, parity)


def _official_tddfa_face() -> LinearFace:
    """All vertices where the dense model was brought, else the landmarks alone."""
    path = _needed(NEEDS["tddfa"][2])
    if path.suffix == ".npz":
        return tddfa_assets.landmark_face(read_arrays(path), path.name)
    model = read_tddfa(path)
    topology = topology_of(model, load_face_model(), bfm_places(), brought_folder() / "correspondences")
    return tddfa_assets.dense_face(model, topology, path.name)


def _needed(need: Need) -> Path:
    """The first of the files that meet a need; MissingAssetError says how to get one."""
    for name in need.any_of:
        if (brought_folder() / name).exists():
            return fetched(name)
    raise MissingAssetError(need.sentence())


def dsfnet_published(
    weights: str | Path = "official", device: str = "cpu", parity: Parity = None, seed: int = 0
) -> Reconstructor:
    """DSFNet as published.

    Args:
        weights: "official": net.pth, with the face model a user brought. Another .pth file: the same. A
            .safetensors file of our training: on the open face.
        device: As for `load`.
        parity: See `PublishedMethod`.
        seed: See `PublishedMethod`.
    """
    if reasons := missing("dsfnet-published", str(weights)):
        raise MissingAssetError(" ".join(reasons))
    path = fetched("net.pth") if str(weights) == OFFICIAL else weights_path("dsfnet-published", weights)
    if path.suffix != ".safetensors":
        return _official_dsfnet(path, device, parity, seed)
    tensors, recipe = read_weights(path)
    try:
        form = PublishedForm(**recipe["form"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    face_model = load_face_model()
    counts = face_model.identity_count, face_model.expression_count
    if (form.shapes, form.expressions) != counts:
        raise WeightsError(
            f"{path.name} has {form.shapes} and {form.expressions} coefficients, the open face {counts[0]} "
            f"and {counts[1]}. Choose weights made for this face model."
        )
    network = PublishedDSFNet(form, open_chart(face_model, form.size))
    fill(network, tensors, path)
    return PublishedMethod(network, open_surface(face_model, form.size, device), device, parity, seed)


def _official_dsfnet(path: Path, device: str, parity: Parity, seed: int) -> Reconstructor:
    """The published weights on BFM, drawn on its layout here, or by the authors if only that was brought."""
    layout = BFMLayout.read(_shipped(resources.face_model, "bfm_uv_layout.json"))
    tensors, bfm = read_torch(path), fetched("BFM.mat")
    model = read_matlab(bfm).get("model")
    if (resources.brought_folder() / "BFM_UV.mat").exists():
        chart = bfm_chart(model, read_matlab(fetched("BFM_UV.mat")).get("UV"), layout, bfm.name)
    else:
        patch = fetched("BFM_UVspace_patch.npy")
        chart = patch_chart(read_pickled(patch), model, layout, patch.name)
    network = PublishedDSFNet(PublishedForm(), chart)
    fill(network, tensors, path)
    surface = official_surface(
        layout, bfm_places().on_grid(layout.mask), network.rebuilder.mean_posmap_tensor
    )
    return PublishedMethod(network, surface, device, parity, seed)


def taken_out(tensors: dict[str, Tensor], face_model: FaceModel, path: Path) -> Tensor | None:
    """The correction of the mean face, [N, 3] mm, taken out of `tensors`; None where the file has none."""
    correction = tensors.pop(CORRECTION, None)
    if correction is not None and correction.shape != face_model.mean.shape:
        shapes = list(correction.shape), list(face_model.mean.shape)
        raise WeightsError(
            f"{path.name}: {CORRECTION} is {shapes[0]}, should be {shapes[1]}. "
            "Choose weights made for this face model."
        )
    return None if correction is None else correction.float()


def mgcnet(weights: str | Path = "open", device: str = "cpu", parity: str | None = None) -> Reconstructor:
    """MGCNet: weights that ship, "official" for those a user brought, or a file of either kind.

    Args:
        weights: As for `load`; of the official ones the .index file.
        device: As for `load`.
        parity: "release" for one look at a picture that is aligned already.
    """
    if str(weights) == OFFICIAL and (reasons := missing("mgcnet", OFFICIAL)):
        raise MissingAssetError(" ".join(reasons))
    path = _needed(NEEDS["mgcnet"][0]) if str(weights) == OFFICIAL else weights_path("mgcnet", weights)
    if path.suffix == INDEX:
        return _official_mgcnet(path, device, parity)
    tensors, recipe = read_weights(path)
    try:
        network = ResNet50(form := mgcnet_assets.our_form(recipe))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    kept, face = mgcnet_assets.our_parts(tensors, form, load_face_model(), path.name)
    fill(network, kept, path)
    rest = open_rest(load_face_model(), Pinhole(form.size, form.field_px))
    return MGCNet(network, face, rest, device, parity)


def _official_mgcnet(index: Path, device: str, parity: str | None) -> Reconstructor:
    network = ResNet50()
    fill(network, mgcnet_assets.release_network(read_tensorflow(index, mgcnet_assets.is_encoder)), index)
    path = _needed(NEEDS["mgcnet"][2])
    model = read_presplit(path)
    topology = topology_of(model, load_face_model(), bfm_places(), brought_folder())
    face = mgcnet_assets.release_face(model, topology, path.name)
    return MGCNet(network, face, device=device, parity=parity)


def prnet(weights: str | Path = "open", device: str = "cpu", parity: str | None = None) -> Reconstructor:
    """PRNet: weights that ship, "official" for those a user brought, or a file of either kind.

    Args:
        weights: As for `load`; of the released checkpoint its .index file.
        device: As for `load`.
        parity: "release" for the release's own square and angles; needs its canonical_vertices.npy.
    """
    if parity not in (None, "release"):
        raise ValueError(f"prnet has no parity {parity!r}; it has 'release'")
    if str(weights) == OFFICIAL and (reasons := missing("prnet", OFFICIAL)):
        raise MissingAssetError(" ".join(reasons))
    path = _needed(NEEDS["prnet"][0]) if str(weights) == OFFICIAL else weights_path("prnet", weights)
    if path.suffix == INDEX:
        return _official_prnet(path, device, parity)
    if parity is not None:
        raise ValueError("parity with the release needs the release's own weights")
    tensors, recipe = read_weights(path)
    try:
        network = PositionNetwork(prnet_assets.our_form(recipe))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    fill(network, prnet_assets.our_network(tensors), path)
    return PRNet(network, prnet_assets.open_surface(load_face_model(), network.form.size, device), device)


def _official_prnet(path: Path, device: str, parity: str | None) -> Reconstructor:
    network = PositionNetwork(PositionForm())
    arrays = read_tensorflow(path, prnet_assets.is_model)
    fill(network, prnet_assets.release_network(arrays, network.state_dict()), path)
    layout = BFMLayout.read(_shipped(resources.face_model, "bfm_uv_layout.json"))
    surface = prnet_assets.release_surface(layout, bfm_places(), load_face_model(), device)
    count = int(layout.mask.sum())
    face = None if parity is None else prnet_assets.canonical_face(fetched("canonical_vertices.npy"), count)
    return PRNet(network, surface, device, face)


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
    return _shipped(resources.brought, name)


def form_from(recipe: dict[str, Any]) -> Form:
    """The network form a recipe describes; KeyError, TypeError or ValueError if it describes none."""
    return Form(**_sizes(recipe))


def _sizes(recipe: dict[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in dict(recipe["form"]).items()
    }


def weights_path(method: str, weights: str | Path) -> Path:
    """Where weights lie: a path as it is, a name among those that ship."""
    path = Path(weights)
    if path.suffix or path.exists():
        if not path.is_file():
            raise MissingAssetError(f"There is no weights file {path}. Check the path.")
        return path
    return _shipped(resources.weights, f"{method}-{weights}")


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by key, and the recipe in the file's header. Nothing in the file is executed."""
    try:
        with safe_open(path, framework="pt") as file:
            recipe = json.loads((file.metadata() or {}).get("recipe", "{}"))
            return {key: file.get_tensor(key) for key in file.keys()}, recipe  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"{path.name} is not a readable safetensors file ({error}). Choose another file."
        ) from error


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


def _shipped(find: Callable[[str], Path], name: str) -> Path:
    try:
        return find(name)
    except resources.AssetError as error:
        raise MissingAssetError(str(error)) from error
