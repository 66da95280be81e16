"""Arrays out of a TensorFlow checkpoint (V2: NAME.index and NAME.data-00000-of-00001), without TensorFlow.

The index is a LevelDB table: key -> protobuf with type, shape, place in the data file and CRC-32C. The data
file is the arrays' bytes one after the other. Nothing in either is executed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.file_formats import LIMIT_BYTES, read_bytes, reading
from models.file_formats.crc32c import crc32c, unmasked

INDEX, DATA = ".index", ".data-00000-of-00001"
FOOTER_BYTES, MAGIC = 48, 0xDB4775248B80FB57
TRAILER_BYTES = 5  # of a block: how it is compressed, checksum
LARGEST_INDEX, LONGEST_NAME, LARGEST_SIDE = 1 << 20, 512, 1 << 31
TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 6: "|i1", 9: "<i8", 19: "<f2"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an array lies in the data file.

    Attributes:
        kind: TensorFlow's number of its type.
        shape: Of the array.
        offset, size: Bytes.
        checksum: CRC-32C of the bytes.
    """

    kind: int
    shape: tuple[int, ...]
    offset: int
    size: int
    checksum: int


def read_tensorflow(index: Path, wanted: Callable[[str], bool] = lambda _: True) -> dict[str, NDArray[Any]]:
    """The arrays of a checkpoint by name.

    Args:
        index: The .index file; the .data file lies beside it.
        wanted: Which names to read; an optimiser's need not be.

    Raises:
        MissingAssetError: One of the two files is not there.
        WeightsError: They are no checkpoint, broken, or of a kind that is not read here; says which.
    """
    entries = {name: entry for name, entry in read_index(index).items() if wanted(name)}
    data = index.with_name(index.name.removesuffix(INDEX) + DATA)
    if not data.is_file():
        raise MissingAssetError(f"{data.name} is not beside {index.name}. A checkpoint is both files.")
    with reading(data, "the data of a TensorFlow checkpoint"), data.open("rb") as file:
        sizes = [entry.size for entry in entries.values()]
        if sum(sizes) > LIMIT_BYTES:
            raise WeightsError(f"{index.name} lists more than any network known here holds.")
        for name, entry in entries.items():
            _check(entry, name, data)
        if sum(sizes) > data.stat().st_size:
            raise WeightsError(f"{index.name} lists more than {data.name} holds. Get both anew.")
        return {name: _array(file, entry, name, data) for name, entry in entries.items()}


def read_index(index: Path) -> dict[str, Entry]:
    """What a checkpoint holds, in the order of its names. Raises as `read_tensorflow`."""
    data = read_bytes(index, LARGEST_INDEX)
    with reading(index, "the index of a TensorFlow checkpoint"):
        table = dict(_table(data))
        _check_header(table.pop(b"", b""))
        return {key.decode(): _entry(value) for key, value in table.items()}


def _check(entry: Entry, name: str, path: Path) -> None:
    """Of what kind it is, as long as its shape says, and within the file."""
    kind = TYPES.get(entry.kind)
    if kind is None:
        raise WeightsError(
            f"{path.name}: {name} is of TensorFlow's type {entry.kind}, which is not read here."
        )
    if entry.size != math.prod(entry.shape) * np.dtype(kind).itemsize:
        raise WeightsError(f"{path.name}: {name} has {entry.size} bytes, not those of {list(entry.shape)}.")
    if entry.offset + entry.size > path.stat().st_size:
        raise WeightsError(f"{path.name} ends before {name} does. Get it anew.")


def _array(file: Any, entry: Entry, name: str, path: Path) -> NDArray[Any]:
    file.seek(entry.offset)
    held = file.read(entry.size)
    if crc32c(held) != entry.checksum:
        raise WeightsError(f"{path.name}: {name} is damaged: its checksum differs. Get it anew.")
    return np.frombuffer(held, TYPES[entry.kind]).reshape(entry.shape)


def _table(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a LevelDB table."""
    if len(file) < FOOTER_BYTES or struct.unpack("<Q", file[-8:])[0] != MAGIC:
        raise ValueError("it does not end as one")
    footer = file[-FOOTER_BYTES:]
    at = 0
    for _ in range(2):  # of the blocks about blocks, which is not needed
        _, at = _varint(footer, at)
    left = len(file)  # no block is read twice over
    for _, handle in _block(file, footer[at:]):
        left -= _place(handle)[1]
        if left < 0:
            raise ValueError("its blocks overlap")
        yield from _block(file, handle)


def _place(handle: bytes) -> tuple[int, int]:
    """Offset and size of a block."""
    offset, at = _varint(handle, 0)
    return offset, _varint(handle, at)[0]


def _block(file: bytes, handle: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of the block at a place (offset, size)."""
    offset, size = _place(handle)
    end = offset + size
    if end + TRAILER_BYTES > len(file) - FOOTER_BYTES:
        raise ValueError("a block lies beyond its end")
    (stored,) = struct.unpack("<I", file[end + 1 : end + TRAILER_BYTES])
    if crc32c(file[offset : end + 1]) != unmasked(stored):
        raise ValueError("the checksum of a block differs")
    if file[end] != 0:
        raise ValueError("its blocks are compressed; save the checkpoint anew with TensorFlow's own writer")
    return _entries(file[offset:end])


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys share a prefix with the one before; an array of restarts ends the block."""
    (restarts,) = struct.unpack("<I", block[-4:])
    end, at, key = len(block) - 4 - 4 * restarts, 0, b""
    if end < 0:
        raise ValueError("a block is too short")
    while at < end:
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        size, at = _varint(block, at)
        if shared > len(key) or at + fresh + size > end or shared + fresh > LONGEST_NAME:
            raise ValueError("an entry runs over its block, or its name has no end")
        key = key[:shared] + block[at : at + fresh]
        yield key, block[at + fresh : at + fresh + size]
        at += fresh + size


def _check_header(value: bytes) -> None:
    numbers, _ = _split(value)
    if numbers.get(1) != 1:
        raise ValueError(f"its data lie in {numbers.get(1)} files, not one")
    if numbers.get(2, 0) != 0:
        raise ValueError("its numbers are stored with the big end first")


def _entry(value: bytes) -> Entry:
    numbers, texts = _split(value)
    if numbers.get(3, 0) != 0 or 7 in texts:
        raise ValueError("an array is stored in parts")
    sides = (part for field, part in _fields(texts.get(2, b"")) if field == 2 and isinstance(part, bytes))
    shape = tuple(_split(side)[0].get(1, 0) for side in sides)
    if any(side > LARGEST_SIDE for side in shape):
        raise ValueError(f"an array of {list(shape)}")
    return Entry(numbers.get(1, 0), shape, numbers.get(4, 0), numbers.get(5, 0), unmasked(numbers.get(6, 0)))


def _split(message: bytes) -> tuple[dict[int, int], dict[int, bytes]]:
    """The fields of a message that are numbers, and those that are texts; of several the last."""
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    for field, value in _fields(message):
        if isinstance(value, bytes):
            texts[field] = value
        else:
            numbers[field] = value
    return numbers, texts


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a protobuf message: ints, or bytes where there is a length."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                value, at = _varint(message, at)
                yield tag >> 3, value
            case 2:
                size, at = _varint(message, at)
                if at + size > len(message):
                    raise ValueError("a field runs over its message")
                yield tag >> 3, message[at : at + size]
                at += size
            case 5:
                (value,) = struct.unpack("<I", message[at : at + 4])
                yield tag >> 3, value
                at += 4
            case kind:
                raise ValueError(f"a field of kind {kind}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, low end first, and where the next begins."""
    value = 0
    for shift in range(0, 64, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without end")
