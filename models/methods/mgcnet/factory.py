"""MGCNet from weights that ship or from what a user brought."""

from __future__ import annotations

from pathlib import Path

import torch

from models.errors import MissingAssetError, WeightsError
from models.face_model.bfm_hdf5 import read_presplit
from models.face_model.importing import topology_of
from models.face_model.pinhole import Pinhole
from models.file_formats.tensorflow_file import INDEX, read_tensorflow
from models.loading import fill, load_face_model, needed, read_weights, weights_path
from models.methods.bfm_uv import bfm_places
from models.methods.mean_face import taken_out
from models.methods.mgcnet import assets
from models.methods.mgcnet.method import MGCNet, open_rest
from models.networks.resnet import ResNet50
from models.reconstructor import Reconstructor
from resources import brought_folder
from resources.needs import NEEDS, OFFICIAL, missing


def mgcnet(weights: str | Path = "open", device: str = "cpu", parity: str | None = None) -> Reconstructor:
    """MGCNet: weights that ship, "official" for those a user brought, or a file of either kind.

    Args:
        weights: As for `load`; of the official ones the .index file.
        device: As for `load`.
        parity: "release" for one look at a picture that is aligned already.
    """
    if str(weights) == OFFICIAL and (reasons := missing("mgcnet", OFFICIAL)):
        raise MissingAssetError(" ".join(reasons))
    path = needed(NEEDS["mgcnet"][0]) if str(weights) == OFFICIAL else weights_path("mgcnet", weights)
    if path.suffix == INDEX:
        return _official_mgcnet(path, device, parity)
    tensors, recipe = read_weights(path)
    try:
        network = ResNet50(form := assets.our_form(recipe))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    face_model = load_face_model()
    correction = taken_out(tensors, face_model, path)
    kept, face = assets.our_parts(tensors, form, face_model, path.name)
    fill(network, kept, path)
    rest = open_rest(face_model, Pinhole(form.size, form.field_px))
    kept_of = (
        slice(form.identity),
        slice(len(face_model.identity), len(face_model.identity) + form.expression),
    )
    symmetric = torch.cat([face_model.symmetric[part] for part in kept_of])
    return MGCNet(network, face, rest, device, parity, correction, symmetric)


def _official_mgcnet(index: Path, device: str, parity: str | None) -> Reconstructor:
    network = ResNet50()
    fill(network, assets.release_network(read_tensorflow(index, assets.is_encoder)), index)
    path = needed(NEEDS["mgcnet"][2])
    model = read_presplit(path)
    topology = topology_of(model, load_face_model(), bfm_places(), brought_folder() / "correspondences")
    face = assets.release_face(model, topology, path.name)
    return MGCNet(network, face, device=device, parity=parity)
