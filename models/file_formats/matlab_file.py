"""Variables of a MATLAB file (version 5 to 7), as "MAT-File Level 5" describes it.

Read here and not by scipy, whose compiled reader trusts what a file says of its own lengths: a damaged one
could end the process. Here each length is held against the bytes there are.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsError
from models.file_formats import most_unpacked, read_bytes, reading

HEADER = 128  # bytes of text and version before the first variable
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
STRUCT, COMPLEX = 2, 0x0800
DEEPEST = 8  # structs in structs
MOST_FIELDS = 1000
MOST_PARTS = 100_000  # elements that stand one after the other


class MatlabError(ValueError):
    """The file is not what it says; one clause."""


class Budget:
    """Bytes that may still be unpacked or converted."""

    def __init__(self, most_bytes: int) -> None:
        self._most = self.left = most_bytes

    def spend(self, count: int) -> None:
        """MatlabError if that is more than what is left."""
        self.left -= count
        if self.left < 0:
            raise MatlabError(f"it unpacks to more than {self._most >> 20} MiB")


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of the file: what kind, and its bytes without tag and padding."""

    kind: int
    data: memoryview


def read_matlab(path: Path) -> dict[str, Any]:
    """Variable by name; structs have their fields as attributes, vectors come flat, scalars as numbers.

    Raises:
        WeightsError: It is none, is of another version, or unpacks to more than any model.
        MissingAssetError: It is not there.
    """
    data = read_bytes(path)
    if data.startswith(b"\x89HDF"):
        raise WeightsError(f"{path.name} is a MATLAB file of version 7.3; save it with -v7.")
    with reading(path, "a MATLAB file"):
        held = variables(data, most_unpacked(len(data)))
        return {name: _squeezed(value) for name, value in held.items()}


def variables(data: bytes, most_bytes: int, wanted: Collection[str] | None = None) -> dict[str, Any]:
    """Variable by name, as arrays of at least two dimensions; those of kinds not known here are left out.

    Args:
        data: The whole file.
        most_bytes: That all of it may unpack to.
        wanted: Names of the variables; None for all.

    Raises:
        MatlabError: It is none, is broken, or unpacks to more.
    """
    if len(data) < HEADER or data[126:128] not in (b"IM", b"MI"):
        raise MatlabError("it has no header of MATLAB")
    order = "<" if data[126:128] == b"IM" else ">"
    held, budget = {}, Budget(most_bytes)
    for element in _elements(memoryview(data)[HEADER:], order):
        inner = element
        if element.kind == COMPRESSED:
            unpacked = memoryview(_unpacked(element.data, budget))
            inner = next(_elements(unpacked, order), element)
        else:
            budget.spend(len(element.data))
        if inner.kind == MATRIX:
            name, value = _matrix(inner.data, order, wanted, DEEPEST, budget)
            if value is not None:
                held[name] = value
    return held


def _elements(data: memoryview, order: str) -> Iterator[Element]:
    """Those that stand one after the other; MatlabError where one is longer than what is left."""
    at = count = 0
    while at + 8 <= len(data):
        count += 1
        if count > MOST_PARTS:
            raise MatlabError(f"it has more than {MOST_PARTS} parts")
        kind, length = np.frombuffer(data, f"{order}u4", 2, at).tolist()
        if kind >> 16:  # up to four bytes lie in the tag itself
            kind, length, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start = at + 8
            end = start + (length if kind == COMPRESSED else -(-length // 8) * 8)
        if start + length > len(data):
            raise MatlabError("it ends too early")
        yield Element(kind, data[start : start + length])
        at = end


def _unpacked(packed: memoryview, budget: Budget) -> bytes:
    stream = zlib.decompressobj()
    try:
        unpacked = stream.decompress(packed, budget.left + 1)
    except zlib.error as error:
        raise MatlabError(f"a variable cannot be unpacked: {error}") from error
    budget.spend(len(unpacked))
    return unpacked


def _matrix(
    data: memoryview, order: str, wanted: Collection[str] | None, depth: int, budget: Budget
) -> tuple[str, Any]:
    """Name and value of a matrix element; the value None where its kind is not known or it is not wanted."""
    parts = list(_elements(data, order))
    if len(parts) < 3:
        return "", None
    flags = _integers(parts[0], order, 2)[0]
    shape = _integers(parts[1], order, None)
    name = bytes(parts[2].data).decode("latin-1")
    if (wanted is not None and name not in wanted) or len(shape) < 2 or min(shape) < 0:
        return name, None
    kind, rest = flags & 0xFF, parts[3:]
    if kind in CLASSES and rest and not flags & COMPLEX:
        values = _numbers(rest[0], order, shape)
        budget.spend(values.size * np.dtype(CLASSES[kind]).itemsize)  # a byte may stand for a double
        return name, values.astype(CLASSES[kind], copy=False)
    if kind == STRUCT and math.prod(shape) == 1 and depth:
        return name, _struct(rest, order, depth - 1, budget)
    return name, None


def _numbers(element: Element, order: str, shape: list[int]) -> NDArray[Any]:
    if element.kind not in NUMBERS:
        raise MatlabError("a matrix holds no numbers")
    dtype = np.dtype(order + NUMBERS[element.kind])
    if len(element.data) != math.prod(shape) * dtype.itemsize:
        raise MatlabError(f"a matrix of {' x '.join(map(str, shape))} does not hold as many numbers")
    values = np.frombuffer(element.data, dtype).reshape(shape, order="F")
    return values.astype(dtype.newbyteorder("="), copy=False)


def _integers(element: Element, order: str, count: int | None) -> list[int]:
    if element.kind not in (5, 6) or len(element.data) % 4 or len(element.data) > 128:
        raise MatlabError("a matrix does not say its form")
    values: list[int] = np.frombuffer(element.data, order + NUMBERS[element.kind]).tolist()
    if count is not None and len(values) != count:
        raise MatlabError("a matrix does not say its kind")
    return values


def _struct(parts: list[Element], order: str, depth: int, budget: Budget) -> SimpleNamespace:
    """A struct of one row: length of a field's name, all names, then a matrix for each."""
    if len(parts) < 2:
        raise MatlabError("a struct has no fields")
    (width,) = _integers(parts[0], order, 1)
    text = bytes(parts[1].data)
    if not 0 < width <= 256 or len(text) % width or len(text) // width > MOST_FIELDS:
        raise MatlabError("a struct's fields have no names")
    names = [text[at : at + width].split(b"\0")[0].decode("latin-1") for at in range(0, len(text), width)]
    if len(parts) < 2 + len(names):
        raise MatlabError("a struct has fewer fields than names")
    fields = {
        name: _matrix(part.data, order, None, depth, budget)[1] if part.kind == MATRIX else None
        for name, part in zip(names, parts[2:], strict=False)
    }
    return SimpleNamespace(**{name: value for name, value in fields.items() if value is not None})


def _squeezed(value: Any) -> Any:
    """Axes of one left out, also in the fields of structs."""
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**{name: _squeezed(field) for name, field in vars(value).items()})
    if isinstance(value, np.ndarray):
        squeezed = value.squeeze()
        return squeezed if squeezed.ndim else squeezed.item()
    return value
