"""Pictures from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.sources.still import read_still


def read(path: str | Path) -> NDArray[np.uint8]:
    """The picture in a file, as the window shows it: upright, and made smaller where it is huge.

    Args:
        path: JPEG, PNG, WebP, TIFF and others; HEIC and JPEG XL with the extra `formats`.

    Returns:
        [H, W, 3] uint8 RGB; (0, 0) is the centre of the top-left pixel. Read-only.

    Raises:
        InputError: It cannot be read; says why, and what to do.

    >>> import unmask
    >>> unmask.read(unmask.samples()[0]).shape
    (512, 512, 3)
    """
    return read_still(Path(path)).image
