"""A method computed without some of its parts, for reports that know of no parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor


class LeftOut:
    """A method that never computes with some of its switches; the others are still there."""

    def __init__(self, method: Reconstructor, without: frozenset[str]) -> None:
        """Keep both.

        Raises:
            InputError: The method has no such switch; says which it has.
        """
        if unknown := sorted(without - set(method.switches)):
            has = ", ".join(method.switches) or "none"
            raise InputError(f"{method.name} has no part {', '.join(unknown)} to leave out. It has: {has}.")
        self.name, self.size, self.topology = method.name, method.size, method.topology
        self.switches = tuple(name for name in method.switches if name not in without)
        self._method, self._without = method, without

    def crop(self, face: Face) -> NDArray[np.float64]:
        """As the method does."""
        return self._method.crop(face)

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """[F, S, S, 3] RGB -> F answers in crop space, computed without either's parts."""
        return self._method(crops, without | self._without)
