"""How things are drawn: looks of a surface, overlays of the photo, theme. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

OVERLAYS = ("box", "landmarks", "mask", "uv", "confidence", "depth", "mesh", "truth", "error")
"""What can be drawn over the photo, in display order."""


class Look(Enum):
    """What gives a surface its colour; the value is the text a user reads."""

    SHADED = "Shaded"
    FLAT = "Flat"
    PHOTO = "Photo"
    WIRE = "Wire"
    POINTS = "Points"
    VISIBILITY = "Seen or hidden"
    P_SEEN = "Probability seen"
    DISAGREEMENT = "Disagreement"
    FOLLOWED = "Branch followed"
    SHARE = "Image-space share"
    OWN_CORRECTION = "Own correction"
    DIFFERENCE = "A/B difference"
    TO_FIRST = "Difference"
    CHANGE_BY_OCCLUSION = "Change by occlusion"
    SPREAD = "Spread by box"
    CONFIDENCE = "Confidence"
    ERROR = "Error"
    UV = "UV"
    DEPTH = "Depth"
    NORMALS = "Normals"
    PNCC = "PNCC"


@dataclass(frozen=True, slots=True)
class LayerStyle:
    """How a panel draws its surface.

    Attributes:
        look: What gives it its colour.
        wire: Whether edges are drawn over it.
        opacity: 0..1.
        span: What the ends of the colour map stand for, in the look's unit; None: the look's own range.
    """

    look: Look = Look.SHADED
    wire: bool = False
    opacity: float = 1.0
    span: tuple[float, float] | None = None


class Theme(Enum):
    """The window's colours; the value is the text a user reads."""

    DARK = "Dark"
    LIGHT = "Light"


FIRST_STYLES: Mapping[str, LayerStyle] = MappingProxyType(
    {
        "image": LayerStyle(Look.PHOTO),
        "model": LayerStyle(Look.VISIBILITY),
        "fused": LayerStyle(Look.PHOTO),
    }
)
"""The look each panel starts with, by the panel's name."""


OVERLAY_TEXTS = {
    "box": "Face box",
    "landmarks": "Landmarks",
    "mask": "Visible mask",
    "uv": "UV map",
    "confidence": "Confidence",
    "depth": "Depth",
    "mesh": "Fused mesh",
    "truth": "Ground truth",
    "error": "Errors",
}
