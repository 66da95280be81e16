"""How wrong an answer probably is, told from the answer alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from models.geometry.arrays import Floats

SIGNS: tuple[str, ...] = (
    "log distance of the branches",
    "log own correction",
    "log distance of what was seen from the face",
    "seen share",
    "covered share",
    "turned away share",
    "doubt about the states",
    "mask share",
    "confidence",
    "log box size against the asked",
    "box shift across",
    "box shift down",
    "share outside the crop",
    "looks apart: coefficients",
    "looks apart: pose",
    "looks apart: mask",
    "|yaw|",
    "|pitch|",
    "|roll|",
    "mask without seen surface",
)
"""What is read off an answer; distances in shares of the face's size, angles in radians."""

HIDDEN = 24
MOST_PERCENT = 100.0
QUARTILE = 0.6745  # standard deviations from the median to the quartiles of a normal distribution
KEYS = {
    "signs mean": (len(SIGNS),),
    "signs spread": (len(SIGNS),),
    "first weight": (HIDDEN, len(SIGNS)),
    "first bias": (HIDDEN,),
    "second weight": (2, HIDDEN),
    "second bias": (2,),
}
PREFIX = "likely error: "


class Likely(NamedTuple):
    """Of the 68 landmarks' NME, % of sqrt(w h) of their box.

    Attributes:
        percent: As often exceeded as not.
        low, high: Half of all answers like this lie between.
    """

    percent: float
    low: float
    high: float


class LikelyError:
    """A regression of the logarithm of the error on `SIGNS`: one hidden layer, a median and a spread."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        """`tensors` by `KEYS`; ValueError names the first that is missing or misshapen."""
        for key, shape in KEYS.items():
            if key not in tensors or tuple(tensors[key].shape) != shape:
                raise ValueError(f"{PREFIX}{key} should be {list(shape)}")
        self._arrays = {key: tensors[key].float().numpy() for key in KEYS}

    def __call__(self, signs: Floats) -> Likely:
        """Of one answer's `SIGNS`."""
        a = self._arrays
        known = (np.nan_to_num(signs, nan=0.0, posinf=9.0, neginf=-9.0) - a["signs mean"]) / a["signs spread"]
        hidden = np.tanh(a["first weight"] @ known.clip(-4, 4) + a["first bias"])
        middle, spread = (a["second weight"] @ hidden + a["second bias"]).tolist()
        off = QUARTILE * float(np.exp(np.clip(spread, -3, 1)))
        low, percent, high = (min(float(np.exp(middle + k * off)), MOST_PERCENT) for k in (-1, 0, 1))
        return Likely(percent, low, high)


def taken_from(tensors: dict[str, Tensor]) -> LikelyError | None:
    """The regression beside a network's tensors, taken out of them; None where there is none."""
    own = {key.removeprefix(PREFIX): tensors.pop(key) for key in list(tensors) if key.startswith(PREFIX)}
    return LikelyError(own) if own else None
