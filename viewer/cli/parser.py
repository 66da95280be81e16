"""What the words after `unmask`, `unmask run` and `unmask occlude` ask for. No Qt here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from models.catalogue import FINDERS, USUAL_FINDER
from models.geometry.arrays import Box
from resources import program_version
from viewer.cli.options import Batch, Launch, Occlude
from viewer.methods.available import best_offer
from viewer.state.layout import ARRANGEMENTS

COMMANDS = """commands, each with its own --help:
  unmask run IMAGE ... --out DIR    answer without a window, and write files
  unmask occlude IMAGE --out DIR    add occluders to a face, and write what that changes
  unmask assets                     list, fetch, add and remove weights and face models
  unmask about                      versions, and the weights at hand with their licences

A file or folder of such a name is opened by ./run, or after --."""


def parse_launch(words: Sequence[str]) -> Launch:
    """The words after `unmask`."""
    parser = argparse.ArgumentParser(
        prog="unmask",
        description="See what a face alignment network saw, and what it made up where it saw nothing.",
        epilog=COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="pictures, a video, or a folder")
    parser.add_argument("--camera", type=_camera, metavar="N", help="open camera N; 0 is the first")
    _add_method(parser, method=None, detector=None)
    parser.add_argument("--theme", choices=["dark", "light"])
    parser.add_argument(
        "--arrangement", choices=[row.name for row in ARRANGEMENTS], help="which panels stand side by side"
    )
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="write the window there, then quit")
    parser.add_argument("--export", type=Path, metavar="DIR", help="write mesh and answer there, then quit")
    parser.add_argument(
        "--tour", type=Path, metavar="DIR", help="write a picture of every arrangement there, then quit"
    )
    parser.add_argument("--version", action="version", version=f"unmask {program_version()}")
    found = parser.parse_intermixed_args(words)
    if found.tour is not None and (found.screenshot is not None or found.export is not None):
        parser.error("--tour writes its own pictures; leave --screenshot and --export out")
    if found.camera is not None and found.paths:
        parser.error("open either a camera or files, not both")
    return Launch(
        paths=tuple(found.paths),
        camera=found.camera,
        method=found.method,
        weights=found.weights,
        detector=found.finder,
        without=frozenset().union(*found.without),
        theme=found.theme,
        arrangement=found.arrangement,
        screenshot=found.screenshot,
        export=found.export,
        tour=found.tour,
    )


def parse_batch(words: Sequence[str]) -> Batch:
    """The words after `unmask run`."""
    parser = argparse.ArgumentParser(
        prog="unmask run",
        description="Write NAME.json, NAME.ply, NAME.glb and NAME.png for every picture.",
    )
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    _add_method(parser, method="dsfnet", detector=USUAL_FINDER)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ... (%(default)s)")
    parser.add_argument(
        "--branches", type=_parts, metavar="A,B", help="keep only these branches, e.g. image-space"
    )
    parser.add_argument(
        "--box", type=_box, metavar="X0,Y0,X1,Y1", help="the face in each picture, px; else it is looked for"
    )
    found = parser.parse_intermixed_args(words)
    return Batch(
        images=tuple(found.images),
        out=found.out,
        method=found.method,
        weights=found.weights or best_offer(found.method).setting.weights,
        detector=found.finder,
        device=found.device,
        without=frozenset().union(*found.without),
        branches=found.branches,
        box=found.box,
    )


def parse_occlude(words: Sequence[str]) -> Occlude:
    """The words after `unmask occlude`."""
    parser = argparse.ArgumentParser(
        prog="unmask occlude",
        description="Occlude a face and write what that changes, compared with the bare answer: NAME.json, "
        "NAME.png and tables as CSV. The occlusion lab of the window gives the same figures.",
    )
    fresh = Occlude(Path(), Path())
    parser.add_argument("image", type=Path, metavar="IMAGE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    _add_method(parser, method="dsfnet", detector=USUAL_FINDER)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ... (%(default)s)")
    parser.add_argument("--box", type=_box, metavar="X0,Y0,X1,Y1", help="the face, px; else it is looked for")
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        help="an occluder to add, e.g. mask; again for more",
    )
    parser.add_argument("--seed", type=_count, default=0, help="of occluders, sweep and jitter (%(default)s)")
    _add_trials(parser, fresh)
    found = parser.parse_args(words)
    growing = found.grow or (found.kind[-1] if found.kind else "bottom")
    return Occlude(
        image=found.image,
        out=found.out,
        method=found.method,
        weights=found.weights or best_offer(found.method).setting.weights,
        detector=found.finder,
        device=found.device,
        without=frozenset().union(*found.without),
        box=found.box,
        kinds=tuple(found.kind),
        seed=found.seed,
        sweep=growing if found.sweep == "growing" else found.sweep,
        steps=found.steps,
        cells=found.grid,
        patch_percent=found.patch,
        filling=found.filling,
        factor=found.factor,
        threshold_percent=found.threshold,
        jitter=found.jitter,
        draws=found.draws,
        shift_px=found.shift,
        scale_percent=found.scale,
    )


def _add_trials(parser: argparse.ArgumentParser, fresh: Occlude) -> None:
    sweep = parser.add_argument_group("sweep")
    sweep.add_argument("--sweep", choices=["growing", "sliding"])
    sweep.add_argument(
        "--grow", help="what grows: bottom, top, left, right, or a kind (the --kind given, else bottom)"
    )
    sweep.add_argument("--steps", type=_count, default=fresh.steps, help="of what grows (%(default)s)")
    sweep.add_argument("--grid", type=_count, default=fresh.cells, help="rows and columns (%(default)s)")
    sweep.add_argument("--patch", type=float, default=fresh.patch_percent, help="%% of the box (%(default)s)")
    sweep.add_argument("--filling", default=fresh.filling, help="of the patch: colour, noise, blur, patch")
    sweep.add_argument(
        "--factor", type=float, default=fresh.factor, help="of the breaking point (%(default)s)"
    )
    sweep.add_argument("--threshold", type=float, default=fresh.threshold_percent, help="%% (%(default)s)")
    jitter = parser.add_argument_group("jitter of the face box")
    jitter.add_argument("--jitter", action="store_true")
    jitter.add_argument("--draws", type=_count, default=fresh.draws, help="how many boxes (%(default)s)")
    jitter.add_argument(
        "--shift", type=float, default=fresh.shift_px, help="standard deviation, px (%(default)s)"
    )
    jitter.add_argument(
        "--scale", type=float, default=fresh.scale_percent, help="of its size, %% (%(default)s)"
    )


def _add_method(parser: argparse.ArgumentParser, method: str | None, detector: str | None) -> None:
    parser.add_argument("--method", default=method, help="face alignment method, e.g. dsfnet")
    parser.add_argument(
        "--weights",
        help="those that ship (open), those you brought (official), or a file",
    )
    parser.add_argument("--finder", default=detector, choices=list(FINDERS), help="who looks for faces")
    parser.add_argument(
        "--without",
        type=_parts,
        action="append",
        default=[],
        metavar="A,B",
        help="leave out parts: image-space, model-space, confidence, visibility-mask",
    )


def _parts(text: str) -> frozenset[str]:
    """From "image-space,model-space" to the switches as methods name them."""
    parts = frozenset(part.strip().replace("-", " ").lower() for part in text.split(","))
    if not all(parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of parts; write e.g. image-space,model-space")
    return parts


def _camera(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no camera; count from 0")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def _box(text: str) -> Box:
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no box; write x0,y0,x1,y1 in px") from error
    if not (x0 < x1 and y0 < y1):
        raise argparse.ArgumentTypeError(f"{text!r} is no box; x0 must be less than x1, y0 less than y1")
    return x0, y0, x1, y1
