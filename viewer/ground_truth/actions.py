"""What a user can do with ground truth, as rows of menus."""

from __future__ import annotations

from viewer.ground_truth.commands import GroundTruthCommands
from viewer.widgets.action import ActionRow, has_frame

ACTIONS: tuple[ActionRow[GroundTruthCommands], ...] = (
    ActionRow(
        "open-truth",
        "Open ground truth…",
        "Hold the answer against landmarks or a mesh from a file: .mat, .pts, .json, .npz, .obj, .ply.",
        "&File",
        GroundTruthCommands.open_dialog,
        "Ctrl+G",
        enabled=has_frame,
        group="truth",
    ),
)
