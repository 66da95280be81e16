"""`unmask about`: which versions run here, which weights are at hand and under which terms."""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from models.catalogue import methods
from resources import program_version
from resources.provenance import Provenance, at_hand

LICENCE = "Apache-2.0 (code); each file of weights under its own terms, below"
PACKAGES = ("torch", "numpy", "PySide6-Essentials", "pyqtgraph", "PyOpenGL", "opencv-python", "pillow", "av")


@dataclass(frozen=True, slots=True)
class About:
    """What `unmask about` was asked to do: whether JSON is wanted."""

    json: bool = False


def fill_about(parser: argparse.ArgumentParser) -> None:
    """The options of `unmask about`."""
    parser.add_argument("--json", action="store_true", help="as JSON")


def about_of(found: argparse.Namespace) -> About:
    """What was asked for."""
    return About(bool(found.json))


def run_about(asked: About) -> int:
    """Print it; returns 0."""
    record = about()
    print(json.dumps(record, indent=1, ensure_ascii=False) if asked.json else "\n".join(_lines(record)))
    return 0


def about() -> dict[str, Any]:
    """What `unmask about` says, as JSON values."""
    return {
        "unmask": program_version(),
        "licence": LICENCE,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": versions(),
        "methods": {name: entry.value for name, entry in sorted(methods().items())},
        "files": [asdict(file) for file in at_hand()],
    }


def versions() -> dict[str, str | None]:
    """Package -> its version; None where it is not installed. Imports none of them."""
    return {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _lines(record: dict[str, Any]) -> list[str]:
    packages = ", ".join(f"{name} {number or 'not installed'}" for name, number in record["packages"].items())
    lines = [
        f"unmask {record['unmask']}, Python {record['python']}, {record['system']}",
        f"licence: {record['licence']}",
        f"packages: {packages}",
        f"methods: {', '.join(record['methods'])}",
    ]
    for row in record["files"]:
        file = Provenance(**row)
        lines += ["", file.name]
        lines += [f"  {name}: {getattr(file, name)}" for name in ("licence", "origin", "sha256", "path")]
    return lines
