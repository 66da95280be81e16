"""COFW-68: faces behind things, visible and occluded points apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.evaluation.landmark_measures import (
    HAND_NOTE,
    INNER_COVERED,
    INNER_SEEN,
    KNOWS_ERROR,
    LIKELY,
    NME_2D,
    NME_COVERED,
    NME_EYES,
    NME_SEEN,
    STATES,
    STATES_NOTE,
    labelled_sample,
    landmark_reliability,
)
from models.evaluation.protocol import Protocol, Sample, Setting
from models.ground_truth.sets.cofw68 import cofw68


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """Its 507 faces."""
    return [labelled_sample(face) for face in cofw68(folder, setting.limit)]


PROTOCOL = Protocol(
    name="cofw68",
    title="COFW-68",
    layout="COFW68_Data/: test_annotations/N_points.mat, cofw68_test_bboxes.mat, COFW_test_color.mat",
    source="Ghiasi and Fowlkes 2015 (arXiv 1506.08347).",
    notes=(
        "Coordinates count pixels from 1. Boxes: those of the benchmark. Error by the outer eye corners, "
        "and by "
        "sqrt(w h) of the box of the true points; visible and occluded points apart in the latter.",
        "Its labels know visible and occluded only, whether by a thing or by the head: all occluded count "
        "as covered.",
        STATES_NOTE,
        HAND_NOTE,
    ),
    samples=samples,
    columns=(NME_EYES, NME_2D, NME_SEEN, NME_COVERED, INNER_SEEN, INNER_COVERED, LIKELY),
    pooled=(*STATES, *KNOWS_ERROR),
    reliability=landmark_reliability,
    limits={"nme_eyes": 10.0},
)
