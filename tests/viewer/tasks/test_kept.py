"""What is worked out once, and let go with what it is about."""

from __future__ import annotations

from weakref import ref

from viewer.tasks.kept import Kept


class Subject:
    """Something one asks about."""


def test_what_was_asked_before_is_not_made_again_until_too_much_else_was():
    kept, subject, made = Kept(2), Subject(), []
    for asked in ("a", "b", "a", "c", "a", "b"):
        assert kept.of(subject, asked, lambda asked=asked: made.append(asked) or asked) == asked
    assert made == ["a", "b", "c", "b"], "b was the one nobody had asked for the longest time"
    assert kept.of(Subject(), "a", lambda: "another's") == "another's"


def test_nothing_is_kept_of_what_is_gone():
    kept, there, gone = Kept(8), Subject(), Subject()
    mine = kept.of(there, "a", Subject)
    results = [ref(kept.of(gone, asked, Subject)) for asked in ("a", "b")]
    assert all(result() is not None for result in results)
    del gone
    assert [result() for result in results] == [None, None]
    assert kept.of(there, "a", Subject) is mine
