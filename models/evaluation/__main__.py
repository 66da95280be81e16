"""`python -m models.evaluation`: the figures of a method.

PROTOCOL DATA --out DIR, --compare A.json B.json   as `unmask evaluate`, which says more with --help

What follows only prints:
aflw2000 DIR   NME of 68 points by yaw, pose error, landmark bias, on photos with ground truth
synthetic      NME of landmarks and of all vertices, seen and hidden, on rendered faces
occlusion DIR  the same faces clean and under masks, hands, boards ...; and rendered faces, likewise
aflw21 DIR     NME on the tenth of the labelled crops that training keeps aside
finder [DIR]   faces found, clean and under covers, false alarms, ms: our finder, YuNet, Haar
methods DIR    every method at hand, side by side: clean, under covers, pose, ms, size
speed          ms per face, stage by stage
visibility DIR whether it tells truly what was seen, and knows when it is wrong
identity       whether two rendered pictures of a person give more alike faces than two persons do
expression DIR lip gap, mouth width, corner lift, eye opening: how much of them comes out
video [DIR]    tremble and delay of followed faces, on clips or on rendered motions with truth
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from models.errors import InputError, UnmaskError
from models.evaluation.command import is_asked
from models.evaluation.command import main as evaluate
from models.evaluation.crops import crops_report
from models.evaluation.expression import expression_report
from models.evaluation.finders import (
    detectors,
    empty_pictures,
    finder_tables,
    group_table,
    groups_in,
    pictures_in,
)
from models.evaluation.identity import identity_report
from models.evaluation.left_out import LeftOut
from models.evaluation.reference.comparing import published_speed
from models.evaluation.rendered import rendered_faces
from models.evaluation.reports import aflw2000_report, occlusion_report, speed_report, synthetic_report
from models.evaluation.side_by_side import COVERS, side_by_side_report
from models.evaluation.subjects import photo_subjects
from models.evaluation.tables import markdown, table
from models.evaluation.video_reports import moving_report, video_report
from models.evaluation.visibility import Case
from models.evaluation.visibility_report import Sets, visibility_report
from models.evaluation.visibility_sets import beside, crop_cases, labelled, photo_cases, rendered_cases
from models.ground_truth.aflw2000 import LabelledFace, aflw2000, naturally_occluded
from models.ground_truth.hand_labels import read_hand_labels
from models.ground_truth.labelled import spread
from models.loading import load, load_face_model
from models.occlusion.kinds import KINDS
from models.reconstructor import Reconstructor

HELD_OUT_SEED = 987_654_321
EMPTY = 100  # pictures without faces


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, or 1 with a sentence on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if is_asked(words):
        return evaluate(words)
    chosen = _parser().parse_args(words)
    torch.set_num_threads(chosen.threads)
    try:
        if chosen.command == "methods":
            layout = markdown if chosen.markdown else table
            kinds = _kinds(chosen) if chosen.kinds else COVERS
            print(side_by_side_report(chosen.folder, chosen.limit, chosen.device, kinds, layout))
            return 0
        method = load(chosen.method, weights=chosen.weights, device=chosen.device)
        if chosen.without:
            method = LeftOut(method, frozenset(chosen.without.lower().replace("-", " ").split(",")))
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
        case "occlusion":
            return _occlusion(chosen, method)
        case "video":
            if chosen.folder is None:
                return moving_report(method, chosen.limit or 90, chosen.csv)
            return video_report(chosen.folder, method, chosen.limit, chosen.csv)
        case "aflw21":
            return crops_report(chosen.folder, method, chosen.limit)
        case "finder":
            return _finder(chosen, method)
        case "identity":
            return identity_report(method, chosen.seed, chosen.count)
        case "expression":
            return expression_report(chosen.folder, method, chosen.limit, chosen.hand)
        case "visibility":
            return _visibility(chosen, method)
        case _:
            report = speed_report(method, chosen.image, chosen.repeats)
            if chosen.published:
                report += "\n\n" + published_speed(chosen.repeats)
            return report


def _occlusion(chosen: argparse.Namespace, method: Reconstructor) -> str:
    kinds = _kinds(chosen)
    photos: list[LabelledFace] = []
    natural = None
    if chosen.folder is not None:
        photos, natural = aflw2000(chosen.folder, chosen.limit), naturally_occluded(chosen.folder)
    rendered = rendered_faces(chosen.seed, chosen.count, load_face_model()) if chosen.count else None
    if not photos and rendered is None:
        raise InputError("nothing to measure: give a folder of photos, or a --count above 0")
    layout = markdown if chosen.markdown else table
    detected = chosen.box == "detected"
    return occlusion_report(
        method, photos, natural, rendered, kinds, detected, layout, chosen.csv, chosen.figure
    )


def _kinds(chosen: argparse.Namespace) -> tuple[str, ...]:
    kinds = KINDS if chosen.kinds is None else tuple(kind.strip() for kind in chosen.kinds.split(","))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise InputError(f"there are no covers {unknown}; choose from: {', '.join(KINDS)}")
    return kinds


def _finder(chosen: argparse.Namespace, method: Reconstructor) -> str:
    finders = detectors(method, chosen.finder, chosen.yunet)
    if chosen.only:
        finders = [finder for finder in finders if finder.name.startswith(chosen.only)]
    layout = markdown if chosen.markdown else table
    if chosen.groups is not None:
        return group_table(finders, groups_in(chosen.groups), layout)
    photos = [] if chosen.folder is None else photo_subjects(aflw2000(chosen.folder, chosen.limit))
    unlabelled = [] if chosen.unlabelled is None else pictures_in(chosen.unlabelled)
    empty = empty_pictures(chosen.count) if chosen.empty is None else pictures_in(chosen.empty)
    title = f"{len(photos)} labelled photos, {len(unlabelled)} unlabelled, {len(empty)} without faces"
    return f"{title}\n\n" + finder_tables(finders, photos, _kinds(chosen), unlabelled, empty, layout)


def _visibility(chosen: argparse.Namespace, method: Reconstructor) -> str:
    faces = aflw2000(chosen.folder)
    hand_file = chosen.hand or beside(chosen.folder, "merlrav/aflw2000_open.npz")
    if hand_file is None:
        raise InputError(
            f"no hand labels of the photos of {chosen.folder}: give --hand FILE.npz (name, points68, state68)"
        )
    hand = read_hand_labels(hand_file)
    sets: Sets = {"photos": photo_cases(labelled(faces, hand, chosen.limit), hand)}
    sets["held-out crops"] = _crops(chosen)
    if chosen.count:
        sets["renders"] = rendered_cases(rendered_faces(chosen.seed, chosen.count, load_face_model()))
    empty = EMPTY if chosen.limit is None else min(EMPTY, chosen.limit)
    layout = markdown if chosen.markdown else table
    photos = spread(faces, chosen.limit)
    return visibility_report(method, sets, photos, empty, layout, chosen.csv, chosen.figure)


def _crops(chosen: argparse.Namespace) -> Iterator[Case] | str:
    crops = chosen.crops or beside(chosen.folder, "aflw21")
    hand = chosen.crop_hand or beside(chosen.folder, "merlrav/labels.npz")
    if crops is None or hand is None:
        return "give --crops FOLDER (crops.tar, labels.npz) and --crop-hand FILE.npz"
    return crop_cases(crops, read_hand_labels(hand), chosen.limit)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.evaluation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    machine = argparse.ArgumentParser(add_help=False)
    machine.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    machine.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    shared = argparse.ArgumentParser(add_help=False, parents=[machine])
    shared.add_argument("--method", default="dsfnet", help="which method (default: dsfnet)")
    shared.add_argument("--weights", default="open", help='"open" or a weights file (default: open)')
    shared.add_argument("--without", help="leave out parts, e.g. image-space,refinement")

    _labelled_arguments(
        commands.add_parser("aflw2000", parents=[shared], help="NME of 68 points and pose MAE")
    )
    _synthetic_arguments(commands.add_parser("synthetic", parents=[shared], help="NME on rendered faces"))
    _occlusion_arguments(commands.add_parser("occlusion", parents=[shared], help="the figures under covers"))
    _crops_arguments(commands.add_parser("aflw21", parents=[shared], help="NME on labelled crops kept aside"))
    _finder_arguments(commands.add_parser("finder", parents=[shared], help="faces found by each detector"))
    _methods_arguments(
        commands.add_parser("methods", parents=[machine], help="every method at hand, side by side")
    )
    _speed_arguments(commands.add_parser("speed", parents=[shared], help="ms per face, stage by stage"))
    _visibility_arguments(
        commands.add_parser("visibility", parents=[shared], help="what was seen, told against true")
    )
    _expression_arguments(
        commands.add_parser("expression", parents=[shared], help="how much of an expression comes out")
    )
    identity = commands.add_parser("identity", parents=[shared], help="whether persons can be told apart")
    identity.add_argument("--seed", type=int, default=HELD_OUT_SEED, help="not one of a training run")
    identity.add_argument("--count", type=int, default=60, help="how many people")
    _video_arguments(
        commands.add_parser("video", parents=[shared], help="tremble and delay of followed faces")
    )
    return parser


def _labelled_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="NAME.jpg beside NAME.gt.npz")
    parser.add_argument("--limit", type=int, help="only this many faces, evenly spread")
    parser.add_argument("--box", choices=("gt", "detected"), default="gt", help="where the box comes from")
    parser.add_argument("--csv", type=Path, help="write the figures of every face here")


def _synthetic_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help="not one of a training run")
    parser.add_argument("--count", type=int, default=200, help="how many faces")


def _occlusion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, nargs="?", help="as for aflw2000; without it, rendered faces only"
    )
    parser.add_argument("--kinds", help=f"some of: {', '.join(KINDS)} (default: all)")
    parser.add_argument("--limit", type=int, help="only this many photos, evenly spread")
    parser.add_argument("--count", type=int, default=200, help="how many rendered faces; 0 for none")
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help="of them; not one of a training run")
    parser.add_argument("--box", choices=("gt", "detected"), default="gt", help="where the box comes from")
    parser.add_argument("--markdown", action="store_true", help="tables for a README")
    parser.add_argument("--csv", type=Path, help="write the figures of every face here")
    parser.add_argument("--figure", type=Path, help="draw the figures here (.png)")


def _crops_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="holds crops.tar and labels.npz")
    parser.add_argument("--limit", type=int, help="only this many crops, evenly spread")


def _finder_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, nargs="?", help="as for aflw2000")
    parser.add_argument("--kinds", help=f"some of: {', '.join(KINDS)} (default: all)")
    parser.add_argument("--limit", type=int, help="only this many photos, evenly spread")
    parser.add_argument("--groups", type=Path, help="only these: NAME.jpg beside NAME_f0.gt.npz ...")
    parser.add_argument("--unlabelled", type=Path, help="a folder of pictures with a face in each")
    parser.add_argument("--empty", type=Path, help="a folder of pictures without faces (default: drawn ones)")
    parser.add_argument("--count", type=int, default=100, help="how many pictures without faces to draw")
    parser.add_argument(
        "--finder", default="open", help='our weights: "open", "research" or a file (default: open)'
    )
    parser.add_argument("--yunet", type=Path, help="YuNet's .onnx (default: the one fetched, if it was)")
    parser.add_argument("--only", help="only the finders whose name begins so")
    parser.add_argument("--markdown", action="store_true", help="tables for a README")


def _methods_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="as for aflw2000")
    parser.add_argument("--limit", type=int, help="only this many photos, evenly spread")
    parser.add_argument("--kinds", help=f"of covers (default: {','.join(COVERS)})")
    parser.add_argument("--markdown", action="store_true", help="a table for a README")


def _speed_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--image", type=Path, help="a photo (default: noise)")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument(
        "--published", action="store_true", help="also the published systems beside their plain restatements"
    )


def _visibility_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="as for aflw2000")
    parser.add_argument("--hand", type=Path, help="labels of the photos: name, points68, state68 (.npz)")
    parser.add_argument("--crops", type=Path, help="as for aflw21")
    parser.add_argument("--crop-hand", type=Path, help="labels of the crops, as --hand")
    parser.add_argument("--limit", type=int, help="only this many faces of each set, evenly spread")
    parser.add_argument("--count", type=int, default=200, help="how many rendered faces; 0 for none")
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help="of them; not one of a training run")
    parser.add_argument("--markdown", action="store_true", help="tables for a README")
    parser.add_argument("--csv", type=Path, help="write the figures of every face here")
    parser.add_argument("--figure", type=Path, help="draw how true P(seen) is here (.png)")


def _expression_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="as for aflw2000")
    parser.add_argument("--limit", type=int, help="only this many faces, evenly spread")
    parser.add_argument("--hand", type=Path, help="labels of the photos: name, points68, state68 (.npz)")


def _video_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, nargs="?", help="videos (default: rendered motions)")
    parser.add_argument("--limit", type=int, help="only this many frames of each")
    parser.add_argument("--csv", type=Path, help="write the figures of every clip here")


if __name__ == "__main__":
    raise SystemExit(main())
