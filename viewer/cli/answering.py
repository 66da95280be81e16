"""Asks a method; where memory runs out, face by face, then on the CPU, and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import out_of_memory
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor

ON_CPU = "The device has too little memory for this picture; the CPU answered."
ONE_BY_ONE = "The device has too little memory for all faces at once; they were answered one by one."


class Answering:
    """A method on a device, and what it does when that is out of memory.

    Args:
        method: As loaded on `device`.
        device: Where it runs.
        on_cpu: Loads the same on the CPU.
        without: Switches to leave out.
    """

    def __init__(
        self,
        method: Reconstructor,
        device: str,
        on_cpu: Callable[[], Reconstructor],
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.method = method
        self._device, self._on_cpu, self._without = device, on_cpu, without
        self._slow: Reconstructor | None = None

    def __call__(
        self, image: NDArray[np.uint8], faces: Sequence[Face]
    ) -> tuple[list[Reconstruction], tuple[str, ...]]:
        """As `reconstruct`, and sentences on what was done because memory ran out.

        Raises:
            MemoryError: There is too little, also for one face on the CPU.
        """
        try:
            return reconstruct(image, faces, self.method, self._without), ()
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
        self._release()
        try:
            if len(faces) > 1:
                return self._one_by_one(image, faces, self.method), (ONE_BY_ONE,)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
        if self._device == "cpu":
            raise MemoryError("there is too little memory for this picture; close other programs")
        self._release()
        self._slow = self._slow or self._on_cpu()
        return self._one_by_one(image, faces, self._slow), (ON_CPU,)

    def _one_by_one(
        self, image: NDArray[np.uint8], faces: Sequence[Face], method: Reconstructor
    ) -> list[Reconstruction]:
        return [reconstruct(image, [face], method, self._without)[0] for face in faces]

    def _release(self) -> None:
        if self._device.startswith("cuda") and torch.cuda.is_available():
            torch.cuda.empty_cache()
