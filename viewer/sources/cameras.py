"""Which cameras the system knows. None is opened for it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

TRIED = 4  # cameras that are offered where the system does not tell which there are


@dataclass(frozen=True, slots=True)
class CameraName:
    """A camera that may be opened.

    Attributes:
        index: As `Webcam` takes it.
        title: What the system calls it.
    """

    index: int
    title: str


def cameras(classes: Path = Path("/sys/class/video4linux")) -> tuple[CameraName, ...]:
    """Those that deliver pictures, where the system says so (Linux); elsewhere the first few, unnamed."""
    if sys.platform != "linux":
        return tuple(CameraName(index, f"Camera {index}") for index in range(TRIED))
    found = (_named(path) for path in classes.glob("video[0-9]*"))
    return tuple(sorted((camera for camera in found if camera is not None), key=lambda camera: camera.index))


def _named(path: Path) -> CameraName | None:
    """The camera of a device; None for one that only gives a camera's data about its pictures."""
    number = path.name.removeprefix("video")
    if not number.isdecimal() or _read(path / "index") not in ("", "0"):
        return None
    return CameraName(int(number), _read(path / "name") or f"Camera {number}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
