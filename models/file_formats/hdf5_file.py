"""Arrays of an HDF5 file: only what lies in the file itself, after a look at its size."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.file_formats import most_unpacked, reading
from models.file_formats.numpy_file import NUMBERS_AND_TEXT


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


def _size(path: Path, name: str, item: Any) -> int:
    """Bytes of an array before it is read; WeightsError if it lies elsewhere or holds no numbers."""
    if item.external or item.is_virtual:
        raise WeightsError(f"{path.name}: {name} lies in other files; it was not loaded.")
    if item.size is None or item.dtype.kind not in NUMBERS_AND_TEXT:
        raise WeightsError(f"{path.name}: {name} holds no numbers. Get the file from its makers.")
    return int(item.size * item.dtype.itemsize)
