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
    ActionRow(
        "true-box",
        "Run with the true box",
        "Ask the method again with the box that the true landmarks span, or go back to the box before.",
        "&Compute",
        GroundTruthCommands.toggle_true_box,
        "Ctrl+Shift+B",
        enabled=lambda state: state.judgement is not None and state.judgement.truth.box is not None,
        checked=lambda state: state.box_trial is not None and state.box_trial.frame is state.frame,
        group="truth",
    ),
)
