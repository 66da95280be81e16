"""How long a method takes, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.crops import warp_crop
from models.pipeline import back_project, crop_of, reconstruct
from models.reconstructor import Detector, Face, Reconstructor


@dataclass(frozen=True, slots=True)
class Stage:
    """How long one stage took.

    Attributes:
        name: e.g. "crop".
        median_ms: Over the repeats.
        p90_ms: Nine of ten repeats were faster.
    """

    name: str
    median_ms: float
    p90_ms: float


def stages(
    image: NDArray[np.uint8],
    face: Face,
    method: Reconstructor,
    detector: Detector | None = None,
    repeats: int = 30,
    warm_up: int = 3,
) -> list[Stage]:
    """Batch of one: detection, crop, method (whole, then without each part), way back, crop to answer.

    The stages run in turn in every repeat, so that a busy moment of the machine falls on all of them.
    """
    T = crop_of(method, face)
    crops = warp_crop(image, T, method.size)[None]
    (answer,) = method(crops)
    work: dict[str, Callable[[], object]] = {}
    if detector is not None:
        work["detect"] = lambda: detector(image)
    work["crop"] = lambda: warp_crop(image, T, method.size)
    work["method"] = lambda: method(crops)
    for part in method.switches:
        work[f"  without {part}"] = lambda part=part: method(crops, frozenset({part}))  # type: ignore[misc]
    work["back to the frame"] = lambda: back_project(answer, T, face.box)
    work["crop to answer in the frame"] = lambda: reconstruct(image, [face], method)

    times = np.array([[_ms(job) for job in work.values()] for _ in range(warm_up + repeats)])[warm_up:]
    medians, p90s = np.median(times, axis=0).tolist(), np.percentile(times, 90, axis=0).tolist()
    return [Stage(name, m, p) for name, m, p in zip(work, medians, p90s, strict=True)]


def _ms(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return 1e3 * (time.perf_counter() - start)
