"""What ships about the UV layout of BFM, on which PRNet and the published DSFNet answer."""

from __future__ import annotations

from functools import lru_cache

import resources
from models.face_model.bfm_uv import BFMLayout
from models.face_model.correspondence import ChartPlaces
from models.loading import load_face_model, shipped


@lru_cache(maxsize=1)
def bfm_places() -> ChartPlaces:
    """Where the open face's vertices lie on the UV layout of BFM that PRNet and the published DSFNet use."""
    path = shipped(resources.face_model, "bfm_uv_correspondence.npz")
    return ChartPlaces.read(path, len(load_face_model().mean))


def bfm_layout() -> BFMLayout:
    """Its landmarks and the cells that are face."""
    return BFMLayout.read(shipped(resources.face_model, "bfm_uv_layout.json"))
