from dataclasses import replace

import pytest

from tests.fakes.desk import a_desk, at_rest
from tests.fakes.desktop import FakeDesktop
from tests.fakes.sources import FakeRecording, picture
from tests.fakes.work import FakeWork

BRIGHT = 200  # a picture with two faces
THIRD = (100.0, 10.0, 150.0, 60.0)


@pytest.fixture
def desk(qtbot, monkeypatch):
    opened = FakeDesktop.open_path
    frames = [replace(picture("clip.mp4", BRIGHT + at), index=at, count=3, time_s=at / 25) for at in range(3)]

    def open_path(self, path):
        return FakeRecording("clip.mp4", frames) if path == "clip.mp4" else opened(self, path)

    monkeypatch.setattr(FakeDesktop, "open_path", open_path)
    with a_desk(qtbot, path="clip.mp4") as made:
        yield made


def boxes(desk):
    return [face.box for face in desk.state.shown.faces]


def after(qtbot, desk, act):
    with qtbot.waitSignal(desk.session.answered):
        act()
    at_rest(qtbot, desk)


def test_a_drawn_box_keeps_the_other_faces_and_is_taken_back_and_drawn_again(qtbot, desk):
    found, faces, edits = boxes(desk), desk.commands.faces, desk.commands.edits
    after(qtbot, desk, lambda: faces.look_at_box(THIRD))
    assert boxes(desk) == [*found, THIRD]
    assert desk.state.selected_face == 2
    after(qtbot, desk, edits.undo)
    assert boxes(desk) == found
    assert desk.state.selected_face == 0
    after(qtbot, desk, edits.redo)
    assert boxes(desk) == [*found, THIRD]


def test_arrow_keys_move_the_selected_box_alone_and_a_row_of_them_is_one_edit(qtbot, desk):
    found = boxes(desk)
    desk.commands.faces.select_face(1)
    for _ in range(3):
        after(qtbot, desk, lambda: desk.commands.faces.move_box(1, 0))
    x0, y0, x1, y1 = boxes(desk)[1]
    step = max(1.0, round(0.01 * max(found[1][2] - found[1][0], found[1][3] - found[1][1])))
    assert x0 == found[1][0] + 3 * step
    assert (x1 - x0, y1 - y0) == (found[1][2] - found[1][0], found[1][3] - found[1][1])
    assert boxes(desk)[0] == found[0]
    assert desk.state.undo == "Move face box"
    after(qtbot, desk, desk.commands.edits.undo)
    assert boxes(desk) == found
    assert desk.state.undo == ""


def narrower(box, by):
    return (*box[:2], box[2] - by, box[3])


def test_a_box_dragged_by_the_hand_is_answered_there_and_each_drag_is_one_edit(qtbot, desk):
    found, faces = boxes(desk), desk.commands.faces
    faces.select_face(1)
    first, second = (narrower(found[1], by) for by in (10.0, 20.0))
    for box, drag in ((narrower(found[1], 5.0), 11), (first, 11), (second, 12)):
        after(qtbot, desk, lambda box=box, drag=drag: faces.place_box(box, True, drag))
    assert boxes(desk) == [found[0], second]
    assert desk.state.undo == "Resize face box"
    after(qtbot, desk, desk.commands.edits.undo)
    assert boxes(desk) == [found[0], first]
    after(qtbot, desk, desk.commands.edits.undo)
    assert boxes(desk) == found


def test_a_drag_that_is_given_up_has_never_been(qtbot, desk):
    found, faces = boxes(desk), desk.commands.faces
    after(qtbot, desk, lambda: faces.move_box(1, 0))
    moved = boxes(desk)
    faces.give_up_box(11)
    assert desk.state.undo == "Move face box", "that was no drag"
    after(qtbot, desk, lambda: faces.place_box(narrower(found[0], 5.0), True, 11))
    after(qtbot, desk, lambda: faces.give_up_box(11))
    assert boxes(desk) == moved
    assert (desk.state.undo, desk.state.redo) == ("Move face box", "")


def test_while_a_box_is_dragged_answers_follow_the_hand(qtbot, desk):
    found, faces = boxes(desk), desk.commands.faces
    after(qtbot, desk, lambda: faces.place_box(narrower(found[0], 1.0), True, 11))
    desk.work.gate.clear()
    desk.work.reached.clear()
    desk.seen.clear()
    faces.place_box(narrower(found[0], 2.0), True, 11)
    assert desk.work.reached.wait(5)
    for by in (3.0, 4.0):
        faces.place_box(narrower(found[0], by), True, 11)
    assert not desk.state.stale
    desk.work.gate.set()
    at_rest(qtbot, desk)
    widths = [state.shown.faces[0].box[2] for state in desk.seen]
    assert list(dict.fromkeys(widths)) == [found[0][2] - by for by in (1.0, 2.0, 4.0)]


def test_a_box_moved_against_the_rim_never_leaves_the_photo_nor_vanishes(qtbot, desk):
    for _ in range(60):
        desk.commands.faces.move_box(-4, 0)
    qtbot.waitUntil(lambda: not desk.state.busy and not desk.state.stale)
    x0, _, x1, _ = boxes(desk)[0]
    assert x0 >= -0.5
    assert x1 - x0 >= 8


def test_a_box_grows_and_shrinks_around_its_middle(qtbot, desk):
    x0, y0, x1, y1 = boxes(desk)[0]
    after(qtbot, desk, lambda: desk.commands.faces.resize_box(-2))
    a0, b0, a1, b1 = boxes(desk)[0]
    assert a1 - a0 < x1 - x0
    assert (a0 + a1) / 2 == pytest.approx((x0 + x1) / 2)
    assert (b0 + b1) / 2 == pytest.approx((y0 + y1) / 2)


def test_a_removed_face_is_not_answered_and_comes_back(qtbot, desk):
    found = boxes(desk)
    after(qtbot, desk, desk.commands.faces.remove_box)
    assert boxes(desk) == found[1:]
    assert len(desk.state.shown.answers) == 1
    after(qtbot, desk, desk.commands.edits.undo)
    assert boxes(desk) == found


def test_the_last_face_can_be_removed_too(qtbot, desk):
    for _ in range(2):
        after(qtbot, desk, desk.commands.faces.remove_box)
    assert boxes(desk) == []
    assert desk.state.answer is None


def test_a_reset_box_is_where_the_detector_found_the_face_and_the_others_stay(qtbot, desk):
    found, faces = boxes(desk), desk.commands.faces
    after(qtbot, desk, lambda: faces.move_box(3, 3))
    after(qtbot, desk, lambda: faces.look_at_box(THIRD))
    faces.select_face(0)
    after(qtbot, desk, faces.reset_box)
    assert boxes(desk) == [*found, THIRD]
    faces.select_face(2)
    after(qtbot, desk, faces.reset_box)
    assert boxes(desk) == found, "nothing was found where the third was drawn"


def test_looking_for_faces_again_can_be_undone(qtbot, desk):
    found = boxes(desk)
    after(qtbot, desk, lambda: desk.commands.faces.look_at_box(THIRD))
    after(qtbot, desk, desk.commands.faces.find_faces)
    assert boxes(desk) == found
    after(qtbot, desk, desk.commands.edits.undo)
    assert boxes(desk) == [*found, THIRD]


def test_boxes_of_one_frame_are_not_undone_on_another(qtbot, desk):
    after(qtbot, desk, lambda: desk.commands.faces.move_box(1, 1))
    after(qtbot, desk, lambda: desk.commands.playback.step(1))
    assert desk.state.boxes is None
    assert desk.state.undo == ""


def test_locked_boxes_stay_over_the_frames_that_follow_and_nobody_looks_for_faces(qtbot, desk):
    after(qtbot, desk, lambda: desk.commands.faces.look_at_box(THIRD))
    desk.commands.faces.toggle_lock()
    at_rest(qtbot, desk)
    looked = desk.work.detections
    there = boxes(desk)
    for _ in range(2):
        after(qtbot, desk, lambda: desk.commands.playback.step(1))
        assert boxes(desk) == there
    assert desk.work.detections == looked
    after(qtbot, desk, lambda: desk.commands.faces.move_box(1, 0))
    assert desk.state.undo == "Move face box"
    desk.commands.faces.toggle_lock()
    after(qtbot, desk, lambda: desk.commands.playback.step(-1))
    assert desk.state.boxes is None


def test_an_edit_of_locked_boxes_is_not_taken_back_where_the_picture_lies_otherwise(qtbot, desk):
    after(qtbot, desk, lambda: desk.commands.faces.look_at_box(THIRD))
    desk.commands.faces.toggle_lock()
    after(qtbot, desk, lambda: desk.commands.faces.move_box(1, 0))
    after(qtbot, desk, desk.commands.playback.mirror)
    there = boxes(desk)
    assert desk.state.undo == ""
    desk.commands.edits.undo()
    at_rest(qtbot, desk)
    assert boxes(desk) == there


def test_another_source_takes_the_lock_off(qtbot, desk):
    desk.commands.faces.toggle_lock()
    after(qtbot, desk, lambda: desk.commands.playback.open("photo.png"))
    assert not desk.state.boxes_locked
    assert desk.state.boxes is None


def test_found_faces_can_be_locked_as_they_are(qtbot):
    with a_desk(qtbot, work=FakeWork()) as desk:
        desk.commands.faces.toggle_lock()
        at_rest(qtbot, desk)
        assert [face.box for face in desk.state.boxes] == boxes(desk)
