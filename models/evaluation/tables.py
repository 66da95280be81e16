"""Scores as text to read and CSV to keep."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.evaluation.rendered import RenderedScore
from models.evaluation.scoring import BIN_NAMES, GROUPS, Score, paired
from models.geometry.arrays import Doubles
from models.ground_truth.aflw2000 import LabelledFace

Cells = Sequence[object]


def table(header: Sequence[str], rows: Sequence[Cells]) -> str:
    """Columns that line up: the first to the left, the others to the right; numbers with two digits."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])


def markdown(header: Sequence[str], rows: Sequence[Cells]) -> str:
    """The same as a table of a README."""
    lines = [header, ["---"] * len(header), *([_cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def nme_table(scores: Sequence[Score]) -> str:
    """NME of 68 points by yaw bin, one row per view."""
    counts = scores[0].counts
    header = [
        "NME 68, %",
        *(f"{name} ({count})" for name, count in zip(BIN_NAMES, counts, strict=True)),
        *("mean", "balanced", "median", "mean 3D", "lost", "ms"),
    ]
    rows = [
        [s.view.name, *s.bins, s.mean, s.balanced, s.median, _mean(s.nme3d), s.lost, s.ms] for s in scores
    ]
    return table(header, rows)


def pose_table(scores: Sequence[Score]) -> str:
    """Pose MAE, one row per view that has a pose."""
    rows = [
        [s.view.name, *s.pose_mae_deg, float(s.pose_mae_deg.mean())]
        for s in scores
        if np.isfinite(s.pose_mae_deg).all()
    ]
    return table(["pose MAE, deg", "pitch", "yaw", "roll", "mean"], rows)


def residual_table(score: Score) -> str:
    """Which way the landmarks of each group are off on average: a bias shows, noise averages out."""
    header = ["mean residual, %", "right", "down", "|yaw|<=30: right", "down"]
    rows = [
        [name, *score.residual[points].mean(0), *score.frontal_residual[points].mean(0)]
        for name, points in GROUPS.items()
    ]
    rows.append(["all", *score.residual.mean(0), *score.frontal_residual.mean(0)])
    return table(header, rows)


def rendered_table(scores: Sequence[RenderedScore]) -> str:
    """Rendered faces: NME of landmarks and vertices, pose and mask, one row per view."""
    header = ["NME, %", "68 points", "dense 2D", "dense 3D", "seen", "hidden", "pose MAE, deg", "mask IoU"]
    rows = [
        [
            *(s.view.name, s.landmarks, s.dense, s.dense3d, s.visible, s.hidden),
            *(float(s.pose_mae_deg.mean()), s.mask_iou),
        ]
        for s in scores
    ]
    return table(header, rows)


def comparison(scores: Sequence[Score]) -> str:
    """The first view against each other one, face by face."""
    first, *others = scores
    lines = []
    for other in others:
        mean, error = paired(first.nme, other.nme)
        lines.append(f"{first.view.name} - {other.view.name}: {mean:+.3f} +- {error:.3f} % NME")
    return "\n".join(lines)


def write_csv(path: Path, faces: Sequence[LabelledFace], scores: Sequence[Score]) -> None:
    """One row per face: its name and true pose, then the NME of every view."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "pitch_deg", "yaw_deg", "roll_deg", *(s.view.name for s in scores)])
        for i, face in enumerate(faces):
            pose = [f"{angle:.3f}" for angle in face.pose_deg]
            writer.writerow([face.name, *pose, *(f"{s.nme[i]:.4f}" for s in scores)])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.2f}"
    return str(value)


def _mean(values: Doubles) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
