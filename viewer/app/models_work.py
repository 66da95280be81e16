"""The real models, for the worker. torch is only imported on its thread, so the window is there at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from threading import Event
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.app.bring_torch import bring_torch
from viewer.inference.worker import Work
from viewer.state.device import Device

P = ParamSpec("P")
R = TypeVar("R")
FIRST_PAINT_S = 2.0  # after which a window counts as one that nobody looks at


def models_work() -> Work:
    """What the window needs of models/. torch comes once the window is painted.

    Both need the system's loader, one at a time: torch's library takes it for longer than a window may hang.
    """
    painted = Event()

    def brought(ask: Callable[P, R]) -> Callable[P, R]:
        """The same, once torch is there."""

        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            if "torch" not in sys.modules:
                painted.wait(FIRST_PAINT_S)
            bring_torch()
            return ask(*args, **kwargs)

        return asked

    first_threads: list[int] = []  # torch's own number, once somebody asks for another

    def limit_threads(count: int) -> None:
        import torch

        first_threads[:] = first_threads or [torch.get_num_threads()]
        torch.set_num_threads(count or first_threads[0])

    return Work(
        brought(_load),
        brought(_detect),
        _reconstruct,
        brought(_device),
        brought(_devices),
        brought(limit_threads),
        brought(_detect_all),
        _reconstruct_all,
        painted.set,
    )


def _load(name: str, weights: str, device: str) -> Reconstructor:
    import torch

    from models import loading

    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()  # what methods held that were let go, e.g. as memory ran out
    method = loading.load(name, weights, device)
    loading.load_whole_head()  # made ready here: panels must not wait for it
    return method


def _detect(image: NDArray[np.uint8], detector: str) -> list[Face]:
    from models.detection import detectors

    return detectors.detect(image, detector)


def _detect_all(images: Sequence[NDArray[np.uint8]], detector: str) -> list[list[Face]]:
    from models.detection import detectors

    return detectors.detect_all(images, detector)


def _reconstruct(
    image: NDArray[np.uint8], faces: Sequence[Face], method: Reconstructor, without: frozenset[str]
) -> Sequence[Reconstruction]:
    from models import pipeline

    return pipeline.reconstruct(image, faces, method, without)


def _reconstruct_all(
    asked: Sequence[tuple[NDArray[np.uint8], Sequence[Face]]],
    method: Reconstructor,
    without: frozenset[str],
) -> Sequence[Sequence[Reconstruction]]:
    from models import pipeline

    return pipeline.reconstruct_all(asked, method, without)


def _device(wish: str) -> str:
    from models import loading

    return loading.checked_device(wish)


def _devices() -> tuple[Device, ...]:
    from models import loading

    return tuple(Device(*found) for found in loading.devices())
