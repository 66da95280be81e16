"""`unmask occlude`: the occlusion lab without a window. The same functions, so the same figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.catalogue import provenance
from models.detection.detectors import detect
from models.errors import InputError, told
from models.export.files import weights_record, write_picture
from models.export.outputs import Names, Outputs
from models.export.overlay import draw_overlay
from models.loading import checked_device, load
from models.occlusion.fillings import FILLINGS, Filling
from models.occlusion.kinds import KINDS, occluder
from models.occlusion.occluder import lay
from models.occlusion.sweeps import covered_share
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from models.robustness.change import Change, change
from models.robustness.jitter import Jitter, Spread, jittering
from models.robustness.sweep import GROWING, SLIDING, Ask, Sweep, Swept, sweeping
from resources import program_version
from viewer.cli.inputs import check_box
from viewer.cli.options import Occlude
from viewer.cli.run import left_out
from viewer.cli.speech import complain, say
from viewer.sources.still import read_still

SCHEMA = "unmask.occlusion/1"
"""Of the JSON: a new key leaves the number as it is; one renamed or changed in meaning raises it."""

SWEEP, JITTER = "-sweep.csv", "-jitter.csv"


def run_occlude(asked: Occlude) -> int:
    """Cover, sweep, jitter; a line for each file. Returns 1 with a sentence on stderr if anything failed."""
    try:
        sweep, jitter = _planned(asked)
        outputs, device = _outputs(asked), checked_device(asked.device)
        method = load(asked.method, asked.weights, device)
        without = left_out(method.switches, asked.without, None)

        def ask(image: NDArray[np.uint8], face: Face) -> Reconstruction:
            return reconstruct(image, [face], method, without)[0]

        for path in occlude(asked, ask, sweep, jitter, outputs):
            say(str(path))
    except (Exception, SystemExit) as error:  # a method may fail in any way
        complain(f"unmask: {told(error)}")
        return 1
    return 0


def occlude(
    asked: Occlude, ask: Ask, sweep: Sweep | None, jitter: Jitter | None, outputs: Outputs
) -> list[Path]:
    """Do it and write the files; returns them."""
    frame = read_still(asked.image)
    faces = detect(frame.image, asked.detector) if asked.box is None else [Face(frame.shown_box(asked.box))]
    if not faces:
        raise InputError(f"No face was found in {frame.name}. Give its place with --box x0,y0,x1,y1.")
    face = faces[0]
    check_box(frame.file_box(face.box), *frame.full_size)
    reference = ask(frame.image, face)
    occluders = [occluder(kind, reference.landmarks[:, :2], asked.seed) for kind in asked.kinds]
    laid, hidden = lay(frame.image, occluders)
    answer = ask(laid, face)
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "unmask": program_version(),
        "picture": frame.name,
        "method": asked.method,
        "weights": weights_record(provenance(asked.method, asked.weights)),
        "without": sorted(asked.without),
        "box_px": list(frame.file_box(face.box)),
        "seed": asked.seed,
        "covers": list(asked.kinds),
        "covered_share": _known(covered_share(hidden, reference.landmarks)),
        "change": _told(change(answer, reference, hidden)),
    }
    files: list[tuple[str, Callable[[Path], None]]] = [
        (".png", lambda path: write_picture(path, draw_overlay(laid, [answer]), outputs.write))
    ]
    if sweep is not None:
        swept = _last(sweeping(sweep, frame.image, face.box, ask))
        said["sweep"] = _swept(swept, asked)
        files.append((SWEEP, lambda path: outputs.write(path, swept.csv().encode())))
    if jitter is not None:
        spread: Spread = _last(jittering(jitter, frame.image, face.box, ask))
        said["jitter"] = {
            "draws": spread.draws,
            "shift_px": jitter.shift_px,
            "scale": jitter.scale,
            "mean_spread_mm": spread.mean_mm,
            "mean_spread_percent": spread.mean_percent,
        }
        files.append((JITTER, lambda path: outputs.write(path, spread.csv().encode())))
    record = (json.dumps(said, indent=1, allow_nan=False) + "\n").encode()
    files.insert(0, (".json", lambda path: outputs.write(path, record)))
    for ending, write in files:
        write(_path(asked, ending))
    return [_path(asked, ending) for ending, _ in files]


def _outputs(asked: Occlude) -> Outputs:
    """Who writes; InputError if a file would be written over."""
    outputs = Outputs([asked.image], asked.overwrite)
    tables = [SWEEP] * (asked.sweep is not None) + [JITTER] * asked.jitter
    outputs.refuse(_path(asked, ending) for ending in (".json", ".png", *tables))
    return outputs


def _path(asked: Occlude, ending: str) -> Path:
    return asked.out / (Names().take(asked.image.stem) + ending)


def _planned(asked: Occlude) -> tuple[Sweep | None, Jitter | None]:
    for kind in asked.kinds:
        if kind not in KINDS:
            raise InputError(f"There is no occluder {kind!r}. --kind takes {', '.join(KINDS)}.")
    if asked.sweep is not None and asked.sweep not in (SLIDING, *GROWING):
        raise InputError(f"Nothing grows as {asked.sweep!r}. --grow takes {', '.join(GROWING)}.")
    if asked.filling not in FILLINGS:
        raise InputError(f"There is no filling {asked.filling!r}. --filling takes {', '.join(FILLINGS)}.")
    sweep = jitter = None
    if asked.sweep is not None:
        grid, patch = (asked.cells, asked.cells), asked.patch_percent / 100
        sweep = Sweep(asked.sweep, asked.steps, grid, patch, Filling(asked.filling), asked.seed)
    if asked.jitter:
        jitter = Jitter(asked.draws, asked.shift_px, asked.scale_percent / 100, asked.seed)
    return sweep, jitter


def _swept(swept: Swept, asked: Occlude) -> dict[str, Any]:
    breaking = swept.breaking(asked.factor, asked.threshold_percent)
    said: dict[str, Any] = {
        "what": swept.sweep.what,
        "covered_share": [_known(share) for share in swept.shares.tolist()],
        "mean_change_percent": {branch: swept.percent(branch).tolist() for branch in swept.branches},
    }
    if swept.sweep.slides:
        return said | {"sensitivity_percent": swept.sensitivity().tolist()}
    return said | {
        "breaks_at_share": None if breaking is None else breaking.share,
        "limit_percent": swept.limit_percent(asked.factor, asked.threshold_percent),
        "broken_means": f"mean change > {asked.factor} x that without an occluder "
        f"+ {asked.threshold_percent} %",
    }


def _told(found: Change) -> dict[str, Any]:
    return {
        row.branch: {
            f"{part}_{unit}": _known(value if unit == "mm" else found.percent(value))
            for part, value in (("all", row.all_mm), ("open", row.open_mm), ("covered", row.covered_mm))
            for unit in ("mm", "percent")
        }
        for row in found.rows
    }


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _last(series: Any) -> Any:
    value = None
    for found in series:
        value = found
    return value
