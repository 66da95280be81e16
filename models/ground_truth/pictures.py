"""Pixels of a photograph from a set of strangers: bounded before they are unpacked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.errors import InputError

MOST_PIXELS = 64_000_000


def read_picture(path: Path) -> NDArray[np.uint8]:
    """[H, W, 3] RGB.

    Raises:
        InputError: It is not there, no picture, or larger than any photograph of a set.
    """
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise InputError(f"{path.name} has {picture.width} x {picture.height} px, too many.")
            return np.array(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path.name} is no readable picture ({error}). Get it again.") from error


def inside(folder: Path, name: str) -> Path:
    """The file of that name in a folder, as a list of a set gives it.

    Raises:
        InputError: The name leads out of the folder.
    """
    path = folder / name.replace("\\", "/")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"A list of {folder} names {name[:80]!r}, which lies outside it. Get the list again."
        )
    return path
