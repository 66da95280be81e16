"""What a face does with mouth and eyes, measured on its 68 landmarks alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles

MEASURES = ("lip gap", "mouth width", "corner lift", "eye opening")
UPPER_LIP, LOWER_LIP = (61, 62, 63), (67, 66, 65)  # inner
UPPER_LID, LOWER_LID = (37, 38, 43, 44), (41, 40, 47, 46)
MIDDLE = (51, 57, 62, 66)  # of the lips
CORNERS = (48, 54)
EYES = (36, 45)  # outer corners
NOSE = (27, 33)  # root and base


def expression_measures(landmarks: NDArray[np.floating]) -> Doubles:
    """[..., 68, D >= 2] -> [..., 4], in the unit of the landmarks; `MEASURES` names the columns.

    The gap is the mean distance of the three pairs of inner lips, the opening that of the four pairs of lids,
    the width that of the corners of the mouth. The lift says how far those lie above the middle of the lips:
    along the way from the base to the root of the nose, upright to the line through the eyes.
    """
    x = np.asarray(landmarks, np.float64)
    gap = _apart(x, UPPER_LIP, LOWER_LIP)
    width = np.linalg.norm(x[..., CORNERS[1], :] - x[..., CORNERS[0], :], axis=-1)
    raised = x[..., CORNERS, :].mean(-2) - x[..., MIDDLE, :].mean(-2)
    lift = (raised * _up(x)).sum(-1)
    return np.stack([gap, width, lift, _apart(x, UPPER_LID, LOWER_LID)], -1)


def agreement(told: NDArray[np.floating], true: NDArray[np.floating]) -> tuple[float, float, float]:
    """Pearson's r, the slope of `told` over `true` [F], and the mean of told - true; NaN rows are left out.

    The slope is that of the least-squares line: 1 where a change comes out in full, 0 where none does.
    """
    known = np.isfinite(told) & np.isfinite(true)
    a, b = np.asarray(told, np.float64)[known], np.asarray(true, np.float64)[known]
    if len(a) < 3 or not a.std() or not b.std():
        return float("nan"), float("nan"), float("nan")
    covariance = ((a - a.mean()) * (b - b.mean())).mean()
    return float(covariance / (a.std() * b.std())), float(covariance / b.var()), float((a - b).mean())


def _apart(x: Doubles, upper: tuple[int, ...], lower: tuple[int, ...]) -> Doubles:
    return np.asarray(np.linalg.norm(x[..., upper, :] - x[..., lower, :], axis=-1).mean(-1))


def _up(x: Doubles) -> Doubles:
    """[..., D] unit direction."""
    across = x[..., EYES[1], :] - x[..., EYES[0], :]
    across = across / np.linalg.norm(across, axis=-1, keepdims=True)
    nose = x[..., NOSE[0], :] - x[..., NOSE[1], :]
    up = nose - (nose * across).sum(-1, keepdims=True) * across
    return np.asarray(up / np.linalg.norm(up, axis=-1, keepdims=True))
