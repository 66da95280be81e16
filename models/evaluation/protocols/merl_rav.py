"""MERL-RAV: 68 points by hand on AFLW with their states."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

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
from models.evaluation.visibility import Case
from models.evaluation.visibility_sets import beside, crop_cases
from models.ground_truth.hand_labels import read_hand_labels
from models.ground_truth.labelled import Labelled
from models.ground_truth.sets.merl_rav import merl_rav
from models.reconstruction import Reconstruction

HAND = "merlrav/labels.npz"


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """The faces of its test set; of a folder of labelled crops those kept aside from training."""
    if (folder / "crops.tar").is_file():
        hand = folder / "hand_labels.npz"
        file = hand if hand.is_file() else beside(folder / "crops.tar", HAND) or hand
        return [_crop(case) for case in crop_cases(folder, read_hand_labels(file), setting.limit)]
    return [_sample(face) for face in merl_rav(folder, setting.limit)]


def _sample(face: Labelled) -> Sample:
    return Sample(
        name=face.name,
        image=face.image,
        measure=partial(_measure, face, None),
        box=face.box,
        covered=covered_of(face.states),
        subsets=face.subsets,
        points=face.points,
    )


def _crop(case: Case) -> Sample:
    face = Labelled(case.name, case.image, case.points, case.states, by_hand=True)
    return Sample(
        name=case.name,
        image=case.image,
        measure=partial(_measure, face, case.size_px),
        box=case.box,
        covered=covered_of(case.states),
        points=np.asarray(case.points),
    )


def _measure(face: Labelled, size: float | None, answer: Reconstruction) -> Measured:
    return landmark_values(answer, face) if size is None else landmark_values(answer, face, lambda _: size)


PROTOCOL = Protocol(
    name="merl-rav",
    title="MERL-RAV (AFLW with 68 points and states by hand), test set",
    layout="merl_rav_organized/ as its own script writes it (frontal, left, ... / testset / NAME.pts beside "
    "NAME.jpg), or a folder of crops.tar, labels.npz and hand_labels.npz",
    source="Kumar et al. 2020 (LUVLi).",
    notes=(
        "NME in % of sqrt(w h) of the box of the placed points; of crops, of the box of their 68 "
        "pseudo-labels. "
        "Points turned away are not placed and left out. Its coordinates count pixels from 1.",
        "Crops: every tenth, those training keeps aside.",
        STATES_NOTE,
        HAND_NOTE,
    ),
    samples=samples,
    columns=(NME_2D, NME_SEEN, NME_COVERED, NME_INNER, INNER_SEEN, INNER_COVERED, LIKELY),
    pooled=(*STATES, *KNOWS_ERROR),
    reliability=landmark_reliability,
    limits={"nme": 7.0},
)
