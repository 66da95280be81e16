"""How well a score tells two classes apart: plain numpy. Figures are NaN where a class is missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.evaluation.calibration import mid_ranks
from models.geometry.arrays import Bools, Doubles


def roc_auc(score: NDArray[np.floating], positive: Bools) -> float:
    """Area under the ROC curve: how often a positive scores above a negative, a tie counting one half.

    (sum of the mid-ranks of the n positives - n (n + 1) / 2) / (n m), m negatives (Mann and Whitney 1947).

    Args:
        score: [...], higher for positives; NaN leaves the case out.
        positive: [...].
    """
    s, p = _known(score, positive)
    n, m = int(p.sum()), int((~p).sum())
    if not n or not m:
        return float("nan")
    return float((mid_ranks(s)[p].sum() - n * (n + 1) / 2) / (n * m))


def average_precision(score: NDArray[np.floating], positive: Bools) -> float:
    """Average precision: sum_k (R_k - R_(k-1)) P_k over the distinct scores, falling, as scikit-learn has it.

    A score that ranks at random reaches the share of positives.

    Args:
        score: [...], higher for positives; NaN leaves the case out.
        positive: [...].
    """
    s, p = _known(score, positive)
    if not p.any() or p.all():
        return float("nan")
    order = np.argsort(-s)
    last = np.append(np.flatnonzero(np.diff(s[order])), len(s) - 1)  # equal scores are called together
    hits = p[order].cumsum()[last]
    precision, recall = hits / (last + 1), hits / hits[-1]
    return float((np.diff(recall, prepend=0) * precision).sum())


def f1(called: Bools, positive: Bools) -> float:
    """The harmonic mean of precision and recall of what was called positive; NaN if nothing is positive.

    Args:
        called, positive: [...].
    """
    if not positive.any():
        return float("nan")
    return float(2 * (called & positive).sum() / (called.sum() + positive.sum()))


def _known(score: NDArray[np.floating], positive: Bools) -> tuple[Doubles, Bools]:
    s, p = np.asarray(score, np.float64).ravel(), np.asarray(positive, np.bool_).ravel()
    if s.shape != p.shape:
        raise ValueError(f"scores and outcomes must be as many, not {s.shape} and {p.shape}")
    known = np.isfinite(s)
    return s[known], p[known]
