"""Files of others, read without running anything in them: pickles, MATLAB files, HDF5. Sizes are checked."""

from __future__ import annotations

from pathlib import Path

from models.errors import MissingAssetError, WeightsError

__all__ = ["LIMIT_BYTES", "read_bytes"]

LIMIT_BYTES = 2 << 30  # no face model or network here is larger, packed or unpacked


def read_bytes(path: Path) -> bytes:
    """All of a file.

    Raises:
        MissingAssetError: It is not there.
        WeightsError: It cannot be read, or is larger than anything this program has a use for.
    """
    try:
        size = path.stat().st_size
        if size > LIMIT_BYTES:
            raise WeightsError(f"{path.name} has {size >> 20} MiB, more than any model known here.")
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingAssetError(f"There is no file {path}. Check the path.") from None
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read ({error.strerror}).") from error
