"""NoW: distance of a scan to the answer, by challenge; the occluded pictures among them."""

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
from models.ground_truth.sets.now import now
from models.metrics.scans import NOW_RADIUS

OURS = ("all points of all faces, median", "all", "pooled")


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """The pictures of its validation list."""
    return [scan_sample(face, NOW_RADIUS, refine=True) for face in now(folder, setting.limit)]


PROTOCOL = Protocol(
    name="now",
    title="NoW, validation set",
    layout="final_release_version/ with iphone_pictures, detected_face, scans, scans_lmks_onlypp and list",
    source="Sanyal et al. 2019 and its evaluation code.",
    notes=(
        "Scan cropped to the sphere of 1.4 x (outer eye distance + nose length) / 2 about the nose; "
        "similarity by "
        "seven landmarks, then over scale, rotation and translation; distance of every scan point to the "
        "mesh.",
        "The benchmark's figure is the median over all points of all pictures (here in bins of 0.01 mm). "
        "multiview_occlusions is the occluded subset. Intervals are over people.",
        EXPRESSION_NOTE,
        SCALE_NOTE,
        "Published figures are of its test set, whose scans only its makers have.",
    ),
    samples=samples,
    columns=(MEDIAN, MEAN, RMSE, *REGION_COLUMNS),
    pooled=OVER_POINTS,
    published=(
        Published("3DDFA-V2", "median, test set", "1.23 mm", "as public lists have it", OURS),
        Published(
            "MGCNet",
            "median / mean / std, test set",
            "1.31 / 1.87 / 2.63 mm",
            "as public lists have it",
            OURS,
        ),
        Published(
            "PRNet", "median / mean / std, test set", "1.50 / 1.98 / 1.88 mm", "as public lists have it", OURS
        ),
    ),
)
