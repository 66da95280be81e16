"""PRNet from weights that ship or from what a user brought."""

from __future__ import annotations

from pathlib import Path

from models.errors import MissingAssetError, WeightsError
from models.file_formats.tensorflow_file import INDEX, read_tensorflow
from models.loading import fetched, fill, load_face_model, needed, read_weights, weights_path
from models.methods.bfm_uv import bfm_layout, bfm_places
from models.methods.mean_face import taken_out
from models.methods.prnet import assets
from models.methods.prnet.method import PRNet
from models.networks.position_net import PositionForm, PositionNetwork
from models.reconstructor import Reconstructor
from resources.needs import NEEDS, OFFICIAL, missing


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
    path = needed(NEEDS["prnet"][0]) if str(weights) == OFFICIAL else weights_path("prnet", weights)
    if path.suffix == INDEX:
        return _official_prnet(path, device, parity)
    if parity is not None:
        raise ValueError("parity with the release needs the release's own weights")
    tensors, recipe = read_weights(path)
    try:
        network = PositionNetwork(assets.our_form(recipe))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network's form: {error!r}.") from error
    face_model = load_face_model()
    correction = taken_out(tensors, face_model, path)
    fill(network, assets.our_network(tensors), path)
    surface = assets.open_surface(face_model, network.form.size, device)
    return PRNet(network, surface, device, correction=correction, both_ways=True)


def _official_prnet(path: Path, device: str, parity: str | None) -> Reconstructor:
    network = PositionNetwork(PositionForm())
    arrays = read_tensorflow(path, assets.is_model)
    fill(network, assets.release_network(arrays, network.state_dict()), path)
    layout = bfm_layout()
    surface = assets.release_surface(layout, bfm_places(), load_face_model(), device)
    count = int(layout.mask.sum())
    face = None if parity is None else assets.canonical_face(fetched("canonical_vertices.npy"), count)
    return PRNet(network, surface, device, face)
