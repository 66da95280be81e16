"""3DDFA-V2 from weights that ship or from what a user brought."""

from __future__ import annotations

from pathlib import Path

from models.errors import WeightsError
from models.face_model.bfm import read_tddfa
from models.face_model.importing import topology_of
from models.file_formats.numpy_file import read_arrays
from models.file_formats.pickle_file import read_pickled
from models.file_formats.torch_file import read_torch
from models.loading import fill, load_face_model, needed, read_weights, weights_path
from models.methods.bfm_uv import bfm_places
from models.methods.mean_face import corrected, taken_out
from models.methods.tddfa import assets
from models.methods.tddfa.method import TDDFA, LinearFace
from models.reconstructor import Reconstructor
from resources import brought_folder
from resources.needs import NEEDS, OFFICIAL


def tddfa(weights: str | Path = "open", device: str = "cpu", parity: str | None = None) -> Reconstructor:
    """3DDFA-V2: weights that ship, "official" for those a user brought, or a file of either kind.

    The official ones answer for the 68 landmarks alone where only bfm68.npz was brought.

    Args:
        weights: As for `load`.
        device: As for `load`.
        parity: "v2" for the release's own angles, depth and back-projection.
    """
    if weights == OFFICIAL:
        return _official_tddfa(needed(NEEDS["tddfa"][0]), device, parity)
    path = weights_path("tddfa", weights)
    if path.suffix != ".safetensors":
        return _official_tddfa(path, device, parity)
    tensors, recipe = read_weights(path)
    try:
        form = assets.our_form(recipe)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    face_model = load_face_model()
    face_model = corrected(face_model, taken_out(tensors, face_model, path))
    kept, whitening, face = assets.our_parts(tensors, form, face_model, path.name)
    network = form.make()
    fill(network, kept, path)
    return TDDFA(network, whitening, face, form.size, device, parity)


def _official_tddfa(path: Path, device: str, parity: str | None) -> Reconstructor:
    tensors = read_torch(path)
    form = assets.release_form(tensors, path.name)
    network = form.make()
    fill(network, assets.release_network(tensors), path)
    statistics = needed(NEEDS["tddfa"][1])
    whitening = assets.release_whitening(read_pickled(statistics), statistics.name)
    return TDDFA(network, whitening, _official_tddfa_face(), form.size, device, parity)


def _official_tddfa_face() -> LinearFace:
    """All vertices where the dense model was brought, else the landmarks alone."""
    path = needed(NEEDS["tddfa"][2])
    if path.suffix == ".npz":
        return assets.landmark_face(read_arrays(path), path.name)
    model = read_tddfa(path)
    topology = topology_of(model, load_face_model(), bfm_places(), brought_folder() / "correspondences")
    return assets.dense_face(model, topology, path.name)
