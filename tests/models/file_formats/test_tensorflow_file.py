"""TensorFlow checkpoints, written here by the description of the format and read without TensorFlow."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import MissingAssetError, WeightsError
from models.file_formats.crc32c import crc32c
from models.file_formats.tensorflow_file import read_index, read_tensorflow

Arrays = dict[str, NDArray[np.generic]]
KINDS = {"float32": 1, "float64": 2, "int32": 3, "int64": 9}


def slow_crc(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    crc = slow_crc(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def block(pairs: list[tuple[bytes, bytes]], restart_every: int) -> bytes:
    out, before, restarts = b"", b"", []
    for k, (key, value) in enumerate(pairs):
        shared = 0
        if k % restart_every == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return (
        out
        + b"".join(struct.pack("<I", at) for at in restarts or [0])
        + struct.pack("<I", len(restarts or [0]))
    )


def table(pairs: list[tuple[bytes, bytes]], per_block: int = 3, compression: int = 0) -> bytes:
    out, index = b"", []

    def put(content: bytes) -> bytes:
        nonlocal out
        handle = varint(len(out)) + varint(len(content))
        typed = content + bytes([compression])
        out += typed + struct.pack("<I", masked(typed))
        return handle

    for start in range(0, len(pairs), per_block):
        some = pairs[start : start + per_block]
        index.append((some[-1][0], put(block(some, 2))))
    footer = put(block([], 1)) + put(block(index, 1))
    return out + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def header(shards: int = 1, endian: int = 0) -> tuple[bytes, bytes]:
    return b"", number(1, shards) + (number(2, endian) if endian else b"") + text(3, number(1, 1))


def entry(array: NDArray[np.generic], offset: int, kind: int | None = None) -> bytes:
    shape = b"".join(text(2, number(1, side)) for side in array.shape)
    raw = array.tobytes()
    place = (number(4, offset) if offset else b"") + number(5, len(raw))
    kinds = number(1, KINDS[array.dtype.name] if kind is None else kind)
    return kinds + text(2, shape) + place + varint(6 << 3 | 5) + struct.pack("<I", masked(raw))


def write(
    folder: Path, arrays: Arrays, head: tuple[bytes, bytes] | None = None, compression: int = 0
) -> Path:
    pairs, data = [head or header()], b""
    for name in sorted(arrays):
        pairs.append((name.encode(), entry(arrays[name], len(data))))
        data += arrays[name].tobytes()
    (folder / "model.data-00000-of-00001").write_bytes(data)
    (folder / "model.index").write_bytes(table(pairs, compression=compression))
    return folder / "model.index"


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    rng = np.random.default_rng(0)
    named: Arrays = {
        f"net/block_{k}/weights": rng.normal(size=(3, 3, 2, k + 1)).astype(np.float32) for k in range(9)
    }
    return named | {
        "step": np.array(7, np.int64),
        "net/wide": rng.normal(size=400),
        "none": np.zeros((0, 4), np.int32),
    }


def test_what_was_written_is_read(tmp_path: Path, arrays: Arrays) -> None:
    read = read_tensorflow(write(tmp_path, arrays))
    assert list(read) == sorted(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_only_what_is_wanted_is_read(tmp_path: Path, arrays: Arrays) -> None:
    index = write(tmp_path, arrays)
    assert list(read_tensorflow(index, lambda name: name == "step")) == ["step"]
    assert read_index(index)["net/block_4/weights"].shape == (3, 3, 2, 5)


def test_a_damaged_array_is_named(tmp_path: Path, arrays: Arrays) -> None:
    index = write(tmp_path, arrays)
    data = tmp_path / "model.data-00000-of-00001"
    held = bytearray(data.read_bytes())
    held[read_index(index)["net/block_3/weights"].offset] ^= 1
    data.write_bytes(held)
    with pytest.raises(WeightsError, match="net/block_3/weights is damaged"):
        read_tensorflow(index)


def test_a_cut_off_data_file_is_told(tmp_path: Path, arrays: Arrays) -> None:
    index = write(tmp_path, arrays)
    data = tmp_path / "model.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-9])
    with pytest.raises(WeightsError, match="ends before"):
        read_tensorflow(index)


def test_both_files_are_needed(tmp_path: Path, arrays: Arrays) -> None:
    index = write(tmp_path, arrays)
    (tmp_path / "model.data-00000-of-00001").unlink()
    with pytest.raises(MissingAssetError, match="both files"):
        read_tensorflow(index)
    with pytest.raises(MissingAssetError, match="no file"):
        read_tensorflow(tmp_path / "other.index")


@pytest.mark.parametrize(
    ("head", "compression", "said"),
    [
        (header(shards=2), 0, "2 files"),
        (header(endian=1), 0, "big end"),
        (header(), 1, "compressed"),
    ],
)
def test_what_is_not_read_here_is_told(
    tmp_path: Path, head: tuple[bytes, bytes], compression: int, said: str
) -> None:
    with pytest.raises(WeightsError, match=said):
        read_tensorflow(write(tmp_path, {"a": np.zeros(2, np.float32)}, head, compression))


def test_sizes_that_lie_are_refused(tmp_path: Path) -> None:
    small = np.zeros(2, np.float32)
    lying = entry(small, 0).replace(text(2, text(2, number(1, 2))), text(2, text(2, number(1, 1 << 30))))
    (tmp_path / "model.data-00000-of-00001").write_bytes(small.tobytes())
    (tmp_path / "model.index").write_bytes(table([header(), (b"a", lying)]))
    with pytest.raises(WeightsError, match="not those of"):
        read_tensorflow(tmp_path / "model.index")
    huge = entry(small, 0).replace(number(5, 8), number(5, 1 << 50))
    (tmp_path / "model.index").write_bytes(table([header(), (b"a", huge)]))
    with pytest.raises(WeightsError, match="more than any network"):
        read_tensorflow(tmp_path / "model.index")
    (tmp_path / "model.index").write_bytes(table([header(), (b"a", entry(small, 0, kind=7))]))
    with pytest.raises(WeightsError, match="type 7"):
        read_tensorflow(tmp_path / "model.index")


@pytest.mark.parametrize(
    "value",
    [
        text(1, b"x") + number(2, 3),  # a text for a number, and the other way round
        number(1, 1) + text(2, number(2, 5)),
        number(1, 1) + text(2, text(2, number(1, (1 << 64) - 1))),
        varint(6 << 3 | 3),
        b"\x80" * 12,
    ],
)
def test_entries_that_make_no_sense_are_refused(tmp_path: Path, value: bytes) -> None:
    (tmp_path / "model.index").write_bytes(table([header(), (b"a", value)]))
    (tmp_path / "model.data-00000-of-00001").write_bytes(b"")
    with pytest.raises(WeightsError):
        read_tensorflow(tmp_path / "model.index")


def test_a_block_is_not_read_over_and_over(tmp_path: Path) -> None:
    content = block([header(), (b"a", entry(np.zeros(2, np.float32), 0))], 1)
    typed = content + b"\0"
    out = typed + struct.pack("<I", masked(typed))
    handle = varint(0) + varint(len(content))
    index = block([(bytes([k]), handle) for k in range(200)], 1) + b"\0"
    where = varint(len(out)) + varint(len(index) - 1)
    out += index + struct.pack("<I", masked(index))
    footer = (varint(0) + varint(0) + where).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (tmp_path / "model.index").write_bytes(out + footer)
    with pytest.raises(WeightsError, match="overlap"):
        read_index(tmp_path / "model.index")


@given(st.data())
def test_a_broken_index_is_an_error_and_never_anything_else(data: st.DataObject) -> None:
    whole = table([header(), *((f"a{k}".encode(), entry(np.zeros(2, np.float32), 8 * k)) for k in range(5))])
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(broken[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else broken)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "x.index"
        index.write_bytes(cut)
        try:
            entries = read_index(index)
        except WeightsError:
            return
        assert all(entry.shape == (2,) for entry in entries.values()), "only what is not checked may differ"


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (bytes(32), 0x8A9136AA),
        (bytes([0xFF]) * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_the_checksum_is_that_of_rfc_3720(data: bytes, known: int) -> None:
    assert crc32c(data) == known


@given(st.binary(max_size=40) | st.integers(1000, 9000).map(lambda n: bytes(k * k % 251 for k in range(n))))
def test_the_checksum_of_any_length_is_that_of_the_loop(data: bytes) -> None:
    assert crc32c(data) == slow_crc(data)
