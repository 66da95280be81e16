"""Stirling: 3D root mean square error of neutral faces, pictures of high and of low quality apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.evaluation.protocol import Protocol, Published, Sample, Setting
from models.evaluation.scan_measures import (
    EXPRESSION_NOTE,
    MEAN,
    MEDIAN,
    OVER_POINTS,
    REGION_COLUMNS,
    RMSE,
    SCALE_NOTE,
    scan_sample,
)
from models.ground_truth.sets.stirling import stirling
from models.metrics.scans import STIRLING_RADIUS


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """The pictures of both qualities."""
    return [scan_sample(face, STIRLING_RADIUS, refine=False) for face in stirling(folder, setting.limit)]


PROTOCOL = Protocol(
    name="stirling",
    title="Stirling ESRC 3D, FG 2018 challenge",
    layout="HQ/ and LQ/ with pictures named by person, scans NAME.obj, annotations/ with NAME.lnd",
    source="Feng et al. 2018 (FG challenge) and its evaluation code.",
    notes=(
        "Similarity by seven landmarks alone, as the challenge has it; distances of the scan points within "
        "1.2 x "
        "(outer eye distance + nose length) / 2 about the nose to the mesh. 3D-RMSE per picture, then the "
        "mean.",
        "Faces are found by the finder; the set names no boxes. Intervals are over people.",
        EXPRESSION_NOTE,
        SCALE_NOTE,
    ),
    samples=samples,
    columns=(RMSE, MEAN, MEDIAN, *REGION_COLUMNS),
    pooled=OVER_POINTS,
    published=(
        Published("PRNet", "3D-RMSE, HQ", "2.06 mm", "challenge page", (RMSE.title, "HQ", "mean")),
        Published("PRNet", "3D-RMSE, LQ", "2.38 mm", "challenge page", (RMSE.title, "LQ", "mean")),
    ),
)
