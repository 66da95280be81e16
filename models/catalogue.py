"""Which methods and detectors there are, what they lack and whose weights they use; none is loaded for it."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from resources.needs import DETECTOR_NEEDS, USUAL_DETECTOR, YUNET, detector_lacks, missing
from resources.provenance import Provenance, detector_provenance, provenance

__all__ = [
    "DETECTOR_NEEDS",
    "USUAL_DETECTOR",
    "YUNET",
    "Provenance",
    "detector_lacks",
    "detector_provenance",
    "methods",
    "missing",
    "provenance",
]

GROUP = "unmask.methods"


def methods() -> dict[str, EntryPoint]:
    """Every installed method by name: ours and third parties', found the same way.

    What is installed is looked up once: a package that is installed meanwhile is found by the next session.
    """
    return dict(_found(tuple(sys.path)))


@lru_cache(maxsize=1)
def _found(_path: tuple[str, ...]) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
