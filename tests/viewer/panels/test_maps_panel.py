"""The maps of an answer as small multiples: what is shown, its range, one enlarged (tiers 1 and 2)."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from models.reconstruction import MapLayer, Space, frozen
from tests.fakes.panels import StubSurface
from tests.viewer.gl_fixtures import dome
from viewer.gl.colour_maps import colour_map
from viewer.panels.maps_panel import MapsPanel, fitting
from viewer.readouts.maps import tiles_of
from viewer.sources.source import Frame
from viewer.state.layout import panel_row
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.window.maps_presenter import MapsPresenter


def answer_of_positions():
    values = np.arange(48, dtype=np.float32).reshape(4, 4, 3)
    layer = MapLayer("position map", frozen(values), np.eye(3), Space.UV, 0, 300, "crop px")
    return replace(dome.answer(layers=False, visibility=False), layers=(layer,), scalars=())


def panel_of(qtbot, answer=None):
    panel = MapsPanel(panel_row("maps"))
    qtbot.addWidget(panel)
    panel.resize(700, 500)
    panel.grab()
    panel.set_answer(dome.answer() if answer is None else answer, dome.photo())
    return panel


def test_every_map_and_every_channel_has_a_picture_with_its_range_and_unit(qtbot):
    panel = panel_of(qtbot)
    captions = panel.view.captions()
    assert captions[0] == "input square"
    assert captions[1:6] == [
        *("visible mask: 0.00 to 1.00", "u: 1.00 to 1.00", "v: 1.00 to 1.00"),
        *("depth: 10.00 to 10.00 px", "confidence: 1.00 to 1.00"),
    ]
    assert "disagreement: 0.02 to 3.98 mm" in captions
    panel.set_answer(answer_of_positions(), dome.photo())
    assert panel.view.captions() == [
        *("position x: 0.0 to 45.0 crop px", "position y: 1.0 to 46.0 crop px"),
        "position z: 2.0 to 47.0 crop px",
    ]


def test_the_square_the_network_saw_lies_under_its_maps():
    seen = tiles_of(dome.answer(), dome.photo())[0].picture
    rows, columns = seen.shape[:2]
    for (y, x), colour in zip(
        ((0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)),
        (dome.RED, dome.GREEN, dome.BLUE, dome.WHITE),
        strict=True,
    ):
        assert tuple(seen[round(y * rows), round(x * columns)]) == colour


def test_a_scalar_lies_over_the_chart_where_its_vertices_do():
    tile = next(t for t in tiles_of(dome.answer(), dome.photo()) if t.name == "disagreement")
    row = tile.values[64]
    assert row[np.isfinite(row)] == pytest.approx(
        4 * (np.flatnonzero(np.isfinite(row)) + 0.5) / 128, abs=1e-4
    )


def test_a_share_beyond_none_and_all_is_clipped_and_that_is_said():
    answer = dome.answer()
    values = np.linspace(-0.5, 2, len(answer.vertices), dtype=np.float32)
    followed = replace(answer.scalar("followed"), values=values)
    rest = tuple(scalar for scalar in answer.scalars if scalar.name != "followed")
    tiles = {tile.name: tile for tile in tiles_of(replace(answer, scalars=(*rest, followed)), dome.photo())}
    tile = tiles["followed"]
    assert (tile.low, tile.high) == (0, 1), "coloured as in the other panels"
    assert re.fullmatch(r"followed: 0.00 to 1.00, clipped from -0.\d+ to [12].\d+", tile.caption())
    assert tile.short_ends() == "0.00..1.00, clipped"
    assert "clipped" not in tiles["disagreement"].caption(), "a length has no such bounds"
    row, column = np.argwhere(tile.values > 1.6)[0]
    assert float(tile.told_at(row, column).split()[-1]) > 1.5, "a hover tells the true number"


def test_colours_run_from_the_first_number_to_the_second(qtbot):
    panel = panel_of(qtbot, answer_of_positions())
    picture = panel.view.grab().toImage()
    (_, area), *_ = panel.view.places()
    side = min(area.width(), area.height() - panel.view._line()) * 0.9 / 2
    middle = QPointF(area.center().x(), area.top() + (area.height() - panel.view._line()) / 2)
    first = picture.pixelColor((middle - QPointF(side, side) * 0.8).toPoint()).getRgb()[:3]
    last = picture.pixelColor((middle + QPointF(side, side) * 0.8).toPoint()).getRgb()[:3]
    assert first == pytest.approx(colour_map("viridis")[0], abs=3)
    assert last == pytest.approx(colour_map("viridis")[-1], abs=3)


def test_a_click_enlarges_one_and_another_shows_all_again(qtbot):
    panel = panel_of(qtbot)
    view, count = panel.view, len(panel.view.places())
    _, area = view.places()[4]
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=area.center().toPoint())
    assert view.captions() == ["depth: 10.00 to 10.00 px"]
    assert view.places()[0][1].width() > 2 * area.width()
    panel.set_answer(replace(dome.answer(), mm_per_px=0.6), dome.photo())
    assert view.enlarged == "depth", "the next frame's is enlarged too"
    panel.set_answer(answer_of_positions(), dome.photo())
    assert view.enlarged == "", "there is none any more"
    panel.set_answer(dome.answer(), dome.photo())
    assert len(view.places()) == count


def test_the_keyboard_goes_through_the_maps(qtbot):
    panel = panel_of(qtbot)
    view = panel.view
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert view.enlarged == "visible mask"
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.enlarged == "u"
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.enlarged == ""


def test_a_hover_tells_the_number_under_it(qtbot):
    panel = panel_of(qtbot, answer_of_positions())
    view = panel.view
    _, area = view.places()[1]
    middle = QPointF(area.center().x(), area.top() + (area.height() - view._line()) / 2)
    assert view.told_at(middle + QPointF(3, 3)).startswith("position y, row 2, column 2: 31.0 crop px")
    assert view.told_at(QPointF(1, 1)) == ""


def test_a_method_without_maps_says_so(qtbot):
    bare = replace(dome.answer(layers=False, visibility=False), scalars=())
    panel = panel_of(qtbot, bare)
    assert panel.view.captions() == []
    assert panel._empty.text() == "This method tells no maps."
    panel.set_answer(None)
    assert panel._empty.text() == "No face yet"


def test_a_grid_uses_the_space_there_is():
    assert fitting(6, 600, 420, 10) == (3, 200)
    assert fitting(6, 200, 2000, 10) == (1, 200)
    assert fitting(0, 100, 100, 10)[0] == 1


def test_the_panel_is_told_only_in_sight_and_then_of_every_answer():
    panel, store = StubSurface(), Store(State())
    presenter = MapsPresenter(store, panel)
    answer = dome.answer()
    store.update(shown=Shown(Frame(dome.photo(), "dome"), (), (answer,)))
    assert panel.answer is None
    store.update(panel_layout="maps")
    assert panel.answer is answer
    other = replace(answer, mm_per_px=0.7)
    store.update(shown=Shown(Frame(dome.photo(), "dome"), (), (other,)))
    assert panel.answer is other
    assert presenter is not None
