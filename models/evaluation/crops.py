"""A method on the labelled crops that training keeps aside (see models/ground_truth/aflw.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.evaluation.scoring import BIN_NAMES, BRANCHES, yaw_bin
from models.evaluation.tables import table
from models.geometry.arrays import Doubles
from models.ground_truth import aflw
from models.metrics.errors import box_size, nme_percent
from models.pipeline import reconstruct
from models.reconstruction import MeshLayer
from models.reconstructor import Face, Reconstructor

SCORED = np.array(
    [len(marks) == 1 for marks in aflw.AS_LANDMARKS]
)  # hand labels with a landmark of their own
SAME = np.array([marks[0] for marks in aflw.AS_LANDMARKS if len(marks) == 1])


def crops_report(folder: Path, method: Reconstructor, limit: int | None = None) -> str:
    """NME against hand-labelled visible points and against pseudo-labels of all 68, by yaw.

    Both in % of sqrt(w h) of the box of the pseudo-labels, which is also where the method is told to look.
    Faces whose two kinds of labels disagree are left out of the second figure.
    """
    labels = aflw.read_labels(folder)
    rows = np.flatnonzero(labels.held_out)
    if limit is not None and limit < len(rows):
        rows = rows[np.linspace(0, len(rows) - 1, max(limit, 1)).round().astype(int)]
    trusted = labels.disagreement_percent.numpy()[rows] < aflw.TRUSTED_PERCENT
    bins = yaw_bin(np.degrees(np.arcsin(labels.rotation[rows, 0, 2].numpy().astype(np.float64))))
    answers = _answers(labels, rows, method)
    counts = (int((bins == b).sum()) for b in range(3))
    header = [
        "NME, %",
        *(f"{name} ({n})" for name, n in zip(BIN_NAMES, counts, strict=True)),
        "mean",
        "median",
    ]
    lines: list[list[object]] = []
    for name, marks in answers.items():
        error = _hand_error(labels, rows, marks)
        lines.append([f"visible hand labels, {name}", *_means(error, bins, np.isfinite(error))])
    for name, marks in answers.items():
        error = nme_percent(marks, labels.landmarks[rows, :, :2].numpy())
        lines.append([f"pseudo-labels, {name}", *_means(error, bins, trusted)])
    return f"{len(rows)} crops kept aside, {trusted.sum()} with pseudo-labels to trust\n\n" + table(
        header, lines
    )


def _means(error: Doubles, bins: NDArray[np.int64], known: NDArray[np.bool_]) -> list[float]:
    """Mean by bin, mean and median of all; NaN of none."""
    groups = [*(error[known & (bins == b)] for b in range(len(BIN_NAMES))), error[known]]
    means = [float(group.mean()) if len(group) else float("nan") for group in groups]
    return [*means, float(np.median(groups[-1])) if known.any() else float("nan")]


def _answers(labels: aflw.Labels, rows: NDArray[np.int64], method: Reconstructor) -> dict[str, Doubles]:
    """Name of the answer or of a branch -> [F, 68, 2] crop px."""
    found: dict[str, list[Doubles]] = {}
    for picture, box in _pictures(labels, rows):
        (answer,) = reconstruct(picture, [Face(box)], method)
        found.setdefault("answer", []).append(_flat(answer.landmarks))
        for layer in answer.layers:
            if isinstance(layer, MeshLayer) and layer.name in BRANCHES:
                found.setdefault(layer.name, []).append(_flat(answer.topology.landmarks(layer.vertices)))
    return {name: np.stack(marks) for name, marks in found.items()}


def _flat(marks: NDArray[np.floating]) -> Doubles:
    return np.asarray(marks[:, :2], np.float64)


def _pictures(
    labels: aflw.Labels, rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.uint8], tuple[float, float, float, float]]]:
    crops = aflw.Crops(labels.folder)
    for row in rows:
        marks = labels.landmarks[row, :, :2]
        (x0, y0), (x1, y1) = marks.amin(0).tolist(), marks.amax(0).tolist()
        yield crops.read(str(labels.name[row])), (x0, y0, x1, y1)


def _hand_error(labels: aflw.Labels, rows: NDArray[np.int64], marks: Doubles) -> Doubles:
    """[F] against the hand labels that are visible; NaN where none is."""
    size = box_size(labels.landmarks[rows].numpy())
    visible = labels.visible21[rows].numpy()[:, SCORED] > 0
    truth = labels.points21[rows].numpy()[:, SCORED]
    return nme_percent(marks[:, SAME], truth, visible, lambda _: size)
