"""`unmask` and `python -m viewer`: the window, or a command that needs none.

Nothing is loaded that the words do not ask for: Qt only for the window, torch only for who runs a method.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status: 0, or 1 if anything failed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    match words[:1]:
        case ["run"]:
            from viewer.cli.parser import parse_batch
            from viewer.cli.run import run_batch

            return run_batch(parse_batch(words[1:]))
        case ["occlude"]:
            from viewer.cli.occlude import run_occlude
            from viewer.cli.parser import parse_occlude

            return run_occlude(parse_occlude(words[1:]))
        case ["assets"]:
            from viewer.assets.cli import parse_assets, run_assets

            return run_assets(parse_assets(words[1:]))
        case ["about"]:
            from viewer.cli.about import parse_about, run_about

            return run_about(parse_about(words[1:]))
    from viewer.cli.parser import parse_launch

    launch = parse_launch(words)
    from viewer.app.startup import run

    return run(launch)


if __name__ == "__main__":
    sys.exit(main())
