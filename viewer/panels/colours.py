"""The panels' own colours, dark and light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from models.export.overlay import STATE_COLOURS
from models.reconstruction import State

if TYPE_CHECKING:
    from viewer.gl.mesh_item import Colour  # brings OpenGL, which no start has chosen yet


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme, as "#rrggbb".

    Attributes:
        view: Behind the face.
        strip, line: Title strip, and the hairline under it.
        text, quiet: Titles, subtitles.
        accent: What the user points at or chose.
        warning: Something failed.
        box, landmark, truth: Over the photo; what is true also on the surfaces.
        clay, bare: The seen surface; what lies under the pattern of a part that nobody saw.
        head: What surrounds the face and was not predicted.
        seen, turned, covered: The three states, told apart with any kind of colour vision.
        edge, bare_edge, body: Mesh edges over a surface, alone, and what lies under them then.
    """

    view: str
    strip: str
    line: str
    text: str
    quiet: str
    accent: str
    warning: str
    box: str
    landmark: str
    truth: str
    clay: str
    bare: str
    head: str
    seen: str
    turned: str
    covered: str
    edge: str
    bare_edge: str
    body: str


SEEN, TURNED, COVERED = ("#{:02x}{:02x}{:02x}".format(*STATE_COLOURS[state]) for state in State)

DARK = Palette(
    view="#16181c",
    strip="#1d2025",
    line="#2a2e35",
    text="#e8eaed",
    quiet="#9aa0a9",
    accent="#ffb454",
    warning="#ff7b72",
    box="#ffb454",
    landmark="#7fe7ff",
    truth="#7cf07c",
    clay="#ddd3c8",
    bare="#a3a5a8",
    head="#6d747e",
    seen=SEEN,
    turned=TURNED,
    covered=COVERED,
    edge="#14161a",
    bare_edge="#c9ced6",
    body="#1b1e23",
)
LIGHT = Palette(
    view="#f3f4f6",
    strip="#ffffff",
    line="#dfe2e7",
    text="#1b1e23",
    quiet="#5f6670",
    accent="#b35c00",
    warning="#b3261e",
    box="#ffb454",
    landmark="#7fe7ff",
    truth="#7cf07c",
    clay="#d9cec2",
    bare="#aeb0b3",
    head="#868d97",
    seen=SEEN,
    turned=TURNED,
    covered=COVERED,
    edge="#14161a",
    bare_edge="#333a44",
    body="#fbfbfc",
)


def palette(dark: bool) -> Palette:
    """The colours of a theme."""
    return DARK if dark else LIGHT


def shares(colour: str) -> Colour:
    """A colour "#rrggbb" as shares of one."""
    named = QColor(colour)
    return named.redF(), named.greenF(), named.blueF()
