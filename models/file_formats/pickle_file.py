"""Numbers out of a pickle, without running it: arrays, dicts, lists, text; every other global is refused.

Not even numpy's own functions are called by the pickle. What it asks for is built from inert stand-ins, and
turned into arrays afterwards, with the sizes that the bytes in the file really have.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsError
from models.file_formats import most_unpacked, read_bytes, reading
from models.file_formats.numpy_file import read_header

MOST_STEPS = 200_000  # opcodes; files of real models need some hundred
LONGEST_NAME = 300  # of a global; PyTorch takes seconds to refuse a long one
MOST_NUMBERED = 1000  # numbers as keys: those can be made to collide, text cannot
MOST_DEPTH = 40  # dicts in lists in dicts
KINDS = "biufcSU"  # of arrays: numbers and text
NPY = b"\x93NUMPY"


def read_pickled(path: Path) -> Any:
    """What a pickle, or a .npy file of one, holds.

    Returns:
        None, numbers, text, bytes, dicts, lists, tuples, numpy arrays (read-only), scipy sparse matrices;
        arrays wrapped by chumpy come as arrays.

    Raises:
        WeightsError: It asks for anything else, or is broken.
        MissingAssetError: It is not there.
    """
    data = read_bytes(path)
    try:
        with reading(path, "a pickle of plain arrays"):
            held = _npy(data) if data.startswith(NPY) else _unpickled(data)
            if _weight(held, {}) > most_unpacked(len(data)):
                raise ValueError("it shares its parts so often that as arrays they fill the memory")
            return held
    except WeightsError as error:
        if isinstance(error.__cause__, _Refused):
            text = f"{path.name} {error.__cause__}; it was not loaded. Get the file from its makers."
            raise WeightsError(text) from None
        raise


def look_over_pickles(data: bytes, stored_bytes: int, count: int = 1) -> None:
    """Refuse pickles that eat time or memory, by going through them with nothing but stand-ins.

    For readers of others that refuse foreign code themselves, as PyTorch's.

    Args:
        data: `count` pickles one after the other; what follows is not looked at.
        stored_bytes: That all they refer to may have: PyTorch's tensors lie outside the pickle.
        count: How many.

    Raises:
        Exception: It is broken, or would be refused by `read_pickled` for its steps or keys.
    """
    stream = io.BytesIO(data)
    for _ in range(count):
        start = stream.tell()
        _look_over(data[start:])
        reader = _Blind(stream, encoding="latin1")
        reader.load()
        if sum(reader.outside.values()) > stored_bytes:
            raise ValueError("it refers to more numbers than are stored")


class _Refused(Exception):
    """What a pickle wanted and may not, as the end of a sentence."""


class _Sealed(type):
    """A stand-in that a pickle cannot change: BUILD could set attributes of a class."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise _Refused("tries to change a class")


class _Name(metaclass=_Sealed):
    """Stands for a class that is only ever passed on: numpy.ndarray, object."""


class _Dtype(metaclass=_Sealed):
    """Stands for numpy.dtype."""

    def __init__(self, name: str = "", *_: object) -> None:
        self.name, self.order = name, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = str(state[1])

    def real(self) -> np.dtype[Any]:
        """The dtype, of numbers, text or objects; nothing structured."""
        kind = np.dtype(str(self.name))
        if kind.kind not in KINDS + "O" or kind.fields is not None or kind.subdtype is not None:
            raise _Refused(f"holds an array of {self.name!r}")
        return kind.newbyteorder(">") if self.order == ">" else kind


class _Array(metaclass=_Sealed):
    """Stands for numpy's _reconstruct: an array whose state comes afterwards."""

    def __init__(self, *_: object) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def parts(self) -> tuple[Any, Any, bool, Any]:
        """Shape, dtype, whether columns come first, bytes (or a list of objects)."""
        if len(self.state) not in (4, 5):
            raise ValueError("an array without numbers")
        shape, dtype, columns_first, data = self.state[-4:]
        return shape, dtype, bool(columns_first), data


class _Buffer(_Array):
    """Stands for numpy's _frombuffer of newer pickles: bytes, dtype, shape, order."""

    def __init__(self, data: object, dtype: object, shape: object, order: object = "C") -> None:
        self.state = (shape, dtype, order == "F", data)


class _Number(metaclass=_Sealed):
    """Stands for numpy's scalar."""

    def __init__(self, dtype: _Dtype, data: object = b"") -> None:
        self.dtype, self.data = dtype, data


class _Bytes(metaclass=_Sealed):
    """Stands for _codecs.encode, by which older protocols write bytes."""

    def __init__(self, text: str = "", encoding: str = "latin1") -> None:
        if encoding not in ("latin1", "latin-1"):
            raise _Refused(f"encodes as {encoding!r}")
        self.bytes = str(text).encode("latin1")


class _Set(metaclass=_Sealed):
    """Stands for a set; becomes a list, so that nothing has to be hashed."""

    def __init__(self, items: Iterable[object] = ()) -> None:
        self.items = list(items)


class _Object(metaclass=_Sealed):
    """Stands for an object of which only the state matters."""

    def __init__(self, *_: object) -> None:
        self.state: Any = {}

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Chumpy(_Object):
    """Stands for chumpy.Ch: an array that remembers how it was computed."""


class _Sparse(_Object):
    """Stands for scipy's csc_matrix, csr_matrix."""


class _ByColumns(_Sparse):
    """csc."""


class _ByRows(_Sparse):
    """csr."""


class _Reconstructor(metaclass=_Sealed):
    """Stands for copyreg._reconstructor(class, base, state)."""

    def __new__(cls, kind: type, *_: object) -> Any:
        if not issubclass(kind, _Object):
            raise _Refused("makes an object of a kind unknown here")
        return kind()


_NUMPY = {
    "multiarray._reconstruct": _Array,
    "multiarray.scalar": _Number,
    "numeric._frombuffer": _Buffer,
}
_KNOWN: dict[str, type] = {
    **{f"numpy.{core}.{name}": kind for core in ("core", "_core") for name, kind in _NUMPY.items()},
    "numpy.ndarray": _Name,
    "numpy.dtype": _Dtype,
    "_codecs.encode": _Bytes,
    **{f"{builtins}.object": _Name for builtins in ("builtins", "__builtin__")},
    **{f"{builtins}.set": _Set for builtins in ("builtins", "__builtin__")},
    **{f"{copy}._reconstructor": _Reconstructor for copy in ("copyreg", "copy_reg")},
    "chumpy.ch.Ch": _Chumpy,
    "chumpy.Ch": _Chumpy,
    **{f"scipy.sparse.{module}.csc_matrix": _ByColumns for module in ("csc", "_csc")},
    **{f"scipy.sparse.{module}.csr_matrix": _ByRows for module in ("csr", "_csr")},
}


class _Reader(pickle._Unpickler):
    """Knows no global but the stand-ins, and looks at every key before it is hashed.

    Python's own unpickler, not the compiled one, since only that lets a subclass see the keys: numbers can be
    chosen so that all collide, and tuples within tuples so that hashing one takes years.
    """

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)
    stack: list[Any]
    append: Callable[[object], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._numbered = 0

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        name = f"{module_name}.{global_name}"
        if name not in _KNOWN:
            raise _Refused(f"asks to run {name[:80]!r}")
        return _KNOWN[name]

    def persistent_load(self, pid: object) -> Any:
        raise _Refused("refers to things outside itself")

    def _put(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not dict:
            raise _Refused("fills what is no dict")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            self._check_key(key)
            target[key] = value

    def _check_key(self, key: object) -> None:
        if isinstance(key, tuple | bool | frozenset):
            raise _Refused("has keys that are neither text nor numbers")
        self._numbered += isinstance(key, int | float | complex)
        if self._numbered > MOST_NUMBERED:
            raise _Refused("has more numbers as keys than any model")

    def _load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._put([key, value])

    def _load_setitems(self) -> None:
        self._put(self.pop_mark())

    def _load_dict(self) -> None:
        pairs = self.pop_mark()
        self.append({})
        self._put(pairs)

    def _load_set(self) -> None:
        raise _Refused("holds a set by itself")

    dispatch[pickle.SETITEM[0]] = _load_setitem
    dispatch[pickle.SETITEMS[0]] = _load_setitems
    dispatch[pickle.DICT[0]] = _load_dict
    for _opcode in (pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET):
        dispatch[_opcode[0]] = _load_set


class _Anything(metaclass=_Sealed):
    """Stands for whatever a pickle names, and for what comes of calling it; takes all and keeps nothing."""

    def __new__(cls, *_: object) -> _Anything:
        return object.__new__(_Anything)

    def __call__(self, *_: object) -> _Anything:
        return self

    def __setstate__(self, state: object) -> None:
        pass

    def append(self, item: object) -> None:
        """As a list's."""

    def extend(self, items: object) -> None:
        """As a list's."""


class _Blind(_Reader):
    """Takes every global and every persistent id for `_Anything`.

    Attributes:
        outside: How many numbers each thing has that the pickle refers to, as PyTorch writes it: ("storage",
            kind, key, place, count).
    """

    dispatch: ClassVar[dict[int, Any]] = dict(_Reader.dispatch)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.outside: dict[str, int] = {}

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if len(module_name) + len(global_name) > LONGEST_NAME:
            raise _Refused("names something without end")
        return _Anything

    def persistent_load(self, pid: object) -> Any:
        match pid:
            case ("storage", _, str(key), _, int(count), *_):
                self.outside[key] = max(count, self.outside.get(key, 0))

    def _put(self, pairs: list[Any]) -> None:
        for key in pairs[::2]:
            self._check_key(key)


def _unpickled(data: bytes) -> Any:
    _look_over(data)
    held = _Reader(io.BytesIO(data), encoding="latin1").load()
    return _plain(held, {}, 0)


def _look_over(data: bytes) -> None:
    """Refuse what would eat memory before a single step: memo slots by the billion, endless steps."""
    for step, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if step > MOST_STEPS:
            raise _Refused("has more steps than any model")
        if "PUT" in opcode.name and int(argument or 0) > MOST_STEPS:
            raise _Refused("asks for more memory than any model")


def _npy(data: bytes) -> Any:
    """An array as it is; a pickle in a .npy (np.save of a dict) read as pickles are."""
    stream = io.BytesIO(data)
    shape, columns_first, dtype = read_header(stream)
    body = data[stream.tell() :]
    if dtype.hasobject:
        return _unpickled(body)
    return _numbers(body, dtype, shape, columns_first)


def _weight(value: Any, known: dict[int, int]) -> int:
    """Bytes of a value if nothing in it were shared: what numpy would make of it as one array."""
    if id(value) not in known:
        known[id(value)] = 0
        match value:
            case np.ndarray():
                size = value.nbytes
            case str() | bytes():
                size = len(value)
            case list() | tuple():
                size = sum(_weight(part, known) for part in value)
            case dict():
                size = max((_weight(part, known) for part in value.values()), default=0)
            case _:
                size = 8
        known[id(value)] = size
    return known[id(value)]


def _plain(held: Any, done: dict[int, Any], depth: int) -> Any:
    """Stand-ins turned into values; what is shared is turned once."""
    if depth > MOST_DEPTH:
        raise _Refused("is nested deeper than any model")
    if id(held) not in done:
        done[id(held)] = None  # a thing within itself is None there
        done[id(held)] = _turned(held, done, depth + 1)
    return done[id(held)]


def _turned(held: Any, done: dict[int, Any], depth: int) -> Any:
    match held:
        case None | bool() | int() | float() | complex() | str() | bytes():
            return held
        case bytearray():
            return bytes(held)
        case dict():
            return {_key(key): _plain(value, done, depth) for key, value in held.items()}
        case list():
            return [_plain(value, done, depth) for value in held]
        case tuple():
            return tuple(_plain(value, done, depth) for value in held)
        case _Set():
            return [_plain(value, done, depth) for value in held.items]
        case _Bytes():
            return held.bytes
        case _Number():
            return _numbers(_raw(held.data), held.dtype.real(), (), False)[()]
        case _Array():
            return _array(held, done, depth)
        case _Chumpy():
            return _wrapped(held, done, depth)
        case _Sparse():
            return _matrix(held, done, depth)
    raise _Refused(f"holds a {type(held).__name__.strip('_').lower()} by itself")


def _key(key: Any) -> Any:
    if isinstance(key, str | int | float | bytes | None):
        return key
    raise _Refused("has keys that are neither text nor numbers")


def _array(held: _Array, done: dict[int, Any], depth: int) -> Any:
    shape, dtype, columns_first, data = held.parts()
    if not isinstance(dtype, _Dtype):
        raise ValueError("an array without a kind")
    kind = dtype.real()
    if kind.kind != "O":
        return _numbers(_raw(data), kind, shape, columns_first)
    values = [_plain(value, done, depth) for value in data]
    return values[0] if shape == () and len(values) == 1 else values


def _numbers(data: bytes, dtype: np.dtype[Any], shape: Any, columns_first: bool) -> NDArray[Any]:
    """[shape]: the bytes as numbers; ValueError if there are more or fewer than the shape says."""
    sides = tuple(int(side) for side in shape)
    if dtype.itemsize == 0 or min(sides, default=0) < 0 or len(data) != math.prod(sides) * dtype.itemsize:
        raise ValueError(f"{len(data)} bytes are no {sides} of {dtype}")
    return np.frombuffer(data, dtype).reshape(sides, order="F" if columns_first else "C")


def _raw(data: Any) -> bytes:
    match data:
        case bytes() | bytearray():
            return bytes(data)
        case str():  # bytes of Python 2
            return data.encode("latin1")
        case _Bytes():
            return data.bytes
    raise ValueError("an array without bytes")


def _wrapped(held: _Object, done: dict[int, Any], depth: int) -> Any:
    if not isinstance(held.state, dict) or "x" not in held.state:
        raise _Refused("holds a chumpy expression, not an array")
    return _plain(held.state["x"], done, depth)


def _matrix(held: _Sparse, done: dict[int, Any], depth: int) -> Any:
    """The sparse matrix, its indices checked to lie within it."""
    from scipy import sparse

    state = _plain(held.state, done, depth)
    make = sparse.csc_matrix if isinstance(held, _ByColumns) else sparse.csr_matrix
    shape = tuple(int(side) for side in state["_shape"])
    matrix = make((state["data"], state["indices"], state["indptr"]), shape=shape, copy=True)
    matrix.check_format(full_check=True)
    return matrix
