"""`unmask export-onnx`: a method as a network file for other programs."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError, UnmaskError
from viewer.cli.speech import complain, say
from viewer.methods.available import best_offer

ENDING = ".onnx"


@dataclass(frozen=True, slots=True)
class ExportOnnx:
    """What `unmask export-onnx` was asked to do.

    Attributes:
        method, weights: As `models.loading.load` takes them.
        out: The file.
        overwrite: Whether a file that is there may be replaced.
    """

    method: str
    weights: str
    out: Path
    overwrite: bool = False


def fill_export_onnx(parser: argparse.ArgumentParser) -> None:
    """The options of `unmask export-onnx`."""
    parser.add_argument("--method", default="dsfnet", help="dsfnet, tddfa, prnet or mgcnet (%(default)s)")
    parser.add_argument("--weights", help="those that ship (open), those you brought (official), or a file")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.onnx", help="the file")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there already")


def export_onnx_of(found: argparse.Namespace) -> ExportOnnx:
    """What was asked for."""
    weights = found.weights or best_offer(found.method).setting.weights
    return ExportOnnx(found.method, weights, found.out, found.overwrite)


def run_export_onnx(asked: ExportOnnx) -> int:
    """Write the file and say what comes out of it. Returns 1 with a sentence on stderr if it failed."""
    from models.catalogue import provenance
    from models.export.onnx_file import onnx_file
    from models.export.outputs import Outputs
    from models.loading import load
    from resources import program_version

    try:
        if asked.out.suffix.lower() != ENDING:
            raise InputError(f"{asked.out.name} does not end in {ENDING}. Name such a file with --out.")
        outputs = Outputs(overwrite=asked.overwrite)
        outputs.refuse([asked.out])
        method = load(asked.method, asked.weights)
        made = onnx_file(method, provenance(asked.method, asked.weights), program_version())
        outputs.write(asked.out, made.data)
    except UnmaskError as error:
        complain(f"unmask: {error}")
        return 1
    for port, off in zip(made.gives, made.off, strict=True):
        shape = ", ".join(map(str, port.shape))
        say(f"{port.name} [{shape}]: {port.tells}; at most {off:.1g} away from torch's answer")
    say(str(asked.out))
    return 0
