"""Our DSFNet from its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.errors import WeightsError
from models.loading import fill, load_face_model, read_weights, weights_path
from models.methods.dsfnet.likely_error import taken_from
from models.methods.dsfnet.method import DSFNet, make_network
from models.methods.mean_face import by_hand_taken_out, taken_out
from models.networks.dual_space import Form
from models.reconstructor import Reconstructor


def dsfnet(weights: str | Path = "open", device: str = "cpu") -> Reconstructor:
    """DSFNet with the weights of that name or path."""
    path = weights_path("dsfnet", weights)
    tensors, recipe = read_weights(path)
    face_model = load_face_model()
    correction = taken_out(tensors, face_model, path)
    by_hand = by_hand_taken_out(tensors, path)
    try:
        likely_error = taken_from(tensors)
        network = make_network(form_from(recipe), face_model, correction, bool(recipe.get("photographs")))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path.name} says nothing usable of its network: {error!r}.") from error
    fill(network, tensors, path)
    return DSFNet(network, face_model, device, correction, likely_error, by_hand)


def form_from(recipe: dict[str, Any]) -> Form:
    """The network form a recipe describes; KeyError, TypeError or ValueError if it describes none."""
    sizes: Any = {
        key: tuple(value) if isinstance(value, list) else value for key, value in dict(recipe["form"]).items()
    }
    return Form(**sizes)
