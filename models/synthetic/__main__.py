"""`python -m models.synthetic preview | benchmark | pool`: look at synthetic faces, time them, store them."""

from __future__ import annotations

import argparse
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.synthetic.dataset import CROP_PX, FaceBatch, batch


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m models.synthetic", description=__doc__)
    commands = parser.add_subparsers(required=True)
    preview = commands.add_parser("preview", help="draw a sheet of samples above their labels")
    preview.add_argument("--out", type=Path, required=True, help="PNG to write")
    preview.add_argument("--count", type=int, default=60)
    preview.set_defaults(run=_preview)
    benchmark = commands.add_parser("benchmark", help="whole samples per second")
    benchmark.add_argument("--processes", type=int, default=2)
    benchmark.add_argument("--count", type=int, default=400)
    benchmark.set_defaults(run=_benchmark)
    pool = commands.add_parser("pool", help="store samples as one .npz")
    pool.add_argument("--out", type=Path, required=True)
    pool.add_argument("--count", type=int, default=1000)
    pool.set_defaults(run=_pool)
    for command in (preview, benchmark, pool):
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--first", type=int, default=0, help="index of the first sample")
    chosen = parser.parse_args(arguments)
    chosen.run(chosen)
    return 0


def sheet(samples: FaceBatch, columns: int = 10) -> NDArray[np.uint8]:
    """[H, W, 3] RGB: rows of pictures, each above a row of their UV labels."""
    pictures = samples.images.permute(0, 2, 3, 1).numpy()
    uv, mask = samples.uv.float(), samples.mask[:, None].float()
    colours = 255 * mask * (0.2 + 0.8 * torch.cat([uv, 1 - uv[:, :1]], 1))
    labels = colours.permute(0, 2, 3, 1).numpy().astype(np.uint8).repeat(2, 1).repeat(2, 2)
    rows = []
    for start in range(0, len(pictures), columns):
        for tiles in (pictures, labels):
            row = list(tiles[start : start + columns])
            row += [np.zeros_like(pictures[0])] * (columns - len(row))
            rows.append(np.concatenate(row, 1))
    return np.concatenate(rows)


def _preview(chosen: argparse.Namespace) -> None:
    samples = batch(chosen.seed, range(chosen.first, chosen.first + chosen.count))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(chosen.out), sheet(samples)[..., ::-1]):
        raise SystemExit(f"cannot write {chosen.out}")
    print(chosen.out)


def _render_many(seed: int, first: int, count: int) -> tuple[float, float]:
    """Seconds of wall clock and of CPU."""
    cv2.setNumThreads(1)
    batch(seed, [first])  # compiles and prepares
    start, busy = time.perf_counter(), time.process_time()
    for index in range(first, first + count):
        batch(seed, [index])
    return time.perf_counter() - start, time.process_time() - busy


def _benchmark(chosen: argparse.Namespace) -> None:
    share = chosen.count // chosen.processes
    batch(chosen.seed, [chosen.first])  # fills the compiler's cache before the others need it
    with get_context("spawn").Pool(chosen.processes) as workers:
        jobs = [(chosen.seed, chosen.first + k * share, share) for k in range(chosen.processes)]
        seconds = workers.starmap(_render_many, jobs)
    rate = sum(share / wall for wall, _ in seconds)
    wall_ms, busy_ms = (1000 * sum(column) / len(column) / share for column in zip(*seconds, strict=True))
    print(
        f"{rate:.0f} whole samples/s at {CROP_PX} px on {chosen.processes} processes "
        f"({wall_ms:.1f} ms each, {busy_ms:.1f} ms of it CPU)"
    )


def _pool(chosen: argparse.Namespace) -> None:
    samples = batch(chosen.seed, range(chosen.first, chosen.first + chosen.count))
    arrays = {name: getattr(samples, name).numpy() for name in FaceBatch.__dataclass_fields__}
    np.savez_compressed(chosen.out, **arrays)
    print(f"{chosen.out}: {chosen.count} samples of seed {chosen.seed}")


if __name__ == "__main__":
    sys.exit(main())
