"""`unmask` and `python -m viewer`: the window, or a command that needs none.

Nothing is loaded that the words do not ask for: Qt only for the window, torch only for who runs a method.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from viewer.assets.cli import Assets
from viewer.cli.about import About
from viewer.cli.evaluate import Evaluate
from viewer.cli.export_onnx import ExportOnnx
from viewer.cli.options import Batch, Launch, Occlude, Render, Replay, Run
from viewer.cli.parser import Asked, parse
from viewer.cli.speech import ended_well

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status.

    0, or 1 if anything failed; 2 if the words or the display cannot be used, 130 or 143 if it was stopped.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once torch is loaded: who waits sleeps
    words = list(sys.argv[1:] if arguments is None else arguments)
    return ended_well(lambda: _run(parse(words)))


def _run(asked: Asked) -> int:
    match asked:
        case Run():
            from viewer.cli.run import run_run

            return run_run(asked)
        case Batch():
            from viewer.cli.batch import run_batch

            return run_batch(asked)
        case Occlude():
            from viewer.cli.occlude import run_occlude

            return run_occlude(asked)
        case Render():
            from viewer.cli.render import run_render

            return run_render(asked)
        case Replay():
            from viewer.cli.replay import run_replay

            return run_replay(asked)
        case Evaluate():
            from viewer.cli.evaluate import run_evaluate

            return run_evaluate(asked)
        case Assets():
            from viewer.assets.cli import run_assets

            return run_assets(asked)
        case ExportOnnx():
            from viewer.cli.export_onnx import run_export_onnx

            return run_export_onnx(asked)
        case About():
            from viewer.cli.about import run_about

            return run_about(asked)
        case Launch():
            from viewer.app.startup import run

            return run(asked)


if __name__ == "__main__":
    sys.exit(main())
