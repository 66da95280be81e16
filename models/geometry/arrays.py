"""Short names for what signatures say again and again; shape, space and unit stand in each docstring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rng = np.random.Generator
Photo = NDArray[np.uint8]
"""[H, W, 3] RGB."""
Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1), px of the frame unless said otherwise."""
