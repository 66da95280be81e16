"""`python -m models.evaluation`: the figures of a method, printed.

aflw2000 DIR   NME of 68 points by yaw, pose error, landmark bias, on photos with ground truth
synthetic      NME of landmarks and of all vertices, seen and hidden, on rendered faces
speed          ms per face, stage by stage
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from models.errors import UnmaskError
from models.evaluation.reports import aflw2000_report, speed_report, synthetic_report
from models.loading import load
from models.reconstructor import Reconstructor

HELD_OUT_SEED = 987_654_321


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, or 1 with a sentence on stderr."""
    chosen = _parser().parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    try:
        method = load(chosen.method, weights=chosen.weights, device=chosen.device)
        print(_report(chosen, method))
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _report(chosen: argparse.Namespace, method: Reconstructor) -> str:
    match chosen.command:
        case "aflw2000":
            return aflw2000_report(chosen.folder, method, chosen.limit, chosen.box == "detected", chosen.csv)
        case "synthetic":
            return synthetic_report(method, chosen.seed, chosen.count)
        case _:
            return speed_report(method, chosen.image, chosen.repeats)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.evaluation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--method", default="dsfnet", help="which method (default: dsfnet)")
    shared.add_argument("--weights", default="open", help='"open" or a weights file (default: open)')
    shared.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    shared.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")

    photos = commands.add_parser("aflw2000", parents=[shared], help="NME of 68 points and pose MAE")
    photos.add_argument("folder", type=Path, help="NAME.jpg beside NAME.gt.npz")
    photos.add_argument("--limit", type=int, help="only this many faces, evenly spread")
    photos.add_argument("--box", choices=("gt", "detected"), default="gt", help="where the box comes from")
    photos.add_argument("--csv", type=Path, help="write the figures of every face here")

    synthetic = commands.add_parser("synthetic", parents=[shared], help="NME on rendered faces")
    synthetic.add_argument("--seed", type=int, default=HELD_OUT_SEED, help="not one of a training run")
    synthetic.add_argument("--count", type=int, default=200, help="how many faces")

    speed = commands.add_parser("speed", parents=[shared], help="ms per face, stage by stage")
    speed.add_argument("--image", type=Path, help="a photo (default: noise)")
    speed.add_argument("--repeats", type=int, default=30)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
