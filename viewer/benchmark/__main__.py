"""`python -m viewer.benchmark`: redraws; `... start`: a start; `... soak`: leaks; `... mining`: 10^5 rows;
`... batch`: pictures per second; `... day FOLDER --out OUT`: all a user does, with the time of each step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m viewer.benchmark", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("draw", "start", "soak", "mining", "batch", "day"), default="draw"
    )
    parser.add_argument("folder", nargs="?", type=Path, help="of pictures, for a day")
    parser.add_argument("--out", type=Path, help="the folder of what a day writes")
    parser.add_argument("--repeats", type=int, default=5, help="how often; medians are printed")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to soak; 60 if not given")
    parser.add_argument("--rows", type=int, default=100_000, help="of the table, for mining")
    parser.add_argument("--pictures", type=int, default=2000, help="of the batch")
    parser.add_argument("--since", type=float, help=argparse.SUPPRESS)  # given to the child that starts
    chosen = parser.parse_args(arguments)
    if chosen.repeats < 1:
        parser.error("--repeats must be at least 1")
    if chosen.what == "day" and (chosen.folder is None or chosen.out is None):
        parser.error("a day needs a FOLDER and --out")
    _refuse_folder(parser, chosen.what, chosen.folder)
    if chosen.since is not None:
        from viewer.benchmark.starting import start_and_tell

        start_and_tell(chosen.since)
    elif chosen.what == "start":
        from viewer.benchmark.starting import start_report

        print(start_report(chosen.repeats))
    elif chosen.what == "soak":
        from viewer.benchmark.soak import soak_report

        report, well = soak_report(chosen.minutes)
        print(report)
        return int(not well)
    elif chosen.what == "mining":
        from viewer.benchmark.mining import mining_report

        print(mining_report(chosen.rows))
    elif chosen.what == "day":
        from viewer.benchmark.day import live_a_day

        return live_a_day(chosen.folder, chosen.out)
    elif chosen.what == "batch":
        from viewer.benchmark.batch import batch_report

        print(batch_report(chosen.pictures))
    else:
        from viewer.benchmark.drawing import draw_report

        print(draw_report(chosen.repeats))
    return 0


def _refuse_folder(parser: argparse.ArgumentParser, what: str, folder: Path | None) -> None:
    """Ends with a sentence where a folder is named that is none, or that nobody reads."""
    if folder is None:
        return
    number = str(folder) if str(folder).isdecimal() else "N"
    option = {"batch": "--pictures", "mining": "--rows", "soak": "--minutes"}.get(what, "--repeats")
    if what != "day":
        parser.error(
            f"{what} takes no folder, and {str(folder)!r} was given. Did you mean {option} {number}?"
        )
    if not folder.is_dir():
        parser.error(f"{str(folder)!r} is no folder. A day needs one of pictures.")


if __name__ == "__main__":
    sys.exit(main())
