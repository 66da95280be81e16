"""`python -m viewer.benchmark`: redraws; `... start`: a start; `... soak`: leaks; `... mining`: 10^5 rows;
`... batch`: pictures per second; `... day FOLDER --out OUT`: all a user does, with the time of each step;
`... stalls [FILE]`: the longest hold of the window's thread in each of the things a user does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its table."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.repeats < 1:
        parser.error("--repeats must be at least 1")
    if chosen.what == "day" and (chosen.path is None or chosen.out is None):
        parser.error("a day needs a FOLDER and --out")
    _refuse_folder(parser, chosen.what, chosen.path)
    return _run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m viewer.benchmark", description=__doc__)
    kinds = ("draw", "start", "soak", "mining", "batch", "day", "stalls")
    parser.add_argument("what", nargs="?", choices=kinds, default="draw")
    parser.add_argument(
        "path", nargs="?", type=Path, help="a folder of pictures for a day, a picture for stalls"
    )
    parser.add_argument("--out", type=Path, help="the folder of what a day writes")
    parser.add_argument(
        "--repeats", type=int, default=5, help="how often; medians are printed, of stalls all"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to soak; 60 if not given")
    parser.add_argument("--rows", type=int, default=100_000, help="of the table, for mining")
    parser.add_argument("--pictures", type=int, default=2000, help="of the batch")
    parser.add_argument("--why", action="store_true", help="of stalls, also what the thread was at")
    parser.add_argument(
        "--once", action="store_true", help=argparse.SUPPRESS
    )  # given to the child that walks
    parser.add_argument("--since", type=float, help=argparse.SUPPRESS)  # given to the child that starts
    return parser


def _run(chosen: argparse.Namespace) -> int:
    if chosen.since is not None:
        from viewer.benchmark.starting import start_and_tell

        start_and_tell(chosen.since)
        return 0
    if chosen.what == "soak":
        from viewer.benchmark.soak import soak_report

        report, well = soak_report(chosen.minutes)
        print(report)
        return int(not well)
    if chosen.what == "day":
        from viewer.benchmark.day import live_a_day

        return live_a_day(chosen.path, chosen.out)
    if chosen.once:
        from viewer.benchmark.stalls import walk_and_tell

        walk_and_tell(chosen.path, chosen.why)
        return 0
    print(_report(chosen))
    return 0


def _report(chosen: argparse.Namespace) -> str:
    match chosen.what:
        case "start":
            from viewer.benchmark.starting import start_report

            return start_report(chosen.repeats)
        case "mining":
            from viewer.benchmark.mining import mining_report

            return mining_report(chosen.rows)
        case "stalls":
            from viewer.benchmark.stalls import stalls_report

            return stalls_report(chosen.path, chosen.repeats, chosen.why)
        case "batch":
            from viewer.benchmark.batch import batch_report

            return batch_report(chosen.pictures)
    from viewer.benchmark.drawing import draw_report

    return draw_report(chosen.repeats)


def _refuse_folder(parser: argparse.ArgumentParser, what: str, folder: Path | None) -> None:
    """Ends with a sentence where a folder is named that is none, or that nobody reads."""
    if folder is None or what == "stalls":
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
