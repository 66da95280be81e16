"""The GL panels, by their pixels (tier 3)."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QHBoxLayout, QPushButton, QToolButton, QWidget

from models.loading import load_face_model, load_whole_head
from models.reconstruction import STATE_SCALARS, MeshLayer, Reconstruction, Scalar, Space, frozen
from tests.viewer.gl_fixtures import dome
from tests.viewer.gl_fixtures.screen import middle, near, pixels, require_gl
from viewer.gl import sharp_picture
from viewer.gl.face_view import FaceView
from viewer.gl.framing import Framing
from viewer.gl.mesh_item import VALUES, Fill, MeshItem, Paint, Surface
from viewer.gl.trackball import FIT, stage
from viewer.gl.turns import Turns
from viewer.panels.colours import DARK, LIGHT
from viewer.panels.legend import ColourBar, Legend
from viewer.panels.message import Message
from viewer.panels.panel import Panel
from viewer.panels.photo_wipe_panel import PhotoWipePanel
from viewer.panels.range_dialog import RangeDialog
from viewer.panels.shading import BINS, counts_of
from viewer.panels.surface_data import CHART_SIZE, Scale, drawn, photo_piece
from viewer.panels.veil import Veil
from viewer.panels.wipe_line import WipeLine
from viewer.panels.wipe_panel import WipePanel
from viewer.readouts.difference import compared
from viewer.sources.source import Frame
from viewer.state.camera import Camera, turn
from viewer.state.comparison import Side
from viewer.state.layout import PANELS, panel_row
from viewer.state.setting import Setting
from viewer.state.shown import Shown
from viewer.state.style import LayerStyle, Look

pytestmark = pytest.mark.gl
USUAL = Setting("fake", "open")
BACKGROUND = QColor(DARK.view).getRgb()[:3]


@pytest.fixture(autouse=True)
def _gl(qapp):
    require_gl(qapp)


def shown(qtbot, name="fused", answer=None, size=(300, 300)):
    panel = Panel(panel_row(name))
    qtbot.addWidget(panel)
    panel.resize(size[0], size[1] + 36)
    panel.show()
    qtbot.waitExposed(panel)
    panel.set_answer(dome.answer() if answer is None else answer, dome.photo())
    return panel


def grabbed(panel):
    return pixels(panel.view.grabFramebuffer())


def at(picture, x, y):
    """A pixel by its place in face radii about the centre: x to the right, y up."""
    column, row = spot(picture, x, y)
    return picture[row, column]


def spot(picture, x, y):
    """Column and row of that place."""
    (across, down), half = stage(picture.shape[1], picture.shape[0])
    return round(across + x * half / FIT), round(down - y * half / FIT)


def quads(*rows):
    """A surface of squares (x, y, z, half side, photo px), drawn in this order."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    positions = np.concatenate([np.c_[corners * half + (x, y), np.full(4, z)] for x, y, z, half, _ in rows])
    pixel = np.repeat(np.array([row[4] for row in rows], np.float32), 4, axis=0)
    triangles = np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * i for i in range(len(rows))])
    count = len(positions)
    return Surface(
        positions=positions.astype(np.float32),
        normals=np.tile(np.array([0, 0, 1], np.float32), (count, 1)),
        triangles=triangles.astype(np.int32),
        uv=np.full((count, 2), 0.5, np.float32),
        pixels=pixel,
        states=np.tile(np.array([1, 0, 0], np.float32), (count, 1)),
        values=np.ones((count, VALUES), np.float32),
    )


def test_the_photo_lies_on_the_face_upright_and_not_mirrored(qtbot):
    panel = shown(qtbot)
    panel.set_look(LayerStyle(Look.PHOTO))
    panel.set_answer(dome.answer(visibility=False), dome.photo())
    picture = grabbed(panel)
    assert near(at(picture, -0.3, 0.3), dome.RED)
    assert near(at(picture, 0.3, 0.3), dome.GREEN)
    assert near(at(picture, -0.3, -0.3), dome.BLUE)
    assert near(at(picture, 0.3, -0.3), dome.WHITE)
    assert near(at(picture, -0.95, 0.95), BACKGROUND, 2)


def test_a_large_photo_lies_where_a_small_one_does(qtbot):
    answer = dome.answer(visibility=False)
    large = answer.mapped(Space.IMAGE, lambda points: points * 20, np.diag([20.0, 20.0, 1.0]))
    panel = shown(qtbot)
    panel.set_look(LayerStyle(Look.PHOTO))
    panel.set_answer(large, dome.photo().repeat(20, 0).repeat(20, 1))
    picture = grabbed(panel)
    assert near(at(picture, -0.3, 0.3), dome.RED)
    assert near(at(picture, 0.3, -0.3), dome.WHITE)


@pytest.mark.parametrize("near_first", [True, False])
def test_the_nearer_triangle_wins_whatever_is_drawn_first(qtbot, near_first):
    panel = shown(qtbot)
    rows = [(0, 0, 0.2, 0.3, (0, 0)), (0, 0, -0.2, 0.6, (1, 0))]
    item = MeshItem()
    panel.view.clear()
    panel.view.addItem(item)
    item.set_photo(np.array([[dome.RED, dome.GREEN]], np.uint8), (0, 0, 2, 1))
    item.set_surface(quads(*(rows if near_first else rows[::-1])))
    item.set_paint(Paint(fill=Fill.PHOTO))
    picture = grabbed(panel)
    assert near(at(picture, 0, 0), dome.RED)
    assert near(at(picture, 0.45, 0.45), dome.GREEN)


def test_what_was_hidden_looks_different_and_only_that(qtbot):
    panel = shown(qtbot)
    plain, marked = [], []
    for answer, kept in ((dome.answer(visibility=False), plain), (dome.answer(), marked)):
        panel.set_answer(answer, dome.photo())
        kept.append(grabbed(panel))
    change = np.abs(plain[0] - marked[0]).max(-1)
    height, width = change.shape
    left, right = change[: height - 60, : width // 2 - 12], change[: height - 60, width // 2 + 12 :]
    drawn = np.abs(marked[0] - np.array(BACKGROUND)).max(-1)[: height - 60, width // 2 + 12 :] > 8
    assert left.max() <= 1
    assert (right[drawn] > 20).mean() > 0.9


def states_surface(*corners):
    """A square over the view whose corners (lower left, lower right, upper right, upper left) have states."""
    square = quads((0, 0, 0, 0.9, (0, 0)))
    uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    return replace(square, uv=uv, states=np.array(corners, np.float32))


def painted(panel, surface, paint):
    item = MeshItem()
    panel.view.clear()
    panel.view.addItem(item)
    item.set_surface(surface)
    item.set_paint(paint)
    return grabbed(panel)


SEEN, TURNED, COVERED = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def inner(picture):
    """The middle of the square, without its rim."""
    (across, down), half = stage(picture.shape[1], picture.shape[0])
    reach = int(0.7 * half)
    return picture[round(down) - reach : round(down) + reach, round(across) - reach : round(across) + reach]


def test_each_state_has_its_colour_and_what_was_not_seen_a_pattern_of_its_own(qtbot):
    panel = shown(qtbot)
    paint = Paint(fill=Fill.STATES)
    surfaces = [states_surface(*[state] * 4) for state in (SEEN, TURNED, COVERED)]
    pictures = [inner(painted(panel, surface, paint)) for surface in surfaces]
    seen, turned, covered = (picture.reshape(-1, 3).mean(0) for picture in pictures)
    assert seen[1] > seen[0] + 30, "bluish green"
    assert np.ptp(turned) < 40, "grey"
    assert covered[0] > covered[2] + 60, "vermilion"
    bright = [picture.sum(-1) for picture in pictures]
    assert np.ptp(bright[0]) < 60, "what was seen is plain"
    for marked in bright[1:]:
        assert np.percentile(marked, 90) > 1.2 * np.percentile(marked, 5)


def test_stripes_run_one_way_and_dots_do_not(qtbot):
    panel = shown(qtbot)
    for state, runs in ((TURNED, False), (COVERED, True)):
        picture = inner(painted(panel, states_surface(*[state] * 4), Paint(fill=Fill.STATES))).sum(-1)
        ways = [
            np.mean([np.diagonal(turned, k).std() for k in range(-30, 30)])
            for turned in (picture, picture[:, ::-1])
        ]
        assert bool(min(ways) < 0.5 * max(ways)) is runs


def test_the_rim_between_states_is_a_straight_line_across_a_triangle(qtbot):
    panel = shown(qtbot)
    surface = states_surface(SEEN, COVERED, COVERED, SEEN)
    picture = inner(painted(panel, surface, Paint(fill=Fill.CLAY, mark_hidden=True, clay=(1, 1, 1))))
    dark = picture.sum(-1)
    columns = dark[:, 20:-20].argmin(1) + 20
    assert np.ptp(columns) <= 1, "no saw teeth"
    assert columns.mean() == pytest.approx(picture.shape[1] / 2, abs=2), "where P(seen) is one half"
    slanted = states_surface((0.8, 0, 0.2), (0.4, 0, 0.6), (0.0, 0.2, 0.8), (0.4, 0.2, 0.4))
    rim = inner(painted(panel, slanted, Paint(fill=Fill.CLAY, mark_hidden=True, clay=(1, 1, 1)))).sum(-1)
    places = np.array([row[10:-10].argmin() for row in rim if row.min() < 0.6 * rim.max()])
    assert (np.abs(np.diff(places)) <= 3).mean() > 0.9


def test_over_the_photo_and_the_branches_the_unseen_part_has_a_pattern_too(qtbot):
    panel = shown(qtbot)
    for paint in (Paint(fill=Fill.PHOTO, mark_hidden=True), Paint(fill=Fill.VALUE, mark_hidden=True)):
        plain = inner(painted(panel, states_surface(*[COVERED] * 4), replace(paint, mark_hidden=False)))
        marked = inner(painted(panel, states_surface(*[COVERED] * 4), paint))
        assert marked.sum(-1).std() > plain.sum(-1).std() + 10
        seen = inner(painted(panel, states_surface(*[SEEN] * 4), paint))
        assert np.abs(seen - plain).max() <= 1


def test_the_states_are_told_apart_with_any_kind_of_colour_vision():
    """Viénot, Brettel, Mollon 1999: what red- and green-blind people see of a linear colour."""
    linear = [(np.array(QColor(c).getRgb()[:3]) / 255) ** 2.2 for c in (DARK.seen, DARK.turned, DARK.covered)]
    protan = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
    deutan = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    for vision in (np.eye(3), protan, deutan):
        looks = [255 * (vision @ colour).clip(0, 1) ** (1 / 2.2) for colour in linear]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert np.abs(looks[a] - looks[b]).max() > 35


def test_the_visible_surface_is_only_what_was_seen(qtbot):
    picture = grabbed(shown(qtbot, "image"))
    assert near(at(picture, -0.3, 0.3), dome.RED)
    assert near(at(picture, 0.3, 0.3), BACKGROUND, 2)


def test_all_panels_frame_the_face_alike(qtbot):
    partial, whole = shown(qtbot, "image"), shown(qtbot, "fused")
    whole.set_answer(dome.answer(visibility=False), dome.photo())
    whole.set_look(LayerStyle(Look.PHOTO))
    a, b = grabbed(partial), grabbed(whole)
    left = slice(0, a.shape[1] // 2 - 12)
    assert np.abs(a - b)[:-60, left].max() <= 2


def test_a_camera_from_outside_is_obeyed_in_silence(qtbot):
    panel = shown(qtbot)
    before = grabbed(panel)
    with qtbot.assertNotEmitted(panel.camera_moved):
        panel.set_camera(Camera(rotation=turn((0, 1, 0), 40), zoom=1.3, pan=(0.1, 0)))
    assert np.abs(before - grabbed(panel)).max() > 30


def test_a_drag_to_the_right_turns_the_face_to_the_right_and_says_so(qtbot):
    panel = shown(qtbot)
    moves = []
    panel.camera_moved.connect(moves.append)
    before = grabbed(panel)
    qtbot.mousePress(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(150, 150))
    qtbot.mouseMove(panel.view, QPoint(200, 150))
    qtbot.mouseRelease(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    qtbot.waitUntil(lambda: bool(moves))
    assert moves[-1] == panel.view.camera
    assert moves[-1].rotation[2] > 0.05  # about the upward axis: the front goes to the right
    assert np.abs(before - grabbed(panel)).max() > 30


def test_a_click_picks_a_vertex_and_turns_nothing(qtbot):
    panel = shown(qtbot)
    with qtbot.assertNotEmitted(panel.camera_moved), qtbot.waitSignal(panel.vertex_picked) as signal:
        qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=middle(panel.view))
    assert abs(signal.args[0] - dome.SIDE * dome.SIDE // 2) <= dome.SIDE + 1


def test_the_wheel_enlarges_and_double_click_puts_all_back(qtbot):
    panel = shown(qtbot)
    wheel = QWheelEvent(
        QPointF(150, 150),
        QPointF(panel.view.mapToGlobal(QPoint(150, 150))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    with qtbot.waitSignal(panel.camera_moved) as zoomed:
        QApplication.sendEvent(panel.view, wheel)
    assert zoomed.args[0].zoom == pytest.approx(1.15)
    with qtbot.waitSignal(panel.camera_moved) as back:
        qtbot.mouseDClick(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(150, 150))
    assert back.args[0] == Camera()


def test_the_keyboard_turns_too(qtbot):
    panel = shown(qtbot)
    with qtbot.waitSignal(panel.camera_moved) as signal:
        qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    assert signal.args[0].rotation[2] > 0


def test_changing_the_look_uploads_nothing(qtbot):
    panel = shown(qtbot)
    grabbed(panel)
    before = panel.uploads
    pictures = []
    for look in panel.row.looks:
        panel.set_look(LayerStyle(look, wire=True, opacity=0.9))
        pictures.append(grabbed(panel))
    assert panel.uploads == before
    for picture in pictures[1:]:
        assert np.abs(picture - pictures[0]).max() > 10  # and yet each look differs from the first


def test_the_next_answer_of_one_topology_leaves_the_triangles_where_they_are(qtbot):
    panel = shown(qtbot)
    grabbed(panel)
    answer = dome.answer()
    panel.set_answer(answer, dome.photo())
    grabbed(panel)
    before = panel.uploads
    moved = answer.mapped(Space.IMAGE, lambda points: points + 1, np.eye(3))
    panel.set_answer(moved, dome.photo())
    grabbed(panel)
    sent = panel.uploads - before
    assert sent == 6  # places, normals, photo places, states, values, photo; not triangles, chart, maps


def test_one_place_of_the_face_has_one_pncc_colour_in_every_panel(qtbot):
    partial, whole = shown(qtbot, "image"), shown(qtbot, "fused")
    for panel in (partial, whole):
        panel.set_look(LayerStyle(Look.PNCC))
    a, b = grabbed(partial), grabbed(whole)
    for x, y in ((-0.4, 0.3), (-0.2, -0.3)):
        assert near(at(a, x, y), tuple(at(b, x, y)), 3)
    left, right = at(b, -0.4, 0.0), at(b, 0.4, 0.0)
    assert right[0] - left[0] > 60  # red grows to the right of the mean face
    assert at(b, 0.0, 0.4)[1] - at(b, 0.0, -0.4)[1] > 60  # green upwards
    assert "mean face" in whole.legend_text()


def test_without_a_mean_face_there_is_no_pncc_and_it_is_said(qtbot):
    answer = dome.answer()
    panel = shown(qtbot, answer=replace(answer, topology=replace(answer.topology, mean=None)))
    panel.set_look(LayerStyle(Look.PNCC))
    assert "no mean face" in panel.legend_text()


def test_a_flat_look_has_one_shade_per_triangle(qtbot):
    panel = shown(qtbot)
    panel.set_answer(dome.answer(visibility=False), dome.photo())
    shades = {}
    for look in (Look.SHADED, Look.FLAT):
        panel.set_look(LayerStyle(look))
        shades[look] = len(np.unique(grabbed(panel)[:-60].reshape(-1, 3), axis=0))
    assert shades[Look.FLAT] < shades[Look.SHADED] / 2


def test_edges_lie_on_the_edges_and_nowhere_else(qtbot):
    panel = shown(qtbot)
    item = MeshItem()
    panel.view.clear()
    panel.view.addItem(item)
    item.set_surface(quads((0, 0, 0, 0.6, (0, 0))))
    item.set_paint(Paint(fill=Fill.PLAIN, body=(0, 0, 0), edge=(1, 1, 1), edge_opacity=1.0, wire=True))
    picture = grabbed(panel)
    column, row = spot(picture, 0.3, 0.3)
    assert picture[row - 2 : row + 3, column - 2 : column + 3].max() > 100  # the diagonal
    assert at(picture, 0.3, -0.3).max() == 0
    assert at(picture, -0.3, 0.3).max() == 0


def test_drivers_without_geometry_shaders_draw_edges_too(qtbot, monkeypatch):
    monkeypatch.setattr("viewer.gl.mesh_item.has_geometry_shaders", lambda: False)
    test_edges_lie_on_the_edges_and_nowhere_else(qtbot)


def test_triangles_that_point_outside_are_refused_before_the_driver_reads_them(qtbot, caplog):
    panel = shown(qtbot)
    good = quads((0, 0, 0, 0.5, (0, 0)))
    item = MeshItem()
    panel.view.addItem(item)
    with qtbot.waitSignal(panel.failed) as signal:
        item.set_surface(replace(good, triangles=good.triangles + 4))
        panel.view.grabFramebuffer()
    assert "outside" in signal.args[0]


def test_an_empty_surface_is_said_and_not_drawn(qtbot):
    nothing = np.zeros((0, 3), np.float32)
    layer = MeshLayer("visible surface", Space.IMAGE, nothing, nothing.astype(np.int32))
    whole = dome.answer()
    answer = Reconstruction(
        "fake", Space.IMAGE, whole.topology, whole.vertices, (0.0, 0.0, 0.0), layers=(layer,)
    )
    panel = shown(qtbot, "image", answer)
    assert (np.abs(grabbed(panel) - np.array(BACKGROUND)).max(-1) <= 2).all()
    assert "No visible surface" in panel.picture_state()


def test_without_an_answer_there_is_a_sentence_and_no_face(qtbot):
    panel = shown(qtbot)
    panel.set_answer(None)
    assert panel.picture_state() == "No face yet"
    assert (np.abs(grabbed(panel) - np.array(BACKGROUND)).max(-1) <= 2).all()
    panel.set_answer(dome.answer(), dome.photo())
    assert panel.picture_state() == ""


def test_a_branch_left_out_is_said(qtbot):
    panel = shown(qtbot, "model", dome.answer(layers=False))
    assert "switched off" in panel.picture_state()


def test_a_paint_error_is_told_and_the_next_good_frame_clears_it(qtbot, caplog):
    panel = shown(qtbot)
    good = quads((0, 0, 0, 0.5, (0, 0)))
    broken = Surface(good.positions, good.normals[:1].repeat(3, 0), good.triangles, *([good.uv] * 4))
    item = MeshItem()
    panel.view.addItem(item)
    with qtbot.waitSignal(panel.failed) as signal:
        item.set_surface(broken)
        panel.view.grabFramebuffer()
    assert "ValueError" in signal.args[0]
    assert "drawing failed" in caplog.text
    item.set_surface(good)
    assert not near(at(grabbed(panel), 0.3, 0.3), BACKGROUND, 2)


def test_two_panels_share_a_window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    layout = QHBoxLayout(window)
    panels = [Panel(row) for row in PANELS if row.looks]
    for panel in panels:
        layout.addWidget(panel)
        panel.set_answer(dome.answer(), dome.photo())
        panel.set_look(LayerStyle(Look.UV))
    window.resize(900, 340)
    window.show()
    qtbot.waitExposed(window)
    for panel in panels:
        assert not near(at(grabbed(panel), -0.3, 0.2), BACKGROUND, 8)


def test_a_panel_that_floats_and_comes_back_still_draws(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    layout = QHBoxLayout(window)
    panel, other = Panel(panel_row("fused")), Panel(panel_row("model"))
    for each in (panel, other):
        layout.addWidget(each)
        each.set_answer(dome.answer(), dome.photo())
        each.set_look(LayerStyle(Look.UV))
    window.resize(640, 340)
    window.show()
    qtbot.waitExposed(window)
    first = at(grabbed(panel), 0.2, 0.2)
    panel.setParent(None)
    panel.show()
    qtbot.waitExposed(panel)
    assert near(at(grabbed(panel), 0.2, 0.2), tuple(first), 20)
    layout.addWidget(panel)
    panel.show()
    assert near(at(grabbed(panel), 0.2, 0.2), tuple(first), 20)
    assert not near(at(grabbed(other), 0.2, 0.2), BACKGROUND, 8)


def test_once_it_rests_the_picture_is_smoother_and_otherwise_the_same(qtbot):
    panel = shown(qtbot)
    panel.set_look(LayerStyle(Look.NORMALS))
    rough = grabbed(panel)
    qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
    smooth = grabbed(panel)
    assert len(np.unique(smooth.reshape(-1, 3), axis=0)) > len(np.unique(rough.reshape(-1, 3), axis=0))
    assert np.abs(smooth - rough).mean() < 3


def test_first_drawings_of_one_window_come_to_the_screen_one_after_the_other(qtbot):
    turns = Turns()
    panels = [Panel(panel_row(name), turns=turns) for name in ("fused", "seen", "followed")]
    window = QWidget()
    qtbot.addWidget(window)
    layout = QHBoxLayout(window)
    for panel in panels:
        layout.addWidget(panel)
    window.show()
    qtbot.waitUntil(lambda: all(panel.view.paints for panel in panels))
    novices: list[int] = []
    watch = QTimer(interval=0)
    watch.timeout.connect(lambda: novices.append(sum(panel.view._is_novice() for panel in panels)))
    for panel in panels:
        panel.set_answer(dome.answer(), dome.photo())
    watch.start()
    qtbot.waitUntil(lambda: not any(panel.view._is_novice() for panel in panels))
    watch.stop()
    assert {2, 1} <= set(novices)
    for panel in panels:
        assert not near(at(grabbed(panel), 0.2, 0.2), BACKGROUND, 8), panel.row.name


@pytest.fixture
def slow_driver(monkeypatch):
    """Says that it is still drawing until it is let go; how often it was asked."""
    asked = []

    def still_at_it(*_args):
        asked.append(True)
        return sharp_picture.GL.GL_TIMEOUT_EXPIRED

    with monkeypatch.context() as patched:
        patched.setattr(sharp_picture.GL, "glClientWaitSync", still_at_it)
        yield asked, patched.undo


def test_while_the_driver_draws_the_smooth_picture_the_plain_one_stays_and_nobody_waits(qtbot, slow_driver):
    asked, let_go = slow_driver
    panel = shown(qtbot)
    rough = grabbed(panel)
    qtbot.waitUntil(lambda: len(asked) > 2)
    assert not panel.view.is_sharp
    assert (grabbed(panel) == rough).all()
    let_go()
    qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
    assert (grabbed(panel) != rough).any()


def test_a_smooth_picture_of_what_has_changed_meanwhile_is_never_shown(qtbot, slow_driver):
    asked, let_go = slow_driver
    panel = shown(qtbot)
    qtbot.waitUntil(lambda: len(asked) > 2)
    panel.set_look(LayerStyle(Look.NORMALS))
    let_go()
    rough = grabbed(panel)
    qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
    assert np.abs(grabbed(panel) - rough).mean() < 3


def test_at_rest_the_smooth_picture_is_kept_and_no_surface_drawn_again(qtbot, monkeypatch):
    panel = shown(qtbot)
    qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
    smooth = grabbed(panel)
    monkeypatch.setattr(MeshItem, "paint", lambda _item: pytest.fail("drawn again"))
    assert (grabbed(panel) == smooth).all()
    panel.hide()
    panel.show()
    assert (grabbed(panel) == smooth).all()


def test_a_panel_that_came_to_rest_out_of_sight_gets_smooth_once_it_is_seen(qtbot):
    panel = shown(qtbot)
    qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
    panel.hide()
    panel.set_look(LayerStyle(Look.NORMALS))
    qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
    panel.show()
    rough = grabbed(panel)
    qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
    smooth = grabbed(panel)
    assert len(np.unique(smooth.reshape(-1, 3), axis=0)) > len(np.unique(rough.reshape(-1, 3), axis=0))


def test_until_it_is_given_its_answer_a_panel_shows_and_says_nothing(qtbot):
    panel = shown(qtbot)
    panel.await_answer()
    assert near(at(grabbed(panel), 0.2, 0.2), BACKGROUND, 8)
    assert not any(message.isVisible() for message in panel.findChildren(Message))
    panel.set_answer(dome.answer(), dome.photo())
    assert not near(at(grabbed(panel), 0.2, 0.2), BACKGROUND, 8)


def test_panels_that_show_one_surface_share_it_and_another_photo_is_not_taken_for_it(qtbot):
    answer, photo = dome.answer(), dome.photo()
    seen, followed, chart = panel_row("seen"), panel_row("followed"), panel_row("uv")
    one = drawn(seen, answer, photo, None, True)
    assert drawn(followed, answer, photo, None, True) is one
    assert drawn(chart, answer, photo, None, True) is not one
    assert drawn(seen, answer, photo, None, False) is not one
    assert drawn(seen, answer, photo.copy(), None, True) is not one
    assert drawn(seen, replace(answer), photo, None, True) is not one


def test_an_empty_panel_is_not_drawn_twice_as_fine(qtbot):
    panel = shown(qtbot)
    for answer, finer in ((dome.answer(), 2), (None, 1)):
        panel.set_answer(answer, None if answer is None else dome.photo())
        qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
        grabbed(panel)
        assert panel.view.pixel_scale == finer * panel.view.devicePixelRatioF()


def test_of_many_sizes_only_the_last_is_drawn(qtbot):
    panel = shown(qtbot)
    panel.grab()
    before = panel.view.paints
    for width in range(300, 360, 10):
        panel.resize(width, 300)
    assert panel.view.paints == before
    assert not near(at(grabbed(panel), -0.3, 0.2), BACKGROUND, 8)


def test_views_of_one_window_get_smooth_one_after_the_other(qtbot):
    turns = Turns()
    views = [FaceView(turns=turns) for _ in range(3)]
    for view in views:
        qtbot.addWidget(view)
        view.resize(200, 200)
        view.show()
        qtbot.waitExposed(view)
    seen: list[int] = []
    watch = QTimer(interval=0)
    watch.timeout.connect(lambda: seen.append(sum(view.is_sharp for view in views)))
    watch.start()
    for view in views:
        view.update()
    qtbot.waitUntil(lambda: all(view.is_sharp for view in views), timeout=5000)
    assert {1, 2} <= set(seen)


def test_the_light_theme_is_light(qtbot):
    panel = shown(qtbot)
    panel.set_theme(dark=False)
    assert near(at(grabbed(panel), -0.95, 0.95), QColor(LIGHT.view).getRgb()[:3], 2)


def test_every_look_says_what_its_colours_mean(qtbot):
    panel = shown(qtbot)
    meanings = {}
    for look in panel.row.looks:
        panel.set_look(LayerStyle(look))
        meanings[look] = panel.legend_text()
    assert meanings[Look.DISAGREEMENT] == "disagreement (mm), 0.0 to 4.0"
    assert meanings[Look.DEPTH] == "nearness (mm), -10 to 10"
    assert meanings[Look.SHADED] == meanings[Look.VISIBILITY] == "seen, turned away, covered"
    assert meanings[Look.P_SEEN] == "P(seen), 0.00 to 1.00"


def test_a_stale_panel_is_dimmed_and_says_so(qtbot):
    panel = shown(qtbot)
    panel.set_look(LayerStyle(Look.NORMALS))

    def contrast():
        picture = pixels(panel.grab().toImage())[100:250, 60:240]
        return np.abs(picture - np.array(BACKGROUND)).max(-1).mean()

    before = contrast()
    panel.set_stale(True)
    assert contrast() < 0.6 * before
    assert panel.findChild(Veil).isVisible()
    panel.set_stale(False)
    assert contrast() == pytest.approx(before, rel=0.01)


def test_the_renderer_is_named(qtbot):
    panel = Panel(panel_row("fused"))
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.driver_found) as signal:
        panel.show()
    assert signal.args[0]


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_a_vertex_clicked_in_any_panel_is_the_one_picked_and_marked_at_any_scale_of_the_screen(ratio):
    environment = {
        **os.environ,
        "QT_SCALE_FACTOR": str(ratio),
        "QT_QPA_PLATFORM": QGuiApplication.platformName(),
    }
    command = [sys.executable, "-m", "tests.viewer.gl_fixtures.click_every_panel"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["fused", "model", "uv"]
    for name, clicked, picked, off, had in lines:
        assert picked == clicked, name
        assert float(off) < 1, name
        assert float(had) == ratio


def test_the_chart_lies_upright_and_a_drag_shifts_it_instead_of_turning_it(qtbot):
    panel = shown(qtbot, "uv")
    panel.set_look(LayerStyle(Look.UV))
    panel.set_answer(dome.answer(layers=False), dome.photo())
    picture = grabbed(panel)
    left, right = at(picture, -0.7, 0.1), at(picture, 0.7, 0.1)
    upper, lower = at(picture, 0.1, 0.7), at(picture, 0.1, -0.7)
    assert right[0] > left[0] + 60, "red grows with u, to the right"
    assert upper[1] > lower[1] + 60, "green falls with v, downwards"
    with qtbot.waitSignal(panel.camera_moved) as signal:
        qtbot.mousePress(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(150, 150))
        qtbot.mouseMove(panel.view, QPoint(190, 150))
        qtbot.mouseRelease(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(190, 150))
    assert signal.args[0].rotation == Camera().rotation
    assert signal.args[0].pan[0] > 0


def test_visible_pixels_are_dots_where_they_fell_on_the_chart(qtbot):
    panel = shown(qtbot, "uv")
    panel.set_look(LayerStyle(Look.SHADED))
    without = dome.answer(layers=False)
    dotted = grabbed(panel)
    panel.set_answer(without, dome.photo())
    change = np.abs(dotted - grabbed(panel)).max(-1) > 30
    columns = np.nonzero(change[:220])[1]  # the legend lies below
    assert len(columns) > 100
    assert columns.min() == pytest.approx(spot(dotted, -CHART_SIZE, 0)[0], abs=3)
    whole = {row.uv.shape[0] for row in dome.answer().layers if getattr(row, "uv", None) is not None}
    assert whole == {dome.SIDE**2}, "the dome's visible surface has all its vertices"


def test_who_was_followed_is_told_in_words_and_what_is_undefined_is_counted(qtbot):
    panel = shown(qtbot, "followed")
    unknown = 3 * dome.SIDE  # rows of the dome with v < 0.1: 0, 0.05 and what rounds below
    count = int(np.isnan(dome.answer().scalar("followed").values).sum())
    assert 0 < count <= unknown
    text = panel.legend_text()
    assert "branch followed, model to image" in text
    assert f"grey: neither, or both agree ({100 * count / dome.SIDE**2:.0f} %)" in text
    assert "patterned: not seen" in text
    picture = grabbed(panel)
    grey = at(picture, 0.3, 0.69)
    assert np.ptp(grey) < 25, "what is undefined has no colour"
    assert np.ptp(at(picture, 0.4, 0.0)) > 40


def test_a_range_the_user_chooses_recolours_the_surface_and_stands_in_the_legend(qtbot):
    panel = shown(qtbot)
    chosen = []
    panel.style_chosen.connect(lambda style: (chosen.append(style), panel.set_look(style)))
    panel.set_look(LayerStyle(Look.DEPTH))
    before, words, uploads = grabbed(panel), panel.legend_text(), panel.uploads
    panel.strip.range_asked.emit()
    dialog = panel.findChild(RangeDialog)
    clip, own = dialog.findChildren(QPushButton)
    clip.click()
    low, high = dialog.span()
    assert chosen[-1].span == (low, high)
    share = next(box for box in dialog.findChildren(QDoubleSpinBox) if "left out" in box.accessibleName())
    share.setValue(20.0)
    clip.click()
    assert low < chosen[-1].span[0] < chosen[-1].span[1] < high
    low, high = dialog.span()
    assert f"{low:.1f} to {high:.1f}" in panel.legend_text()
    assert panel.legend_text() != words
    assert np.abs(grabbed(panel) - before).max() > 20
    assert panel.uploads == uploads
    own.click()
    assert chosen[-1].span is None
    assert np.array_equal(grabbed(panel), before)
    dialog.close()


def test_the_range_of_a_and_b_in_one_view_is_chosen_from_the_numbers_of_both(qtbot):
    panel = wipe_panel(qtbot)
    chosen = []
    panel.style_chosen.connect(lambda style: (chosen.append(style), panel.set_look(style)))
    panel.set_look(LayerStyle(Look.DEPTH))
    before, words = grabbed(panel), panel.legend_text()
    panel.strip.range_asked.emit()
    dialog = panel.findChild(RangeDialog)
    dialog.findChildren(QPushButton)[0].click()
    assert chosen[-1].span == dialog.span()
    assert panel.legend_text() != words
    assert np.abs(grabbed(panel) - before).max() > 20
    dialog.close()


def test_the_legend_of_a_number_has_its_histogram_within_the_range(qtbot):
    scale = Scale("depth", 0.0, 3.0, "mm", "viridis", 0)
    counts = counts_of(np.array([-5, 0.01, 1.51, 1.52, 9, np.nan], np.float32), scale)
    assert len(counts) == BINS
    assert sum(counts) == 5, "what lies beyond counts at its end, what is unknown not at all"
    assert (counts[0], counts[BINS // 2], counts[-1]) == (2, 2, 1)
    assert counts_of(np.full(3, np.nan, np.float32), scale) == ()
    heights = []
    for some in ((), counts):
        parent = QWidget()
        qtbot.addWidget(parent)
        legend = Legend(parent)
        legend.set_content(ColourBar("depth", 0, 3, "mm", "viridis", counts=some))
        heights.append(legend.sizeHint().height())
    assert heights[1] > heights[0] + 20
    panel = shown(qtbot)
    panel.set_look(LayerStyle(Look.DEPTH))
    drawn_counts = panel._legend._bar.counts
    assert sum(drawn_counts) == dome.SIDE**2


@pytest.mark.parametrize(("landmark", "side"), [(5, -1), (62, 1)], ids=["above", "below"])
def test_a_true_landmark_lies_where_it_is_and_goes_again(qtbot, landmark, side):
    panel = shown(qtbot)
    bare = grabbed(panel)
    panel.set_truth(dome.answer().landmarks[landmark : landmark + 1], None)
    marked = (np.abs(grabbed(panel) - np.array(QColor(DARK.truth).getRgb()[:3])) < 40).all(-1)
    height, width = marked.shape
    row, column = np.argwhere(marked).mean(0)
    assert marked.sum() > 8
    assert np.sign(row - height / 2) == side
    assert abs(column - width / 2) < width / 2
    panel.set_truth(None, None)
    assert np.array_equal(grabbed(panel), bare)


def test_a_part_of_a_face_shows_what_is_true_of_that_part_only(qtbot):
    panel = shown(qtbot, "image")
    truth = dome.answer().landmarks
    on_it = (truth[:, 0] < dome.LEFT + 0.45 * dome.SIZE).nonzero()[0]
    panel.set_truth(truth[on_it[:3]], None)
    assert "ground truth" in panel.legend_text()
    part = replace(dome.answer(), layers=tuple(part_of(layer) for layer in dome.answer().layers))
    panel.set_answer(part, dome.photo())
    away = (truth[:, 0] > dome.LEFT + 0.7 * dome.SIZE).nonzero()[0]
    panel.set_truth(truth[away], None)
    assert "ground truth" not in panel.legend_text(), "nothing true floats beside the surface"
    panel.set_truth(truth, None)
    assert "ground truth" in panel.legend_text()


def part_of(layer):
    """The dome's visible surface without the vertices that no triangle of it has."""
    if layer.name != "visible surface":
        return layer
    kept, triangles = np.unique(layer.triangles, return_inverse=True)
    triangles = triangles.reshape(-1, 3).astype(np.int32)
    return MeshLayer(layer.name, layer.space, frozen(layer.vertices[kept]), triangles, frozen(layer.uv[kept]))


def wipe_panel(qtbot):
    panel = WipePanel(panel_row("wipe"))
    qtbot.addWidget(panel)
    panel.resize(300, 346)
    panel.show()
    qtbot.waitExposed(panel)
    answer = dome.answer()
    other = replace(answer, vertices=frozen(answer.vertices * (1, 1, 0.3) + (6, 9, 0)))
    shown = Shown(Frame(dome.photo(), "dome"), (), (answer,), others={USUAL: (other,)})
    panel.set_pair(compared(shown, 0, Side(setting=USUAL), Side()), ("flat", "round"))
    panel.set_look(LayerStyle(Look.NORMALS))
    return panel


@pytest.mark.parametrize("sharp", [False, True])
def test_half_a_wipe_is_half_of_a_and_half_of_b_pixel_by_pixel(qtbot, sharp):
    panel = wipe_panel(qtbot)
    pictures = {}
    for share in (1.0, 0.0, 0.5):
        panel.set_share(share)
        if sharp:
            qtbot.waitUntil(lambda: panel.view.is_sharp, timeout=5000)
        pictures[share] = grabbed(panel)
    assert (pictures[1.0] != pictures[0.0]).any(-1).mean() > 0.2
    assert (pictures[0.5][:, :150] == pictures[1.0][:, :150]).all()
    assert (pictures[0.5][:, 150:] == pictures[0.0][:, 150:]).all()


def test_the_line_is_dragged_and_the_face_below_it_does_not_turn(qtbot):
    panel = wipe_panel(qtbot)
    line = panel.findChild(WipeLine)
    with qtbot.assertNotEmitted(panel.camera_moved), qtbot.waitSignal(panel.wiped) as signal:
        qtbot.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(8, 40))
        qtbot.mouseMove(line, QPoint(8 + 45, 40))
        qtbot.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(8 + 45, 40))
    assert signal.args[0] == pytest.approx(0.65, abs=0.01)
    panel.set_share(0.65)
    assert line.geometry().center().x() == pytest.approx(195, abs=1)
    with qtbot.waitSignal(panel.wiped) as signal:
        qtbot.keyClick(line, Qt.Key.Key_Left)
    assert signal.args[0] == pytest.approx(0.63)
    panel.set_share(0.0)
    assert not line.isVisible()


def test_a_click_on_either_side_of_the_line_picks_a_vertex_of_that_side(qtbot):
    panel = wipe_panel(qtbot)
    with qtbot.waitSignal(panel.vertex_picked) as signal:
        qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(100, 150))
    left = signal.args[1]
    panel.set_share(0.0)
    with qtbot.waitSignal(panel.vertex_picked) as signal:
        qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(100, 150))
    assert left != signal.args[1], "A was moved by 6 px to the right and 9 px down"


def test_a_pair_with_one_side_missing_shows_the_other_and_says_why(qtbot):
    panel = wipe_panel(qtbot)
    answer = dome.answer()
    shown = Shown(Frame(dome.photo(), "dome"), (), (answer,))
    panel.set_pair(compared(shown, 0, Side("image space"), Side()), ("image space", "fused"))
    assert "image-space branch" in panel.strip.subtitle()
    assert panel.picture_state() == ""
    panel.set_share(0.0)
    assert not near(at(grabbed(panel), 0.2, 0.2), BACKGROUND, 8)
    panel.set_share(1.0)
    assert near(at(grabbed(panel), 0.2, 0.2), BACKGROUND, 2)
    panel.set_pair(compared(None, 0, Side(), Side()), ("fused", "fused"))
    assert "no face yet" in panel.picture_state()


def frontal():
    """A frontal face 200 px high in a red photo, seen everywhere; its landmarks."""
    topology = load_face_model().topology
    vertices = topology.mean * np.float32([1, -1, 1]) + np.float32([150, 150, 0])
    one, none = np.ones(len(vertices), np.float32), np.zeros(len(vertices), np.float32)
    scalars = tuple(
        Scalar(name, values, 0, 1) for name, values in zip(STATE_SCALARS, (one, none, none), strict=True)
    )
    answer = Reconstruction("stub", Space.IMAGE, topology, vertices, (0.0, 0.0, 0.0), scalars=scalars)
    photo = np.full((300, 300, 3), dome.RED, np.uint8)
    return answer, photo


def place(panel, point):
    """Where a point of the photo is drawn, as for `at`."""
    return panel._framing.world(np.asarray(point, np.float32)[None], Space.IMAGE)[0, :2]


def eye_and_ear(answer):
    """Points of the photo: in an eye beside the pupil, and on an ear, beside the face."""
    eye = answer.landmarks[[36, 37, 41]].mean(0)
    return eye, (150 + 79, eye[1] + 8, 0)


def test_a_head_fills_eyes_and_stands_around_the_face_until_it_is_switched_off(qtbot):
    answer, photo = frontal()
    panel = shown(qtbot, answer=None)
    panel.set_look(LayerStyle(Look.SHADED))
    panel.set_answer(answer, photo)
    eye, ear = (place(panel, point) for point in eye_and_ear(answer))
    without = grabbed(panel)
    assert near(at(without, *ear), BACKGROUND, 2)
    assert near(at(without, *eye), BACKGROUND, 2)
    panel.set_head(True)
    around = grabbed(panel)
    assert not near(at(around, *ear), BACKGROUND, 30)
    assert not near(at(around, *eye), BACKGROUND, 30)
    panel.set_head(False)
    assert np.abs(grabbed(panel) - without).max() <= 1


def test_two_faces_along_a_line_have_a_head_each_until_it_is_switched_off(qtbot):
    answer, photo = frontal()
    panel = wipe_panel(qtbot)
    panel.set_look(LayerStyle(Look.SHADED))
    turned = replace(answer, vertices=frozen(answer.vertices * (1, 1, 0.9)))
    both = Shown(Frame(photo, "both"), (), (answer,), others={USUAL: (turned,)})
    panel.set_pair(compared(both, 0, Side(), Side(setting=USUAL)), ("one", "other"))
    framing = Framing.of(turned.vertices)
    eye, ear = (
        framing.world(np.asarray(point, np.float32)[None], Space.IMAGE)[0, :2]
        for point in eye_and_ear(answer)
    )
    beside = [(side * x, y) for x, y in (eye, ear) for side in (1, -1)]
    without = grabbed(panel)
    assert all(near(at(without, *place), BACKGROUND, 2) for place in beside)
    assert "head" not in panel.legend_text()
    panel.set_head(True)
    around = grabbed(panel)
    assert not any(near(at(around, *place), BACKGROUND, 20) for place in beside)
    assert "head: not predicted" in panel.legend_text()
    panel.set_share(1.0)  # B and its head give way to A's, which are alike
    assert np.abs(grabbed(panel) - around).mean() < 4
    panel.set_head(False)
    assert near(at(grabbed(panel), *beside[3]), BACKGROUND, 2)


def test_the_legend_says_that_a_head_was_not_predicted_while_there_is_one(qtbot):
    panel = shown(qtbot, answer=None)
    panel.set_answer(*frontal())
    for look in (Look.SHADED, Look.PHOTO, Look.VISIBILITY):
        panel.set_look(LayerStyle(look))
        panel.set_head(True)
        assert "head: not predicted" in panel.legend_text()
        panel.set_head(False)
        assert "head" not in panel.legend_text()


def test_eyes_that_were_seen_carry_the_photo_and_the_ears_never(qtbot):
    answer, photo = frontal()
    panel = shown(qtbot, answer=None)
    panel.set_look(LayerStyle(Look.PHOTO))
    panel.set_answer(answer, photo)
    panel.set_head(True)
    eye, ear = (place(panel, point) for point in eye_and_ear(answer))
    picture = grabbed(panel)
    assert near(at(picture, *eye), dome.RED)
    assert not near(at(picture, *ear), dome.RED, 60)
    assert not near(at(picture, *ear), BACKGROUND, 30)


def test_without_a_head_the_face_ends_in_a_line_within_its_last_triangles(qtbot):
    answer, photo = frontal()
    panel = shown(qtbot)
    outermost = np.flatnonzero(load_whole_head().face_shade[:, 1] == 0)
    panel.set_answer(answer, photo)
    top = outermost[answer.vertices[outermost, 1].argmin()]
    edge = place(panel, answer.vertices[top] + np.float32([0, 1, 0]))
    panel.set_look(LayerStyle(Look.SHADED))
    assert near(at(grabbed(panel), *edge), BACKGROUND, 8)
    panel.set_look(LayerStyle(Look.FLAT))
    assert not near(at(grabbed(panel), *edge), BACKGROUND, 8)


def test_a_mesh_of_another_kind_has_no_head(qtbot):
    panel = shown(qtbot)
    panel.set_answer(dome.answer(), dome.photo())
    plain = grabbed(panel)
    panel.set_head(True)
    assert np.abs(grabbed(panel) - plain).max() <= 1
    assert "head" not in panel.legend_text()


def test_a_face_of_two_thousand_px_keeps_every_pixel_of_its_photo():
    answer, _ = frontal()
    large = answer.mapped(Space.IMAGE, lambda points: points * 10, np.diag([10.0, 10.0, 1.0]))
    photo = np.random.default_rng(0).integers(0, 255, (3000, 3000, 3), np.uint8)
    piece, (x0, y0, width, height) = photo_piece(photo, large.vertices)
    assert piece.shape[:2] == (height, width)
    assert (piece == photo[int(y0) : int(y0 + height), int(x0) : int(x0 + width)]).all()


def test_a_stale_wipe_is_dimmed_below_its_line(qtbot):
    panel = wipe_panel(qtbot)
    veil = panel.findChild(Veil)
    panel.set_stale(True)
    assert veil.isVisible()
    assert veil.size() == panel.view.size()
    children = panel.view.children()
    assert children.index(panel.findChild(WipeLine)) > children.index(veil), "the line can still be dragged"
    panel.set_stale(False)
    assert not veil.isVisible()


@pytest.mark.parametrize("make", [WipePanel, PhotoWipePanel])
def test_the_line_crosses_out_no_word_of_the_legend(qtbot, make):
    panel = make(panel_row("wipe" if make is WipePanel else "photo-wipe"))
    qtbot.addWidget(panel)
    panel.resize(400, 440)
    panel.show()
    qtbot.waitExposed(panel)
    for stale in (False, True, False):
        panel.set_stale(stale)
        panel.resize(panel.width() + 10, 440)
    over = panel.findChild(WipeLine).parentWidget().children()
    assert over.index(panel.findChild(Legend)) > over.index(panel.findChild(WipeLine))


def test_the_look_button_names_the_look_also_where_there_is_no_other(qtbot):
    for name, text in (("apart", "Disagreement ▾"), ("fused", "Photo ▾")):
        panel = shown(qtbot, name)
        panel.set_look(panel.row.style)
        assert panel.strip.findChild(QToolButton, "lookButton").text() == text
