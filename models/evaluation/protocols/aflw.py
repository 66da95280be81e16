"""AFLW: 21 points, the visible ones, by yaw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.evaluation.crops import SAME, SCORED
from models.evaluation.landmark_measures import HAND_NOTE, KNOWS_ERROR, LIKELY
from models.evaluation.protocol import Column, Measured, Protocol, Published, Sample, Setting
from models.evaluation.visibility_errors import told_error
from models.geometry.arrays import Bools, Doubles
from models.ground_truth import aflw
from models.ground_truth.labelled import Labelled, spread
from models.ground_truth.sets.aflw_database import aflw_database
from models.metrics.errors import box_size, nme_percent
from models.reconstruction import Reconstruction

NME_21 = Column("nme", "NME 2D, visible of 16 points", "%")


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """The faces of the database; of a folder of labelled crops those kept aside from training."""
    if (folder / "crops.tar").is_file():
        return _crops(folder, setting.limit)
    return [_sample(face) for face in aflw_database(folder, setting.limit)]


def _sample(face: Labelled) -> Sample:
    points = np.asarray(face.points, np.float64)
    placed = np.asarray(np.isfinite(points).all(1))
    assert face.pose_deg is not None
    return Sample(
        name=face.name,
        image=face.image,
        measure=partial(_measure, points, placed, float(box_size(points[placed]))),
        box=face.box,
        yaw_deg=face.pose_deg[1],
        points=points,
    )


def _crops(folder: Path, limit: int | None) -> list[Sample]:
    labels, crops = aflw.read_labels(folder), aflw.Crops(folder)
    yaw = np.degrees(np.arcsin(labels.rotation[:, 0, 2].numpy().astype(np.float64).clip(-1, 1)))
    found = []
    for i in spread(np.flatnonzero(labels.held_out).tolist(), limit):
        points, marks = labels.points21[i].numpy().astype(np.float64), labels.landmarks[i].numpy()
        visible, (x0, y0), (x1, y1) = (
            labels.visible21[i].numpy() > 0,
            marks[:, :2].min(0),
            marks[:, :2].max(0),
        )
        found.append(
            Sample(
                name=str(labels.name[i]),
                image=partial(crops.read, str(labels.name[i])),
                measure=partial(_measure, points, visible, float(box_size(marks))),
                box=(float(x0), float(y0), float(x1), float(y1)),
                yaw_deg=float(yaw[i]),
                points=np.where(visible[:, None], points, np.nan),
            )
        )
    return found


def _measure(points: Doubles, visible: Bools, size: float, answer: Reconstruction) -> Measured:
    own = np.asarray(answer.landmarks_by_hand, np.float64)[SAME, :2]
    error = nme_percent(own, points[SCORED], visible[SCORED], lambda _: np.asarray(size))
    return Measured({"nme": float(error), "likely": told_error(answer)})


PROTOCOL = Protocol(
    name="aflw",
    title="AFLW, 21 points",
    layout="aflw.sqlite with its pictures as distributed (aflw/data), or crops.tar and labels.npz",
    source="Zhu et al. 2016 (3DDFA): visible points, by yaw.",
    notes=(
        "16 of the 21 points have a landmark of their own among the 68; the middles of the eyes, of the "
        "mouth and "
        "the ears have none and are left out where that is so. Hence not the published figure to the digit.",
        "NME in % of sqrt(w h) of the box of the visible points (of crops: of their 68 pseudo-labels).",
        "Yaw as the set tells it (of crops: of the pseudo-labels). Boxes: of the set.",
        HAND_NOTE,
    ),
    samples=samples,
    columns=(NME_21, LIKELY),
    pooled=KNOWS_ERROR,
    published=(
        Published("PRNet", "NME of 21 points, yaw 0-30", "4.19 %", "as public lists have it"),
        Published("3DDFA-V2", "NME of 21 points, yaw 0-30", "3.98 %", "as public lists have it"),
    ),
    by_yaw=True,
    limits={"nme": 10.0},
)
