"""Every method that can run here, under the same protocol: one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from models.catalogue import methods, missing
from models.evaluation.occlusion import trials
from models.evaluation.occlusion_report import Layout, by_kind, mean_nme
from models.evaluation.scoring import BIN_NAMES, Score, ask, score, views_of
from models.evaluation.subjects import photo_subjects
from models.ground_truth.aflw2000 import LabelledFace, aflw2000
from models.loading import load
from resources.needs import weights_files, weights_of

COVERS = ("mask", "sunglasses", "hand", "half board")


@dataclass(frozen=True, eq=False, slots=True)
class MethodRow:
    """One method with one set of weights.

    Attributes:
        method, weights: Their names.
        clean: The whole answer's figures on the photos as they are.
        covered: Kind of cover -> mean NME of 68 points, percent.
        megabytes: Of the files of weights.
    """

    method: str
    weights: str
    clean: Score
    covered: dict[str, float]
    megabytes: float


def side_by_side_report(
    folder: Path, limit: int | None, device: str, kinds: Sequence[str], layout: Layout
) -> str:
    """A table of all methods with all weights at hand, and a line for those whose files are missing."""
    faces = aflw2000(folder, limit)
    rows, lacking = [], []
    for method, weights in ((name, one) for name in sorted(methods()) for one in weights_of(name)):
        if lacks := missing(method, weights):
            lacking.append(f"{method} {weights}: {lacks[0]}")
        else:
            rows.append(_measured(faces, method, weights, device, kinds))
    title = (
        f"AFLW2000-3D, {len(faces)} faces, pt3d_68 minus 1 px, box from the truth, "
        f"{torch.get_num_threads()} threads; NME of 68 points in %"
    )
    return "\n\n".join([title, _table(rows, kinds, layout), *lacking])


def _measured(
    faces: Sequence[LabelledFace], name: str, weights: str, device: str, kinds: Sequence[str]
) -> MethodRow:
    method = load(name, weights, device)
    clean = score(faces, ask(faces, method, views_of(method)[:1])[0])
    measured = by_kind(list(trials(photo_subjects(faces), method, kinds))) if kinds else {}
    covered = {kind: float(mean_nme(measured[kind])[0]) for kind in kinds}
    megabytes = sum(path.stat().st_size for path in weights_files(name, weights)) / 1e6
    return MethodRow(name, weights, clean, covered, megabytes)


def _table(rows: Sequence[MethodRow], kinds: Sequence[str], layout: Layout) -> str:
    header = ["method", *(f"yaw {name}" for name in BIN_NAMES), "clean", *kinds, "pose, deg", "ms", "MB"]
    body = [
        [
            f"{row.method}, {row.weights}",
            *row.clean.bins.tolist(),
            row.clean.mean,
            *(row.covered[kind] for kind in kinds),
            float(row.clean.pose_mae_deg.mean()),
            row.clean.ms,
            row.megabytes,
        ]
        for row in rows
    ]
    return layout(header, body)
