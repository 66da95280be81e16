"""What the words after `unmask` ask for, command by command. No Qt here."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from models.batch.rows import documented
from models.catalogue import DETECTOR_NEEDS, USUAL_DETECTOR
from models.export.wish import LAYOUTS, LOOKS, Wish
from models.geometry.arrays import Box
from resources import program_version
from viewer.assets.cli import Assets, assets_of, fill_assets
from viewer.cli.about import About, about_of, fill_about
from viewer.cli.evaluate import Evaluate
from viewer.cli.export_onnx import ExportOnnx, export_onnx_of, fill_export_onnx
from viewer.cli.inputs import SMALLEST_BOX_PX
from viewer.cli.options import USUALLY_WRITTEN, Batch, Launch, Occlude, Render, Replay, Run
from viewer.methods.available import best_offer
from viewer.state.layout import PANEL_LAYOUTS

Asked = Launch | Run | Batch | Occlude | Render | Replay | Evaluate | Assets | ExportOnnx | About
DESCRIPTION = "See what a face alignment network saw, and what it made up where it saw nothing."
WINDOW = "opens the window: on PATHs, which are pictures, a video or a folder, or on a bundled photo"
EVALUATE = "evaluate"
EPILOG = "A file or folder named like a command is opened by ./run, or after --."


class _Parser(argparse.ArgumentParser):
    """Lets options stand between files, also in a command of another parser."""

    _mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the base, but files may go on after an option."""
        if self._mixing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False


def parse(words: Sequence[str]) -> Asked:
    """The words after `unmask`: those of a command, or of the window."""
    if words[:1] and words[0] == EVALUATE:
        return Evaluate(tuple(words[1:]))  # whose own parser loads what it measures with
    if words[:1] and words[0] in (*COMMANDS, "-h", "--help"):
        found = _program().parse_args(_plain(words))
        _, _, read = COMMANDS[found.command]
        asked: Asked = read(found)
        return asked
    return parse_launch(words)


def parse_launch(words: Sequence[str]) -> Launch:
    """The words after `unmask` where no command is named."""
    parser = _Parser(prog="unmask", description=DESCRIPTION)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="pictures, a video, or a folder")
    _add_window(parser)
    found = parser.parse_args(_plain(words))
    if found.tour is not None and (found.screenshot is not None or found.export is not None):
        parser.error("--tour writes its own pictures; leave --screenshot and --export out")
    if found.camera is not None and found.paths:
        parser.error("open either a camera or files, not both")
    return Launch(
        paths=tuple(found.paths),
        camera=found.camera,
        method=found.method,
        weights=found.weights,
        detector=found.detector,
        without=frozenset().union(*found.without),
        device=found.device,
        theme=found.theme,
        panel_layout=found.panel_layout,
        screenshot=found.screenshot,
        export=found.export,
        tour=found.tour,
        overwrite=found.overwrite,
    )


def parse_run(words: Sequence[str]) -> Run:
    """The words after `unmask run`."""
    asked = parse(["run", *words])
    assert isinstance(asked, Run)
    return asked


def parse_occlude(words: Sequence[str]) -> Occlude:
    """The words after `unmask occlude`."""
    asked = parse(["occlude", *words])
    assert isinstance(asked, Occlude)
    return asked


def _program() -> argparse.ArgumentParser:
    """All there is; what follows no command is parsed by `parse_launch`, this one tells of it."""
    parser = _Parser(
        prog="unmask",
        usage="unmask [option ...] [PATH ...]\n       unmask COMMAND ...",
        description=f"{DESCRIPTION} Without a command it {WINDOW}.",
        epilog=EPILOG,
    )
    _add_window(parser)
    commands = parser.add_subparsers(
        prog="unmask", dest="command", metavar="COMMAND", title="commands, each with --help"
    )
    for name, (tells, fill, _) in COMMANDS.items():
        fill(commands.add_parser(name, help=tells, description=f"{tells}."))
    return parser


def _add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--camera", type=_camera, metavar="N", help="open camera N; 0 is the first")
    _add_method(parser, method=None, detector=None)
    parser.add_argument("--device", help="where to run: cpu, cuda, cuda:1, mps, or auto for the fastest")
    parser.add_argument("--theme", choices=["dark", "light"])
    parser.add_argument(
        "--arrangement",
        dest="panel_layout",
        choices=[row.name for row in PANEL_LAYOUTS],
        help="which panels stand side by side",
    )
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="write the window there, then quit")
    parser.add_argument("--export", type=Path, metavar="DIR", help="write mesh and answer there, then quit")
    parser.add_argument(
        "--tour", type=Path, metavar="DIR", help="write a picture of every panel layout there, then quit"
    )
    _add_overwrite(parser)
    parser.add_argument("--version", action="version", version=f"unmask {program_version()}")


def _add_overwrite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that are there already, but no input"
    )


def _add_out(parser: argparse.ArgumentParser) -> None:
    """Where the files go, and where it runs."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    _add_overwrite(parser)
    _add_device(parser)


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps, auto, ... (%(default)s)")


def _add_place(parser: argparse.ArgumentParser) -> None:
    """Where the files go, where it runs, who answers and where the face is."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    _add_overwrite(parser)
    _add_who(parser)


def _add_who(parser: argparse.ArgumentParser) -> None:
    """Who answers, where it runs and where the face is."""
    _add_method(parser, method="dsfnet", detector=USUAL_DETECTOR)
    _add_device(parser)
    parser.add_argument(
        "--box", type=_box, metavar="X0,Y0,X1,Y1", help="the face in each picture, px; else it is looked for"
    )


def _add_inputs(parser: argparse.ArgumentParser, kinds: str) -> None:
    parser.add_argument(
        "images", nargs="*", metavar="INPUT", help=f"{kinds}, folders, patterns, or @LIST of such"
    )
    parser.add_argument(
        "--list", type=Path, action="append", default=[], metavar="FILE", help="a file with an input a line"
    )
    parser.add_argument("--recursive", action="store_true", help="folders with all folders inside")
    parser.add_argument(
        "--every", type=_positive, default=1, metavar="N", help="of a video, each N-th frame (%(default)s)"
    )
    parser.set_defaults(complain=parser.error)


def _fill_run(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser, "pictures, videos")
    parser.add_argument(
        "--write",
        type=_names,
        default=USUALLY_WRITTEN,
        metavar="A,B",
        help="what to write of a picture: json, overlay, ply, glb (these if not said), obj, uv, maps, "
        "landmarks, dense, pose, html, or all",
    )
    parser.add_argument("--video", action="store_true", help="of a video, also NAME.mp4 with the overlay")
    _add_place(parser)
    parser.add_argument(
        "--branches", type=_parts, metavar="A,B", help="keep only these branches, e.g. image-space"
    )


def _fill_table(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser, "pictures, videos, tar archives")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the table")
    parser.add_argument("--resume", action="store_true", help="go on with the batch that stands there")
    parser.add_argument(
        "--format", choices=["parquet", "csv", "jsonl"], default="parquet", help="of the table (%(default)s)"
    )
    parser.add_argument(
        "--meshes", choices=["ply", "glb", "obj", "none"], default="none", help="for each face (%(default)s)"
    )
    parser.add_argument(
        "--evidence", action="store_true", help="for each picture one with what was seen drawn in"
    )
    parser.add_argument(
        "--workers",
        type=_positive,
        default=0,
        metavar="N",
        help="processes (one a core; on a GPU one)",
    )
    parser.add_argument(
        "--shard", type=_positive, default=0, metavar="N", help="pictures a file of the table (16 to 256)"
    )
    parser.add_argument("--columns", action=_Columns, nargs=0, help="print what each column holds, then quit")
    parser.add_argument(
        "--cluster", default="", metavar="ADDRESS", help="run on a Ray cluster: ray://HOST:PORT, or local"
    )
    _add_who(parser)


def _who_of(found: argparse.Namespace) -> dict[str, Any]:
    """What `_add_who` asked for."""
    return {
        "method": found.method,
        "weights": found.weights or best_offer(found.method).setting.weights,
        "detector": found.detector,
        "device": found.device,
        "without": frozenset().union(*found.without),
        "box": found.box,
    }


class _Columns(argparse.Action):
    """Print what the columns of a table hold, and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(documented())
        parser.exit()


def _batch_of(found: argparse.Namespace) -> Batch:
    if not found.images and not found.list:
        found.complain("name at least one INPUT")
    return Batch(
        images=tuple(map(Path, found.images)),
        out=found.out,
        **_who_of(found),
        lists=tuple(found.list),
        recursive=found.recursive,
        every=found.every,
        workers=found.workers,
        resume=found.resume,
        form=found.format,
        meshes="" if found.meshes == "none" else found.meshes,
        evidence=found.evidence,
        size=found.shard,
        cluster=found.cluster,
    )


def _run_of(found: argparse.Namespace) -> Run:
    if not found.images and not found.list:
        found.complain("name at least one INPUT")
    return Run(
        images=tuple(map(Path, found.images)),
        out=found.out,
        **_who_of(found),
        branches=found.branches,
        lists=tuple(found.list),
        recursive=found.recursive,
        every=found.every,
        write=found.write,
        video=found.video,
        overwrite=found.overwrite,
    )


def _fill_occlude(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", type=Path, metavar="IMAGE")
    _add_place(parser)
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        help="an occluder to add, e.g. mask; again for more",
    )
    parser.add_argument("--seed", type=_count, default=0, help="of occluders, sweep and jitter (%(default)s)")
    _add_trials(parser, Occlude(Path(), Path()))


def _occlude_of(found: argparse.Namespace) -> Occlude:
    growing = found.grow or (found.kind[-1] if found.kind else "bottom")
    return Occlude(
        image=found.image,
        out=found.out,
        **_who_of(found),
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
        overwrite=found.overwrite,
    )


def _fill_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=Path, metavar="CASE", help="a case file, as the window saves it")
    _add_out(parser)


def _replay_of(found: argparse.Namespace) -> Replay:
    return Replay(found.case, found.out, found.device, found.overwrite)


def _fill_evaluate(parser: argparse.ArgumentParser) -> None:
    """For the list of commands; its words are read elsewhere, see `parse`."""
    parser.add_argument("words", nargs="*")


def _evaluate_of(found: argparse.Namespace) -> Evaluate:
    return Evaluate(tuple(found.words))


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


def _fill_render(parser: argparse.ArgumentParser) -> None:
    usual = Wish()
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="pictures and cases, or one video"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=".png, .svg, .pdf; .mp4 and .webm turn the faces",
    )
    parser.add_argument("--layout", choices=LAYOUTS, default=usual.layout, help="what stands side by side")
    parser.add_argument(
        "--size", type=_size, default=(usual.width, usual.height), metavar="WxH", help="px, e.g. 3840x2160"
    )
    parser.add_argument(
        "--look",
        default=usual.look,
        help=f"colours of the faces: {', '.join(LOOKS)}, or a number such as disagreement (%(default)s)",
    )
    parser.add_argument("--panel", default="", metavar="NAME", help="this one alone, e.g. fused")
    parser.add_argument("--yaw", type=float, default=0.0, metavar="DEG", help="turn the faces")
    parser.add_argument("--caption", default="", help="a line below")
    parser.add_argument("--no-legend", action="store_true", help="leave out what the colours mean")
    parser.add_argument("--transparent", action="store_true", help="no paper behind it")
    parser.add_argument(
        "--peers", type=_names, default=(), metavar="A,B", help="other methods too, e.g. tddfa"
    )
    parser.add_argument(
        "--kind", action="append", default=[], help="an occluder: a row more for each face; again for more"
    )
    parser.add_argument("--seed", type=_count, default=0, help="of occluders (%(default)s)")
    parser.add_argument("--fps", type=float, default=25.0, help="of a video of a video (%(default)s)")
    parser.add_argument(
        "--toggle", action="store_true", help="a video: leave out each branch in turn, instead of turning"
    )
    _add_overwrite(parser)
    _add_who(parser)


def _render_of(found: argparse.Namespace) -> Render:
    width, height = found.size
    wish = Wish(
        layout=found.layout,
        width=width,
        height=height,
        look=found.look,
        caption=found.caption,
        legend=not found.no_legend,
        transparent=found.transparent,
        yaw_deg=found.yaw,
        only=found.panel,
    )
    return Render(
        paths=tuple(found.paths),
        out=found.out,
        wish=wish,
        **_who_of(found),
        peers=found.peers,
        kinds=tuple(found.kind),
        seed=found.seed,
        frames_per_s=found.fps,
        toggle=found.toggle,
        overwrite=found.overwrite,
    )


def _add_method(parser: argparse.ArgumentParser, method: str | None, detector: str | None) -> None:
    parser.add_argument("--method", default=method, help="face alignment method, e.g. dsfnet")
    parser.add_argument(
        "--weights",
        help="those that ship (open), those you brought (official), or a file",
    )
    parser.add_argument(
        "--finder",
        dest="detector",
        default=detector,
        choices=list(DETECTOR_NEEDS),
        help="who looks for faces",
    )
    parser.add_argument(
        "--without",
        type=_parts,
        action="append",
        default=[],
        metavar="A,B",
        help="leave out parts: image-space, model-space, confidence, visibility-mask, refinement",
    )


def _parts(text: str) -> frozenset[str]:
    """From "image-space,model-space" to the switches as methods name them."""
    parts = frozenset(part.strip().replace("-", " ").lower() for part in text.split(","))
    if not all(parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of parts; write e.g. image-space,model-space")
    return parts


def _names(text: str) -> tuple[str, ...]:
    """From "ply,obj" to its parts."""
    names = tuple(part.strip().lower() for part in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of names; write e.g. ply,obj")
    return names


def _camera(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no camera; count from 0")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write e.g. 3840x2160")
    return int(found[1]), int(found[2])


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _box(text: str) -> Box:
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no box; write x0,y0,x1,y1 in px") from error
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        raise argparse.ArgumentTypeError(f"{text!r} is no box; write x0,y0,x1,y1 in px")
    if not (x0 < x1 and y0 < y1):
        raise argparse.ArgumentTypeError(f"{text!r} is no box; x0 must be less than x1, y0 less than y1")
    if min(x1 - x0, y1 - y0) < SMALLEST_BOX_PX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is too small a box: a face needs {SMALLEST_BOX_PX} px each way"
        )
    return x0, y0, x1, y1


def _plain(words: Sequence[str]) -> list[str]:
    """Words as argparse reads them aright when options stand between files.

    `--box -10 5 100 100` and `--box -10,5,100,100` become one word, for -10 looks like an option; a file that
    begins with a dash, after `--`, becomes ./-FILE.
    """
    plain: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--" and words[0] != "assets":
            return [*plain, *(f"./{name}" if name.startswith("-") else name for name in left)]
        if word == "--box":
            numbers: list[str] = []
            while left and _NUMBERS.fullmatch(left[0]) and sum(map(_commas, numbers)) < 4:
                numbers.append(left.pop(0))
            word = f"--box={','.join(part.strip(',') for part in numbers)}" if numbers else word
        plain.append(word)
    return plain


_NUMBERS = re.compile(r"[-+.\d][-+.\deE,]*")


def _commas(word: str) -> int:
    return word.strip(",").count(",") + 1


COMMANDS: dict[
    str,
    tuple[str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], Asked]],
] = {
    "run": ("Answer without a window, and write files for every picture and video", _fill_run, _run_of),
    "batch": (
        "Answer about many pictures in one table, in several processes; a run that was stopped goes on",
        _fill_table,
        _batch_of,
    ),
    "occlude": (
        "Occlude a face and write what that changes, compared with the bare answer: NAME.json, NAME.png and "
        "tables as CSV",
        _fill_occlude,
        _occlude_of,
    ),
    "render": (
        "Write a figure of faces side by side as PNG, SVG or PDF, or a video of them, without a window",
        _fill_render,
        _render_of,
    ),
    "replay": (
        "Answer again what a case file holds, and say what differs from the answers it holds",
        _fill_replay,
        _replay_of,
    ),
    EVALUATE: (
        "Measure a method on a set of faces, or compare two such reports; see unmask evaluate --help",
        _fill_evaluate,
        _evaluate_of,
    ),
    "assets": ("List, fetch, add and remove weights and face models", fill_assets, assets_of),
    "export-onnx": (
        "Write a method as an ONNX file for other programs, checked against torch",
        fill_export_onnx,
        export_onnx_of,
    ),
    "about": ("Versions, and the weights at hand with their licences", fill_about, about_of),
}
"""Of every command: what it does, who adds its options, who reads them."""
