"""WFLW: the 68 of its 98 points that iBUG has, whole and by attribute, occlusion among them."""

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
from models.ground_truth.sets.wflw import wflw


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """The faces of its test list."""
    return [labelled_sample(face) for face in wflw(folder, setting.limit)]


PROTOCOL = Protocol(
    name="wflw",
    title="WFLW, test list",
    layout="WFLW_annotations/ and WFLW_images/ as distributed",
    source="Wu et al. 2018: error by the distance of the outer eye corners; failures and area to 10 %.",
    notes=(
        "68 of its 98 points have a place among iBUG's 68 and are measured; published figures are of all 98.",
        "Boxes: those of the list. The jaw is labelled along the visible outline. None of the four systems "
        "publishes "
        "figures here.",
        HAND_NOTE,
    ),
    samples=samples,
    columns=(NME_EYES, NME_2D, NME_INNER, LIKELY),
    pooled=KNOWS_ERROR,
    limits={"nme_eyes": 10.0},
)
