"""A picture at two sizes: which pixel of one lies where in the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box

Size = tuple[int, int]

AS_SHOWN = np.eye(3)
"""[3, 3]: px of a picture that is shown as it is in its file, to px of the file."""


def rescaling(old: Size, new: Size) -> NDArray[np.float64]:
    """T_new_old [3, 3] between two sizes (width, height) of one picture, px.

    The edges of the picture stay, and (0, 0) is the centre of the first pixel: x' = (x + 1/2) s - 1/2.
    """
    across, down = new[0] / old[0], new[1] / old[1]
    return np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]], np.float64)


def moved_box(box: Box, T_new_old: NDArray[np.float64]) -> Box:
    """(x0, y0, x1, y1) of the old picture in the new one; `T_new_old` does not turn."""
    (across, _, x), (_, down, y), _ = T_new_old.tolist()
    return across * box[0] + x, down * box[1] + y, across * box[2] + x, down * box[3] + y


def moved(points: NDArray[np.floating], T_new_old: NDArray[np.float64]) -> NDArray[np.float64]:
    """[K, 2 or 3] points of the old picture in the new one; depth grows as the width does."""
    scales = np.array([T_new_old[0, 0], T_new_old[1, 1], T_new_old[0, 0]])[: points.shape[1]]
    shifts = np.array([T_new_old[0, 2], T_new_old[1, 2], 0.0])[: points.shape[1]]
    return np.asarray(points, np.float64) * scales + shifts
