"""Where methods run: what can be asked for, and what is there. No Qt, no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass

AUTO, CPU = "auto", "cpu"
MOST_THREADS = 256

_NAME = re.compile(r"auto|cpu|mps|cuda(:\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Device:
    """A device of this machine that methods can run on.

    Attributes:
        name: As torch takes it, e.g. "cuda:0".
        title: As its maker calls it, e.g. "NVIDIA H200".
    """

    name: str
    title: str


ONLY_CPU = (Device(CPU, "CPU"),)


def is_device_name(text: str) -> bool:
    """Whether some machine may have a device of that name."""
    return _NAME.fullmatch(text) is not None
