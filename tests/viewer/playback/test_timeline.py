from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt

from tests.fakes.desk import a_desk, at_rest
from tests.fakes.sources import FakeRecording, picture
from tests.viewer.sources.test_sources import Slides, heard  # noqa: F401
from viewer.playback.actions import TIMELINE_ACTIONS
from viewer.playback.scrubber import Scrubber
from viewer.playback.transport_bar import TransportBar
from viewer.sources import player as playing
from viewer.sources.player import Player
from viewer.state.timeline import SPEEDS, Timeline
from viewer.window.action_table import make_actions

COUNT = 10


@pytest.fixture
def desk(qtbot):
    with a_desk(qtbot) as made:
        frames = [replace(picture("clip.mp4"), index=at, count=COUNT, time_s=at / 25) for at in range(COUNT)]
        made.desktop.sources["clip.mp4"] = FakeRecording("clip.mp4", frames)
        show(qtbot, made, lambda: made.commands.playback.open("clip.mp4"))
        yield made


@pytest.fixture
def bar(qtbot, desk):
    actions = make_actions(desk.commands, desk.commands, desk.store)
    made = TransportBar(desk.store, desk.commands.playback, desk.commands.timeline, actions)
    qtbot.addWidget(made)
    made.resize(900, 40)
    made.show()
    return made


def show(qtbot, desk, act):
    with qtbot.waitSignal(desk.session.answered):
        act()
    at_rest(qtbot, desk)


def shown(desk):
    return desk.state.shown.frame.index


# -- the value -------------------------------------------------------------------------------------------


def test_a_span_holds_both_points_and_never_leaves_the_recording():
    assert Timeline().span(5) == (0, 4)
    assert Timeline(begin=1, end=3).span(5) == (1, 3)
    assert Timeline(begin=8, end=9).span(5) == (4, 4)
    assert Timeline(begin=3).span(1) == (0, 0)


def test_a_point_beyond_the_other_takes_the_other_away():
    assert Timeline(begin=2, end=4).begun_at(6) == Timeline(begin=6)
    assert Timeline(begin=2, end=4).ended_at(1) == Timeline(end=1)
    assert Timeline(begin=2).ended_at(2) == Timeline(begin=2, end=2)


def test_speeds_end_at_a_quarter_and_at_four_times():
    assert (SPEEDS[0], SPEEDS[-1]) == (0.25, 4.0)
    assert Timeline().faster(-9).speed == 0.25
    assert Timeline().faster(9).speed == 4.0
    assert Timeline().faster(1).speed == 2.0


# -- the player ------------------------------------------------------------------------------------------


def test_playing_keeps_to_the_span_and_begins_at_its_in_point(heard):  # noqa: F811
    player = Player("slides", Slides(9))
    listener = heard(player)
    assert listener.frame().index == 0
    player.pace(1.0, False, (3, 5))
    player.play()
    assert [listener.frame().index for _ in range(3)] == [3, 4, 5]
    player.play()
    assert [listener.frame().index for _ in range(3)] == [3, 4, 5], "after its end it begins anew"
    player.seek(8)
    assert listener.frame().index == 8, "one can still look at what is cut off"


def test_a_loop_goes_on_at_the_in_point_until_it_is_held(heard):  # noqa: F811
    player = Player("slides", Slides(9))
    listener = heard(player)
    listener.frame()
    player.pace(1.0, True, (2, 4))
    player.play()
    assert [listener.frame().index for _ in range(7)] == [2, 3, 4, 2, 3, 4, 2]
    assert player.playing


def test_a_loop_over_one_frame_stays_there(heard):  # noqa: F811
    player = Player("slides", Slides(9))
    listener = heard(player)
    listener.frame()
    player.pace(1.0, True, (2, 2))
    player.play()
    assert listener.frame().index == 2
    assert listener.said.empty()


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_frame_is_waited_for_as_long_as_the_speed_says(speed, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(playing.time, "monotonic", lambda: now[0])
    player = Player("slides", Slides(9, second=2.0))
    player._count = 9
    player.pace(speed, False, None)
    assert player._wait_s() == pytest.approx(2.0 / speed)
    now[0] += 0.1
    assert player._wait_s() == pytest.approx(2.0 / speed - 0.1)


def test_the_last_frame_of_a_loop_stays_as_long_as_the_others():
    player = Player("slides", Slides(9, second=2.0))
    player._count, player._at = 9, 8
    player.pace(1.0, True, None)
    assert player._wait_s() == pytest.approx(2.0, abs=0.1)


def test_another_speed_while_a_frame_is_waited_for_holds_at_once(heard):  # noqa: F811
    slides = Slides(3, second=3600)
    player = Player("slides", slides)
    listener = heard(player)
    listener.frame()
    player.play()
    slides.second = 0.0
    player.pace(4.0, False, None)
    assert listener.frame().index == 1


# -- the window ------------------------------------------------------------------------------------------


def test_the_number_goes_to_exactly_that_frame(qtbot, desk, bar):
    show(qtbot, desk, lambda: bar.number.setValue(8))
    assert shown(desk) == 7
    assert bar.scrubber.value() == 7
    assert bar.told() == "/ 10   0.28 s"
    now = desk.state.shown
    desk.store.update(shown=replace(now, frame=replace(now.frame, path=Path("a.png"))))
    assert bar.told() == "/ 10", "a picture of a folder has no time"


def test_the_scrubber_goes_where_it_is_pressed_and_tells_while_it_is_dragged(qtbot, desk, bar):
    at = QPoint(round(bar.scrubber.place_of(6)), bar.scrubber.height() // 2)
    show(qtbot, desk, lambda: qtbot.mousePress(bar.scrubber, Qt.MouseButton.LeftButton, pos=at))
    assert shown(desk) == 6
    assert bar.number.value() == 7, "the number follows though the handle is held"
    there = QPoint(round(bar.scrubber.place_of(2)), at.y())
    show(qtbot, desk, lambda: qtbot.mouseMove(bar.scrubber, there))
    assert shown(desk) == 2
    qtbot.mouseRelease(bar.scrubber, Qt.MouseButton.LeftButton, pos=there)


def test_in_and_out_point_are_marked_told_to_the_recording_and_gone_with_it(qtbot, desk, bar):
    timeline = desk.commands.timeline
    show(qtbot, desk, lambda: desk.commands.playback.seek(2))
    timeline.begin_here()
    show(qtbot, desk, lambda: desk.commands.playback.seek(6))
    timeline.end_here()
    assert bar.scrubber.marked == (2, 6)
    assert desk.session.recording.paced == (1.0, False, (2, 6))
    show(qtbot, desk, lambda: timeline.go_to_end(False))
    assert shown(desk) == 2
    show(qtbot, desk, lambda: desk.commands.playback.open("photo.png"))
    assert desk.state.timeline == Timeline()


def test_speed_and_loop_outlive_the_source(qtbot, desk, bar):
    bar.speed.activated.emit(SPEEDS.index(4.0))
    desk.commands.timeline.toggle_loop()
    frames = [replace(picture("other.mp4"), index=at, count=3, time_s=at / 25) for at in range(3)]
    other = desk.desktop.sources["other.mp4"] = FakeRecording("other.mp4", frames)
    show(qtbot, desk, lambda: desk.commands.playback.open("other.mp4"))
    assert other.paced == (4.0, True, None)
    assert bar.speed.currentData() == 4.0


def test_the_keys_are_those_of_video_editors_and_do_nothing_for_a_photo(qtbot, desk):
    keys = {row.name: row.shortcut for row in TIMELINE_ACTIONS}
    assert (keys["in-point"], keys["out-point"]) == ("I", "O")
    show(qtbot, desk, lambda: desk.commands.playback.open("photo.png"))
    assert not any(row.enabled(desk.state) for row in TIMELINE_ACTIONS)


def test_a_marked_part_is_drawn(qtbot):
    scrubber = Scrubber()
    qtbot.addWidget(scrubber)
    scrubber.setRange(0, 99)
    scrubber.resize(300, 24)
    bare = scrubber.grab().toImage()
    scrubber.mark((20, 60))
    marked = scrubber.grab().toImage()
    y = scrubber.height() - 1
    inside, outside = (round(scrubber.place_of(index)) for index in (40, 80))
    assert marked.pixelColor(inside, y) != bare.pixelColor(inside, y)
    assert marked.pixelColor(outside, y) == bare.pixelColor(outside, y)
