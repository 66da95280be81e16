"""The figures of a judgement. Each names its metric, its points and what it is divided by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.metrics.errors import nme3d_percent, nme_percent
from models.metrics.normalisers import Normaliser
from models.reconstruction import branch_text

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement


@dataclass(frozen=True, slots=True)
class Figure:
    """One number per branch, and all that must be said for it to mean something.

    Attributes:
        metric: e.g. "NME 2D".
        points: Which points count, e.g. "41 visible points (by the answer)".
        normaliser: What it is divided by; empty for angles and lengths.
        unit: "%", "mm" or "°".
        formula: How it is computed.
        values: (branch, number); NaN where it is not defined.
    """

    metric: str
    points: str
    normaliser: str
    unit: str
    formula: str
    values: tuple[tuple[str, float], ...]

    @property
    def title(self) -> str:
        """Its full name, e.g. "NME 2D, 68 points, sqrt(w h) of the truth's box"."""
        return ", ".join(part for part in (self.metric, self.points, self.normaliser) if part)

    def number(self, branch: str) -> str:
        """The number of one branch; a dash where it has none."""
        value = dict(self.values).get(branch, float("nan"))
        if not np.isfinite(value):
            return "–"
        decimals = 1 if self.unit == "°" or abs(value) >= 100 else 2
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.{decimals}f}"

    def text(self, branch: str) -> str:
        """The number of one branch with its unit."""
        return f"{self.number(branch)}{'' if self.unit == '°' else ' '}{self.unit}"

    def sentence(self, branch: str) -> str:
        """Name and number, e.g. "NME 2D, 68 points, sqrt(w h) of the truth's box: 3.21 % (fused)"."""
        return f"{self.title}: {self.text(branch)} ({branch_text(branch)})"


def figures(judgement: Judgement, normaliser: Normaliser) -> tuple[Figure, ...]:
    """All of a judgement: landmarks in 2D (all, seen, hidden) and 3D, surface, pose. At least one."""
    return (
        *_landmark_figures(judgement, normaliser),
        *_surface_figures(judgement, normaliser),
        *_pose_figures(judgement),
    )


def _landmark_figures(judgement: Judgement, normaliser: Normaliser) -> Iterator[Figure]:
    truth, visible = judgement.landmarks, judgement.visible
    if truth is None:
        return
    subsets: list[tuple[str, NDArray[np.bool_] | None]] = [("68 points", None)]
    if visible is not None:
        by = judgement.visible_by
        subsets.append((f"{visible.sum()} visible points ({by})", visible))
        subsets.append((f"{(~visible).sum()} hidden points ({by})", ~visible))
    for points, select in subsets:
        values = tuple(
            (branch.branch, float(nme_percent(branch.landmarks, truth, select, normaliser.size)))
            for branch in judgement.branches
        )
        formula = f"100 · mean |a - p| / N over x and y; N = {normaliser.formula}"
        yield Figure("NME 2D", points, normaliser.name, "%", formula, values)
    if judgement.has_depth:
        values = tuple(
            (branch.branch, float(nme3d_percent(branch.landmarks, truth, None, normaliser.size)))
            for branch in judgement.branches
        )
        formula = f"100 · mean |a - p| / N over x, y, z less their mean z; N = {normaliser.formula}"
        yield Figure("NME 3D", "68 points", normaliser.name, "%", formula, values)


def _surface_figures(judgement: Judgement, normaliser: Normaliser) -> Iterator[Figure]:
    surface = judgement.surface
    if surface is None:
        return
    to_what = "the same vertex" if surface.same_topology else "the nearest point of the true surface"
    points = f"{len(judgement.branches[0].vertex_px):,} vertices, {surface.how}"
    size = float(normaliser.size(judgement.measured))
    means = [(branch.branch, float(np.nanmean(branch.vertex_px))) for branch in judgement.branches]
    percent = tuple((branch, 100 * mean / size) for branch, mean in means)
    formula = f"100 · mean distance to {to_what} / N; N = {normaliser.formula}"
    yield Figure("NME 3D", points, normaliser.name, "%", formula, percent)
    lengths = tuple((branch, mean * judgement.mm_per_px) for branch, mean in means)
    formula = f"mean distance to {to_what}, in mm of the answer's face model"
    yield Figure("Mean distance 3D", points, "", "mm", formula, lengths)


def _pose_figures(judgement: Judgement) -> Iterator[Figure]:
    if judgement.pose_error_deg is None:
        return
    formula = "|answer - truth| in degrees, R = Rx(-pitch) Ry(-yaw) Rz(-roll), without wrap-around"
    for name, error in zip(("pitch", "yaw", "roll"), judgement.pose_error_deg, strict=True):
        yield Figure("Pose error", name, "", "°", formula, (("fused", error),))
