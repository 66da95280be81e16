"""Legends and faces share a panel without lying over each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtWidgets import QWidget

from tests.fakes.panels import StubSurface
from viewer.gl import trackball
from viewer.panels.legend import ColourBar, Legend, Swatch
from viewer.state.layout import panel_row
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import Look
from viewer.window.legend_room import LegendRoom

FOLLOWED = ColourBar(
    "branch followed",
    0,
    1,
    "",
    "viridis",
    ("model", "image"),
    "grey: neither, or both agree (72 %)\npatterned: not seen\nhead: not predicted",
    counts=(1, 2, 3, 2, 1),
)
STATES = tuple(Swatch(text, "#808080") for text in ("seen", "turned away", "covered", "head: not predicted"))
SIZES = [(311, 235), (311, 218), (470, 232), (400, 330), (525, 430), (232, 540), (392, 900)]
"""Of panels' views in windows 1280x720 to 1920x1080."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("content", [(FOLLOWED, ()), (None, STATES)], ids=["bar", "swatches"])
def test_a_legend_leaves_the_face_its_place_and_the_face_most_of_the_view(qtbot, size, content):
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(*size)
    legend = Legend(view)
    legend.set_content(*content)
    legend.stand(*size)
    (_, middle), half = trackball.stage(*size, legend.kept_px())
    assert middle + half <= legend.y()
    assert legend.geometry().right() < size[0]
    assert half >= 0.66 * min(size) / 2


def test_a_legend_says_the_same_however_terse_it_is_and_is_full_where_there_is_room(qtbot):
    view = QWidget()
    qtbot.addWidget(view)
    legend = Legend(view)
    legend.set_content(FOLLOWED)
    heights = []
    for size in ((600, 1200), (525, 430), (311, 235)):
        legend.stand(*size)
        heights.append(legend.height())
        assert "patterned: not seen; head: not predicted" in legend.text()
    assert heights[0] > heights[1] > heights[2]


def test_over_a_photo_a_legend_stands_in_the_first_corner_where_it_hides_no_face(qtbot):
    view = QWidget()
    qtbot.addWidget(view)
    legend = Legend(view)
    legend.set_content(None, STATES[:2])
    places = []
    lower = [QRectF(0, 300, 150, 100), QRectF(250, 300, 150, 100)]
    for faces in ((), lower[:1], lower, [QRectF(0, 0, 400, 400)]):
        legend.stand(400, 400, faces)
        middle = legend.geometry().center()
        places.append((middle.x() < 200, middle.y() < 200))
    left, top = True, True
    assert places == [(left, not top), (not left, not top), (left, top), (left, not top)]


def test_over_a_photo_too_small_for_both_the_face_is_shown_and_not_the_legend(qtbot):
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(230, 170)
    view.show()
    legend = Legend(view)
    legend.set_content(ColourBar("truth to answer", 0.0, 13.6, "px", "magma"), STATES)
    faces = [QRectF(10, 40, 210, 90)]
    legend.stand(230, 170, faces)
    assert not legend.isVisible()
    legend.stand(230, 170, [QRectF(190, 150, 40, 20)])
    assert legend.isVisible()
    legend.set_content(None, ())
    legend.stand(460, 340, faces)
    assert not legend.isVisible()


def room_of(*names: str) -> tuple[Store, LegendRoom, dict[str, StubSurface]]:
    store = Store(State(panel_layout="x-ray"))
    panels = {name: StubSurface() for name in names}
    return store, LegendRoom(store, panels), panels


def test_all_panels_keep_free_what_the_largest_legend_in_sight_needs(qtbot):
    store, room, panels = room_of("uv", "followed", "model")
    for panel in panels.values():
        qtbot.addWidget(panel)
    size = QSize(311, 235)
    panels["uv"].legend_kept.emit(40, size)
    panels["followed"].legend_kept.emit(73, size)
    panels["model"].legend_kept.emit(300, size)
    assert {panel.kept_px for panel in panels.values()} == {73}, "model is out of sight"
    store.update(panel_layout="branches")
    assert panels["uv"].kept_px == 300
    assert room is not None


def test_faces_do_not_change_their_size_while_a_line_of_a_legend_comes_and_goes(qtbot):
    store, room, panels = room_of("followed")
    followed = panels["followed"]
    qtbot.addWidget(followed)
    small, large = QSize(311, 235), QSize(525, 430)
    for kept in (73, 58, 73, 60):
        followed.legend_kept.emit(kept, small)
        assert followed.kept_px == 73
    followed.legend_kept.emit(50, large)
    assert followed.kept_px == 50, "of another size, it is measured anew"
    store.update(styles={"followed": replace(panel_row("followed").style, look=Look.SHARE)})
    followed.legend_kept.emit(45, large)
    assert followed.kept_px == 45, "as for another look"
    assert room is not None
