"""Arrays of an HDF5 file: only what lies in the file itself, after a look at its size."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.file_formats import LIMIT_BYTES


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

    if not path.is_file():
        raise MissingAssetError(f"There is no file {path}. Check the path.")
    found: dict[str, NDArray[Any]] = {}

    def look(name: str, item: Any) -> None:  # is shown hard links only: never another file
        if isinstance(item, h5py.Dataset) and (names is None or name in names):
            found[name] = _read(path, name, item)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(look)
    except (OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
        raise WeightsError(f"{path.name} cannot be read as an HDF5 file ({error}). Get it anew.") from error
    return found


def _read(path: Path, name: str, item: Any) -> Any:
    if item.external or item.is_virtual:
        raise WeightsError(f"{path.name}: {name} lies in other files; it was not loaded.")
    if item.size is None or item.size * item.dtype.itemsize > LIMIT_BYTES:
        raise WeightsError(f"{path.name}: {name} is empty or larger than any model known here.")
    return item[()]
