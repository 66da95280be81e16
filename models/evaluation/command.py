"""`unmask evaluate PROTOCOL DATA --out DIR` and `unmask evaluate --compare A.json B.json`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
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
from models.evaluation.running import Say, run
from models.evaluation.summary import figures
from models.export.outputs import Outputs
from models.loading import checked_device, load
from resources import program_version

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
    torch.set_num_threads(chosen.threads)
    asked = Asked(
        protocol=chosen.protocol,
        data=chosen.data,
        out=chosen.out,
        method=chosen.method,
        weights=chosen.weights,
        device=chosen.device,
        detected=chosen.box == "detected",
        finder=chosen.finder,
        setting=Setting(chosen.limit, chosen.seed, chosen.count, chosen.face_model),
    )
    outputs = Outputs(overwrite=chosen.overwrite)
    outputs.refuse(asked.out / name for name in FILES)
    command = shlex.join([*PROGRAM.split(), *words])
    report = measured(asked, command, lambda line: print(line, file=sys.stderr, flush=True))
    write_report(asked.out, report, outputs)
    print(report_text(report))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured.

    Attributes:
        protocol: Which, by name.
        data: Folder of the set as it is distributed; None for faces made here.
        out: Folder that keeps each face at once, so that the same goes on where it was.
        method, weights, device: As `models.loading.load` takes them.
        detected: Whether face boxes come from the finder; else from the truth where it has them.
        finder: Who looks for faces.
        setting: What of the protocol may be chosen.
    """

    protocol: str
    data: Path | None
    out: Path
    method: str = "dsfnet"
    weights: str = "open"
    device: str = "cpu"
    detected: bool = False
    finder: str = USUAL_DETECTOR
    setting: Setting = Setting()  # noqa: RUF009, frozen


def measured(asked: Asked, command: str, say: Say = lambda _line: None) -> Report:
    """The report on a method and a set of faces; nothing but the journal is written.

    Args:
        asked: What is to be measured.
        command: What was typed, as the report tells it.
        say: Hears how far it is.

    Raises:
        UnmaskError: There is no such protocol, set, method or finder; a sentence.
    """
    known = protocols()
    if asked.protocol not in known:
        raise InputError(f"There is no protocol {asked.protocol!r}; there are {', '.join(known)}.")
    protocol = known[asked.protocol]
    samples = _samples(protocol, asked)
    method = load(asked.method, asked.weights, checked_device(asked.device))
    weights = provenance(asked.method, asked.weights)
    data = "" if asked.data is None else str(asked.data.resolve())
    finder = f"the detector {asked.finder!r}"
    boxes = f"Boxes from {finder if asked.detected else f'the truth where it has them, else {finder}'}"
    identity = {
        "protocol": protocol.name,
        "data": data or f"seed {asked.setting.seed}",
        "method": asked.method,
        "weights": weights.sha256 or asked.weights,
        "boxes": boxes,
        "face model": str(asked.setting.face_model or ""),
        "version": program_version(),
    }
    with closing(Journal(asked.out / NAME, identity)) as journal:
        rows = run(samples, method, journal, looking_twice(asked.finder), asked.detected, say)
    return Report(
        protocol=protocol,
        data=data,
        method=asked.method,
        weights=weights,
        command=command,
        boxes=boxes,
        rows=rows,
        figures=figures(protocol, rows),
        samples=samples,
    )


def _samples(protocol: Protocol, asked: Asked) -> Sequence[Sample]:
    if asked.data is None and protocol.needs_data:
        raise InputError(f"{protocol.name} needs its data: {protocol.layout}")
    if asked.data is not None and not asked.data.is_dir():
        raise InputError(
            f"There is no folder {asked.data}. {protocol.title} is expected as: {protocol.layout}"
        )
    return protocol.samples(asked.data or Path(), asked.setting)


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
