"""Landmarks that people placed and called visible, covered or turned away, of many faces in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.file_formats.numpy_file import read_arrays
from models.reconstruction import Array, State

AS_HAND = np.array([State.TURNED_AWAY, State.SEEN, State.COVERED], np.uint8)  # what the files call 0, 1, 2
HAND_ARRAYS = {"name": (), "points68": (68, 2), "state68": (68,)}


@dataclass(frozen=True, eq=False, slots=True)
class HandLabels:
    """Where people put the 68 points of F faces, and what they said of each.

    Attributes:
        path: The file they were read from.
        rows: Name of a face -> its row.
        points: [F, 68, 2] float32 px of the picture, from 0; NaN where not placed.
        states: [F, 68] uint8, a `State`.
    """

    path: Path
    rows: dict[str, int]
    points: Array
    states: NDArray[np.uint8]


def read_hand_labels(path: Path) -> HandLabels:
    """The labels of an .npz: name [F], points68 [F, 68, 2], state68 [F, 68].

    A state is 0 turned away, 1 visible, 2 covered.

    Raises:
        InputError: It cannot be read, or an array is missing, misshapen or says something else.
    """
    try:
        arrays = read_arrays(path, HAND_ARRAYS)
    except UnmaskError as error:
        raise InputError(f"{error} Give an .npz of {', '.join(HAND_ARRAYS)}.") from error
    count = len(arrays.get("name", ()))
    wrong = [k for k, of in HAND_ARRAYS.items() if k not in arrays or arrays[k].shape != (count, *of)]
    if wrong or not count:
        raise InputError(f"{path}: {', '.join(wrong) or 'everything'} is missing or misshapen")
    states = arrays["state68"]
    if not np.isin(states, (0, 1, 2)).all():
        raise InputError(f"{path}: state68 is 0 (turned away), 1 (visible) or 2 (covered), nothing else")
    rows = {str(name): row for row, name in enumerate(arrays["name"])}
    return HandLabels(path, rows, arrays["points68"].astype(np.float32), AS_HAND[states.astype(np.uint8)])
