"""What a user can take along, as rows of menus."""

from __future__ import annotations

from viewer.export.commands import ExportCommands
from viewer.widgets.action import ActionRow, Test, always, has_answer


def _export(kind: str, text: str, tooltip: str, shortcut: str, enabled: Test) -> ActionRow[ExportCommands]:
    return ActionRow(
        f"export-{kind.replace('.', '-')}",
        text,
        tooltip,
        "&File",
        lambda commands: commands.export(kind),
        shortcut,
        icon="export" if kind == "ply" else "",
        enabled=enabled,
        group="export",
    )


ACTIONS: tuple[ActionRow[ExportCommands], ...] = (
    _export(
        "ply", "Export mesh as PLY…", "Write the fused mesh, as most 3D tools read it.", "Ctrl+E", has_answer
    ),
    _export("glb", "Export mesh as GLB…", "Write the fused mesh with the photo as texture.", "", has_answer),
    _export(
        "head.ply",
        "Export face and head as PLY…",
        "Write the fused mesh and a head around it, which nobody predicted.",
        "",
        has_answer,
    ),
    _export(
        "head.glb",
        "Export face and head as GLB…",
        "Write the fused mesh with the photo, and a head around it, which nobody predicted.",
        "",
        has_answer,
    ),
    _export("json", "Export answer as JSON…", "Write pose, landmarks and what took part.", "", has_answer),
    _export("png", "Export window as PNG…", "Write a picture of the whole window.", "Ctrl+Shift+E", always),
)
