"""How fast samples come."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import cv2
import torch

from models.synthetic.dataset import batch, one_blas_thread


@dataclass(frozen=True, slots=True)
class Speed:
    """Attributes: whole samples a second of all processes together; wall clock and CPU of one, ms."""

    samples_per_s: float
    wall_ms: float
    cpu_ms: float


def measure(seed: int, first: int, count: int, processes: int) -> Speed:
    """Render `count` samples on as many processes, after each has prepared itself."""
    share = max(count // processes, 1)
    batch(seed, [first])  # fills the compiler's cache before the others need it
    starts = [first + k * share for k in range(processes)]
    context = get_context("spawn")
    with one_blas_thread(), ProcessPoolExecutor(processes, mp_context=context) as workers:
        seconds = list(workers.map(_render_many, [seed] * processes, starts, [share] * processes))
    rate = sum(share / wall for wall, _ in seconds)
    wall_ms, cpu_ms = (1000 * sum(column) / processes / share for column in zip(*seconds, strict=True))
    return Speed(rate, wall_ms, cpu_ms)


def _render_many(seed: int, first: int, count: int) -> tuple[float, float]:
    """Seconds of wall clock and of CPU."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    batch(seed, [first])  # compiles and prepares
    start, busy = time.perf_counter(), time.process_time()
    for index in range(first, first + count):
        batch(seed, [index])
    return time.perf_counter() - start, time.process_time() - busy
