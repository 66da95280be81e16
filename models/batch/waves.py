"""Pictures that are held and answered at once, the next being read meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import TypeVar

T = TypeVar("T")

PICTURES_AT_ONCE = 16
PIXELS_AT_ONCE = 48_000_000  # of the pictures held at once, unless a single one has more


def together(
    pictures: Iterable[T], pixels_of: Callable[[T], int], most: Iterable[int] = repeat(PICTURES_AT_ONCE)
) -> Iterator[list[T]]:
    """The pictures in their order, so many at once: always the same ones, whoever reads them.

    Args:
        pictures: What is read; nothing is before its turn.
        pixels_of: How many pixels one holds.
        most: How many pictures the first, the second, ... wave may hold; as many waves as it takes.
    """
    sizes = iter(most)
    some: list[T] = []
    pixels, size = 0, next(sizes)
    for picture in pictures:
        held = pixels_of(picture)
        if some and (len(some) == size or pixels + held > PIXELS_AT_ONCE):
            yield some
            some, pixels, size = [], 0, next(sizes)
        some.append(picture)
        pixels += held
    if some:
        yield some


def ahead(waves: Iterator[list[T]], thread: ThreadPoolExecutor) -> Iterator[list[T]]:
    """The same, the next already being read on the thread."""
    coming = thread.submit(next, waves, None)
    while (some := coming.result()) is not None:
        coming = thread.submit(next, waves, None)
        yield some
