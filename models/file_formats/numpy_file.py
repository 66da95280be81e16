"""Arrays out of .npz and .npy files, with their sizes checked before anything is unpacked."""

from __future__ import annotations

import io
import math
import sys
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from models.file_formats import most_unpacked, reading

HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
NUMBERS_AND_TEXT = "biufcSU"
SUFFIX = ".npy"

Header = tuple[tuple[int, ...], bool, "np.dtype[Any]"]


def read_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Arrays by name; none of them may hold objects.

    Args:
        path: The file.
        names: Which; those not there are left out, others are not touched. Default: all.

    Raises:
        MissingAssetError: It is not there.
        WeightsError: It is no such file, broken, or unpacks to more than anything this program has a use for.
    """
    with reading(path, "an .npz file"), path.open("rb") as file:
        return arrays_in(file, most_unpacked(path.stat().st_size), names)


def arrays_in(
    file: IO[bytes], most_bytes: int, names: Collection[str] | None = None
) -> dict[str, NDArray[Any]]:
    """The arrays of an open .npz file, as `read_arrays`; any exception if it is broken.

    Raises:
        ValueError: It unpacks to more than `most_bytes`, or an array is not as long as it says.
    """
    with zipfile.ZipFile(file) as archive:
        members = {part.filename.removesuffix(SUFFIX): part for part in archive.infolist()}
        wanted = {name: part for name, part in members.items() if names is None or name in names}
        check_sum((part.file_size for part in wanted.values()), most_bytes)
        return {name: _member(archive, name, part) for name, part in wanted.items()}


def check_sum(sizes: Any, most_bytes: int) -> None:
    """ValueError if what is stored unpacks to more than `most_bytes` in all."""
    if (size := sum(sizes)) > most_bytes:
        raise ValueError(f"it unpacks to {size >> 20} MiB, more than a file of its size may")


def read_header(file: IO[bytes]) -> Header:
    """Shape, whether columns come first, and dtype of the .npy that begins here; any exception if broken."""
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"version {version} of the format is not known")
    shape, columns_first, dtype = HEADERS[version](file)
    if any(side < 0 for side in shape) or dtype.itemsize == 0:
        raise ValueError(f"an array of {list(shape)}")
    return shape, columns_first, dtype


def check_length(header: Header, length: int) -> None:
    """ValueError unless `length` bytes are those of the array; objects and records are refused."""
    shape, _, dtype = header
    if dtype.kind not in NUMBERS_AND_TEXT:
        raise ValueError("it holds neither numbers nor text, perhaps a pickle")
    if math.prod(shape) * dtype.itemsize != length:
        raise ValueError(f"it is not whole: {length} bytes are no {list(shape)} of {dtype}")


def read_array(path: Path) -> NDArray[Any]:
    """The array of a .npy file of numbers or text.

    Raises:
        MissingAssetError, WeightsError: As `read_arrays`.
    """
    with reading(path, "an .npy file"), path.open("rb") as file:
        header = read_header(file)
        check_length(header, path.stat().st_size - file.tell())
        return _array(file.read(), header)


def _member(archive: zipfile.ZipFile, name: str, part: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(part) as file:
        stream = io.BytesIO(file.read(part.file_size))
    try:
        header = read_header(stream)
        check_length(header, part.file_size - stream.tell())
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return _array(stream.read(), header)


def _array(data: bytes, header: Header) -> NDArray[Any]:
    shape, columns_first, dtype = header
    if dtype.kind == "U" and np.frombuffer(data, f"{dtype.byteorder}u4").max(initial=0) > sys.maxunicode:
        raise ValueError("its text holds what is no character")
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order="F" if columns_first else "C")
