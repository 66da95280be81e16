"""Pictures per second of `unmask batch` and of one call after the other, over the same pictures."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from time import perf_counter

from PIL import Image

import resources
from models.batch.engine import MethodEngine, Setting
from models.batch.executors import here, in_processes
from models.batch.plan import planned
from models.batch.rows import Makers
from models.batch.shard import TABLE, Part, Work
from models.batch.tables import read_rows
from models.detection.detectors import detect
from models.loading import load
from models.pipeline import reconstruct
from viewer.cli.parts import read_part
from viewer.sources.still import read_still

LONGEST_PX = (160, 240)  # of the pictures' longer sides, evenly between
STAGES = ("read_ms", "detect_ms", "answer_ms")


def batch_report(count: int) -> str:
    """A table: who answered, pictures per second, and how often that of one call after the other.

    Start-up counts: each process loads its weights.

    Args:
        count: How many small pictures, made of those that ship.
    """
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="unmask-batch-") as folder:
        paths = [_small(number, Path(folder, f"{number:06d}.jpg")) for number in range(count)]
        alone = count / _one_by_one(paths)
        lines = [
            f"{count} pictures of {LONGEST_PX[0]} to {LONGEST_PX[1]} px, {cores} cores",
            "| | pictures/s | x | read, detect, answer: ms a picture |",
            "|---|---|---|---|",
            f"| one call after the other | {alone:.2f} | 1.00 | |",
        ]
        for workers in sorted({1, cores}):
            out = Path(folder, f"with-{workers}")
            rate = count / _batched(paths, out, workers, max(1, cores // workers))
            rows = list(read_rows(out / TABLE))
            stages = (fmean([float(str(cells[s])) for cells in rows if cells[s] is not None]) for s in STAGES)
            told = ", ".join(f"{ms:.1f}" for ms in stages)
            lines.append(f"| batch, {workers} processes | {rate:.2f} | {rate / alone:.2f} | {told} |")
    return "\n".join(lines)


def _small(number: int, path: Path) -> Path:
    """One of the pictures that ship, in another size and mirrored now and then."""
    samples = resources.samples()
    low, high = LONGEST_PX
    side = low + number * 7 % (high - low + 1)
    with Image.open(samples[number % len(samples)]) as picture:
        small = picture.convert("RGB")
    small.thumbnail((side, side))
    if number // len(samples) % 2:
        small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    small.save(path, quality=92)
    return path


def _one_by_one(paths: Sequence[Path]) -> float:
    """Seconds, as a caller of the Python functions spends them."""
    start = perf_counter()
    method = load("dsfnet")
    for path in paths:
        image = read_still(path).image
        reconstruct(image, detect(image), method)
    return perf_counter() - start


def _batched(paths: Sequence[Path], out: Path, workers: int, threads: int) -> float:
    plan = planned([Part(path) for path in paths], {})
    setting = Setting(threads=threads)
    makers = Makers(resources.program_version(), setting.method)
    work = Work(out, read_part, partial(MethodEngine.loaded, setting), makers, "jsonl")
    start = perf_counter()
    for _ in here(plan.shards, work) if workers == 1 else in_processes(plan.shards, work, workers):
        pass
    return perf_counter() - start
