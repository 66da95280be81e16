"""How a figure is to look, as a value that needs nothing loaded."""

from __future__ import annotations

from dataclasses import dataclass

PHOTO, STATES, SHAPE = "photo", "states", "shape"
LOOKS = (PHOTO, STATES, SHAPE)
"""The photo where it was seen; the states' colours; plain. The name of a scalar is a look, too."""
LAYOUTS = ("branches", "views", "methods")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a figure is to look.

    Attributes:
        layout: "branches": input, image space, model space, fused; "views": the fused face from three sides;
            "methods": input and every method's face.
        width, height: px.
        look: As `draw_surface` takes it.
        caption: A line below; may be empty.
        legend: Whether to say what the colours mean.
        transparent: No paper.
        yaw_deg: How far all faces are turned.
        only: One heading, to show that panel alone; empty for all.
    """

    layout: str = LAYOUTS[0]
    width: int = 1920
    height: int = 1080
    look: str = PHOTO
    caption: str = ""
    legend: bool = True
    transparent: bool = False
    yaw_deg: float = 0.0
    only: str = ""
