"""WFLW as distributed (Wu et al. 2018): 98 points, a box and six attributes a line."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from models.errors import InputError
from models.ground_truth.labelled import Labelled, spread
from models.ground_truth.pictures import inside, read_picture
from models.reconstruction import frozen

LIST = "WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_test.txt"
IMAGES = "WFLW_images"
ATTRIBUTES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")
POINTS, NUMBERS = 98, 2 * 98 + 4 + len(ATTRIBUTES)
MOST_BYTES = 64 << 20
AS_68 = np.array(
    [
        *(*range(0, 33, 2), *range(33, 38), *range(42, 47), *range(51, 62)),
        *(63, 64, 65, 67, 68, 69, 71, 72, 73, 75, *range(76, 96)),
    ]
)
"""[68] which of the 98 points has the place of each iBUG landmark."""


def wflw(folder: Path, limit: int | None = None) -> list[Labelled]:
    """The faces of its test list, as the 68 of its points that iBUG has; pixels from 0 as listed.

    Args:
        folder: Holds WFLW_annotations and WFLW_images.
        limit: Only this many, evenly spread.

    Raises:
        InputError: The list is not there or broken.
    """
    path = folder / LIST
    if not path.is_file():
        raise InputError(f"{folder} holds no WFLW: expected {LIST} and {IMAGES}/ in it.")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path.name} is too large for a list of WFLW. Get it again.")
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return [_labelled(folder, *numbered) for numbered in spread(list(enumerate(lines, 1)), limit)]


def _labelled(folder: Path, number: int, line: str) -> Labelled:
    words = line.split()
    try:
        values = np.array([float(word) for word in words[:NUMBERS]])
    except ValueError as error:
        raise InputError(f"Line {number} of {Path(LIST).name} is damaged ({error}). Get it again.") from error
    if len(words) != NUMBERS + 1 or not np.isfinite(values).all():
        raise InputError(
            f"Line {number} of {Path(LIST).name} is not {NUMBERS} numbers and a name. Get it again."
        )
    points, (x0, y0, x1, y1) = (
        values[: 2 * POINTS].reshape(-1, 2),
        values[2 * POINTS : 2 * POINTS + 4].tolist(),
    )
    has = values[2 * POINTS + 4 :] > 0
    return Labelled(
        name=f"{number}: {words[-1]}",
        image=partial(read_picture, inside(folder / IMAGES, words[-1])),
        points=frozen(points[AS_68]),
        given_box=(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None,
        subsets=tuple(name for name, yes in zip(ATTRIBUTES, has, strict=True) if yes),
        by_hand=True,
    )
