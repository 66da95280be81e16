"""What a user can do to the drawing, as rows of menus."""

from __future__ import annotations

from viewer.display.commands import DisplayCommands
from viewer.state.layout import PANEL_LAYOUTS, PanelLayout, panels_shown, style_of
from viewer.state.state import State
from viewer.state.style import OVERLAY_TEXTS, OVERLAYS, Look
from viewer.widgets.action import ActionRow

MAIN_MESH_LOOKS = (Look.SHADED, Look.WIRE, Look.VISIBILITY)
"""Those of MESH_LOOKS that the menu has; the photo's own button and the dock have all."""
FADE = 0.1


def _layout(row: PanelLayout) -> ActionRow[DisplayCommands]:
    return ActionRow(
        f"layout-{row.name}",
        f"Panels: {row.title}",
        row.tooltip,
        "&View",
        lambda commands: commands.set_panel_layout(row.name),
        f"F{PANEL_LAYOUTS.index(row) + 5}",
        row.icon,
        toolbar=row.title,
        checked=lambda state: state.panel_layout == row.name,
        group="panel_layout",
    )


def _overlay(name: str) -> ActionRow[DisplayCommands]:
    return ActionRow(
        f"overlay-{name}",
        f"Photo: {OVERLAY_TEXTS[name]}",
        f"Draw {OVERLAY_TEXTS[name].lower()} over the photo, or no longer.",
        "&View",
        lambda commands: commands.toggle_overlay(name),
        f"Shift+{OVERLAYS.index(name) + 1}",
        checked=lambda state: name in state.overlays,
        group="overlays",
    )


def _look(look: Look) -> ActionRow[DisplayCommands]:
    return ActionRow(
        f"look-{look.name.lower()}",
        f"All panels: {look.value}",
        f"Draw the face in every panel by: {look.value.lower()}.",
        "&Look",
        lambda commands: commands.set_look_everywhere(look),
        checked=lambda state: _all_have(state, look),
        group="looks",
    )


def _mesh_look(look: Look) -> ActionRow[DisplayCommands]:
    return ActionRow(
        f"mesh-{look.name.lower()}",
        f"Mesh over the photo: {look.value}",
        f"Draw the fused meshes of all faces over the photo, coloured by: {look.value.lower()}.",
        "&View",
        lambda commands: commands.set_mesh_look(look),
        checked=lambda state: "mesh" in state.overlays and style_of(state, "photo").look is look,
        group="mesh",
    )


def _fade(name: str, by: float, how: str) -> ActionRow[DisplayCommands]:
    return ActionRow(
        f"mesh-{name}",
        f"Mesh over the photo: {name}",
        f"Let the fused meshes hide {how} of the photo.",
        "&View",
        lambda commands: commands.fade_mesh(by),
        group="mesh",
    )


def _all_have(state: State, look: Look) -> bool:
    choosers = [row.name for row in panels_shown(state) if len(row.looks) > 1 and look in row.looks]
    return bool(choosers) and all(style_of(state, name).look is look for name in choosers)


LAYOUT_ACTIONS: tuple[ActionRow[DisplayCommands], ...] = tuple(_layout(row) for row in PANEL_LAYOUTS)

ACTIONS: tuple[ActionRow[DisplayCommands], ...] = (
    ActionRow(
        "whole-photo",
        "Photo: whole",
        "Show all of the photo, or its faces and what is around them.",
        "&View",
        lambda commands: commands.toggle_whole_photo(),
        "Z",
        checked=lambda state: state.whole_photo,
        group="overlays",
    ),
    *(_overlay(name) for name in OVERLAYS),
    *(_mesh_look(look) for look in MAIN_MESH_LOOKS),
    _fade("stronger", FADE, "more"),
    _fade("fainter", -FADE, "less"),
    ActionRow(
        "truth-in-3d",
        "3D panels: Ground truth",
        "Draw the true landmarks, or the true surface, in the 3D panels too.",
        "&View",
        lambda commands: commands.toggle_truth_in_3d(),
        "Shift+0",
        enabled=lambda state: state.judgement is not None,
        checked=lambda state: state.truth_in_3d,
        group="overlays",
    ),
    ActionRow(
        "wire",
        "Edges over surfaces",
        "Draw the edges of the triangles over every surface.",
        "&Look",
        lambda commands: commands.toggle_wire(),
        "W",
        "wire",
        toolbar="Edges",
        checked=lambda state: any(style_of(state, row.name).wire for row in panels_shown(state) if row.looks),
        group="wire",
    ),
    ActionRow(
        "head",
        "Head around the face",
        "Draw skull, ears, eyes and teeth around the face: no method predicted them.",
        "&Look",
        lambda commands: commands.toggle_head(),
        "S",
        "face",
        checked=lambda state: state.head,
        group="wire",
    ),
    ActionRow(
        "theme",
        "Change theme",
        "Change between the dark and the light window.",
        "&View",
        lambda commands: commands.toggle_theme(),
        "Ctrl+T",
        "theme",
        toolbar="Theme",
        group="window",
    ),
    *(
        _look(look)
        for look in (
            *(Look.SHADED, Look.FLAT, Look.PHOTO, Look.WIRE, Look.POINTS),
            *(Look.VISIBILITY, Look.TO_FIRST, Look.ERROR),
            *(Look.UV, Look.DEPTH, Look.NORMALS, Look.PNCC),
        )
    ),
)
