"""PANELS: what each panel shows and how it starts. PANEL_LAYOUTS: which of them stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from models.reconstruction import MODEL_SPACE, VISIBLE_SURFACE
from viewer.state.comparison import A_B
from viewer.state.setting import METHODS, MOST_METHODS
from viewer.state.state import State, line
from viewer.state.style import LayerStyle, Look

if TYPE_CHECKING:
    from models.reconstruction import Alarm

SHADED = LayerStyle(Look.SHADED)
OCCLUSION = "lab"
"""The panel layout of the occlusion lab."""


class Kind(Enum):
    """Which widget a panel is."""

    PHOTO = "photo"
    MAPS = "maps"
    SURFACE = "surface"
    PHOTO_WIPE = "photo wipe"
    WIPE = "wipe"


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One panel.

    Attributes:
        name: Key, as in State.styles.
        title, subtitle: What its strip says; the subtitle in plain words.
        layer: The mesh layer it draws; empty for the answer's own vertices.
        looks: What its surface can be coloured by, in menu order; none for the photo. One alone: that is
            what the panel is for.
        style: The look it starts with; of the photo, how the meshes over it are drawn.
        marks_hidden: Whether the part that was not seen is hatched.
        absent: What it says when the answer has no such layer.
        kind: Which widget it is.
        alarms: Codes of the alarms that concern it; others concern the fused face.
        compares: Whether it shows B with what lies between it and A, rather than the answer.
        chart: Whether the surface is drawn unrolled, where its vertices lie on the UV chart.
        slot: Which of the methods side by side it shows, from 0; None for the answer of the first alone.
    """

    name: str
    title: str
    subtitle: str
    layer: str = ""
    looks: tuple[Look, ...] = ()
    style: LayerStyle = SHADED
    marks_hidden: bool = False
    absent: str = ""
    kind: Kind = Kind.SURFACE
    alarms: tuple[str, ...] = ()
    compares: bool = False
    chart: bool = False
    slot: int | None = None

    @property
    def shows_head(self) -> bool:
        """Whether it shows whole faces in space, so that a head may be drawn around them."""
        return self.kind in (Kind.SURFACE, Kind.WIPE) and not self.chart and self.layer != VISIBLE_SURFACE


NO_DIFFERENCE = "No difference yet: choose what A and B are above the panels."

COMPLETED_LOOKS = (
    Look.SHADED,
    Look.FLAT,
    Look.PHOTO,
    Look.WIRE,
    Look.POINTS,
    Look.VISIBILITY,
    Look.P_SEEN,
    Look.DISAGREEMENT,
    Look.FOLLOWED,
    Look.SHARE,
    Look.OWN_CORRECTION,
    Look.ERROR,
    Look.CHANGE_BY_OCCLUSION,
    Look.DEPTH,
    Look.UV,
    Look.NORMALS,
    Look.PNCC,
)
MESH_LOOKS = (
    *(Look.SHADED, Look.WIRE, Look.VISIBILITY, Look.P_SEEN, Look.DISAGREEMENT, Look.FOLLOWED, Look.SHARE),
    *(Look.OWN_CORRECTION, Look.ERROR, Look.CHANGE_BY_OCCLUSION, Look.DEPTH),
)
"""What the fused meshes over the photo can be coloured by, in menu order."""
METHOD_LOOKS = (
    *(Look.SHADED, Look.PHOTO, Look.TO_FIRST, Look.VISIBILITY, Look.ERROR, Look.DEPTH),
    *(Look.FLAT, Look.WIRE, Look.POINTS, Look.UV, Look.NORMALS, Look.PNCC),
)


def _method(slot: int) -> PanelRow:
    looks = tuple(look for look in METHOD_LOOKS if slot or look is not Look.TO_FIRST)
    return PanelRow(f"method-{slot + 1}", f"Method {slot + 1}", "", looks=looks, marks_hidden=True, slot=slot)


ABOUT_THE_BOX = ("no-face", "box-misplaced", "crop-border")
"""Codes of alarms that a glance at the photo settles."""

PANELS = (
    PanelRow(
        "photo",
        "Photo",
        "what went in",
        style=LayerStyle(Look.SHADED, opacity=0.7),
        kind=Kind.PHOTO,
        alarms=("tracker-lost", *ABOUT_THE_BOX),
    ),
    PanelRow(
        "image",
        "Visible surface",
        "image space: only what was seen",
        layer=VISIBLE_SURFACE,
        looks=(
            Look.PHOTO,
            Look.SHADED,
            Look.FLAT,
            Look.CONFIDENCE,
            Look.UV,
            Look.ERROR,
            Look.DEPTH,
            Look.WIRE,
            Look.POINTS,
            Look.NORMALS,
            Look.PNCC,
        ),
        style=LayerStyle(Look.PHOTO),
        alarms=("empty-mask", "uv-collisions"),
        absent="No visible surface: the image-space branch is off, saw nothing, or this method has none.",
    ),
    PanelRow(
        "model",
        "Model space",
        "face completed",
        layer=MODEL_SPACE,
        looks=COMPLETED_LOOKS,
        marks_hidden=True,
        alarms=("little-seen",),
        absent="The model-space branch is switched off, or this method has none.",
    ),
    PanelRow(
        "fused",
        "Fused",
        "both together",
        looks=COMPLETED_LOOKS,
        style=LayerStyle(Look.PHOTO),
        marks_hidden=True,
        alarms=(
            "empty-mask",
            "little-seen",
            "mostly-covered",
            "branches-apart",
            "own-correction",
            *ABOUT_THE_BOX,
        ),
    ),
    PanelRow(
        "uv",
        "UV chart",
        "the face unrolled, dotted where visible pixels fell",
        looks=(
            Look.VISIBILITY,
            Look.P_SEEN,
            Look.DISAGREEMENT,
            Look.FOLLOWED,
            Look.SHARE,
            Look.OWN_CORRECTION,
            Look.ERROR,
            Look.DEPTH,
            Look.PHOTO,
            Look.SHADED,
            Look.UV,
            Look.WIRE,
        ),
        style=LayerStyle(Look.VISIBILITY),
        marks_hidden=True,
        alarms=("empty-mask", "uv-collisions"),
        chart=True,
    ),
    PanelRow(
        "changed",
        "Changed",
        "how far occluders moved it",
        looks=(Look.CHANGE_BY_OCCLUSION, Look.SPREAD),
        style=LayerStyle(Look.CHANGE_BY_OCCLUSION),
        marks_hidden=False,
    ),
    PanelRow(
        "seen",
        "Seen or completed",
        "seen, turned away or covered",
        looks=(Look.VISIBILITY, Look.P_SEEN),
        alarms=("empty-mask", "little-seen", "mostly-covered"),
        style=LayerStyle(Look.VISIBILITY),
    ),
    PanelRow(
        "followed",
        "Branch followed",
        "whom the fused face lies nearer to",
        looks=(Look.FOLLOWED, Look.SHARE, Look.OWN_CORRECTION),
        alarms=("own-correction",),
        marks_hidden=True,
        style=LayerStyle(Look.FOLLOWED),
    ),
    PanelRow(
        "apart",
        "Branches apart",
        "how far the two branches disagree",
        looks=(Look.DISAGREEMENT,),
        alarms=("branches-apart",),
        style=LayerStyle(Look.DISAGREEMENT),
    ),
    PanelRow(
        "maps",
        "Maps",
        "what was said of every pixel, dark to bright",
        kind=Kind.MAPS,
        alarms=("empty-mask", "uv-collisions"),
        absent="This method tells no maps.",
    ),
    PanelRow("photo-wipe", "A | B photo", "drag the line", kind=Kind.PHOTO_WIPE),
    PanelRow(
        "wipe",
        "A | B in 3D",
        "A left of the line, B right of it",
        looks=COMPLETED_LOOKS,
        marks_hidden=True,
        kind=Kind.WIPE,
    ),
    PanelRow(
        "difference",
        "Difference",
        "how far A lies from B",
        looks=(Look.DIFFERENCE,),
        style=LayerStyle(Look.DIFFERENCE),
        compares=True,
        absent=NO_DIFFERENCE,
    ),
    PanelRow(
        "difference-uv",
        "Difference, unrolled",
        "the same on the UV chart",
        looks=(Look.DIFFERENCE,),
        style=LayerStyle(Look.DIFFERENCE),
        compares=True,
        chart=True,
        absent=NO_DIFFERENCE,
    ),
    *(_method(slot) for slot in range(MOST_METHODS)),
)
"""A new panel is one more row; PANEL_LAYOUTS says where it stands."""


STYLED = tuple(row.name for row in PANELS if row.looks or row.kind is Kind.PHOTO)
"""The panels of which a session keeps how they are drawn, by name."""


@dataclass(frozen=True, slots=True)
class PanelLayout:
    """Panels that stand side by side.

    Attributes:
        name: Key, as in State.panel_layout.
        title: What its button says.
        tooltip: One sentence more.
        panels: Names of PANELS, from left to right.
        icon: File in resources/icons.
    """

    name: str
    title: str
    tooltip: str
    panels: tuple[str, ...]
    icon: str


PANEL_LAYOUTS = (
    PanelLayout(
        "branches",
        "Branches",
        "What went in, what was seen, what was completed, and both together.",
        ("photo", "image", "model", "fused"),
        "layers",
    ),
    PanelLayout(
        "x-ray",
        "X-ray",
        "Inside the fusion: what was seen, which branch it followed and what it added, where they disagree.",
        ("photo", "image", "uv", "seen", "followed", "apart"),
        "xray",
    ),
    PanelLayout(
        A_B,
        "A/B",
        "Any two answers against each other: branches, frames, weights, parts left out.",
        ("photo-wipe", "wipe", "difference", "difference-uv"),
        "compare",
    ),
    PanelLayout(
        OCCLUSION,
        "Occlusion lab",
        "Occlude the face and see what that changes, compared with the answer without occluders.",
        ("photo", "image", "changed", "fused"),
        "cover",
    ),
    PanelLayout(
        METHODS,
        "Methods",
        "Methods side by side on the same frame: what each answers, how long it takes, how far they differ.",
        ("photo", *(f"method-{slot + 1}" for slot in range(MOST_METHODS))),
        "methods",
    ),
    PanelLayout(
        "maps",
        "Maps",
        "What the network said on the way: mask, u, v, depth, confidence, positions; scalars on the chart.",
        ("photo", "maps"),
        "maps",
    ),
)
"""In the order of their buttons. A new panel layout is one more row; a session starts with the first."""


def panel_row(name: str) -> PanelRow:
    """The row of that name; KeyError names those there are."""
    for row in PANELS:
        if row.name == name:
            return row
    raise KeyError(f"no panel {name!r}; there are {[row.name for row in PANELS]}")


def panel_layout(name: str) -> PanelLayout:
    """The panel layout of that name; the first where there is none (any more)."""
    return next((row for row in PANEL_LAYOUTS if row.name == name), PANEL_LAYOUTS[0])


def alarms_on(row: PanelRow, alarms: Sequence[Alarm]) -> tuple[str, ...]:
    """What a panel warns of."""
    known = {code for other in PANELS for code in other.alarms}
    strange = {alarm.code for alarm in alarms} - known if row.name == "fused" else set()
    return tuple(alarm.text for alarm in alarms if alarm.code in row.alarms or alarm.code in strange)


def panels_shown(state: State) -> tuple[PanelRow, ...]:
    """The panels that stand side by side now, from left to right."""
    rows = (panel_row(name) for name in panel_layout(state.panel_layout).panels)
    return tuple(row for row in rows if row.slot is None or row.slot < len(line(state)))


def style_of(state: State, name: str) -> LayerStyle:
    """How a panel is drawn: as the user chose, or as it starts."""
    return state.styles[name] if name in state.styles else panel_row(name).style
