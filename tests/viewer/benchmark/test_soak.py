"""What a long session is judged by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from viewer.benchmark.soak import Count, judge

MIB = 2**20
ROUNDS = [Count(30.0 * i, 900 * MIB, 16, 14, 300) for i in range(20)]


def with_rounds(**changes):
    """ROUNDS with attributes that are functions of the round's number."""
    return [
        replace(one, **{name: change(index) for name, change in changes.items()})
        for index, one in enumerate(ROUNDS)
    ]


def test_a_session_that_holds_what_it_held_is_well():
    assert judge(ROUNDS) == []


def test_what_grows_before_the_warm_up_is_over_is_no_leak():
    assert judge(with_rounds(bytes=lambda i: min(i, 5) * 200 * MIB, objects=lambda i: min(i, 6) * 50)) == []


def test_memory_that_grows_by_more_than_a_twentieth_is_told():
    assert judge(with_rounds(bytes=lambda i: (900 + 2 * i) * MIB)) == []
    (told,) = judge(with_rounds(bytes=lambda i: (900 + 6 * i) * MIB))
    assert told == "Memory grew by 7.0 %, 66 MiB."


@pytest.mark.parametrize("name", ["threads", "files", "objects"])
def test_what_is_never_given_back_is_told_by_name(name):
    (told,) = judge(with_rounds(**{name: lambda i: 20 + i // 4}))
    assert told == f"{name} grew from 21 to 24 and never fell."


def test_what_comes_and_goes_is_no_leak():
    assert judge(with_rounds(files=lambda i: 14 + i % 3)) == []


def test_what_is_made_once_and_late_is_no_leak():
    late = {"objects": lambda i: 300 + 9 * (i > 12)}
    assert judge(with_rounds(**late)) == []
    assert judge(with_rounds(**late, bytes=lambda i: (900 + 90 * (i > 12)) * MIB)) == [], "its memory"
    (told,) = judge(with_rounds(**late, bytes=lambda i: (900 + 20 * max(0, i - 12)) * MIB))
    assert told.startswith("Memory grew by"), "but not what goes on growing"


def test_too_few_rounds_are_no_proof():
    assert "more minutes" in judge(ROUNDS[:4])[0]
    assert "more minutes" in judge([])[0]
