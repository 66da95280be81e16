"""What people say is visible, covered and turned away on AFLW2000-3D, and where they put its points."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from models.errors import InputError
from models.evaluation.landmark_measures import (
    HAND_NOTE,
    INNER_COVERED,
    INNER_SEEN,
    KNOWS_ERROR,
    LIKELY,
    NME_2D,
    NME_COVERED,
    NME_INNER,
    NME_SEEN,
    STATES,
    STATES_NOTE,
    covered_of,
    landmark_reliability,
    landmark_values,
)
from models.evaluation.protocol import Measured, Protocol, Sample, Setting
from models.evaluation.visibility_sets import beside, labelled
from models.ground_truth.aflw2000 import LabelledFace, aflw2000, naturally_occluded
from models.ground_truth.hand_labels import HandLabels, read_hand_labels
from models.ground_truth.labelled import Labelled
from models.metrics.errors import box_size
from models.reconstruction import Reconstruction

HAND = "hand_labels.npz"


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """The photos people labelled."""
    file = folder / HAND if (folder / HAND).is_file() else beside(folder, "merlrav/aflw2000_open.npz")
    if file is None:
        raise InputError(f"{folder} holds no {HAND} (name, points68, state68) beside its photos.")
    hand, natural = read_hand_labels(file), naturally_occluded(folder) or frozenset()
    return [_sample(face, hand, natural) for face in labelled(aflw2000(folder), hand, setting.limit)]


def _sample(face: LabelledFace, hand: HandLabels, natural: frozenset[str]) -> Sample:
    row = hand.rows[face.name]
    known = Labelled(face.name, face.image, hand.points[row], hand.states[row], by_hand=True)
    size = float(box_size(face.landmarks))
    return Sample(
        name=face.name,
        image=face.image,
        measure=partial(_measure, known, size),
        box=face.box,
        yaw_deg=face.pose_deg[1],
        covered=covered_of(known.states),
        subsets=("occluded in the photo",) if face.name in natural else (),
        points=known.points,
    )


def _measure(face: Labelled, size: float, answer: Reconstruction) -> Measured:
    return landmark_values(answer, face, lambda _points: size)


PROTOCOL = Protocol(
    name="aflw2000-states",
    title="AFLW2000-3D, states and places by hand",
    layout=f"as for aflw2000, with {HAND} (name [F], points68 [F, 68, 2] px from 0, state68: 0 turned away, "
    "1 visible, 2 covered)",
    source="Labels of Kumar et al. 2020 (MERL-RAV) on photos of AFLW2000-3D; figures as in this project.",
    notes=(
        "NME: distance to where people put the points, in % of sqrt(w h) of the box of the benchmark's own "
        "points; "
        "points nobody placed are left out. Jaw points mark the visible outline, hence figures of the "
        "inner 51.",
        STATES_NOTE,
        HAND_NOTE,
    ),
    samples=samples,
    columns=(NME_INNER, INNER_SEEN, INNER_COVERED, NME_2D, NME_SEEN, NME_COVERED, LIKELY),
    pooled=(*STATES, *KNOWS_ERROR),
    reliability=landmark_reliability,
    by_yaw=True,
)
