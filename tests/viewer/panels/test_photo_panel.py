"""The photo panel: where image pixels come to lie, and what lies over them (tier 2: no OpenGL)."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from models.metrics.ground_truth_errors import judged
from models.metrics.states import landmark_states
from models.reconstruction import State, frozen
from models.reconstructor import Face
from tests.viewer.gl_fixtures import dome
from tests.viewer.gl_fixtures.screen import near, pixels
from viewer.gl.colour_maps import COLOUR_MAPS, colour_map, coloured
from viewer.panels import overlays as over
from viewer.panels.colours import DARK
from viewer.panels.legend import ColourBar, Legend, Swatch
from viewer.panels.marks import paint_boxes
from viewer.panels.photo_panel import PhotoPanel
from viewer.panels.photo_view import PhotoView
from viewer.panels.viewport import Viewport
from viewer.sources.source import Frame
from viewer.state.layout import panel_row
from viewer.state.shown import FoundBy, Search, Shown
from viewer.state.style import OVERLAYS


def view_of(qtbot, image, size):
    view = PhotoView()
    qtbot.addWidget(view)
    view.resize(*size)
    view.set_photo(image)
    return view


def painted(widget, ratio=1.0):
    """The widget as a screen with `ratio` device px per logical px shows it."""
    picture = QImage(
        round(widget.width() * ratio), round(widget.height() * ratio), QImage.Format.Format_RGB32
    )
    picture.setDevicePixelRatio(ratio)
    widget.render(picture, QPoint())
    return pixels(picture)


def shown(answer=None):
    answer = dome.answer() if answer is None else answer
    return Shown(Frame(dome.photo(), "dome"), (Face(answer.box),), (answer,))


def panel_of(qtbot, overlays=frozenset(), answer=None):
    panel = PhotoPanel(panel_row("photo"))
    qtbot.addWidget(panel)
    panel.resize(400, 356)
    panel.grab()  # lays it out
    panel.set_shown(shown(answer))
    panel.set_overlays(frozenset(overlays))
    return panel


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize(("x", "y"), [(0, 0), (199, 0), (0, 159), (199, 159), (57, 101)])
def test_one_odd_pixel_lies_where_the_geometry_says(qtbot, ratio, x, y):
    image = np.zeros((160, 200, 3), np.uint8)
    image[y, x] = 255
    view = view_of(qtbot, image, (600, 560))
    at = view.to_widget(QPointF(x, y))
    rows, columns = np.nonzero(painted(view, ratio).min(-1) > 200)
    assert columns.mean() + 0.5 == pytest.approx(at.x() * ratio, abs=1)
    assert rows.mean() + 0.5 == pytest.approx(at.y() * ratio, abs=1)


def test_image_to_widget_and_back_is_where_one_was(qtbot):
    view = view_of(qtbot, dome.photo(), (333, 222))
    back = view.to_image(view.to_widget(QPointF(12.25, 101.5)))
    assert (back.x(), back.y()) == pytest.approx((12.25, 101.5))


def test_a_photo_fits_whole_and_centred_whatever_the_window_does(qtbot):
    view = view_of(qtbot, dome.photo(), (400, 400))
    for size in ((400, 400), (250, 700), (900, 130)):
        view.resize(*size)
        first, last = view.to_widget(QPointF(-0.5, -0.5)), view.to_widget(QPointF(199.5, 159.5))
        assert first.x() >= -1e-9
        assert first.y() >= -1e-9
        assert first.x() + last.x() == pytest.approx(size[0])
        assert first.y() + last.y() == pytest.approx(size[1])


def test_a_click_tells_the_image_pixel_under_it(qtbot):
    view = view_of(qtbot, dome.photo(), (400, 320))
    view.show()
    with qtbot.waitSignal(view.picked) as signal:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    assert signal.args == pytest.approx([49.5, 29.5])


def test_a_drag_shifts_the_photo_and_is_no_click(qtbot):
    view = view_of(qtbot, dome.photo(), (400, 320))
    view.show()
    before = view.to_image(QPointF(100, 60))
    with qtbot.assertNotEmitted(view.picked):
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
        qtbot.mouseMove(view, QPoint(140, 80))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(140, 80))
    after = view.to_image(QPointF(140, 80))
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_the_next_frame_of_a_video_stays_where_the_user_put_it(qtbot):
    view = view_of(qtbot, dome.photo(), (400, 320))
    view.show()
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    kept = view.scale
    view.set_photo(dome.photo()[::-1])
    assert view.scale == kept
    view.set_photo(np.zeros((50, 60, 3), np.uint8))
    assert view.scale == pytest.approx(min(400 / 60, 320 / 50))


def test_a_box_can_be_drawn_in_image_pixels_within_the_photo(qtbot):
    view = view_of(qtbot, dome.photo(), (400, 320))
    view.show()
    view.set_drawing_box(True)
    with qtbot.assertNotEmitted(view.picked), qtbot.waitSignal(view.box_drawn) as signal:
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
        qtbot.mouseMove(view, QPoint(150, 100))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(100, -40))
    assert signal.args[0] == pytest.approx((49.5, 0.0, 149.5, 99.5))


def test_a_slip_of_the_hand_is_no_box(qtbot):
    view = view_of(qtbot, dome.photo(), (400, 320))
    view.show()
    view.set_drawing_box(True)
    with qtbot.assertNotEmitted(view.box_drawn):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("name", ["mask", "uv", "confidence", "depth"])
def test_a_map_covers_the_pixels_the_network_saw_and_no_others(qtbot, name, ratio):
    panel = panel_of(qtbot)
    bare = painted(panel.view, ratio)
    panel.set_overlays(frozenset({name}))
    panel.findChild(Legend).hide()
    change = np.abs(painted(panel.view, ratio) - bare).max(-1) > 4
    rows, columns = np.nonzero(change)
    first = panel.view.to_widget(QPointF(dome.LEFT - 0.5, dome.TOP - 0.5))
    last = panel.view.to_widget(QPointF(dome.LEFT + 48 - 0.5, 0))
    cell = panel.view.scale * 4  # the border of a smoothly drawn map fades over a cell
    assert columns.min() / ratio == pytest.approx(first.x(), abs=cell)
    assert rows.min() / ratio == pytest.approx(first.y(), abs=cell)
    assert columns.max() / ratio == pytest.approx(last.x(), abs=cell)


def test_each_overlay_draws_something_and_is_gone_again(qtbot):
    panel = panel_of(qtbot)
    panel.set_truth(judged(dome.answer(), dome.truth()), None)
    bare = painted(panel.view)
    for name in OVERLAYS:
        panel.set_overlays(frozenset({name}))
        assert np.abs(painted(panel.view) - bare).max() > 20, name
    panel.set_overlays(frozenset())
    assert np.array_equal(painted(panel.view), bare)


def test_each_landmark_has_the_mark_of_its_state(qtbot):
    answer = dome.answer()
    panel = panel_of(qtbot, {"landmarks"}, answer)
    picture = painted(panel.view, 2.0)
    colour = tuple(int("7fe7ff"[i : i + 2], 16) for i in (0, 2, 4))

    def is_painted(x, y, right):
        at = panel.view.to_widget(QPointF(float(x), float(y))) * 2 + QPointF(2 * right, 0)
        row, column = min(int(at.y()), picture.shape[0] - 1), min(int(at.x()), picture.shape[1] - 1)
        return near(picture[row, column], colour, 60)

    centre = np.array([is_painted(x, y, 0) for x, y, _ in answer.landmarks])
    beside = np.array([is_painted(x, y, 1.3) for x, y, _ in answer.landmarks])
    states = landmark_states(answer)
    assert set(states) == set(State)
    for state, marks in ((State.SEEN, (1, 1)), (State.TURNED_AWAY, (0, 0)), (State.COVERED, (1, 0))):
        there = states == state
        assert abs(centre[there].mean() - marks[0]) < 0.25, state.name
        assert abs(beside[there].mean() - marks[1]) < 0.35, state.name
    assert panel.legend_text() == "seen, turned away, covered"


def test_the_mask_over_the_photo_ends_smoothly_between_two_cells(qtbot):
    answer = dome.answer()
    mask = np.zeros((25, 25), np.float32)
    mask[:, :12], mask[:, 12] = 1, 0.4  # passes one half five sixths of a cell before column 12
    layers = [layer for layer in answer.layers if layer.name != "visible mask"]
    soft = replace(answer.layer("visible mask"), values=frozen(mask))
    panel = panel_of(qtbot, set(), replace(answer, layers=(*layers, soft)))
    bare = painted(panel.view, 2.0)
    panel.set_overlays(frozenset({"mask"}))
    change = np.abs(painted(panel.view, 2.0) - bare).max(-1)
    x, y, _ = soft.T_image_map @ (11 + 5 / 6, 12, 1)
    rim = panel.view.to_widget(QPointF(x, y)) * 2
    row = change[int(rim.y())] > 0.5 * change[int(rim.y())].max()
    assert np.flatnonzero(row).max() == pytest.approx(rim.x(), abs=2)


def test_a_legend_wider_than_its_panel_breaks_into_rows(qtbot):
    view = QWidget()
    qtbot.addWidget(view)
    legend = Legend(view)
    names = ("seen", "turned away", "covered", "pixels of face")
    legend.set_content(None, tuple(Swatch(name, "#808080") for name in names))
    legend.stand(900, 600)
    one_row = legend.size()
    legend.stand(180, 600)
    assert legend.width() <= 160
    assert legend.height() > 1.5 * one_row.height()
    bar = ColourBar("followed", 0, 1, "", "viridis", ("model space", "image space"), "a note " * 12)
    legend.set_content(bar)
    legend.stand(260, 600)
    assert legend.width() <= 240
    assert legend.geometry().bottom() < 600


def test_words_too_long_for_a_legend_go_on_in_the_next_row_and_stand_under_a_bar(qtbot):
    view = QWidget()
    qtbot.addWidget(view)
    legend = Legend(view)
    legend.set_content(
        ColourBar("error", 0, 1, "px", "magma"), (Swatch("cannot tell seen from guessed", "#808080"),)
    )
    legend.stand(900, 600)
    wide = legend.size()
    legend.stand(200, 600)
    assert legend.width() <= 180
    assert legend.height() > wide.height()
    assert legend.text() == "error (px), 0.00 to 1.00; cannot tell seen from guessed"


@pytest.mark.parametrize(("side", "covered"), [(30, False), (200, True)], ids=["small", "large"])
def test_the_number_of_a_small_face_does_not_hide_it(side, covered):
    picture = QImage(400, 400, QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    port = Viewport()
    port.resize(400, 400)
    port.photo = (400, 400)
    port.show(QRectF())
    painter = QPainter(picture)
    box = (100.0, 100.0, 100.0 + side, 100.0 + side)
    paint_boxes(painter, [box, (300.0, 300.0, 330.0, 330.0)], [1, 2], box, port, DARK)
    painter.end()
    inside = pixels(picture)[105 : 105 + 20, 105 : 105 + 20]
    assert bool((inside < 200).any()) is covered


def test_the_legend_tells_errors_marks_and_truth_together(qtbot):
    panel = panel_of(qtbot, {"landmarks", "truth", "error"})
    panel.set_truth(judged(dome.answer(), dome.truth()), None)
    words = panel.legend_text()
    assert words.startswith("truth to answer (px)")
    assert words.endswith("seen, turned away, covered, ground truth")


def test_the_wire_shows_what_faces_the_camera_only():
    answer = dome.answer()
    facing = over.wire_mask([answer], np.eye(3), 200, 160)
    turned = answer.mapped(answer.space, lambda points: points * (-1, 1, 1) + (200, 0, 0), np.eye(3))
    assert facing[dome.photo().shape[0] // 2].max() > 250
    assert not over.wire_mask([turned], np.eye(3), 200, 160).any()


def test_an_answer_without_maps_is_no_trouble(qtbot):
    panel = panel_of(qtbot, OVERLAYS, dome.answer(layers=False))
    assert painted(panel.view).max() > 200
    panel.set_shown(None)
    assert painted(panel.view).max() < 200


def test_the_unknown_is_transparent_in_a_heat_map():
    rgba = coloured(np.array([0.0, 1.0, np.nan, 5.0], np.float32), 0.0, 1.0, "viridis")
    assert rgba[:, 3].tolist() == [255, 255, 0, 255]
    assert (rgba[1] == rgba[3]).all()
    assert (rgba[0, :3] == colour_map("viridis")[0]).all()


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colour_maps_grow_lighter_from_end_to_end(name):
    luminance = colour_map(name) @ [0.2126, 0.7152, 0.0722]
    smoothed = np.convolve(luminance, np.ones(16) / 16, "valid")
    assert (np.diff(smoothed) > -0.05).all()
    assert luminance[-1] - luminance[0] > 100


def test_a_colour_map_nobody_has_is_refused():
    with pytest.raises(ValueError, match="jet"):
        colour_map("jet")


FACE = Face((40.0, 30.0, 80.0, 70.0))


def frame_of(value=90, width=400, height=300, time_s=0.0):
    return Frame(np.full((height, width, 3), value, np.uint8), "photo", time_s)


def framed_panel(qtbot):
    panel = PhotoPanel(panel_row("photo"))
    qtbot.addWidget(panel)
    panel.resize(300, 500)
    panel.grab()
    return panel


def face_width_on_screen(panel):
    return (FACE.box[2] - FACE.box[0]) * panel.view.scale


def test_a_photo_is_shown_whole_and_then_its_face_large(qtbot):
    panel, frame = framed_panel(qtbot), frame_of()
    panel.set_shown(Shown(frame))
    assert panel.view.scale == pytest.approx(300 / 400)
    panel.set_shown(Shown(frame, (FACE,), search=Search()))
    assert face_width_on_screen(panel) > 0.4 * 300
    assert panel.view.sight.contains(QPointF(40, 30))
    assert panel.view.sight.contains(QPointF(80, 70))


def test_no_more_emptiness_is_shown_than_must_be(qtbot):
    panel, frame = framed_panel(qtbot), frame_of(width=200, height=900)
    panel.set_shown(Shown(frame, (FACE,), search=Search()))
    sight = panel.view.sight
    assert sight.left() >= -0.5 - 1e-6
    assert sight.top() >= -0.5 - 1e-6


def test_the_whole_photo_can_be_asked_for_and_the_faces_again(qtbot):
    panel = framed_panel(qtbot)
    panel.set_shown(Shown(frame_of(), (FACE,), search=Search()))
    large = panel.view.scale
    panel.set_whole(True)
    assert panel.view.scale == pytest.approx(300 / 400)
    panel.set_whole(False)
    assert panel.view.scale == pytest.approx(large)


def test_what_the_hand_did_to_a_photo_stays_until_a_double_click_or_another_photo(qtbot):
    panel, frame = framed_panel(qtbot), frame_of()
    panel.set_shown(Shown(frame))
    panel.view.show()
    qtbot.keyClick(panel.view, Qt.Key.Key_Plus)
    kept = panel.view.scale
    panel.set_shown(Shown(frame, (FACE,), search=Search()))
    assert panel.view.scale == kept
    panel.set_shown(Shown(frame_of(40), (FACE,), search=Search()))
    framed = panel.view.scale
    assert framed != kept
    qtbot.keyClick(panel.view, Qt.Key.Key_Minus)
    qtbot.mouseDClick(panel.view, Qt.MouseButton.LeftButton)
    assert panel.view.scale == pytest.approx(framed)


def test_in_a_video_the_picture_moves_only_when_a_face_leaves_the_sight(qtbot):
    panel = framed_panel(qtbot)
    panel.set_shown(Shown(frame_of(), (FACE,), search=Search()))
    before = panel.view.sight
    near = Face((42.0, 31.0, 82.0, 71.0))
    panel.set_shown(Shown(frame_of(91, time_s=0.04), (near,), search=Search()))
    assert panel.view.sight == before
    far = Face((300.0, 200.0, 340.0, 240.0))
    panel.set_shown(Shown(frame_of(92, time_s=0.08), (far,), search=Search()))
    assert panel.view.sight.contains(QPointF(320, 220))


def test_the_picture_does_not_move_under_a_box_that_is_held(qtbot):
    panel, frame = framed_panel(qtbot), frame_of()
    panel.set_overlays(frozenset({"box"}))
    panel.show()
    panel.set_shown(Shown(frame, (FACE,), search=Search()))
    before, left = panel.view.sight, Qt.MouseButton.LeftButton
    border = panel.view.to_widget(QPointF(FACE.box[0], FACE.box[1])).toPoint()
    qtbot.mousePress(panel.view, left, pos=border)
    qtbot.mouseMove(panel.view, border + QPoint(12, 9))
    panel.set_shown(Shown(frame, (Face((300.0, 200.0, 340.0, 240.0)),), search=Search()))
    assert panel.view.sight == before
    qtbot.mouseRelease(panel.view, left, pos=border + QPoint(12, 9))


def test_a_photo_without_a_face_says_how_to_point_it_out(qtbot):
    panel, frame = framed_panel(qtbot), frame_of()
    panel.show()
    panel.set_shown(Shown(frame))
    assert "Shift" not in panel.hint()
    panel.set_shown(Shown(frame, search=Search()))
    assert "Hold Shift and drag" in panel.hint()
    panel.set_shown(Shown(frame, (FACE,), search=Search(FoundBy.DRAWN)))
    assert panel.hint() == ""


def test_shift_and_drag_draws_a_box_at_any_time(qtbot):
    view = view_of(qtbot, dome.photo(), (400, 320))
    view.show()
    shift, left = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
    with qtbot.waitSignal(view.box_drawn) as signal:
        qtbot.mousePress(view, left, shift, QPoint(100, 60))
        qtbot.mouseMove(view, QPoint(300, 200))
        qtbot.mouseRelease(view, left, shift, QPoint(300, 200))
    assert signal.args[0] == pytest.approx((49.5, 29.5, 149.5, 99.5))


def test_the_legend_says_which_landmarks_nobody_saw(qtbot):
    panel = panel_of(qtbot, {"landmarks"})
    assert panel.legend_text() == "seen, turned away, covered"


def test_in_a_low_panel_the_legend_takes_one_line(qtbot):
    panel = panel_of(qtbot, {"depth"})
    panel.resize(400, 500)
    panel.grab()
    high = panel.legend_height()
    panel.resize(400, 200)
    panel.grab()
    assert panel.legend_height() < 0.6 * high
