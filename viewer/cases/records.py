"""Frozen dataclasses to JSON values and back: the annotations are the schema, and nothing else is taken."""

from __future__ import annotations

import base64
import binascii
import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

LARGEST = 1e9
LARGEST_COUNT = 2**53
LONGEST_TEXT = 4096
MOST_ENTRIES = 10_000
DEEPEST = 24


class MalformedError(ValueError):
    """A value that the schema does not allow.

    Attributes:
        key: Where it stands, e.g. "occluders.layers[2].seed"; empty for the whole.
        what: What is wrong with it, as the end of a sentence.
    """

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"{key or 'the whole'}: {what}")
        self.key, self.what = key, what


@dataclass(frozen=True, slots=True)
class Within:
    """The range of a number."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sized:
    """How many characters, bytes or entries there may be."""

    most: int
    least: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """What else must hold: returns the value to take; ValueError says what is wrong."""

    check: Callable[[Any], Any]


Json = Annotated[Any, "any JSON value"]


def plain(value: object) -> Any:
    """A value of `typed`'s kinds as JSON values; ValueError for a number that is not finite."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(plain(part) for part in value)
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that a file can hold")
    return value


def typed(kind: Any, value: object, key: str = "") -> Any:
    """JSON values as a value of `kind`.

    Args:
        kind: A frozen dataclass, an Enum (by value), bool, int, float, str, bytes (base64), X | None,
            tuple[X, ...], tuple[X, Y], frozenset[X], Mapping[str, X], Literal, Json, or one of these in
            Annotated with Within, Sized and Checked. What a dataclass has a default for may be left out.
        value: As `json.loads` gives it.
        key: Where it stands.

    Raises:
        MalformedError: It is not of that kind.
    """
    if kind is Json or kind == Json:
        return _json(value, key, 0)
    limits: tuple[Any, ...] = ()
    if get_origin(kind) is Annotated:
        kind, *found = get_args(kind)
        limits = tuple(found)
    result = _limited(_one(kind, value, key, limits), limits, key)
    for limit in limits:
        if isinstance(limit, Checked):
            result = _guarded(limit.check, key, result)
    return result


def _one(kind: Any, value: object, key: str, limits: tuple[Any, ...]) -> Any:
    origin = get_origin(kind)
    if origin is Union or origin is types.UnionType:
        return _optional(kind, value, key)
    if origin is Literal:
        if value not in get_args(kind) or isinstance(value, bool):
            raise MalformedError(
                key, f"must be {' or '.join(map(repr, get_args(kind)))}, not {_short(value)}"
            )
        return value
    if origin is tuple:
        return _tuple(get_args(kind), value, key, limits)
    if origin is frozenset:
        return frozenset(_tuple((get_args(kind)[0], ...), value, key, limits))
    if origin in (Mapping, dict):
        return _mapping(get_args(kind)[1], value, key, limits)
    if is_dataclass(kind):
        return _record(cast(type, kind), value, key)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice(kind, value, key)
    return _scalar(kind, value, key)


def _optional(kind: Any, value: object, key: str) -> Any:
    (inner,) = (part for part in get_args(kind) if part is not type(None))
    return None if value is None else typed(inner, value, key)


def _scalar(kind: type, value: object, key: str) -> Any:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(value, key)
    if kind is bytes and isinstance(value, str):
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (UnicodeError, binascii.Error) as error:
            raise MalformedError(key, "is no base64 text") from error
    if type(value) is not kind:
        raise MalformedError(key, f"must be {_NAMES.get(kind, kind.__name__)}, not {_short(value)}")
    if isinstance(value, str):
        return _text(value, key)
    return value


def _finite(value: int | float, key: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise MalformedError(key, "must be a finite number")
    return number


def _text(value: str, key: str) -> str:
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise MalformedError(key, "holds characters that no text can hold")
    return value


def _limited(value: Any, limits: Sequence[Any], key: str) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        usual = LARGEST if isinstance(value, float) else LARGEST_COUNT
        within = next((limit for limit in limits if isinstance(limit, Within)), Within(-usual, usual))
        if not within.low <= value <= within.high:
            raise MalformedError(
                key, f"must lie between {within.low:g} and {within.high:g}, not {_short(value)}"
            )
    elif isinstance(value, str | bytes):
        sized = next((limit for limit in limits if isinstance(limit, Sized)), Sized(LONGEST_TEXT))
        _check_size(len(value), sized, key)
    return value


def _check_size(count: int, sized: Sized, key: str) -> None:
    if not sized.least <= count <= sized.most:
        span = f"{sized.least} to {sized.most}" if sized.least != sized.most else f"{sized.most}"
        raise MalformedError(key, f"must have {span} characters or entries, not {count}")


def _entries(limits: Sequence[Any]) -> Sized:
    return next((limit for limit in limits if isinstance(limit, Sized)), Sized(MOST_ENTRIES))


def _tuple(kinds: tuple[Any, ...], value: object, key: str, limits: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise MalformedError(key, f"must be a list, not {_short(value)}")
    if kinds[-1] is ...:
        _check_size(len(value), _entries(limits), key)
        return tuple(typed(kinds[0], part, f"{key}[{place}]") for place, part in enumerate(value))
    if len(value) != len(kinds):
        raise MalformedError(key, f"must have {len(kinds)} entries, not {len(value)}")
    pairs = zip(kinds, value, strict=True)
    return tuple(typed(part, given, f"{key}[{place}]") for place, (part, given) in enumerate(pairs))


def _mapping(kind: Any, value: object, key: str, limits: tuple[Any, ...]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError(key, f"must be an object, not {_short(value)}")
    _check_size(len(value), _entries(limits), key)
    return MappingProxyType(
        {_text(name, key): typed(kind, part, _under(key, name)) for name, part in value.items()}
    )


def _record(kind: type, value: object, key: str) -> Any:
    if not isinstance(value, dict):
        raise MalformedError(key, f"must be an object, not {_short(value)}")
    hints = _hints(kind)
    if unknown := sorted(set(value) - set(hints)):
        raise MalformedError(_under(key, unknown[0][:40]), "is no key that this version knows")
    given = {name: typed(hints[name], part, _under(key, name)) for name, part in value.items()}
    for field in fields(kind):
        if field.name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise MalformedError(_under(key, field.name), "is missing")
    return _guarded(lambda parts: kind(**parts), key, given)


def _guarded(make: Callable[[Any], Any], key: str, value: Any) -> Any:
    try:
        return make(value)
    except MalformedError:
        raise
    except ValueError as error:
        raise MalformedError(key, f"is not usable: {error}") from error


def _choice(kind: type[Enum], value: object, key: str) -> Enum:
    for member in kind:
        if member.value == value:
            return member
    known = ", ".join(repr(member.value) for member in kind)
    raise MalformedError(key, f"must be one of {known}, not {_short(value)}")


def _json(value: object, key: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise MalformedError(key, "is nested too deeply")
    if isinstance(value, dict):
        return {_text(name, key): _json(part, _under(key, name), depth + 1) for name, part in value.items()}
    if isinstance(value, list):
        return [_json(part, f"{key}[{place}]", depth + 1) for place, part in enumerate(value)]
    if isinstance(value, float):
        return _finite(value, key)
    return _text(value, key) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _under(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _short(value: object) -> str:
    """A value as a message quotes it."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", bytes: "a text"}
