"""What the window says of itself: version, device, and under which terms the weights in use may be used."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from resources import program_version
from viewer.methods.terms import Terms
from viewer.state.state import State

WHAT = "See what a face-alignment network really saw when part of a face is hidden."
CODE = "The program itself: Apache-2.0."
MORE = "<tt>unmask about</tt> lists every file at hand with its origin and full SHA-256."


def about(state: State, files: Sequence[Terms]) -> str:
    """As rich text."""
    renderer = state.gl_renderer or "no OpenGL yet"
    rows = "".join(
        f"<tr><td><b>{escape(file.user)}</b>&nbsp;&nbsp;</td><td><tt>{file.sha256}</tt>&nbsp;&nbsp;</td>"
        f"<td>{escape(file.licence)}</td></tr>"
        for file in files
    )
    return (
        f"<b>Unmask {program_version()}</b><br>{WHAT}<br><br>{state.device.upper()} · {escape(renderer)}"
        f"<br><br>{CODE}<br>Weights in use, with SHA-256 and licence:<table>{rows}</table><br>{MORE}"
    )
