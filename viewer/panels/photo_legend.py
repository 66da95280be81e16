"""What the colours and marks over a photo mean."""

from __future__ import annotations

from collections.abc import Sequence

from models.reconstruction import Reconstruction
from viewer.panels import overlays as over
from viewer.panels.colours import Palette
from viewer.panels.legend import ColourBar, Shape, Swatch
from viewer.panels.marks import marks_of
from viewer.panels.photo_mesh import PhotoMesh
from viewer.state.style import LayerStyle
from viewer.widgets.raster import Mark


def answers_legend(
    answers: Sequence[Reconstruction],
    mesh: PhotoMesh,
    style: LayerStyle,
    overlays: frozenset[str],
    colours: Palette,
) -> tuple[ColourBar | None, tuple[Swatch, ...]]:
    """Of what is drawn of the answers: their meshes first, then maps, then landmarks."""
    bar, swatches = mesh.legend(style, overlays, colours)
    for answer in answers[:1]:
        for name in ("depth", "confidence"):
            layer = over.map_layer(answer, name) if name in overlays else None
            if layer is not None and bar is None:
                bar = ColourBar(name, layer.low, layer.high, layer.unit, over.MAP_COLOURS[name])
        if "mask" in overlays and over.map_layer(answer, "mask") is not None:
            swatches += (Swatch("pixels of face", colours.seen),)
    if "landmarks" in overlays:
        swatches += mark_swatches(answers, colours.landmark)
    return bar, swatches


def mark_swatches(answers: Sequence[Reconstruction], colour: str) -> tuple[Swatch, ...]:
    """What the marks of landmarks mean: those that are there, once any is more than a dot."""
    there = {mark for answer in answers for mark in marks_of(answer)}
    if there <= {Mark.DOT}:
        return ()
    rows = (("seen", Mark.DOT), ("turned away", Mark.DIAMOND), ("covered", Mark.CROSS))
    return tuple(Swatch(text, colour, Shape(mark.name.lower())) for text, mark in rows if mark in there)
