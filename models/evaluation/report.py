"""A report as files: report.md, report.json, figures.csv, faces.csv, figures.png, worst.png."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from models.catalogue import Provenance
from models.evaluation.protocol import Protocol, Rows, Sample
from models.evaluation.report_pictures import contact_sheet, draw_report
from models.evaluation.summary import ALL, Figure, found_rows, lost_rows
from models.evaluation.tables import markdown
from models.export.files import weights_record, write_picture
from models.export.outputs import Outputs
from resources import program_version

SCHEMA = "unmask.evaluation/1"
FILES = ("report.md", "report.json", "figures.csv", "faces.csv", "figures.png", "worst.png")
PACKAGES = ("torch", "numpy", "opencv-python", "scipy")


@dataclass(frozen=True, eq=False, slots=True)
class Report:
    """All that was found out about a method on a set.

    Attributes:
        protocol: Which.
        data: The folder of the set; empty for faces made here.
        method: Under test; weights: those it was loaded with.
        command: As typed.
        boxes: Where the face boxes came from, in words.
        rows: Of all faces; figures: of them.
        samples: The faces, to draw the worst.
    """

    protocol: Protocol
    data: str
    method: str
    weights: Provenance
    command: str
    boxes: str
    rows: Rows
    figures: Sequence[Figure]
    samples: Sequence[Sample]


def write_report(folder: Path, report: Report, outputs: Outputs) -> None:
    """Write all files of a report into a folder.

    Raises:
        InputError: The folder cannot be written to, or holds files that may not be replaced.
    """
    outputs.refuse(folder / name for name in FILES)
    record = report_record(report)
    outputs.write(folder / "report.md", report_text(report).encode())
    data = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    outputs.write(folder / "report.json", (data + "\n").encode())
    outputs.write(folder / "figures.csv", figures_csv(report.figures).encode())
    outputs.write(folder / "faces.csv", faces_csv(report.protocol, report.rows).encode())
    write_picture(folder / "figures.png", draw_report(report.protocol, report.rows), outputs.write)
    sheet = contact_sheet(report.protocol, report.rows, report.samples)
    if sheet is not None:
        write_picture(folder / "worst.png", sheet, outputs.write)


def report_text(report: Report) -> str:
    """The report as Markdown: what was run on what, our figures, those of others, conventions."""
    protocol, rows = report.protocol, report.rows
    answered, lost = found_rows(rows), lost_rows(rows)
    broken = [row for row in rows if row.problem]
    counts = f"{len(rows)} faces: {len(answered)} answered, {len(lost)} lost by the finder"
    parts = [
        f"# {protocol.title}: {report.method}, {report.weights.name}",
        f"{counts}, {len(broken)} left out. {report.boxes}.",
        figures_table(report.figures),
        "In brackets: 95 % bootstrap intervals over faces, or over people where several pictures show one.",
    ]
    if protocol.published:
        parts += ["## Published", published_table(protocol, report.figures)]
    parts += ["## Conventions", "\n".join(f"- {note}" for note in (protocol.source, *protocol.notes))]
    if broken:
        told = "\n".join(f"- {row.name}: {row.problem}" for row in broken[:50])
        parts += ["## Left out", told + ("" if len(broken) <= 50 else f"\n- and {len(broken) - 50} more")]
    machine = machine_record()
    run = {"command": report.command, "data": report.data, **weights_record(report.weights), **machine}
    parts += ["## Run", "\n".join(f"- {key}: {value}" for key, value in run.items() if value)]
    return "\n\n".join(parts) + "\n"


def figures_table(found: Sequence[Figure]) -> str:
    """Figures with their 95 % intervals as Markdown: a line each, a column per group of faces.

    Of the medians only that of the first figure over all faces is shown; the others stand in figures.csv.
    """
    first = found[0].figure if found else ""
    shown = [one for one in found if one.statistic != "median" or (one.group, one.figure) == (ALL, first)]
    groups = list(dict.fromkeys(one.group for one in shown))
    lines = {(one.figure, one.statistic): ["-"] * len(groups) for one in shown}
    counts = {one.group: 0 for one in shown}
    for one in shown:
        lines[one.figure, one.statistic][groups.index(one.group)] = (
            f"{number(one.value, one.unit)} {span(one)}".strip()
        )
        counts[one.group] = max(counts[one.group], one.count)
    header = ["figure", *(f"{group} ({counts[group]})" for group in groups)]
    titles = [figure if said == "pooled" else f"{figure}, {said}" for figure, said in lines]
    return markdown(header, [[title, *cells] for title, cells in zip(titles, lines.values(), strict=True)])


def published_table(protocol: Protocol, found: Sequence[Figure]) -> str:
    """What others published on this set, beside ours where the figures are of one kind, as Markdown."""
    ours = {(one.figure, one.group, one.statistic): number(one.value, one.unit) for one in found}
    lines = [
        [one.system, one.figure, one.value, "-" if one.ours is None else ours.get(one.ours, "-"), one.source]
        for one in protocol.published
    ]
    return markdown(["system", "figure", "value", "this run", "source"], lines)


def number(value: float, unit: str) -> str:
    """A number with its unit; shares of one with three digits."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.3f}" if not unit else f"{value:.2f} {unit}"


def span(one: Figure) -> str:
    """The interval of a figure in brackets; nothing without one."""
    if not math.isfinite(one.low):
        return ""
    digits = 2 if one.unit else 3
    return f"[{one.low:.{digits}f}, {one.high:.{digits}f}]"


def report_record(report: Report) -> dict[str, Any]:
    """The report as JSON values, with the numbers of every face: what `--compare` reads."""
    protocol = report.protocol
    return {
        "schema": SCHEMA,
        "protocol": {
            "name": protocol.name,
            "title": protocol.title,
            "source": protocol.source,
            "notes": list(protocol.notes),
        },
        "run": {"command": report.command, "data": report.data, "boxes": report.boxes, **machine_record()},
        "method": report.method,
        "weights": weights_record(report.weights),
        "columns": [asdict(column) for column in protocol.columns],
        "figures": [_finite(asdict(one)) for one in report.figures],
        "published": [asdict(one) for one in protocol.published],
        "faces": [
            {
                "name": row.name,
                "subject": row.subject,
                "subsets": list(row.subsets),
                "found": row.found,
                "problem": row.problem,
                **_finite({"yaw_deg": row.yaw_deg, "covered": row.covered, "ms": row.ms}),
                "values": _finite(row.values),
            }
            for row in report.rows
        ],
    }


def figures_csv(found: Sequence[Figure]) -> str:
    """One line per figure."""
    lines = [[str(value) for value in _finite(asdict(one), "").values()] for one in found]
    return _csv(["figure", "unit", "group", "statistic", "count", "value", "low", "high"], lines)


def faces_csv(protocol: Protocol, rows: Rows) -> str:
    """One line per face."""
    keys = [column.key for column in protocol.columns]
    lines = [
        [
            *(row.name, row.subject, "|".join(row.subsets), str(int(row.found)), row.problem),
            *map(_digits, (row.yaw_deg, row.covered, row.ms)),
            *(_digits(row.values.get(key, math.nan)) for key in keys),
        ]
        for row in rows
    ]
    header = ["name", "subject", "subsets", "found", "problem", "yaw_deg", "covered", "ms", *keys]
    return _csv(header, lines)


def machine_record() -> dict[str, Any]:
    """What it ran on: versions and machine."""
    return {
        "unmask": program_version(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "system": platform.platform(),
        "processor": _processor(),
        "threads": torch.get_num_threads(),
    }


def _processor() -> str:
    """Its name as the system tells it, and how many there are."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} logical"


def _csv(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue()


def _digits(value: float) -> str:
    return f"{value:.5g}" if math.isfinite(value) else ""


def _finite(record: Mapping[str, Any], instead: Any = None) -> dict[str, Any]:
    """The same with `instead` for numbers that are not finite: JSON has none."""
    return {
        key: instead if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }
