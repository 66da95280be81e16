"""300W-LP: photographs turned further by a face model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.evaluation.landmark_measures import (
    KNOWS_ERROR,
    LIKELY,
    NME_2D,
    NME_INNER,
    POSE,
    POSE_NOTE,
    labelled_sample,
)
from models.evaluation.protocol import Protocol, Sample, Setting
from models.ground_truth.sets.lp300w import lp300w


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """Its pictures without their mirror images."""
    return [labelled_sample(face) for face in lp300w(folder, setting.limit)]


PROTOCOL = Protocol(
    name="300w-lp",
    title="300W-LP",
    layout="AFW/, HELEN/, IBUG/, LFPW/ with NAME_k.jpg beside NAME_k.mat as distributed",
    source="Zhu et al. 2016; the usual training set of the four systems, hence no benchmark of theirs.",
    notes=(
        "pt2d minus 1 px; NME in % of sqrt(w h) of the box of the true points; the mirror images are left "
        "out.",
        "Intervals are over faces: all turns of one go together.",
        POSE_NOTE,
    ),
    samples=samples,
    columns=(NME_2D, NME_INNER, *POSE, LIKELY),
    pooled=KNOWS_ERROR,
    by_yaw=True,
    limits={"nme": 10.0},
)
