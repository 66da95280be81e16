"""The command line: `unmask [PATH ...]` opens the window, `unmask run` needs none. No Qt here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from viewer.panels.arrangement import ARRANGEMENTS

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Launch:
    """What the window was asked to open with.

    Attributes:
        paths: Pictures, a video or a folder; empty opens the first bundled photo.
        camera: Index of a camera to open instead; None for none.
        method, weights: Who answers; None leaves what the last session used.
        without: Parts of the computation to leave out at first.
        theme: "dark", "light", or None for what the last session used.
        arrangement: Which panels stand side by side; None for those of the last session.
        screenshot: Where to write a picture of the whole window once the first answer is drawn; then quit.
        export: Folder for the mesh (PLY, GLB) and the answer (JSON) once it is there; then quit.
    """

    paths: tuple[Path, ...] = ()
    camera: int | None = None
    method: str | None = None
    weights: str | None = None
    without: frozenset[str] = frozenset()
    theme: str | None = None
    arrangement: str | None = None
    screenshot: Path | None = None
    export: Path | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What `unmask run` was asked to do.

    Attributes:
        images: The pictures, in order.
        out: Folder for the files.
        method, weights, device: Who answers, and where it runs.
        without: Parts of the computation to leave out.
        branches: The branches to keep; None keeps all.
        box: The face's box in each picture, image px; None looks for faces.
    """

    images: tuple[Path, ...]
    out: Path
    method: str = "dsfnet"
    weights: str = "open"
    device: str = "cpu"
    without: frozenset[str] = frozenset()
    branches: frozenset[str] | None = None
    box: Box | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status: 0, or 1 if anything failed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["run"]:
        from viewer.batch import run_batch

        return run_batch(parse_batch(words[1:]))
    launch = parse_launch(words)
    from viewer.app import run  # Qt is loaded only for the window

    return run(launch)


def parse_launch(words: Sequence[str]) -> Launch:
    """The words after `unmask`."""
    parser = argparse.ArgumentParser(
        prog="unmask",
        description="See what a face alignment network saw, and what it made up where it saw nothing.",
        epilog="`unmask run IMAGE ... --out DIR` does the same without a window; see `unmask run --help`.",
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="pictures, a video, or a folder")
    parser.add_argument("--camera", type=_camera, metavar="N", help="open camera N; 0 is the first")
    _add_method(parser, method=None, weights=None)
    parser.add_argument("--theme", choices=["dark", "light"])
    parser.add_argument(
        "--arrangement", choices=[row.name for row in ARRANGEMENTS], help="which panels stand side by side"
    )
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="write the window there, then quit")
    parser.add_argument("--export", type=Path, metavar="DIR", help="write mesh and answer there, then quit")
    parser.add_argument("--version", action="version", version=f"unmask {program_version()}")
    found = parser.parse_intermixed_args(words)
    if found.camera is not None and found.paths:
        parser.error("open either a camera or files, not both")
    return Launch(
        paths=tuple(found.paths),
        camera=found.camera,
        method=found.method,
        weights=found.weights,
        without=frozenset().union(*found.without),
        theme=found.theme,
        arrangement=found.arrangement,
        screenshot=found.screenshot,
        export=found.export,
    )


def parse_batch(words: Sequence[str]) -> Batch:
    """The words after `unmask run`."""
    parser = argparse.ArgumentParser(
        prog="unmask run",
        description="Write NAME.json, NAME.ply, NAME.glb and NAME.png for every picture.",
    )
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    _add_method(parser, method="dsfnet", weights="open")
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
        weights=found.weights,
        device=found.device,
        without=frozenset().union(*found.without),
        branches=found.branches,
        box=found.box,
    )


def program_version() -> str:
    """The installed version; "unknown" when run from a bare checkout."""
    try:
        return version("unmask")
    except PackageNotFoundError:
        return "unknown"


def _add_method(parser: argparse.ArgumentParser, method: str | None, weights: str | None) -> None:
    parser.add_argument("--method", default=method, help="face alignment method, e.g. dsfnet")
    parser.add_argument("--weights", default=weights, help="weights that ship (open), or a .safetensors file")
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


def _box(text: str) -> Box:
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no box; write x0,y0,x1,y1 in px") from error
    if not (x0 < x1 and y0 < y1):
        raise argparse.ArgumentTypeError(f"{text!r} is no box; x0 must be less than x1, y0 less than y1")
    return x0, y0, x1, y1
