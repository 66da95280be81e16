"""One file per protocol, each with one value: PROTOCOL. A file laid here is one; nothing else lists it."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from models.evaluation.protocol import Protocol


def protocols() -> dict[str, Protocol]:
    """Every protocol by its name, in the order of the names."""
    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {value.name: value for value in sorted((m.PROTOCOL for m in modules), key=lambda p: p.name)}
