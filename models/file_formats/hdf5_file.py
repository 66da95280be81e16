"""Arrays of an HDF5 file: only what lies in the file itself, after a look at its size."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.file_formats import most_unpacked, reading
from models.file_formats.numpy_file import NUMBERS_AND_TEXT

MOST_CELL = 256 << 20  # bytes


def read_hdf5(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Arrays by name, e.g. "shape/model/mean".

    Args:
        path: The file.
        names: Which; those not there are left out. Default: all.

    Raises:
        WeightsError: It is no HDF5 file, or an array lies in other files or is too large.
        MissingAssetError: It is not there.
    """
    import h5py

    found: dict[str, NDArray[Any]] = {}
    if not path.is_file():
        raise MissingAssetError(f"There is no file {path}. Check the path.")
    left = most_unpacked(path.stat().st_size)

    def look(name: str, item: Any) -> None:  # is shown hard links only: never another file
        nonlocal left
        if isinstance(item, h5py.Dataset) and (names is None or name in names):
            left -= _size(path, name, item)
            if left < 0:
                raise WeightsError(f"{path.name} unpacks to more than a file of its size may. Get it anew.")
            found[name] = item[()]

    with reading(path, "an HDF5 file"), h5py.File(path, "r") as file:
        file.visititems(look)
    return found


def read_cell(path: Path, name: str, index: int) -> NDArray[Any]:
    """One array of a cell array of MATLAB 7.3, which holds references to arrays of the same file.

    Args:
        path: The file.
        name: Of the cell array.
        index: Which, counted along all its axes.

    Raises:
        WeightsError: It is no such file, holds no such cell, or the array lies elsewhere or is too large.
        MissingAssetError: It is not there.
    """
    import h5py

    with reading(path, "a MATLAB file of version 7.3"), h5py.File(path, "r") as file:
        cells = file.get(name)
        if not isinstance(cells, h5py.Dataset) or h5py.check_ref_dtype(cells.dtype) is not h5py.Reference:
            raise WeightsError(f"{path.name} holds no cells {name}. Get it anew.")
        if cells.external or cells.is_virtual or not 0 <= index < cells.size:
            raise WeightsError(f"{path.name}: {name} has no cell {index + 1}. Get it anew.")
        item = file[cells[tuple(np.unravel_index(index, cells.shape))]]
        if not isinstance(item, h5py.Dataset):
            raise WeightsError(f"{path.name}: {name} holds no array at {index + 1}. Get it anew.")
        if _size(path, name, item) > MOST_CELL:
            raise WeightsError(f"{path.name}: {name} holds something too large at {index + 1}. Get it anew.")
        return np.asarray(item[()])


def _size(path: Path, name: str, item: Any) -> int:
    """Bytes of an array before it is read; WeightsError if it lies elsewhere or holds no numbers."""
    if item.external or item.is_virtual:
        raise WeightsError(f"{path.name}: {name} lies in other files; it was not loaded.")
    if item.size is None or item.dtype.kind not in NUMBERS_AND_TEXT:
        raise WeightsError(f"{path.name}: {name} holds no numbers. Get the file from its makers.")
    return int(item.size * item.dtype.itemsize)
