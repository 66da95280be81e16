from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.cases.records import Checked, Json, MalformedError, Sized, Within, plain, typed


class Colour(Enum):
    RED = "red"


def even(number: int) -> int:
    if number % 2:
        raise ValueError("it is odd")
    return number


@dataclass(frozen=True)
class Inner:
    seed: int
    share: Annotated[float, Within(0, 1)] = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    colour: Colour = Colour.RED
    inner: tuple[Inner, ...] = ()
    pair: tuple[int, float] = (1, 2.0)
    maybe: Inner | None = None
    some: frozenset[str] = frozenset()
    named: Mapping[str, Inner] | None = None
    data: bytes = b""
    version: Literal["a/1"] = "a/1"
    twos: Annotated[int, Checked(even)] = 2
    short: Annotated[str, Sized(3)] = ""
    free: Json = None


inners = st.builds(Inner, st.integers(-(2**53), 2**53), st.floats(0, 1))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
outers = st.builds(
    Outer,
    name=texts,
    inner=st.lists(inners, max_size=3).map(tuple),
    pair=st.tuples(st.integers(-9, 9), st.floats(-1e9, 1e9)),
    maybe=st.none() | inners,
    some=st.frozensets(texts, max_size=3),
    named=st.none() | st.dictionaries(texts, inners, max_size=3),
    data=st.binary(max_size=20),
    twos=st.integers(-9, 9).map(lambda number: 2 * number),
    free=st.none() | st.lists(st.integers(-9, 9), max_size=3),
)


@given(outers)
def test_what_is_written_is_read_back(value):
    again = typed(Outer, json.loads(json.dumps(plain(value), allow_nan=False)))
    assert plain(again) == plain(value)
    assert again.inner == value.inner
    assert again.pair == value.pair


@pytest.mark.parametrize(
    ("given", "key", "what"),
    [
        ([], "", "must be an object"),
        ({}, "name", "is missing"),
        ({"name": 3}, "name", "must be a text, not 3"),
        ({"name": "x", "nmae": 1}, "nmae", "no key"),
        ({"name": "\ud800"}, "name", "characters"),
        ({"name": "a\0b"}, "name", "characters"),
        ({"name": "x" * 5000}, "name", "4096"),
        ({"name": "x", "colour": "blue"}, "colour", "one of 'red'"),
        ({"name": "x", "inner": [{"seed": 1}, {"seed": True}]}, "inner[1].seed", "whole number, not True"),
        ({"name": "x", "inner": [{"seed": 1.0}]}, "inner[0].seed", "whole number"),
        ({"name": "x", "inner": [{"seed": 10**400}]}, "inner[0].seed", "between"),
        ({"name": "x", "inner": [{"seed": 1, "share": 1.5}]}, "inner[0].share", "between 0 and 1"),
        ({"name": "x", "inner": [{"seed": 1, "share": float("nan")}]}, "inner[0].share", "finite"),
        ({"name": "x", "inner": [{"seed": 1, "share": float("inf")}]}, "inner[0].share", "finite"),
        ({"name": "x", "inner": [{"seed": 1, "share": 10**400}]}, "inner[0].share", "finite"),
        ({"name": "x", "inner": {}}, "inner", "a list, not an object"),
        ({"name": "x", "inner": [{"seed": 1}] * 10_001}, "inner", "10000"),
        ({"name": "x", "pair": [1]}, "pair", "2 entries, not 1"),
        ({"name": "x", "named": {"k": {"seed": ""}}}, "named.k.seed", "whole number"),
        ({"name": "x", "data": "!!"}, "data", "base64"),
        ({"name": "x", "version": "a/2"}, "version", "must be 'a/1'"),
        ({"name": "x", "twos": 3}, "twos", "it is odd"),
        ({"name": "x", "short": "long"}, "short", "0 to 3"),
        ({"name": "x", "free": {"a": [float("nan")]}}, "free.a[0]", "finite"),
    ],
)
def test_what_the_schema_does_not_allow_is_named_by_its_key(given, key, what):
    with pytest.raises(MalformedError) as caught:
        typed(Outer, given)
    assert caught.value.key == key
    assert what in caught.value.what


def test_what_has_a_default_may_be_left_out():
    assert typed(Outer, {"name": "x"}) == Outer("x")


def test_values_of_no_schema_are_bounded_in_depth():
    deep: object = 1
    for _ in range(30):
        deep = [deep]
    with pytest.raises(MalformedError, match="nested"):
        typed(Outer, {"name": "x", "free": deep})


def test_a_number_that_is_not_finite_is_never_written():
    with pytest.raises(ValueError, match="no number"):
        plain(Inner(1, float("nan")))
