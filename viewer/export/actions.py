"""What a user can take along, as rows of menus."""

from __future__ import annotations

from viewer.export.clip import clip_of
from viewer.export.commands import ExportCommands
from viewer.widgets.action import ActionRow, Test, always, has_answer

MENU = "E&xport"


def _export(
    kind: str, text: str, tooltip: str, group: str, shortcut: str = "", enabled: Test = has_answer
) -> ActionRow[ExportCommands]:
    return ActionRow(
        f"export-{kind.replace('.', '-')}",
        text,
        tooltip,
        MENU,
        lambda commands: commands.export(kind),
        shortcut,
        icon="export" if kind == "ply" else "",
        enabled=enabled,
        group=group,
    )


ACTIONS: tuple[ActionRow[ExportCommands], ...] = (
    _export(
        "ply", "Export mesh as PLY…", "Write the fused mesh with every number told of it.", "mesh", "Ctrl+E"
    ),
    _export("glb", "Export mesh as GLB…", "Write the fused mesh with the photo as texture.", "mesh"),
    _export("obj", "Export mesh as OBJ…", "Write the fused mesh, its material and its texture.", "mesh"),
    ActionRow(
        "export-branch",
        "Export a branch…",
        "Write the mesh of one branch, or of what was seen, as GLB, OBJ or PLY.",
        MENU,
        lambda commands: commands.export_branch(),
        enabled=has_answer,
        group="mesh",
    ),
    _export(
        "head.ply",
        "Export face and head as PLY…",
        "Write the fused mesh and a head around it, which nobody predicted.",
        "mesh",
    ),
    _export(
        "head.glb",
        "Export face and head as GLB…",
        "Write the fused mesh with the photo, and a head around it, which nobody predicted.",
        "mesh",
    ),
    _export("json", "Export answer as JSON…", "Write pose, landmarks, states, camera, coefficients.", "told"),
    _export("landmarks", "Export landmarks…", "Write the 68 landmarks as .pts, .txt and .mat.", "told"),
    _export(
        "uv",
        "Export texture and position map…",
        "Write what is known over the chart, and its states.",
        "maps",
    ),
    _export(
        "maps", "Export depth, normals, PNCC and mask…", "Write them over the photo, also as numbers.", "maps"
    ),
    _export(
        "overlay", "Export overlay as PNG…", "Write the photo with what was seen drawn over it.", "drawn"
    ),
    _export("dense", "Export dense overlay as PNG…", "Write the photo with whole faces over it.", "drawn"),
    _export("pose", "Export pose box as PNG…", "Write the photo with a box turned as each head.", "drawn"),
    _export(
        "figure",
        "Export figure…",
        "Write photo, branches and other methods side by side, as SVG or PDF with real text, or PNG.",
        "page",
    ),
    _export(
        "views",
        "Export figure of three views…",
        "Write the fused face from the left, the front and the right, as SVG, PDF or PNG.",
        "page",
    ),
    ActionRow(
        "export-sized",
        "Export panels at any size…",
        "Write one panel or all of them as large as you say, with legend and caption, as SVG, PDF or PNG.",
        MENU,
        lambda commands: commands.export_sized(),
        enabled=has_answer,
        group="page",
    ),
    ActionRow(
        "export-occluders",
        "Export figure under occluders…",
        "Write the face as it is and under every kind of occluder, each answered anew, as SVG, PDF or PNG.",
        MENU,
        lambda commands: commands.export_covered(),
        enabled=has_answer,
        group="page",
    ),
    _export("turn", "Export turning faces…", "Write a video of the faces turning, as MP4 or WebM.", "page"),
    ActionRow(
        "export-toggle",
        "Export branches in turn…",
        "Write a video of the face with both branches, then without each of them, as MP4 or WebM.",
        MENU,
        lambda commands: commands.export_toggling(),
        enabled=has_answer,
        group="page",
    ),
    ActionRow(
        "export-clip",
        "Export video with what was seen…",
        "Answer for every frame between in and out point and write them as MP4 or WebM; without occluders.",
        MENU,
        lambda commands: commands.export_clip(),
        enabled=lambda state: clip_of(state) is not None and state.writing is None,
        group="page",
    ),
    ActionRow(
        "export-cancel",
        "Cancel export",
        "End the file that is being written; nothing of it is kept.",
        MENU,
        lambda commands: commands.cancel(),
        enabled=lambda state: state.writing is not None and state.writing.stops,
        group="page",
    ),
    _export(
        "html", "Export page as HTML…", "Write one page with the faces to turn, for any browser.", "page"
    ),
    _export(
        "png", "Export window as PNG…", "Write a picture of the whole window.", "page", "Ctrl+Shift+E", always
    ),
)
