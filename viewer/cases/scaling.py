"""Between px of the picture's file, which a case tells, and px of the frame shown. No Qt."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Doubles
from models.geometry.rescaling import Size, rescaling
from viewer.sources.source import Frame


def to_file(frame: Frame) -> Doubles:
    """T_file_shown [3, 3]; exactly the identity where the picture is shown as it is."""
    return frame.T_file_shown


def to_shown(size_px: Size, frame: Frame) -> Doubles:
    """T_shown_file [3, 3] of a file that had that size; exactly the identity where it is shown as it is.

    A file that was replaced by one of another size is met as if it had only been scaled.
    """
    return np.array(rescaling(size_px, frame.shown_size))
