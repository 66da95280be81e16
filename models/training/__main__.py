"""`python -m models.training METHOD --out runs/METHOD`: train; call again to resume.

`--start weights.safetensors` goes on from given weights instead of chance. `--photographs FOLDER` mixes in
real faces: crops.tar and labels.npz, see models/ground_truth/aflw.py. `--stock FOLDER` holds what was
rendered before: cut-outs for the finder, a bank of faces for the published systems; rendered first where
it is not there.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import torch
from torch import Tensor

from models.errors import InputError, UnmaskError
from models.loading import fill, load_face_model, read_weights, weights_path
from models.methods.dsfnet.likely_error import taken_from
from models.methods.mean_face import by_hand_taken_out, taken_out
from models.synthetic.bank import Bank, ready_bank
from models.synthetic.dataset import MakeRow
from models.training.correction import write_offsets
from models.training.dsfnet import REFINEMENT, REFINING, STATES, DSFNetTask
from models.training.dsfnet_published import PublishedTask
from models.training.expressive import expressive_row
from models.training.finder import FinderTask, crop_stock, ready_stock
from models.training.loop import Run, Task
from models.training.mgcnet import MGCNetTask
from models.training.photographs import Photographs
from models.training.prnet import PRNetTask
from models.training.recipes import (
    DSFNetRecipe,
    FinderRecipe,
    MGCNetRecipe,
    PRNetRecipe,
    PublishedRecipe,
    Recipe,
    TDDFARecipe,
)
from models.training.tddfa import TDDFATask

RECIPES: dict[str, Callable[[], Recipe]] = {
    "dsfnet": DSFNetRecipe,
    "dsfnet-published": PublishedRecipe,
    "finder": FinderRecipe,
    "tddfa": TDDFARecipe,
    "mgcnet": MGCNetRecipe,
    "prnet": PRNetRecipe,
}
RENDERS_ALL_ALONG = ("dsfnet", "dsfnet-published")
MEASURES = ("minutes", "share", "learning_rate")
COUNTS = ("batch", "pool", "workers", "threads", "seed", "cutouts", "backdrops", "scenes")
REFINE = "refine."
HEADS = ("evidence.", "states.", REFINE)  # parts that older weights lack
FIRST_SCENE = 10_000_000  # those below are kept for tests


def main(arguments: list[str] | None = None) -> int:
    """Parse and train; 0, or 1 with a sentence on stderr."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    try:
        _train(options)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _train(options: argparse.Namespace) -> None:
    recipe = _recipe(options)
    torch.set_num_threads(recipe.threads)
    correction: Tensor | None = None
    tensors: dict[str, Tensor] = {}
    if options.start is not None:
        path = weights_path(recipe.method, options.start)
        tensors, _ = read_weights(path)
        correction = taken_out(tensors, load_face_model(), path)
        by_hand_taken_out(tensors, path)  # it is to be measured anew
    if tensors and isinstance(recipe, DSFNetRecipe):
        taken_from(tensors)
        if recipe.only != REFINEMENT:  # it reads features that are about to change
            tensors = {key: value for key, value in tensors.items() if not key.startswith(REFINE)}
    refining = isinstance(recipe, DSFNetRecipe) and recipe.only == REFINEMENT
    on_photographs = options.photographs is not None  # rendered faces need no correction
    task = _task(recipe, options, correction if refining and on_photographs else None)
    if tensors:
        if isinstance(recipe, DSFNetRecipe) and recipe.only:  # heads that the weights lack start from chance
            own = task.network.state_dict()
            tensors = {key: value for key, value in own.items() if key.startswith(HEADS)} | tensors
        fill(task.network, tensors, path)
    Run(task, recipe, options.out, options.device).train()
    if refining and correction is not None:
        weights = options.out / "weights.safetensors"
        write_offsets(weights, correction.numpy(), f"as in {recipe.start}", weights)


def _recipe(options: argparse.Namespace) -> Recipe:
    """The method's own, with what the command line says instead."""
    recipe = RECIPES[options.method]()
    given = {
        key: getattr(options, key)
        for key in (*MEASURES, *COUNTS, "only")
        if getattr(options, key) is not None
    }
    if options.start is not None:
        given["start"] = Path(options.start).name
    if options.photographs is not None:
        given["photographs"] = options.photographs.resolve().name
    unknown = given.keys() - {field.name for field in fields(recipe)}
    if options.stock is not None and options.method in RENDERS_ALL_ALONG:
        unknown.add("stock")
    if unknown:
        raise InputError(f"a training of {options.method} has no --{', no --'.join(sorted(unknown))}.")
    if given.get("only") == REFINEMENT and isinstance(recipe, DSFNetRecipe):
        given["form"] = replace(recipe.form, refining=REFINING)
    return replace(recipe, **given)


def _task(recipe: Recipe, options: argparse.Namespace, correction: Tensor | None = None) -> Task:
    face_model = load_face_model()
    match recipe:
        case FinderRecipe():
            folders = [ready_stock(options.stock or options.out / "stock", recipe)]
            if options.photographs is not None:
                folders.append(crop_stock(options.photographs, options.out / "crops", folders[0]))
            return FinderTask(recipe, folders, options.device)
        case DSFNetRecipe():
            make: MakeRow = expressive_row
            if options.photographs is not None:
                cache = options.out / "fits.npz"
                make = Photographs.fitted(
                    options.photographs, cache, face_model, recipe.share, options.hand, options.masks
                )
            return DSFNetTask(recipe, face_model, options.device, make, correction)
        case PublishedRecipe():
            return PublishedTask(recipe, face_model, options.device)
        case TDDFARecipe():
            return TDDFATask(recipe, face_model, _bank(recipe, options), options.device)
        case MGCNetRecipe():
            return MGCNetTask(recipe, face_model, _bank(recipe, options), options.device)
        case PRNetRecipe():
            return PRNetTask(recipe, face_model, _bank(recipe, options), options.device)
        case _:
            raise AssertionError(recipe)


def _bank(recipe: TDDFARecipe | MGCNetRecipe | PRNetRecipe, options: argparse.Namespace) -> Bank:
    folder = options.stock or options.out / "bank"
    return ready_bank(folder, recipe.seed, FIRST_SCENE, recipe.scenes, recipe.workers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("method", choices=list(RECIPES))
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the run; resumed if it has a checkpoint"
    )
    parser.add_argument(
        "--start", help='begin from these weights: a file, or the name of some that ship ("open")'
    )
    parser.add_argument("--photographs", type=Path, help="folder of labelled crops to mix in")
    parser.add_argument("--hand", type=Path, help="hand labels of what is visible in those crops (.npz)")
    parser.add_argument("--masks", type=Path, help="what another network takes for face in them (.npy)")
    parser.add_argument("--share", type=float, help="of DSFNet's samples that are such crops (default: half)")
    parser.add_argument(
        "--only",
        choices=[STATES, REFINEMENT],
        help="train DSFNet's states and masks, or its refinement; keep all else",
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, help="wall clock of the whole run, all parts together")
    parser.add_argument("--learning-rate", type=float, help="the highest of the run, instead of the recipe's")
    parser.add_argument("--stock", type=Path, help="folder of what was rendered before (default: in OUT)")
    for name in COUNTS:
        parser.add_argument(f"--{name}", type=int, help="instead of the recipe's")
    return parser


def _restart_tuned() -> None:
    """Restart once with an allocator that keeps what it got: page faults cost much otherwise."""
    wanted = {
        "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
        "MALLOC_TOP_PAD_": str(256 << 20),
        "OMP_WAIT_POLICY": "PASSIVE",  # a thread that waits for the other leaves its core to the renderers
    }
    if os.name == "posix" and "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        os.execve(
            sys.executable, [sys.executable, "-m", "models.training", *sys.argv[1:]], os.environ | wanted
        )


if __name__ == "__main__":
    _restart_tuned()
    sys.exit(main())
