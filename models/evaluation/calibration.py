"""Whether a method is as sure as it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles

BINS = 10
RIGHT_WITHIN = (
    0.1  # confidence is trained to be exp(-e / 0.1), e = chart error in -1..1 + depth in half crops
)


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """Predicted shares of one against what happened, in ten equal bins of the prediction. They add up.

    Attributes:
        counts: [10] how many predictions fell in each bin.
        predicted: [10] their sum.
        actual: [10] the sum of what happened, 0..1 each.
    """

    counts: Doubles
    predicted: Doubles
    actual: Doubles

    @staticmethod
    def of(predicted: NDArray[np.floating], actual: NDArray[np.floating] | NDArray[np.bool_]) -> Reliability:
        """Of predictions [...] 0..1 and what happened [...], NaN left out."""
        p, a = np.asarray(predicted, np.float64).ravel(), np.asarray(actual, np.float64).ravel()
        if p.shape != a.shape:
            raise ValueError(f"predictions and outcomes must be as many, not {p.shape} and {a.shape}")
        known = np.isfinite(p) & np.isfinite(a)
        p, a = p[known], a[known]
        which = np.minimum((p * BINS).astype(int).clip(0), BINS - 1)
        counts = np.bincount(which, minlength=BINS).astype(np.float64)
        told, true = (np.bincount(which, x, BINS).astype(np.float64) for x in (p, a))
        return Reliability(counts, told, true)

    @staticmethod
    def none() -> Reliability:
        """Nothing predicted yet."""
        return Reliability(np.zeros(BINS), np.zeros(BINS), np.zeros(BINS))

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(
            self.counts + other.counts, self.predicted + other.predicted, self.actual + other.actual
        )

    @property
    def error(self) -> float:
        """Expected calibration error: sum_b n_b / n |mean predicted - mean actual| (Naeini et al. 2015)."""
        total = self.counts.sum()
        return float(np.abs(self.predicted - self.actual).sum() / total) if total else float("nan")

    @property
    def bias(self) -> float:
        """Mean predicted less mean actual: above 0, too sure."""
        total = self.counts.sum()
        return float((self.predicted - self.actual).sum() / total) if total else float("nan")


def pixel_quality(uv_error: NDArray[np.floating], depth_error: NDArray[np.floating]) -> Doubles:
    """How right a pixel's prediction is, 1 at best: what "confidence" says it tells.

    Args:
        uv_error: [...] distance on the chart, 0..1 units.
        depth_error: [...] in half crop sides.
    """
    return np.asarray(np.exp(-(2 * np.asarray(uv_error, np.float64) + depth_error) / RIGHT_WITHIN))


def rank_correlation(first: Doubles, second: Doubles) -> float:
    """Spearman's rho of the pairs both of which are known; NaN for fewer than three."""
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 3:
        return float("nan")
    a, b = mid_ranks(first[known]), mid_ranks(second[known])
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def mid_ranks(values: Doubles) -> Doubles:
    """Ranks, equal values sharing their mean rank."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts - 1) / 2)[which], np.float64)
