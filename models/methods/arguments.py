"""What every method is asked, checked in one way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def check_asked(
    name: str, switches: Sequence[str], size: int, crops: NDArray[np.uint8], without: frozenset[str]
) -> None:
    """ValueError for switches the method does not have, for crops that are not [F, size, size, 3] uint8."""
    if unknown := without - set(switches):
        has = f"it has {list(switches)}" if switches else "it has none"
        raise ValueError(f"{name} has no switch {sorted(unknown)}; {has}")
    if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (size, size, 3):
        raise ValueError(f"crops must be uint8 [F, {size}, {size}, 3], got {crops.dtype} {list(crops.shape)}")
