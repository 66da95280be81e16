"""300-W and HELEN: 68 points by hand in the picture plane."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.evaluation.landmark_measures import (
    HAND_NOTE,
    KNOWS_ERROR,
    LIKELY,
    NME_2D,
    NME_EYES,
    NME_INNER,
    labelled_sample,
)
from models.evaluation.protocol import Protocol, Sample, Setting
from models.ground_truth.sets.ibug import ibug


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """Its test faces."""
    return [labelled_sample(face) for face in ibug(folder, setting.limit)]


PROTOCOL = Protocol(
    name="300w",
    title="300-W and HELEN, 68 points",
    layout="NAME.pts beside NAME.jpg or .png at any depth: helen/testset, lfpw/testset, ibug, 01_Indoor ...",
    source="Sagonas et al. 2013: error by the distance of the outer eye corners.",
    notes=(
        "Coordinates count pixels from 1. Boxes: of the true points.",
        "common: test sets of HELEN and LFPW; challenging: iBUG; full: both. Training parts and AFW are "
        "left out.",
        "The jaw is labelled along the visible outline, where a 3D jaw does not lie on turned faces: hence "
        "figures of "
        "the inner 51 points. None of the four systems publishes figures here.",
        HAND_NOTE,
    ),
    samples=samples,
    columns=(NME_EYES, NME_2D, NME_INNER, LIKELY),
    pooled=KNOWS_ERROR,
    limits={"nme_eyes": 8.0},
)
