"""Which camera is opened, and how large its pictures are. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

Size = tuple[int, int]
SIZES: tuple[Size, ...] = ((640, 480), (1280, 720), (1920, 1080))
"""Width and height, px: those that most cameras know."""
MOST_CAMERAS = 64


@dataclass(frozen=True, slots=True)
class Webcam:
    """What is asked of the system.

    Attributes:
        index: Which camera, from 0.
        size: Width and height, px; None for what the camera gives by itself.
    """

    index: int = 0
    size: Size | None = None


def as_text(webcam: Webcam) -> str:
    """As settings keep it: "0", or "0 1280x720"."""
    return str(webcam.index) if webcam.size is None else f"{webcam.index} {webcam.size[0]}x{webcam.size[1]}"


def from_text(text: str) -> Webcam | None:
    """What `as_text` made; None if it is none of it."""
    sizes = {f"{width}x{height}": (width, height) for width, height in SIZES}
    index, _, size = text.partition(" ")
    if not (index.isascii() and index.isdecimal() and int(index) < MOST_CAMERAS) or (
        size and size not in sizes
    ):
        return None
    return Webcam(int(index), sizes.get(size))
