"""Results of slow work, kept for whoever asks the same next. No Qt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar
from weakref import ref

Subject = TypeVar("Subject", bound=Hashable)
Result = TypeVar("Result")


class Kept(Generic[Subject, Result]):
    """The last results, none longer than what it is about: so nothing stays of what nobody can see again.

    From any thread. Neither what is asked nor a result may hold its subject, which would keep itself.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: OrderedDict[tuple[ref[Subject], Hashable], Result] = OrderedDict()
        self._lock = RLock()  # a subject may end, and be forgotten, in the middle of `of`

    def of(self, subject: Subject, asked: Hashable, make: Callable[[], Result]) -> Result:
        """The result of asking that of the subject: the one that is kept, or what `make` makes now."""
        key = ref(subject, self._forget), asked
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        result = make()
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        return result

    def _forget(self, subject: ref[Subject]) -> None:
        with self._lock:
            for key in list(self._results):
                if key[0] is subject:
                    del self._results[key]
