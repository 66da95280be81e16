"""What a look means: how a surface is painted, and what the legend then says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from viewer.gl.mesh_item import Fill, Paint, Rim
from viewer.panels.colours import Palette, shares
from viewer.panels.legend import ColourBar, Shape, Swatch
from viewer.panels.surface_data import CHANNELS, Drawn, Scale
from viewer.state.layout import PanelRow
from viewer.state.style import LayerStyle, Look

FILLS = {
    Look.SHADED: Fill.CLAY,
    Look.PHOTO: Fill.PHOTO,
    Look.WIRE: Fill.PLAIN,
    Look.POINTS: Fill.CLAY,
    Look.UV: Fill.UV,
    Look.NORMALS: Fill.NORMALS,
    Look.PNCC: Fill.PNCC,
}
BINS = 30  # of the histogram over a colour bar
RED, GREEN, BLUE = "#e5484d", "#46a758", "#3e63dd"
AXES = {
    Fill.UV: (Swatch("u: right", RED), Swatch("1 − v: up", GREEN)),
    Fill.NORMALS: (Swatch("faces right", RED), Swatch("up", GREEN), Swatch("the viewer", BLUE)),
    Fill.PNCC: (Swatch("mean face: right", RED), Swatch("up", GREEN), Swatch("forwards", BLUE)),
}
"""What more red, green and blue mean."""
MARKED_SCALES = (Look.FOLLOWED, Look.SHARE)
"""Numbers over which what was not seen is marked: there the branches themselves are completed."""
BARE_LOOKS = (Look.WIRE, Look.POINTS, Look.FLAT, Look.UV, Look.NORMALS, Look.PNCC, Look.DEPTH)
"""Looks without a head around the face."""
HEAD_NOTE = "head: not predicted"
SCALAR_LOOKS = frozenset(look for look, _, _ in CHANNELS)


def paint_of(row: PanelRow, style: LayerStyle, drawn: Drawn | None, colours: Palette) -> Paint:
    """How the surface of a panel is painted."""
    look = style.look
    scale = None if drawn is None else drawn.scales.get(look)
    paint = Paint(
        fill=Fill.VALUE if scale is not None else _fill(look, drawn),
        wire=style.wire or look is Look.WIRE,
        points=look is Look.POINTS,
        flat=look is Look.FLAT,
        opacity=style.opacity,
        mark_hidden=row.marks_hidden
        and drawn is not None
        and drawn.knows_states
        and (scale is None or look in MARKED_SCALES),
        rim=_rim(look, drawn),
        clay=shares(colours.clay),
        context=shares(colours.head),
        bare=shares(colours.bare),
        seen=shares(colours.seen),
        turned=shares(colours.turned),
        covered=shares(colours.covered),
        edge=shares(colours.bare_edge if look is Look.WIRE else colours.edge),
        body=shares(colours.body),
        edge_opacity=0.5 if look is Look.WIRE else 0.3,
    )
    if scale is None:
        return paint
    return replace(paint, channel=scale.channel, low=scale.low, high=scale.high, colour_map=scale.colour_map)


def head_paint(paint: Paint) -> Paint | None:
    """How the head around a surface painted so is painted; None where it is not drawn."""
    if paint.rim is not Rim.FADED:
        return None
    fill = Fill.CONTEXT_PHOTO if paint.fill is Fill.PHOTO else Fill.CONTEXT
    return replace(paint, fill=fill, wire=False, mark_hidden=False, rim=Rim.TRIMMED)


def _rim(look: Look, drawn: Drawn | None) -> Rim:
    """Looks that show the mesh itself, or its coordinates, show all of it and nothing else."""
    if drawn is None or drawn.surface.shade is None or look in BARE_LOOKS:
        return Rim.WHOLE
    return Rim.TRIMMED if drawn.head is None else Rim.FADED


def legend_of(
    row: PanelRow, look: Look, paint: Paint, drawn: Drawn | None, colours: Palette
) -> tuple[ColourBar | None, tuple[Swatch, ...]]:
    """What the legend says of a surface painted so: a colour bar, or swatches, or neither."""
    bar, swatches = _surface_legend(row, look, paint, drawn, colours)
    if paint.rim is not Rim.FADED:
        return bar, swatches
    if bar is not None:
        return replace(bar, note="\n".join(filter(None, (bar.note, HEAD_NOTE)))), swatches
    return None, (*swatches, Swatch(HEAD_NOTE, colours.head))


def _surface_legend(
    row: PanelRow, look: Look, paint: Paint, drawn: Drawn | None, colours: Palette
) -> tuple[ColourBar | None, tuple[Swatch, ...]]:
    """The same, of the surface alone."""
    if drawn is None:
        return None, ()
    scale = drawn.scales.get(look)
    dotted = len(drawn.dots) > 0
    if scale is not None:
        values = drawn.surface.values[:, scale.channel]
        return replace(_bar(look, scale, paint.mark_hidden, dotted), counts=counts_of(values, scale)), ()
    if paint.fill is Fill.STATES:
        return None, _states(colours, Swatch("seen", colours.seen), dotted)
    if look is Look.VISIBILITY:
        return None, (Swatch("cannot tell seen from guessed", colours.clay),)
    if look in SCALAR_LOOKS:
        return None, (Swatch(f"no {look.value.lower()} in this answer", colours.clay),)
    if look is Look.PNCC and paint.fill is not Fill.PNCC:
        return None, (Swatch("this method has no mean face", colours.clay),)
    if paint.fill in AXES:
        return None, AXES[paint.fill]
    if paint.mark_hidden and paint.fill in (Fill.CLAY, Fill.PHOTO):
        seen = "photo: seen" if paint.fill is Fill.PHOTO else "seen"
        return None, _states(colours, Swatch(seen, colours.clay), dotted=False, under=colours.bare)
    if row.marks_hidden and paint.fill in (Fill.CLAY, Fill.PHOTO):
        return None, (Swatch("cannot tell seen from guessed", colours.clay),)
    return None, ()


def counts_of(values: NDArray[np.float32], scale: Scale) -> tuple[int, ...]:
    """How often numbers occur in each of BINS parts of a scale; what lies beyond counts at its end."""
    known = values[np.isfinite(values)]
    if not len(known) or not scale.low < scale.high:
        return ()
    counts, _ = np.histogram(known.clip(scale.low, scale.high), BINS, (scale.low, scale.high))
    return tuple(counts.tolist())


def _states(colours: Palette, seen: Swatch, dotted: bool, under: str | None = None) -> tuple[Swatch, ...]:
    """The three states, in the colours and patterns they are drawn with."""
    turned = Swatch("turned away", under or colours.turned, Shape.DOTTED, colours.turned)
    covered = Swatch("covered", under or colours.covered, Shape.HATCHED, colours.covered)
    return (
        seen,
        turned,
        covered,
        *((Swatch("pixels of face", colours.landmark, Shape.DOT),) if dotted else ()),
    )


def _fill(look: Look, drawn: Drawn | None) -> Fill:
    lacks_mean = drawn is None or drawn.mean_colours is None
    if look is Look.VISIBILITY:
        return Fill.STATES if drawn is not None and drawn.knows_states else Fill.CLAY
    return Fill.CLAY if look is Look.PNCC and lacks_mean else FILLS.get(look, Fill.CLAY)


def _bar(look: Look, scale: Scale, marked: bool, dotted: bool) -> ColourBar:
    notes = []
    if scale.unknown:
        why = "neither, or both agree" if look is Look.FOLLOWED else "undefined"
        share = f"{scale.unknown:.0%}".replace("%", " %") if scale.unknown >= 0.01 else "under 1 %"
        notes.append(f"grey: {why} ({share})")
    notes += ["patterned: not seen"] if marked else []
    notes += ["dots: pixels of face"] if dotted else []
    note = "\n".join(notes)
    return ColourBar(scale.name, scale.low, scale.high, scale.unit, scale.colour_map, scale.ends, note)
