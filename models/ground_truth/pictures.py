"""Pixels of a photograph from a set of strangers: bounded before they are unpacked."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.errors import InputError
from models.file_formats import reason_of

MOST_PIXELS = 48_000_000  # up to 14 bytes each are held at a time


def read_picture(path: Path) -> NDArray[np.uint8]:
    """[H, W, 3] RGB.

    Raises:
        InputError: It is not there, no picture, or larger than any photograph of a set.
    """
    try:
        with warnings.catch_warnings(), Image.open(path) as picture:
            warnings.simplefilter("ignore")  # what Pillow reads past is no matter here
            if picture.width * picture.height > MOST_PIXELS:
                raise InputError(f"{path.name} has {picture.width} x {picture.height} px, too many.")
            return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))
    except InputError:
        raise
    except Exception as error:  # a damaged file can break a decoder in any way at all
        raise InputError(f"{path.name} is no readable picture ({reason_of(error)}). Get it again.") from error


def inside(folder: Path, name: str) -> Path:
    """The file of that name in a folder, as a list of a set gives it.

    Raises:
        InputError: The name leads out of the folder, or no disk can hold it.
    """
    path = folder / name.replace("\\", "/")
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # told by who reads it
    except (OSError, ValueError) as error:
        raise InputError(
            f"A list of {folder} names {name[:80]!r}, which no file is called. Get the list again."
        ) from error
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"A list of {folder} names {name[:80]!r}, which lies outside it. Get the list again."
        )
    return path
