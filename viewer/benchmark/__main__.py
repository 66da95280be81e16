"""`python -m viewer.benchmark`: redraws; `... start`: a start; `... soak`: leaks; `... mining`: 10^5 rows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m viewer.benchmark", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("draw", "start", "soak", "mining"), default="draw")
    parser.add_argument("--repeats", type=int, default=5, help="how often; medians are printed")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to soak; 60 if not given")
    parser.add_argument("--rows", type=int, default=100_000, help="of the table, for mining")
    parser.add_argument("--since", type=float, help=argparse.SUPPRESS)  # given to the child that starts
    chosen = parser.parse_args(arguments)
    if chosen.repeats < 1:
        parser.error("--repeats must be at least 1")
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
    else:
        from viewer.benchmark.drawing import draw_report

        print(draw_report(chosen.repeats))
    return 0


if __name__ == "__main__":
    sys.exit(main())
