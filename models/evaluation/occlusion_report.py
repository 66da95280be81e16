"""The figures under covers: tables, CSV, and what goes into the picture."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from models.evaluation.calibration import Reliability, rank_correlation
from models.evaluation.occlusion import CLEAN, FAILED_NME, READINGS, Measured
from models.evaluation.tables import Cells
from models.geometry.arrays import Doubles

Layout = Callable[[Sequence[str], Sequence[Cells]], str]
ALL_KINDS = "all kinds"
Rows = Sequence[Measured]
LEGEND = """covered: share of the face under the cover. found: looked at; failed: lost, or fused NME > 10 %.
Errors are means over the faces found. seen, hidden: points that no cover hides, and the others; on rendered
faces points turned away or hidden by the scene itself count as hidden too. Pose: |angles| <= 99 degrees.
cover called face: covered pixels of the face whose visible mask is 0.5 or more.
ECE: expected calibration error in ten bins; bias: mean told less mean true (above 0: too sure);
visibility by vertex, confidence by seen pixel against exp(-(2 e_uv + e_depth) / 0.1).
Rank correlation is Spearman's, over faces."""


def by_kind(rows: Rows) -> dict[str, list[Measured]]:
    """Rows under each kind, clean first, in the order they came; then all covered ones together."""
    kinds = {kind: [row for row in rows if row.kind == kind] for kind in dict.fromkeys(r.kind for r in rows)}
    covered = [row for row in rows if row.kind != CLEAN]
    return kinds | ({ALL_KINDS: covered} if len(kinds) > 2 else {})


def occlusion_tables(rows: Rows, layout: Layout) -> str:
    """NME, pose and honesty by kind."""
    return "\n\n".join([_nme(rows, layout), _pose(rows, layout), _honesty(rows, layout)])


def group_table(rows: Rows, groups: dict[str, frozenset[str]], layout: Layout) -> str:
    """Fused NME of groups of subjects side by side."""
    kinds = by_kind(rows)
    lines = [
        [
            f"{name} ({len(names)})",
            *(mean_nme([r for r in kind if r.subject in names])[0] for kind in kinds.values()),
        ]
        for name, names in groups.items()
    ]
    return layout(["fused NME 68, %", *kinds], lines)


def reliability_table(rows: Rows, layout: Layout) -> str:
    """What was told against what was so, bin by bin, over all kinds."""
    visibility, rightness = total(rows, "visibility"), total(rows, "rightness")
    lines = []
    for k in range(len(visibility.counts)):
        pairs = [
            (bins.predicted[k] / bins.counts[k], bins.actual[k] / bins.counts[k])
            if bins.counts[k]
            else (float("nan"), float("nan"))
            for bins in (visibility, rightness)
        ]
        lines.append([f"{k / 10:.1f}-{(k + 1) / 10:.1f}", *map(float, pairs[0]), *map(float, pairs[1])])
    return layout(["told", "visibility: mean", "was visible", "confidence: mean", "was right"], lines)


def mean_nme(rows: Rows) -> Doubles:
    """[3] by reading, over the faces found."""
    return _mean([row.nme for row in rows])


def failed_percent(rows: Rows) -> float:
    """Faces lost, or off by more than 10 %, of all."""
    bad = [not row.found or not row.nme[0] <= FAILED_NME for row in rows]
    return 100 * float(np.mean(bad)) if bad else float("nan")


def total(rows: Rows, what: str) -> Reliability:
    """All predictions of "visibility" or "rightness" together."""
    return sum((getattr(row, what) for row in rows), Reliability.none())


def write_trials(path: Path, rows: Rows) -> None:
    """One line per face and kind."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        columns = [
            f"{what}: {name}" for what in ("nme", "nme seen", "nme hidden", "geodesic") for name in READINGS
        ]
        writer.writerow(
            ["name", "kind", "yaw_deg", "covered", "found", *columns, "called visible", "mask IoU"]
        )
        for row in rows:
            figures = np.concatenate([row.nme, row.nme_seen, row.nme_hidden, row.geodesic_deg])
            tail = (row.called_visible, row.mask_iou)
            writer.writerow(
                [row.subject, row.kind, f"{row.yaw_deg:.2f}", f"{row.covered:.4f}", int(row.found)]
                + [f"{value:.4f}" for value in (*figures.tolist(), *tail)]
            )


def _nme(rows: Rows, layout: Layout) -> str:
    header = ["NME 68, %", "covered, %", "found, %", "failed, %"]
    header += [f"{name}{part}" for name in READINGS for part in ("", ", seen", ", hidden")]
    lines = []
    for kind, some in by_kind(rows).items():
        means = [_mean([getattr(r, what) for r in some]) for what in ("nme", "nme_seen", "nme_hidden")]
        covered, found = np.nanmean([r.covered for r in some]), np.mean([r.found for r in some])
        per_reading = np.stack(means, 1).ravel().tolist()
        lines.append([kind, float(100 * covered), float(100 * found), failed_percent(some), *per_reading])
    return layout(header, lines)


def _pose(rows: Rows, layout: Layout) -> str:
    header = ["pose, deg", *(f"MAE {name}" for name in READINGS), *(f"geodesic {name}" for name in READINGS)]
    lines = []
    for kind, some in by_kind(rows).items():
        mae = _mean([row.pose_error_deg for row in some]).mean(1)
        lines.append([kind, *mae.tolist(), *_mean([row.geodesic_deg for row in some]).tolist()])
    return layout(header, lines)


def _honesty(rows: Rows, layout: Layout) -> str:
    header = ["honesty", "cover called face, %", "mask IoU", "visibility ECE", "bias"]
    header += ["confidence ECE", "bias", "confidence", "its rank correlation with NME"]
    lines = []
    for kind, some in by_kind(rows).items():
        visibility, rightness = total(some, "visibility"), total(some, "rightness")
        confidence = np.array([row.confidence for row in some], np.float64)
        lines.append(
            [
                kind,
                *(100 * _known([r.called_visible for r in some]), _known([r.mask_iou for r in some])),
                *(visibility.error, visibility.bias, rightness.error, rightness.bias),
                *(_known(confidence), rank_correlation(confidence, np.array([r.nme[0] for r in some]))),
            ]
        )
    return layout(header, lines)


def _mean(arrays: Sequence[Doubles]) -> Doubles:
    """[K] arrays [...] -> [...]: the mean of what is known of each entry."""
    stacked = np.stack(arrays) if arrays else np.full((1, len(READINGS)), np.nan)
    known = np.isfinite(stacked)
    counts = known.sum(0).astype(np.float64)
    sums = np.where(known, stacked, 0.0).sum(0)
    return np.asarray(np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0))


def _known(values: Sequence[float] | Doubles) -> float:
    return float(_mean([np.asarray(value, np.float64)[None] for value in values])[0])
