"""Figures as files: of what the window shows, and of any sheet. What draws is loaded when needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError
from models.export.wish import Wish
from viewer.state.setting import Setting, worded
from viewer.state.state import State

if TYPE_CHECKING:
    from models.export.figure import Row
    from models.export.sheet import Sheet
    from viewer.tasks.file_writer import Step

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")


def figure_file(sheet: Sheet, path: Path) -> bytes:
    """The figure as what a file of that name holds: .png, .svg or .pdf.

    Raises:
        InputError: It ends in none of these.
    """
    suffix = path.suffix.lower()
    if suffix not in FIGURE_SUFFIXES:
        raise InputError(f"{path.name} ends in none of {', '.join(FIGURE_SUFFIXES)}. Name such a file.")
    if suffix == ".pdf":
        from viewer.widgets.pdf import as_pdf  # brings Qt, which only a PDF needs

        return as_pdf(sheet)
    from models.export.maps import png
    from models.export.sheet import as_pixels, as_svg

    return as_svg(sheet) if suffix == ".svg" else png(as_pixels(sheet))


def rows_of(state: State) -> list[Row]:
    """The selected face, and what others answered about it, as the one row of a figure."""
    from models.export.figure import Row

    assert state.shown is not None
    assert state.answer is not None
    usual, number = Setting(state.method, state.weights), state.selected_face
    peers = (
        replace(answers[number], method=worded(setting, usual))
        for setting, answers in state.shown.others.items()
        if number < len(answers)
    )
    return [Row("", state.shown.frame.image, [state.answer, *peers])]


def panels_of(state: State) -> tuple[str, ...]:
    """The headings of the selected face's figure."""
    from models.export.figure import headings

    return tuple(headings(rows_of(state), Wish()))


def drawn(state: State, wish: Wish, path: Path, step: Step) -> bytes:
    """The selected face's figure as a file of that name; a video of it turning, for the ending of one.

    Raises:
        InputError: It cannot be drawn so.
    """
    from models.export.figure import faces_figure, turning
    from models.export.video import VIDEO_SUFFIXES

    suffix = path.suffix.lower()
    try:
        if suffix in VIDEO_SUFFIXES:
            return turning(rows_of(state), wish, suffix, step)
        return figure_file(faces_figure(rows_of(state), wish, step), path)
    except ValueError as error:
        raise InputError(f"The figure cannot be drawn: {error}. Choose a larger size.") from error
