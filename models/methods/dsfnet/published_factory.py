"""DSFNet as published from what a user brought, or from weights trained here."""

from __future__ import annotations

from pathlib import Path

from models.errors import MissingAssetError, WeightsError
from models.face_model.bfm_uv import bfm_chart, patch_chart
from models.file_formats.matlab_file import read_matlab
from models.file_formats.pickle_file import read_pickled
from models.file_formats.torch_file import read_torch
from models.loading import fetched, fill, load_face_model, read_weights, weights_path
from models.methods.bfm_uv import bfm_layout, bfm_places
from models.methods.dsfnet.published import PublishedMethod, official_surface, open_chart, open_surface
from models.networks.published import PublishedDSFNet, PublishedForm
from models.networks.published_geometry import Parity
from models.reconstructor import Reconstructor
from resources import brought_folder
from resources.needs import OFFICIAL, missing


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
    layout = bfm_layout()
    tensors, bfm = read_torch(path), fetched("BFM.mat")
    model = read_matlab(bfm).get("model")
    if (brought_folder() / "BFM_UV.mat").exists():
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
