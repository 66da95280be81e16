"""What an input of `unmask` must hold. No Qt."""

from __future__ import annotations

from models.errors import InputError
from models.geometry.arrays import Box

SMALLEST_BOX_PX = 8


def check_box(box: Box, width: int, height: int) -> None:
    """Nothing, if a box can hold a face of a picture of that size.

    Raises:
        InputError: Less than `SMALLEST_BOX_PX` of it lies in the picture, one way or the other.
    """
    x0, y0, x1, y1 = box
    inside = min(x1, width) - max(x0, 0), min(y1, height) - max(y0, 0)
    if min(inside) < SMALLEST_BOX_PX:
        raise InputError(
            f"The box {x0:g},{y0:g},{x1:g},{y1:g} lies outside the picture, which is {width} x {height} px, "
            f"or less than {SMALLEST_BOX_PX} px of it inside. Give the face's place with --box x0,y0,x1,y1."
        )
