"""What panels draw of an answer, and how long it stays (tier 1: without OpenGL)."""

from __future__ import annotations

from dataclasses import replace
from weakref import ref

from tests.viewer.gl_fixtures import dome
from viewer.panels.surface_data import drawn
from viewer.readouts.difference import compared
from viewer.sources.source import Frame
from viewer.state.comparison import Side
from viewer.state.layout import panel_row
from viewer.state.shown import Shown


def test_a_surface_is_made_once_for_all_panels_that_show_it():
    answer, photo = dome.answer(), dome.photo()
    assert drawn(panel_row("fused"), answer, photo) is drawn(panel_row("fused"), answer, photo)


def test_nothing_of_a_picture_stays_once_nobody_holds_its_answer():
    answer, photo = dome.answer(), dome.photo()
    pinned, other = dome.answer(), dome.photo()
    there = ref(photo)
    drawn(panel_row("fused"), answer, photo)
    drawn(panel_row("uv"), answer, photo)
    kept = drawn(panel_row("fused"), pinned, other)
    shown = Shown(Frame(photo, "a.jpg"), (), (replace(answer),))
    compared(shown, 0, Side(), Side())
    del answer, photo, shown
    assert there() is None
    assert drawn(panel_row("fused"), pinned, other) is kept
