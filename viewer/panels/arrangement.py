"""PANELS: which panels there are, what each shows, and how it starts."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.state import LayerStyle, Look

SHADED = LayerStyle(Look.SHADED)


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One panel.

    Attributes:
        name: Key, as in State.styles.
        title, subtitle: What its strip says; the subtitle in plain words.
        layer: The mesh layer it draws; empty for the answer's own vertices.
        looks: What its surface can be coloured by, in menu order; none for the photo.
        style: The look it starts with.
        marks_hidden: Whether the part that was not seen is hatched.
        absent: What it says when the answer has no such layer.
    """

    name: str
    title: str
    subtitle: str
    layer: str = ""
    looks: tuple[Look, ...] = ()
    style: LayerStyle = SHADED
    marks_hidden: bool = False
    absent: str = ""


COMPLETED_LOOKS = (
    Look.SHADED,
    Look.PHOTO,
    Look.WIRE,
    Look.POINTS,
    Look.VISIBILITY,
    Look.DISAGREEMENT,
    Look.DEPTH,
    Look.UV,
    Look.NORMALS,
)

PANELS = (
    PanelRow("photo", "Photo", "what went in"),
    PanelRow(
        "image",
        "Image space",
        "only what was seen",
        layer="visible surface",
        looks=(
            Look.PHOTO,
            Look.SHADED,
            Look.CONFIDENCE,
            Look.UV,
            Look.DEPTH,
            Look.WIRE,
            Look.POINTS,
            Look.NORMALS,
        ),
        style=LayerStyle(Look.PHOTO),
        absent="No visible surface: the image-space branch is switched off, or it saw no part of the face.",
    ),
    PanelRow(
        "model",
        "Model space",
        "face completed",
        layer="model space",
        looks=COMPLETED_LOOKS,
        marks_hidden=True,
        absent="The model-space branch is switched off.",
    ),
    PanelRow(
        "fused",
        "Fused",
        "both together",
        looks=COMPLETED_LOOKS,
        marks_hidden=True,
    ),
)
"""From left to right. A new panel is one more row."""


def panel_row(name: str) -> PanelRow:
    """The row of that name; KeyError names those there are."""
    for row in PANELS:
        if row.name == name:
            return row
    raise KeyError(f"no panel {name!r}; there are {[row.name for row in PANELS]}")
