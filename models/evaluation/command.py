"""`unmask evaluate PROTOCOL DATA --out DIR` and `unmask evaluate --compare A.json B.json`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import torch

from models.catalogue import DETECTOR_NEEDS, USUAL_DETECTOR, provenance
from models.detection.detectors import looking_twice
from models.errors import InputError, UnmaskError
from models.evaluation.comparison import comparison_text, differences, read_report
from models.evaluation.journal import NAME, Journal
from models.evaluation.protocol import Protocol, Sample, Setting
from models.evaluation.protocols import protocols
from models.evaluation.report import FILES, Report, report_text, write_report
from models.evaluation.running import run
from models.evaluation.summary import figures
from models.export.outputs import Outputs
from models.loading import checked_device, load

PROGRAM = "unmask evaluate"
COMPARE = "--compare"
DESCRIPTION = """Measure a method on a set of faces. Writes report.md, report.json, figures.csv, faces.csv,
figures.png and worst.png into DIR, and prints the report. Interrupted, the same words go on where it was.
unmask evaluate --compare A.json B.json holds two such reports against each other, face by face."""


def is_asked(words: Sequence[str]) -> bool:
    """Whether words are for this command: a comparison, or a protocol with a folder to write to."""
    if COMPARE in words:
        return True
    return bool(words) and words[0] in protocols() and any(word.split("=")[0] == "--out" for word in words)


def main(words: Sequence[str]) -> int:
    """Run the command; 0, or 1 with a sentence on stderr."""
    try:
        evaluate(words)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def evaluate(words: Sequence[str]) -> None:
    """Run the command.

    Raises:
        UnmaskError: It cannot be done; a sentence.
        SystemExit: The words cannot be used.
    """
    if COMPARE in words:
        _compare(words)
        return
    chosen = parser().parse_args(words)
    protocol = protocols()[chosen.protocol]
    if chosen.data is None and protocol.needs_data:
        raise InputError(f"{protocol.name} needs its data: {protocol.layout}")
    torch.set_num_threads(chosen.threads)
    outputs = Outputs(overwrite=chosen.overwrite)
    outputs.refuse(chosen.out / name for name in FILES)
    data = Path() if chosen.data is None else chosen.data
    if chosen.data is not None and not data.is_dir():
        raise InputError(f"There is no folder {data}. {protocol.title} is expected as: {protocol.layout}")
    setting = Setting(chosen.limit, chosen.seed, chosen.count, chosen.face_model)
    samples = protocol.samples(data, setting)
    report = _measured(chosen, protocol, samples, words)
    write_report(chosen.out, report, outputs)
    print(report_text(report))


def _measured(
    chosen: argparse.Namespace, protocol: Protocol, samples: Sequence[Sample], words: Sequence[str]
) -> Report:
    method = load(chosen.method, chosen.weights, checked_device(chosen.device))
    weights = provenance(chosen.method, chosen.weights)
    data = "" if chosen.data is None else str(chosen.data.resolve())
    finder = f"the finder {chosen.finder}"
    boxes = (
        f"Boxes from {finder if chosen.box == 'detected' else f'the truth where it has them, else {finder}'}"
    )
    identity = {
        "protocol": protocol.name,
        "data": data or f"seed {chosen.seed}",
        "method": chosen.method,
        "weights": weights.sha256 or chosen.weights,
        "boxes": boxes,
    }
    with closing(Journal(chosen.out / NAME, identity)) as journal:
        rows = run(
            samples,
            method,
            journal,
            looking_twice(chosen.finder),
            always_detect=chosen.box == "detected",
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
    return Report(
        protocol=protocol,
        data=data,
        method=chosen.method,
        weights=weights,
        command=shlex.join([*PROGRAM.split(), *words]),
        boxes=boxes,
        rows=rows,
        figures=figures(protocol, rows),
        samples=samples,
    )


def _compare(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Two reports on the same faces, face by face.")
    parser.add_argument(
        COMPARE,
        type=Path,
        nargs=2,
        required=True,
        metavar=("A.json", "B.json"),
        help="reports of two runs",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write it there too")
    chosen = parser.parse_args(words)
    first, second = (read_report(path) for path in chosen.compare)
    text = comparison_text(first, second, differences(first, second))
    if chosen.out is not None:
        Outputs(inputs=chosen.compare).write(chosen.out, f"{text}\n".encode())
    print(text)


def parser() -> argparse.ArgumentParser:
    """What may follow `unmask evaluate`."""
    known = protocols()
    told = "\n".join(f"  {one.name:<17} {one.title}. {one.layout}" for one in known.values())
    found = argparse.ArgumentParser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=f"protocols, and what DATA must hold:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("protocol", metavar="PROTOCOL", choices=list(known), help="one of those below")
    found.add_argument("data", metavar="DATA", type=Path, nargs="?", help="folder of the set, as distributed")
    found.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the report")
    found.add_argument("--overwrite", action="store_true", help="replace a report that is there already")
    found.add_argument("--method", default="dsfnet", help="which method (%(default)s)")
    found.add_argument("--weights", default="open", help="open, research, official, or a file (%(default)s)")
    found.add_argument("--device", default="cpu", help="cpu, cuda, mps, auto, ... (%(default)s)")
    found.add_argument("--threads", type=_positive, default=torch.get_num_threads(), help="of the CPU")
    found.add_argument("--limit", type=_positive, help="only this many faces, evenly spread")
    found.add_argument(
        "--box",
        choices=("truth", "detected"),
        default="truth",
        help="whence face boxes (%(default)s)",
    )
    found.add_argument(
        "--finder", choices=list(DETECTOR_NEEDS), default=USUAL_DETECTOR, help="who looks for faces"
    )
    fresh = Setting()
    found.add_argument("--seed", type=int, default=fresh.seed, help="of synthetic faces (%(default)s)")
    found.add_argument("--count", type=_positive, default=fresh.count, help="of them (%(default)s)")
    found.add_argument("--face-model", type=Path, metavar="BFM.mat", help="for dense truth of aflw2000")
    return found


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)
