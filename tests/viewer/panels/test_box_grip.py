"""The selected face's box is moved by its border and resized by its handles."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QApplication

from models.reconstructor import Face
from viewer.panels.box_grip import BoxGrip
from viewer.panels.photo_view import PhotoView

PHOTO = np.full((160, 200, 3), 90, np.uint8)
BOX = (49.5, 39.5, 149.5, 119.5)  # at 100, 80 to 300, 240 in the view, which is twice as large
OTHER = (9.5, 9.5, 29.5, 29.5)
RIGHT, MIDDLE = QPoint(300, 160), QPoint(200, 160)
BORDER, CORNER = QPoint(300, 110), QPoint(300, 240)


def view_of(qtbot, **options) -> PhotoView:
    view = PhotoView(**options)
    qtbot.addWidget(view)
    view.resize(400, 320)
    view.set_photo(PHOTO)
    view.set_answers((Face(BOX), Face(OTHER)), ())
    view.set_overlays(frozenset({"box"}))
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def view(qtbot) -> PhotoView:
    return view_of(qtbot, edits_boxes=True)


def drag(qtbot, view, start: QPoint, by: QPoint, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, modifier, start)
    qtbot.mouseMove(view, start + by / 2)
    qtbot.mouseMove(view, start + by)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, modifier, start + by)


def heard(signal) -> list[tuple]:
    """What it tells from now on."""
    told: list[tuple] = []
    signal.connect(lambda *values: told.append(values))
    return told


def hover(qtbot, view, place: QPoint) -> None:
    """Sent, not moved: a display says in its own time where the mouse is."""
    at, no = QPointF(place), Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, at, view.mapToGlobal(at), no, no, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, move)


@pytest.mark.parametrize(
    ("start", "box", "resized"),
    [
        (BORDER, (59.5, 44.5, 159.5, 124.5), False),
        (CORNER, (49.5, 39.5, 159.5, 124.5), True),
        (QPoint(100, 80), (59.5, 44.5, 149.5, 119.5), True),
        (RIGHT, (49.5, 39.5, 159.5, 119.5), True),
        (QPoint(200, 80), (49.5, 44.5, 149.5, 119.5), True),
    ],
    ids=["border", "lower right", "upper left", "right", "top"],
)
def test_a_drag_moves_the_selected_box_or_the_side_that_is_held(qtbot, view, start, box, resized):
    before = view.to_image(QPointF(10, 10))
    told = heard(view.box_edited)
    with qtbot.assertNotEmitted(view.picked), qtbot.assertNotEmitted(view.box_given_up):
        drag(qtbot, view, start, QPoint(20, 10))
    assert told[-1][0] == pytest.approx(box)
    assert told[-1][1] is resized
    assert view.to_image(QPointF(10, 10)) == before, "the photo stays where it is"


def test_while_it_is_dragged_it_is_told_where_the_box_is_and_which_drag_it_is(qtbot, view):
    told = heard(view.box_edited)
    drag(qtbot, view, CORNER, QPoint(20, 20))
    x1 = [box[2] for box, _, _ in told]
    assert x1[0] == pytest.approx(154.5)
    assert x1[-1] == pytest.approx(159.5)
    (first,) = {number for *_, number in told}
    told.clear()
    drag(qtbot, view, CORNER, QPoint(20, 20))
    assert {number for *_, number in told}.isdisjoint({0, first})


def test_a_box_that_comes_back_to_where_it_was_is_given_up(qtbot, view):
    with qtbot.waitSignal(view.box_given_up):
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=CORNER)
        qtbot.mouseMove(view, CORNER + QPoint(20, 20))
        qtbot.mouseMove(view, CORNER)
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=CORNER)


def test_inside_the_box_a_drag_shifts_the_photo_and_a_click_picks_as_ever(qtbot, view):
    with qtbot.assertNotEmitted(view.box_edited):
        before = view.to_image(QPointF(MIDDLE))
        drag(qtbot, view, MIDDLE, QPoint(20, 10))
        assert view.to_image(QPointF(MIDDLE)) != before
        for place in (MIDDLE, BORDER):
            with qtbot.waitSignal(view.picked):
                qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)


def test_a_new_box_can_be_drawn_from_the_border_of_another(qtbot, view):
    with qtbot.assertNotEmitted(view.box_edited):
        with qtbot.waitSignal(view.box_drawn):
            drag(qtbot, view, BORDER, QPoint(60, 60), Qt.KeyboardModifier.ShiftModifier)
        view.set_drawing_box(True)
        with qtbot.waitSignal(view.box_drawn):
            drag(qtbot, view, CORNER, QPoint(60, 60))


def test_escape_gives_the_drag_up_and_is_no_shortcut_meanwhile(qtbot, view):
    shortcut, told, given_up = (
        QShortcut(QKeySequence(Qt.Key.Key_Escape), view),
        *map(heard, (view.box_edited, view.box_given_up)),
    )
    view.activateWindow()
    view.setFocus()
    with qtbot.assertNotEmitted(shortcut.activated):
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=CORNER)
        qtbot.mouseMove(view, CORNER + QPoint(20, 20))
        qtbot.keyClick(view, Qt.Key.Key_Escape)
        assert given_up == [(told[-1][2],)]
        told.clear()
        qtbot.mouseMove(view, CORNER + QPoint(30, 30))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=CORNER + QPoint(30, 30))
        assert told == []
    with qtbot.waitSignal(view.box_edited):
        drag(qtbot, view, CORNER, QPoint(20, 20))


def test_the_mouse_says_what_it_would_grip(qtbot, view):
    cursor = Qt.CursorShape
    for place, shape in (
        (MIDDLE, cursor.ArrowCursor),
        (RIGHT, cursor.SizeHorCursor),
        (QPoint(200, 80), cursor.SizeVerCursor),
        (CORNER, cursor.SizeFDiagCursor),
        (QPoint(300, 80), cursor.SizeBDiagCursor),
        (BORDER, cursor.SizeAllCursor),
        (MIDDLE, cursor.ArrowCursor),
    ):
        hover(qtbot, view, place)
        assert view.cursor().shape() is shape


def test_handles_are_seen_while_the_mouse_is_about_the_box(qtbot, view):
    def corner():
        return view.grab().toImage().pixelColor(97, 77)

    hover(qtbot, view, QPoint(390, 310))
    bare = corner()
    hover(qtbot, view, MIDDLE)
    assert corner() != bare
    hover(qtbot, view, QPoint(390, 310))
    assert corner() == bare


@pytest.mark.parametrize("why", ["not for editing", "boxes are not drawn", "another is selected"])
def test_no_other_box_is_gripped(qtbot, why):
    view = view_of(qtbot, edits_boxes=why != "not for editing")
    if why == "boxes are not drawn":
        view.set_overlays(frozenset())
    if why == "another is selected":
        view.set_selected(1)
    with qtbot.assertNotEmitted(view.box_edited):
        drag(qtbot, view, BORDER, QPoint(20, 10))


def test_a_box_stays_within_the_photo_and_is_never_turned_over():
    for part, way in (((0, 0), (500, 500)), ((0, 0), (-500, -500))):
        x0, y0, x1, y1 = BoxGrip(BOX, part, QPointF(0, 0)).dragged_to(QPointF(*way), (200, 160))
        assert (x1 - x0, y1 - y0) == (100, 80), "moved, it keeps its size"
        assert min(x0, y0) >= -0.5
        assert x1 <= 199.5
        assert y1 <= 159.5
    x0, y0, x1, y1 = BoxGrip(BOX, (1, 1), QPointF(0, 0)).dragged_to(QPointF(-500, 500), (200, 160))
    assert (x0, y0, y1) == (49.5, 39.5, 159.5)
    assert x1 == x0 + 8
