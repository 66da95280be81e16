"""Wall clock of two ways to compute the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

WARM = 2  # rounds that are not counted


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of a computation, in milliseconds of wall clock, medians."""

    name: str
    original: float
    ours: float

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.original / self.ours


def median_ms(works: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """The median wall clock of each, taken in turn so that a busy moment hits all of them."""
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(repeats + WARM):
        for work, times in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            if turn >= WARM:
                times.append(1e3 * (time.perf_counter() - start))
    return [float(np.median(times)) for times in taken]
