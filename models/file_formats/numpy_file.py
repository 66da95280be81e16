"""Arrays out of an .npz file, with their sizes checked before anything is unpacked."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.file_formats import LIMIT_BYTES


def read_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Arrays by name; none of them may hold objects.

    Args:
        path: The file.
        names: Which; those not there are left out, others are not touched. Default: all.

    Raises:
        MissingAssetError: It is not there.
        WeightsError: It is no such file, broken, or larger than anything this program has a use for.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > LIMIT_BYTES:
            raise WeightsError(f"{path.name} holds {size >> 20} MiB, more than any model known here.")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files if names is None or name in names}
    except FileNotFoundError:
        raise MissingAssetError(f"There is no file {path}. Check the path.") from None
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path.name} cannot be read as an .npz file ({error}). Get it anew.") from error
