"""Whatever way the State changes, what is shown in the end answers it, and nothing older comes after it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from threading import current_thread, main_thread

import numpy as np
import pytest

import models.tracking.smoothing  # noqa: F401  # brings torch, which no answer then has to wait for
from models.errors import InputError
from models.occlusion.occluder import Occluder
from models.reconstruction import Reconstruction
from tests.fakes.desk import Desk, a_desk, at_rest
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.inference.session import MAY_BE_WRONG, SLOW
from viewer.sources.source import DOUBTFUL
from viewer.state.notice import Notice, Severity
from viewer.state.occlusion import Layer, Stack

BOARD = Layer("board", Occluder("board", np.full((60, 60, 4), 255, np.uint8), np.eye(3)))
FAR = Layer("far", Occluder("far", np.full((9, 9, 4), 255, np.uint8), np.eye(3)))


@pytest.fixture
def desk(qtbot) -> Iterator[Desk]:
    with a_desk(qtbot) as made:
        yield made


def lay(desk: Desk, *layers: Layer) -> None:
    desk.store.update(occlusion=replace(desk.state.occlusion, stack=Stack(layers)))


def hold(desk: Desk) -> None:
    """Let whatever is asked next wait."""
    desk.work.gate.clear()
    desk.work.reached.clear()


def answers(desk: Desk) -> list[Reconstruction]:
    """What was shown since, in order, each once."""
    found = [state.answer for state in desk.seen if state.answer is not None]
    return list({id(answer): answer for answer in found}.values())


def test_a_toggle_while_an_answer_is_on_its_way_is_never_answered_by_that_one(qtbot, desk):
    before = desk.state.answer
    hold(desk)
    desk.commands.branches.toggle_branch("confidence")
    assert desk.work.reached.wait(5)
    desk.commands.branches.toggle_branch("visibility mask")
    desk.work.gate.set()
    at_rest(qtbot, desk)
    assert [answer.left_out for answer in answers(desk) if answer is not before] == [
        ("confidence", "visibility mask")
    ]


def test_a_toggle_taken_back_shows_what_was_shown_and_asks_nobody(qtbot, desk):
    before = desk.state.shown
    hold(desk)
    desk.commands.branches.toggle_branch("confidence")
    assert desk.state.stale
    desk.commands.branches.toggle_branch("confidence")
    assert not desk.state.stale
    desk.work.gate.set()
    at_rest(qtbot, desk)
    assert desk.state.shown is before
    assert answers(desk) == [before.answers[0]]


def test_what_is_shown_is_stale_from_the_toggle_to_the_answer(qtbot, desk):
    assert not desk.state.stale
    hold(desk)
    desk.commands.branches.toggle_branch("confidence")
    assert desk.state.stale
    assert desk.state.answer is not None
    desk.work.gate.set()
    at_rest(qtbot, desk)
    assert desk.state.answer.left_out == ("confidence",)


def test_a_toggle_while_an_occluder_lies_is_answered_under_the_occluder(qtbot, desk):
    lay(desk, BOARD)
    at_rest(qtbot, desk)
    bare = desk.state.shown.occluded.references[0]
    assert bare.left_out == ()
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    occluded = desk.state.shown.occluded
    assert desk.state.answer.left_out == ("confidence",)
    assert occluded.references[0].left_out == ("confidence",)
    assert desk.state.shown.frame.image[5, 5, 0] == 255
    assert desk.work.detections == 1


def test_an_answer_under_an_occluder_that_was_taken_away_is_never_shown(qtbot, desk):
    hold(desk)
    lay(desk, BOARD)
    assert desk.work.reached.wait(5)
    lay(desk)
    desk.work.gate.set()
    at_rest(qtbot, desk)
    assert all(state.shown.occluded is None for state in desk.seen)


def test_while_an_occluder_is_dragged_answers_follow_the_hand(qtbot, desk):
    lay(desk, FAR)
    at_rest(qtbot, desk)
    hold(desk)
    desk.seen.clear()
    for step in (2.0, 3.0):
        there = np.array([[1, 0, step], [0, 1, 0], [0, 0, 1]])
        lay(desk, replace(FAR, occluder=replace(FAR.occluder, T_image_occluder=there)))
        assert desk.work.reached.wait(5)
    assert not desk.state.stale
    desk.work.gate.set()
    at_rest(qtbot, desk)
    places = [state.shown.occluded.occluders[0].T_image_occluder[0, 2] for state in desk.seen]
    assert sorted(set(places)) == [0, 2, 3]


def test_undo_after_another_photo_was_opened_brings_nothing_back(qtbot, desk):
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.occlusion._on_drawn(desk.state.occlusion.epoch, BOARD, None)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.occlusion.remove()
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open("other.png")
    at_rest(qtbot, desk)
    assert desk.state.occlusion.stack.layers == ()
    assert desk.state.undo == ""
    desk.commands.edits.undo()
    at_rest(qtbot, desk)
    assert desk.state.occlusion.stack.layers == ()
    assert desk.state.shown.occluded is None
    assert desk.state.shown.frame.name == "other.png"


def test_under_occluders_a_video_is_not_smoothed(qtbot, desk):
    camera = FakeSource(first=replace(picture("0"), time_s=0.0, count=0))
    desk.desktop.plugged[0] = camera
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    with qtbot.waitSignal(desk.session.answered):
        camera.send(replace(picture("1"), time_s=0.1, index=1, count=0))
    assert desk.state.answer.steadied
    lay(desk, BOARD)
    at_rest(qtbot, desk)
    with qtbot.waitSignal(desk.session.answered):
        camera.send(replace(picture("2"), time_s=0.2, index=2, count=0))
    assert not desk.state.answer.steadied
    assert not desk.state.shown.occluded.references[0].steadied


def test_a_source_that_cannot_be_read_leaves_the_picture_that_can_still_be_switched(qtbot, desk):
    broken = FakeSource("cut.png", live=False)
    desk.desktop.sources["cut.png"] = broken
    desk.commands.playback.open("cut.png")
    broken.break_down(InputError("cut.png ends too early. Copy it again."))
    qtbot.waitUntil(lambda: not desk.state.busy)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    assert desk.state.answer.left_out == ("confidence",)
    assert desk.state.shown.frame.name == "photo.png"


def test_nobody_is_told_of_a_later_state_before_an_earlier_one(qtbot, desk):
    told = []
    desk.store.changed.connect(lambda new, old: told.append((old, new)))
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    assert all(before[1] is after[0] for before, after in pairwise(told))


def test_a_method_that_never_returns_is_abandoned_and_the_next_question_is_answered(qtbot, desk):
    hold(desk)
    desk.store.update(searches=1)
    qtbot.waitUntil(desk.work.reached.is_set)
    left = desk.session._jobs._thread
    desk.session._jobs.slow.emit()
    assert desk.state.notice == SLOW
    desk.commands.window.abandon()
    assert "abandoned" in desk.state.notice.cause
    assert not desk.state.busy
    fresh = FakeWork()
    desk.session._worker._work = fresh.work()
    with qtbot.waitSignal(desk.session.answered):
        desk.store.update(searches=2)
    assert desk.state.notice is None, "its cause is gone"
    desk.work.gate.set()
    left.join(5)
    assert not left.is_alive(), "it ends once it comes back"


def test_a_banner_goes_when_what_failed_is_answered_and_not_before(qtbot, desk):
    def fail(*_):
        raise RuntimeError("once")

    desk.work.answer, good = fail, desk.work.answer
    desk.store.update(searches=1)
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    told = desk.state.notice
    desk.work.answer = good
    with qtbot.waitSignal(desk.session.answered):
        desk.store.update(switched_off=frozenset({"confidence"}))
    assert desk.state.notice is told, "something else was answered"
    with qtbot.waitSignal(desk.session.answered):
        desk.store.update(switched_off=frozenset())
    assert desk.state.notice is None


def test_of_a_picture_that_may_be_wrong_the_banner_says_so_while_it_is_shown(qtbot, desk):
    source = FakeSource()
    desk.session.begin(source)
    for notices, told in (((), None), ((DOUBTFUL,), MAY_BE_WRONG), ((DOUBTFUL,), MAY_BE_WRONG), ((), None)):
        with qtbot.waitSignal(desk.session.answered):
            source.send(replace(picture(), notices=notices))
        assert desk.state.notice == told
    trouble = Notice(Severity.ERROR, "The disk is full.")
    desk.store.update(notice=trouble)
    for notices in ((DOUBTFUL,), ()):
        with qtbot.waitSignal(desk.session.answered):
            source.send(replace(picture(), notices=notices))
        assert desk.state.notice is trouble


def test_a_slow_answer_that_comes_takes_its_banner_away(qtbot, desk):
    hold(desk)
    desk.store.update(searches=1)
    qtbot.waitUntil(desk.work.reached.is_set)
    desk.session._jobs.slow.emit()
    with qtbot.waitSignal(desk.session.answered):
        desk.work.gate.set()
    qtbot.waitUntil(lambda: desk.state.notice is None)


def test_an_answer_is_prepared_on_the_workers_thread_before_it_is_shown(qtbot, desk):
    prepared = []
    desk.session.prepare_by(lambda shown: prepared.append((current_thread(), shown, desk.state.shown)))
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open("other.png")
    at_rest(qtbot, desk)
    ((thread, shown, shown_then),) = prepared
    assert thread is not main_thread()
    assert shown is desk.state.shown
    assert shown_then is not shown
