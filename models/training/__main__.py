"""`python -m models.training METHOD --out runs/METHOD`: train; call again to resume.

`--start weights.safetensors` goes on from given weights instead of chance. `--photographs FOLDER` mixes in
real faces: crops.tar and labels.npz, see models/training/aflw.py. `--stock FOLDER` holds what was rendered
before: cut-outs for the finder, a bank of faces for the published systems; rendered first where it is not.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import fields, replace
from pathlib import Path

import torch

from models.errors import InputError, UnmaskError
from models.loading import fill, load_face_model, read_weights, weights_path
from models.opening.dsfnet import taken_out
from models.synthetic.bank import Bank, ready_bank
from models.synthetic.dataset import MakeRow, rendered_row
from models.training.dsfnet import DSFNetTask
from models.training.dsfnet_published import PublishedTask
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
    TDDFARecipe,
)
from models.training.tddfa import TDDFATask

OnBank = TDDFARecipe | MGCNetRecipe | PRNetRecipe
Recipe = DSFNetRecipe | PublishedRecipe | FinderRecipe | OnBank
RECIPES: dict[str, type[Recipe]] = {
    "dsfnet": DSFNetRecipe,
    "dsfnet-published": PublishedRecipe,
    "finder": FinderRecipe,
    "tddfa": TDDFARecipe,
    "mgcnet": MGCNetRecipe,
    "prnet": PRNetRecipe,
}
OF_THE_RECIPE = ("minutes", "batch", "pool", "workers", "threads", "seed", "cutouts", "backdrops", "scenes")
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
    given = {key: getattr(options, key) for key in OF_THE_RECIPE if getattr(options, key) is not None}
    recipe = RECIPES[options.method]()
    if unknown := given.keys() - {field.name for field in fields(recipe)}:
        raise InputError(f"a training of {options.method} has no --{', no --'.join(sorted(unknown))}.")
    recipe = replace(recipe, **given)
    torch.set_num_threads(recipe.threads)
    match recipe:
        case FinderRecipe():
            _train_finder(recipe, options)
        case DSFNetRecipe():
            _train_dsfnet(recipe, options)
        case PublishedRecipe():
            _train_published(recipe, options)
        case _:
            _train_on_bank(recipe, options)


def _train_finder(recipe: FinderRecipe, options: argparse.Namespace) -> None:
    folders = [ready_stock(options.stock or options.out / "stock", recipe)]
    if options.photographs is not None:
        folders.append(crop_stock(options.photographs, options.out / "crops", folders[0]))
        recipe = replace(recipe, photographs=options.photographs.resolve().name)
    if options.start is not None:
        recipe = replace(recipe, start=Path(options.start).name)
    task = FinderTask(recipe, folders, options.device)
    if options.start is not None:
        path = weights_path(recipe.method, options.start)
        fill(task.network, read_weights(path)[0], path)
    Run(task, recipe, options.out, options.device).train()


def _train_published(recipe: PublishedRecipe, options: argparse.Namespace) -> None:
    if options.photographs is not None or options.stock is not None:
        raise InputError(f"a training of {options.method} has no --photographs and no --stock.")
    if options.start is not None:
        recipe = replace(recipe, start=Path(options.start).name)
    task = PublishedTask(recipe, load_face_model(), options.device)
    if options.start is not None:
        path = weights_path(recipe.method, options.start)
        fill(task.network, read_weights(path)[0], path)
    Run(task, recipe, options.out, options.device).train()


def _train_dsfnet(recipe: DSFNetRecipe, options: argparse.Namespace) -> None:
    face_model = load_face_model()
    make: MakeRow = rendered_row
    if options.photographs is not None:
        recipe = replace(recipe, photographs=options.photographs.resolve().name)
        make = Photographs.fitted(options.photographs, options.out / "fits.npz", face_model, recipe.share)
    if options.start is not None:
        recipe = replace(recipe, start=Path(options.start).name)
    task = DSFNetTask(recipe, face_model, options.device, make)
    if options.start is not None:
        path = weights_path(recipe.method, options.start)
        tensors, _ = read_weights(path)
        taken_out(tensors, face_model, path)
        fill(task.network, tensors, path)
    Run(task, recipe, options.out, options.device).train()


def _train_on_bank(recipe: OnBank, options: argparse.Namespace) -> None:
    if options.photographs is not None:
        raise InputError(f"a training of {options.method} has no --photographs.")
    folder = options.stock or options.out / "bank"
    bank = ready_bank(folder, recipe.seed, FIRST_SCENE, recipe.scenes, recipe.workers)
    if options.start is not None:
        recipe = replace(recipe, start=Path(options.start).name)
    task = _on_bank(recipe, bank, options.device)
    if options.start is not None:
        path = weights_path(recipe.method, options.start)
        fill(task.network, read_weights(path)[0], path)
    Run(task, recipe, options.out, options.device).train()


def _on_bank(recipe: OnBank, bank: Bank, device: str) -> Task:
    match recipe:
        case TDDFARecipe():
            return TDDFATask(recipe, load_face_model(), bank, device)
        case MGCNetRecipe():
            return MGCNetTask(recipe, load_face_model(), bank, device)
        case PRNetRecipe():
            return PRNetTask(recipe, load_face_model(), bank, device)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("method", choices=list(RECIPES))
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the run; resumed if it has a checkpoint"
    )
    parser.add_argument(
        "--start", help='begin from these weights: a file, or the name of some that ship ("open")'
    )
    parser.add_argument("--photographs", type=Path, help="folder of labelled crops: half of the samples")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, help="wall clock of the whole run, all parts together")
    parser.add_argument("--stock", type=Path, help="folder of what was rendered before (default: in OUT)")
    for name in OF_THE_RECIPE[1:]:
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
