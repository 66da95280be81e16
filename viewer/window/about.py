"""What the window says of itself: versions, driver, and under which terms the weights in use may be used."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import qVersion
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from resources import program_version
from viewer.cli.about import versions
from viewer.methods.terms import Terms
from viewer.state.state import State
from viewer.widgets.theme import SPACE

SIZE = (640, 560)
WHAT = "See what a face-alignment network really saw when part of a face is hidden."
CODE = "Apache-2.0; each file of weights under its own terms"
MORE = "The command unmask about lists every file at hand with its origin."
NO_DRIVER = "no 3D panel has drawn yet"
NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and rows of name and value."""

    heading: str
    rows: tuple[tuple[str, str], ...]


def about(state: State, files: Sequence[Terms]) -> tuple[Section, ...]:
    """All that is told; imports nothing of what it names."""
    packages = tuple((name, number or NOT_INSTALLED) for name, number in versions().items())
    driver = state.driver
    return (
        Section(
            "Versions",
            (
                ("Unmask", program_version()),
                ("Licence", CODE),
                ("Python", platform.python_version()),
                ("System", platform.platform()),
                ("Qt", qVersion()),
                *packages,
            ),
        ),
        Section(
            "This machine",
            (
                ("Methods run on", state.device.upper()),
                ("OpenGL vendor", driver.vendor or NO_DRIVER),
                ("OpenGL renderer", driver.renderer or NO_DRIVER),
                ("OpenGL version", driver.version or NO_DRIVER),
            ),
        ),
        *(
            Section(
                f"Weights in use: {file.user}",
                (
                    ("SHA-256", file.digest or file.sha256),
                    ("Licence", file.licence),
                    ("File", file.place or "–"),
                ),
            )
            for file in files
        ),
    )


def as_text(sections: Sequence[Section]) -> str:
    """For the clipboard: a line for each row."""
    lines = []
    for section in sections:
        lines += [section.heading, *(f"  {name}: {value}" for name, value in section.rows), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def as_html(sections: Sequence[Section]) -> str:
    """For the eye."""
    parts = []
    for section in sections:
        rows = "".join(
            f"<tr><td style='padding-right: 12px'>{escape(name)}</td><td>{_breakable(value)}</td></tr>"
            for name, value in section.rows
        )
        parts.append(f"<p><b>{escape(section.heading)}</b></p><table>{rows}</table>")
    return "".join(parts)


class AboutDialog(QDialog):
    """Shows it; a button puts all of it on the clipboard, for a report."""

    def __init__(
        self, sections: Sequence[Section], copy: Callable[[str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Unmask")
        self.setObjectName("about")
        self.resize(*SIZE)
        title = QLabel(f"<b>Unmask {program_version()}</b><br>{WHAT}")
        title.setWordWrap(True)
        self.told = QTextBrowser()
        self.told.setAccessibleName("Versions, drivers, and weights in use")
        self.told.setHtml(as_html(sections))
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Put all of this on the clipboard, e.g. for a report")
        self.copy.clicked.connect(lambda _on: copy(as_text(sections)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
        buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        for widget in (title, self.told, QLabel(MORE), buttons):
            column.addWidget(widget)


def _breakable(value: str) -> str:
    """A digest may go on in the next line."""
    text = escape(value)
    return f"<tt>{text[:32]} {text[32:]}</tt>" if len(value) == 64 and value.isalnum() else text
