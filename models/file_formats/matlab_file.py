"""Variables of a MATLAB file (version 5 to 7), after a look at how much it unpacks to."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from models.errors import WeightsError
from models.file_formats import LIMIT_BYTES, read_bytes

HEADER = 128  # bytes of text and version before the first variable
COMPRESSED = 15  # miCOMPRESSED of the MAT-file format, level 5
STEP, PIECE = 1 << 20, 1 << 16  # bytes unpacked, and fed, at a time


def read_matlab(path: Path) -> dict[str, Any]:
    """Variable by name; structs have their fields as attributes, vectors come flat, scalars as numbers.

    Raises:
        WeightsError: It is none, is of another version, or unpacks to more than any model.
        MissingAssetError: It is not there.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    data = read_bytes(path)
    if data.startswith(b"\x89HDF"):
        raise WeightsError(f"{path.name} is a MATLAB file of version 7.3; save it with -v7.")
    if len(data) < HEADER or _unpacks_to(data) > LIMIT_BYTES:
        raise WeightsError(f"{path.name} is no MATLAB file, or unpacks to more than any model known here.")
    try:
        held = loadmat(path, squeeze_me=True, struct_as_record=False)
    except (ValueError, TypeError, OSError, KeyError, IndexError, NotImplementedError) as error:
        raise WeightsError(f"{path.name} cannot be read as a MATLAB file ({error}). Get it anew.") from error
    except (MatReadError, zlib.error, MemoryError, OverflowError, UnicodeError) as error:
        raise WeightsError(f"{path.name} is a broken MATLAB file ({error}). Get it anew.") from error
    return {name: value for name, value in held.items() if not name.startswith("__")}


def _unpacks_to(data: bytes) -> int:
    """Bytes of all variables, unpacked; stops counting past the limit. Nothing is kept."""
    order = ">" if data[126:128] == b"MI" else "<"
    total, place = 0, HEADER
    while place + 8 <= len(data) and total <= LIMIT_BYTES:
        kind, size = struct.unpack_from(f"{order}II", data, place)
        total += _unpacked(memoryview(data)[place + 8 : place + 8 + size]) if kind == COMPRESSED else size
        place += 8 + size
    return total


def _unpacked(packed: memoryview) -> int:
    """Bytes of one variable, unpacked; fed in small pieces, as what is left over is copied each time."""
    stream, total = zlib.decompressobj(), 0
    try:
        for start in range(0, len(packed), PIECE):
            left = bytes(packed[start : start + PIECE])
            while left and total <= LIMIT_BYTES:
                total += len(stream.decompress(left, STEP))
                left = stream.unconsumed_tail
    except zlib.error:
        return total  # the reader will say so
    return total
