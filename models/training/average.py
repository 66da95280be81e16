"""`python -m models.training.average A B ... --out FILE`: the mean of weights that come from one another.

Runs that begin from the same weights stay in one basin: their mean is often better than each, and costs
nothing to run (Wortsman et al., "Model soups", ICML 2022). What was measured on one of them (offsets,
likely error) holds for no other and is left out; offsets that all of them share stay.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.errors import InputError, UnmaskError, WeightsError
from models.loading import read_weights
from models.methods.dsfnet.likely_error import PREFIX
from models.methods.mean_face import MEASURED
from models.training.loop import write_weights


def main(arguments: Sequence[str] | None = None) -> int:
    """Average and write; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m models.training.average", description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+", help="files of one method and one form")
    parser.add_argument("--shares", type=float, nargs="+", help="how much each counts (default: the same)")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    chosen = parser.parse_args(arguments)
    try:
        average(chosen.weights, chosen.out, chosen.shares)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def average(paths: Sequence[Path], out: Path, shares: Sequence[float] | None = None) -> None:
    """Write the mean of the tensors, each file counting the same or its share, with the last one's recipe.

    Counters (whole numbers) are the last file's. The recipe names all files under "averaged", and their
    shares where they differ.

    Raises:
        WeightsError: The files do not hold the same tensors; names the first that differs.
        InputError: Not one share above 0 for each file.
    """
    if shares is not None and (len(shares) != len(paths) or min(shares) <= 0.0):
        raise InputError(f"--shares wants {len(paths)} numbers above 0, one for each file.")
    files = [_network(path) for path in paths]
    tensors, recipe = files[-1]
    for path, (others, _) in zip(paths, files, strict=True):
        _check(path, others, paths[-1], tensors)
    counts = torch.tensor([1.0] * len(paths) if shares is None else shares)
    counts /= counts.sum()
    mean = {
        key: torch.tensordot(counts, torch.stack([one[key].float() for one, _ in files]), 1)
        if value.is_floating_point()
        else value
        for key, value in tensors.items()
        if key not in MEASURED
    }
    for key in MEASURED:
        offsets = [one[key] for one, _ in files if key in one]
        if len(offsets) == len(files) and all(each.equal(offsets[0]) for each in offsets):
            mean[key] = offsets[0]
    told = {"averaged": [path.name for path in paths]} | ({} if shares is None else {"shares": list(shares)})
    write_weights(out, mean, recipe | told)


def _network(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors, recipe = read_weights(path)
    kept = {key: value for key, value in tensors.items() if not key.startswith(PREFIX)}
    return kept, recipe


def _check(path: Path, others: dict[str, Tensor], last: Path, tensors: dict[str, Tensor]) -> None:
    if apart := sorted((others.keys() ^ tensors.keys()) - {*MEASURED}):
        raise WeightsError(f"{path.name} and {last.name} do not hold the same tensors: {apart[0]} is in one.")
    for key, value in tensors.items():
        if key in others and others[key].shape != value.shape:
            shapes = list(others[key].shape), list(value.shape)
            raise WeightsError(f"{key} is {shapes[0]} in {path.name} and {shapes[1]} in {last.name}.")


if __name__ == "__main__":
    sys.exit(main())
