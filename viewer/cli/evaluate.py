"""`unmask evaluate`: hands its words over to models.evaluation, a leaf entered by name, as by `python -m`.

Nothing here imports it: what measures methods is no part of the program that shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

ENTRY = "models.evaluation.command"


@dataclass(frozen=True, slots=True)
class Evaluate:
    """What `unmask evaluate` was asked to do: the words after it."""

    words: tuple[str, ...]


def run_evaluate(asked: Evaluate) -> int:
    """Run the measurement; 0, or 1 with a sentence on stderr."""
    status: int = import_module(ENTRY).main(asked.words)
    return status
