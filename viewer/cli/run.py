"""`unmask run`: pictures in, files out, no window. One bad picture does not stop the others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from models.catalogue import Provenance, provenance
from models.detection.detectors import detect
from models.errors import InputError, MethodError, UnmaskError
from models.export.files import write_answers, write_mesh, write_picture
from models.export.overlay import draw_overlay
from models.loading import load
from models.metrics.states import STATE_NAMES, state_shares
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from resources import program_version
from viewer.cli.options import Batch
from viewer.readouts.verdict import likely_error_text
from viewer.sources.source import Frame
from viewer.sources.still import read_still
from viewer.state.setting import branches_of


def run_batch(batch: Batch) -> int:
    """Answer for every picture; one line each. Returns 1 if any failed."""
    try:
        check_device(batch.device)
        method = load(batch.method, batch.weights, batch.device)
        without = left_out(method.switches, batch.without, batch.branches)
    except UnmaskError as error:
        print(f"unmask: {error}", file=sys.stderr)
        return 1
    names = distinct_names(batch.images)
    failed = 0
    for image, name in zip(batch.images, names, strict=True):
        try:
            print(f"{image}: {run_one(batch, method, without, image, batch.out / name)}", flush=True)
        except (UnmaskError, ValueError) as error:
            failed += 1
            print(f"{image}: {error}", file=sys.stderr, flush=True)
    if failed:
        print(f"{failed} of {len(names)} pictures failed.", file=sys.stderr)
    return 1 if failed else 0


def run_one(batch: Batch, method: Reconstructor, without: frozenset[str], image: Path, stem: Path) -> str:
    """Answer for one picture, write its files, and say in a line what came out."""
    frame = read_still(image)
    faces = detect(frame.image, batch.detector) if batch.box is None else [Face(batch.box)]
    if not faces:
        raise InputError(f"No face was found in {frame.name}. Give its place with --box x0,y0,x1,y1.")
    answers = reconstruct(frame.image, faces, method, without)
    write_all(stem, frame, answers, provenance(batch.method, batch.weights))
    return "; ".join([*map(_line, answers), *frame.notices]) + f" -> {stem}.json .ply .glb .png"


def write_all(
    stem: Path, frame: Frame, answers: Sequence[Reconstruction], weights: Provenance
) -> tuple[Path, ...]:
    """The files of one frame: STEM.json and STEM.png about all faces, STEM.ply and STEM.glb of the first.

    Further faces' meshes are STEM-2.ply, STEM-3.ply and so on.
    """
    height, width = frame.image.shape[:2]
    answer_path, picture_path = _beside(stem, ".json"), _beside(stem, ".png")
    write_answers(answer_path, answers, frame.name, (width, height), program_version(), weights)
    write_picture(picture_path, draw_overlay(frame.image, answers))
    paths = [answer_path, picture_path]
    for number, answer in enumerate(answers, 1):
        for suffix in (".ply", ".glb"):
            path = _beside(stem, suffix if number == 1 else f"-{number}{suffix}")
            write_mesh(path, answer, frame.image)
            paths.append(path)
    return tuple(paths)


def left_out(
    switches: Sequence[str], without: frozenset[str], branches: frozenset[str] | None
) -> frozenset[str]:
    """Which switches of a method to turn off.

    Raises:
        MethodError: A name that is no switch, or no branch, of this method.
    """
    there = [branch.value for branch in branches_of(switches)]
    unknown = sorted(without - set(switches)) + sorted((branches or frozenset()) - set(there))
    if unknown:
        parts, kinds = (", ".join(name.replace(" ", "-") for name in names) for names in (switches, there))
        raise MethodError(
            f"There is no part called {unknown[0]!r}. --without takes {parts}; --branches takes {kinds}."
        )
    dropped = set() if branches is None else set(there) - branches
    return without | dropped


def check_device(name: str) -> None:
    """Whether a method could run there.

    Raises:
        MethodError: No such device here.
    """
    try:
        kind = torch.device(name).type
    except RuntimeError as error:
        raise MethodError(f"{name!r} is no device. Use cpu or cuda.") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise MethodError("This machine has no CUDA device that torch can use. Use --device cpu.")


def distinct_names(images: Sequence[Path]) -> tuple[str, ...]:
    """A name for each picture's files: its own without the ending, numbered where several share one."""
    names: list[str] = []
    for image in images:
        name, number = image.stem, 2
        while name in names:
            name, number = f"{image.stem}_{number}", number + 1
        names.append(name)
    return tuple(names)


def _beside(stem: Path, ending: str) -> Path:
    """`with_suffix` would cut a name at its last dot."""
    return stem.with_name(stem.name + ending)


def _line(answer: Reconstruction) -> str:
    pitch, yaw, roll = answer.pose_deg
    shares, error = state_shares(answer), likely_error_text(answer)
    told = "" if shares is None else "".join(f", {shares[s]:.0%} {name}" for s, name in STATE_NAMES.items())
    told += f", {error}" if error else ""
    alarms = "".join(f", {alarm.code}" for alarm in answer.alarms)
    return f"pitch {pitch:.1f} yaw {yaw:.1f} roll {roll:.1f} deg{told}{alarms}"
