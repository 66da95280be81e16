"""`python -m models.synthetic preview | benchmark | pool | bank`: look at faces, time, store them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.synthetic.bank import VIEWS, ready_bank
from models.synthetic.dataset import CROP_PX, FaceBatch, batch
from models.synthetic.timing import measure


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
    bank = commands.add_parser("bank", help=f"store scenes in {VIEWS} views each, for trainings; resumes")
    bank.add_argument("--out", type=Path, required=True, help="folder")
    bank.add_argument("--count", type=int, default=10_000, help="scenes")
    bank.add_argument("--processes", type=int, default=2)
    bank.set_defaults(run=_bank)
    for command in (preview, benchmark, pool, bank):
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


def _benchmark(chosen: argparse.Namespace) -> None:
    speed = measure(chosen.seed, chosen.first, chosen.count, chosen.processes)
    print(
        f"{speed.samples_per_s:.0f} whole samples/s at {CROP_PX} px on {chosen.processes} processes "
        f"({speed.wall_ms:.1f} ms each, {speed.cpu_ms:.1f} ms of it CPU)"
    )


def _pool(chosen: argparse.Namespace) -> None:
    samples = batch(chosen.seed, range(chosen.first, chosen.first + chosen.count))
    arrays = {name: getattr(samples, name).numpy() for name in FaceBatch.__dataclass_fields__}
    np.savez_compressed(chosen.out, **arrays)
    print(f"{chosen.out}: {chosen.count} samples of seed {chosen.seed}")


def _bank(chosen: argparse.Namespace) -> None:
    scenes = len(ready_bank(chosen.out, chosen.seed, chosen.first, chosen.count, chosen.processes))
    print(f"{chosen.out}: {scenes} scenes of seed {chosen.seed}, {VIEWS} views each")


if __name__ == "__main__":
    sys.exit(main())
