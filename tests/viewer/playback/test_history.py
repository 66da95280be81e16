"""The history of a video, folder or camera: its numbers, its bounds, its plots, and the way back."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel

from tests.fakes.desktop import FakeDesktop
from tests.fakes.sources import FakeRecording, FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.app.commands import Commands
from viewer.inference.session import Session
from viewer.playback.history_dock import ROWS, HistoryDock
from viewer.state.history import MOST_RECORDS, History, Record, jitter_percent
from viewer.state.store import Store

FACE = np.random.default_rng(0).uniform(0, 100, (68, 2)).astype(np.float32)
SIZE = float(np.sqrt(np.ptp(FACE, axis=0).prod()))


def record(index: int, points: np.ndarray = FACE, time_s: float | None = None, **fields) -> Record:
    when = index / 25 if time_s is None else time_s
    return Record(index, when, face=0, landmarks=points.astype(np.float32), took_part=("a",), **fields)


def test_steady_motion_of_any_speed_is_no_jitter_however_unevenly_it_is_seen():
    speed, times = np.array([40.0, -90.0]), (0.0, 0.1, 0.45)
    track = tuple(record(i, FACE + speed * t, t) for i, t in enumerate(times))
    assert jitter_percent(track) == pytest.approx(0, abs=1e-3)


def test_jitter_is_the_mean_second_difference_in_shares_of_the_face():
    shifts = np.random.default_rng(1).normal(0, 2, (3, 68, 2))
    track = tuple(record(i, FACE + shift) for i, shift in enumerate(shifts))
    second = np.hypot(*(track[0].landmarks - 2 * track[1].landmarks + track[2].landmarks).T).mean()
    size = np.sqrt(np.ptp(track[1].landmarks, axis=0).prod())
    assert jitter_percent(track) == pytest.approx(100 * second / size, rel=1e-4)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"face": 1},
        {"took_part": ("b",)},
        {"time_s": 9.0},
        {"time_s": 0.0},
        {"landmarks": np.zeros((0, 2), np.float32)},
    ],
    ids=["another face", "computed otherwise", "long after", "no time", "no face"],
)
def test_frames_that_do_not_belong_together_have_no_jitter(spoilt):
    assert np.isnan(jitter_percent((record(0), record(1), replace(record(2), **spoilt))))
    assert np.isnan(jitter_percent((record(0), record(1))))


def test_frames_stand_in_order_once_and_the_newer_word_counts():
    history = History()
    for index, seen in ((3, 1.0), (1, 2.0), (2, 3.0), (1, 4.0)):
        history = history.with_record(record(index, seen_percent=seen))
    assert [(r.index, r.seen_percent) for r in history.records] == [(1, 4.0), (2, 3.0), (3, 1.0)]
    assert history.nearest(2.9).index == 2  # frames are counted from 1 along the axis


def test_of_too_many_frames_those_farthest_from_here_are_forgotten():
    history = History(records=tuple(record(i) for i in range(MOST_RECORDS)))
    assert [r.index for r in history.with_record(record(MOST_RECORDS)).records] == list(
        range(1, MOST_RECORDS + 1)
    )
    back = replace(history, records=tuple(record(i) for i in range(1, MOST_RECORDS + 1)))
    assert [r.index for r in back.with_record(record(0)).records] == list(range(MOST_RECORDS))


@pytest.fixture
def desk(qtbot):
    store, desktop = Store(), FakeDesktop()
    session = Session(store, FakeWork().work())
    commands = Commands(store, session, desktop)
    dock = HistoryDock(store, commands.playback)
    qtbot.addWidget(dock)
    dock.resize(600, 500)
    yield store, commands, desktop, dock
    assert session.close(5)


def frames(count: int):
    return [replace(picture(f"f{i}"), index=i, count=count, time_s=i / 25) for i in range(count)]


def play(qtbot, store, commands, desktop, count: int = 4) -> FakeRecording:
    source = desktop.sources["clip.mp4"] = FakeRecording("clip.mp4", frames(count))
    commands.playback.open("clip.mp4")
    for index in range(count):
        commands.playback.seek(index)
        qtbot.waitUntil(lambda index=index: _answered(store, index))
    return source


def _answered(store, index: int) -> bool:
    shown = store.state.shown
    return shown is not None and shown.frame.index == index and bool(shown.answers)


def test_every_answered_frame_of_a_video_is_entered_and_another_source_begins_anew(qtbot, desk):
    store, commands, desktop, _ = desk
    play(qtbot, store, commands, desktop)
    records = store.state.history.records
    assert [r.index for r in records] == [0, 1, 2, 3]
    assert records[2].pose_deg == pytest.approx((3, -12, 6), abs=0.1)  # the video is held steady
    assert 40 < records[2].seen_percent < 60
    assert records[2].disagreement_mm > 0
    assert np.isfinite(records[3].jitter_percent)
    commands.playback.open("other.png")
    qtbot.waitUntil(lambda: store.state.shown.frame.name == "other.png" and bool(store.state.shown.answers))
    assert store.state.history.records == ()  # one picture has no history


def test_plots_are_made_when_somebody_looks_and_catch_up_with_what_came(qtbot, desk):
    store, commands, desktop, dock = desk
    play(qtbot, store, commands, desktop)
    assert dock.findChildren(pg.PlotWidget) == []
    dock.show()
    qtbot.waitUntil(lambda: dock.drawings == 1)
    assert len(dock.findChildren(pg.PlotWidget)) == len(ROWS)
    assert dock.curve("yaw")[0] == [1, 2, 3, 4]
    dock.hide()
    dock.show()
    assert len(dock.findChildren(pg.PlotWidget)) == len(ROWS)


def test_the_plots_show_the_records_with_their_units_and_can_be_switched(qtbot, desk):
    store, commands, desktop, dock = desk
    dock.show()
    play(qtbot, store, commands, desktop)
    qtbot.waitUntil(lambda: len(dock.curve("yaw")[0]) == 4)
    assert dock.curve("yaw")[0] == [1, 2, 3, 4]
    assert dock.curve("yaw")[1] == pytest.approx([-12] * 4, abs=0.1)
    assert np.isnan(dock.curve("error")[1]).all()
    shown = dock.shown_plots()
    dock.switches["pose"].click()
    assert dock.shown_plots() == [key for key in shown if key != "pose"]
    for button in list(dock.switches.values()):
        button.setChecked(False)
    assert dock.shown_plots() == []


def test_nothing_is_drawn_while_nobody_can_see_it(qtbot, desk):
    store, commands, desktop, dock = desk
    before = dock.drawings
    play(qtbot, store, commands, desktop)
    assert dock.drawings == before
    dock.show()
    qtbot.waitUntil(lambda: len(dock.curve("yaw")[0]) == 4)


def test_a_burst_of_changes_is_drawn_once(qtbot, desk):
    store, _, _, dock = desk
    dock.show()
    qtbot.waitUntil(lambda: not dock.waiting)
    before, history = dock.drawings, History()
    for index in range(200):
        history = history.with_record(record(index, pose_deg=(1.0, 2.0, index)))
        store.update(history=history)
    qtbot.waitUntil(lambda: len(dock.curve("yaw")[0]) == 200)
    assert dock.drawings <= before + 2


def test_a_click_on_a_plot_goes_to_the_frame_under_it(qtbot, desk):
    store, commands, desktop, dock = desk
    dock.show()
    source = play(qtbot, store, commands, desktop)
    qtbot.waitUntil(lambda: len(dock.curve("yaw")[0]) == 4)
    commands.playback.play_or_pause()
    at = dock.place_of("seen", 2.2)
    qtbot.waitUntil(lambda: dock.place_of("seen", 2.2) == at)
    dock.on_click("seen", SimpleNamespace(button=lambda: Qt.MouseButton.LeftButton, scenePos=lambda: at))
    qtbot.waitUntil(lambda: _answered(store, 1))
    assert not source.playing  # to look at a frame, playing stops


def test_a_camera_cannot_go_back_but_shows_the_kept_picture(qtbot, desk):
    store, commands, desktop, dock = desk
    dock.show()
    camera = desktop.plugged[0] = FakeSource()
    commands.playback.open_camera(0)
    for index in range(3):
        camera.send(replace(picture(value=90 + 20 * index), index=index, count=0, time_s=index / 10))
        qtbot.waitUntil(lambda index=index: _answered(store, index))
    qtbot.waitUntil(lambda: len(dock.curve("yaw")[0]) == 3)
    assert dock.curve("yaw")[0] == pytest.approx([0, 0.1, 0.2])  # seconds
    dock.visit(0.09)
    qtbot.waitUntil(lambda: "cannot go back" in _texts(dock))
    assert store.state.shown.frame.index == 2
    kept = next(label for label in dock.findChildren(QLabel) if label.accessibleName().startswith("Kept"))
    assert kept.pixmap().toImage().pixelColor(3, 3).red() == 110
    commands.playback.open("other.png")
    qtbot.waitUntil(lambda: "cannot go back" not in _texts(dock))


def _texts(widget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_another_button_than_the_left_does_not_move_the_video(qtbot, desk):
    store, commands, desktop, dock = desk
    dock.show()
    play(qtbot, store, commands, desktop)
    right = SimpleNamespace(button=lambda: Qt.MouseButton.RightButton, scenePos=lambda: QPointF(9, 9))
    dock.on_click("pose", right)
    assert store.state.shown.frame.index == 3


def test_all_rows_span_the_frames_there_are(qtbot, desk):
    store, _, _, dock = desk
    dock.show()
    history = History()
    for index in range(100, 150):
        history = history.with_record(record(index, pose_deg=(1.0, 2.0, float(index))))
    store.update(history=history)
    qtbot.waitUntil(lambda: len(dock.curve("roll")[0]) == 50)
    qtbot.waitUntil(lambda: 0 < dock.place_of("seen", 101).x() < 0.2 * dock.width())
    assert dock.place_of("seen", 150).x() > 0.8 * dock.width()
