import threading
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from models.errors import InputError
from tests.fakes.desk import a_desk, at_rest
from tests.fakes.sources import FakeRecording, picture
from viewer.export.clip import clip_of
from viewer.state.notice import Severity

COUNT = 8


class Frames:
    """A Reader of a video whose frames get lighter; `bad` cannot be read."""

    def __init__(self, bad=()):
        self.bad, self.read_so_far, self.closed = bad, [], 0
        self.gate = threading.Event()
        self.gate.set()

    def open(self):
        return COUNT

    def read(self, index):
        assert self.gate.wait(10)
        self.read_so_far.append(index)
        if index in self.bad:
            raise InputError(f"Frame {index} is damaged. Convert it anew.")
        return replace(
            picture("clip.mp4", 20 + 20 * index, 64, 48), index=index, count=COUNT, time_s=index / 10
        )

    def due_s(self, index):
        return index / 10

    def close(self):
        self.closed += 1


@pytest.fixture
def desk(qtbot, tmp_path):
    with a_desk(qtbot) as made:
        path = str(tmp_path / "clip.mp4")
        frames = Frames()
        made.desktop.readers[path] = frames
        shown = [replace(frames.read(at)) for at in range(COUNT)]
        frames.read_so_far.clear()
        made.desktop.sources[path] = FakeRecording("clip.mp4", shown)
        made.desktop.chosen = str(tmp_path)
        with qtbot.waitSignal(made.session.answered):
            made.commands.playback.open(path)
        at_rest(qtbot, made)
        yield made


def cut(desk, first, last):
    desk.store.update(timeline=replace(desk.state.timeline, begin=first, end=last))


def reader(desk):
    return next(iter(desk.desktop.readers.values()))


def written(desk):
    return Path(desk.desktop.chosen) / "clip-seen.mp4"


def told(qtbot, desk, word):
    qtbot.waitUntil(lambda: desk.state.notice is not None and word in desk.state.notice.cause)


def test_a_video_is_written_from_in_to_out_point_at_its_own_speed(qtbot, desk):
    cut(desk, 2, 5)
    desk.commands.export.export_clip()
    told(qtbot, desk, "Wrote")
    with av.open(str(written(desk))) as container:
        stream = container.streams.video[0]
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert stream.average_rate == 10
    assert len(pictures) == 4
    assert reader(desk).read_so_far == [2, 3, 4, 5]
    corner = [float(np.median(picture[:6, :6])) for picture in pictures]
    assert corner == pytest.approx([60, 80, 100, 120], abs=6)
    qtbot.waitUntil(lambda: desk.state.writing is None)


def test_it_is_told_how_far_it_is_and_can_be_cancelled(qtbot, desk):
    reader(desk).gate.clear()
    desk.commands.export.export_clip()
    qtbot.waitUntil(lambda: desk.state.writing is not None and desk.state.writing.total == COUNT)
    desk.commands.export.cancel()
    reader(desk).gate.set()
    told(qtbot, desk, "was not written")
    assert desk.state.notice.severity is Severity.INFO
    assert not written(desk).exists()
    assert len(reader(desk).read_so_far) <= 1
    assert reader(desk).closed == 1
    qtbot.waitUntil(lambda: desk.state.writing is None)


def test_a_frame_that_cannot_be_read_is_left_out_and_said(qtbot, desk, caplog):
    reader(desk).bad = (3,)
    desk.commands.export.export_clip()
    told(qtbot, desk, "Wrote")
    assert "Frame 3 is damaged" in caplog.text
    with av.open(str(written(desk))) as container:
        assert len(list(container.decode(video=0))) == COUNT - 1


def test_closing_the_window_does_not_wait_for_the_rest_of_a_video(qtbot, desk):
    reader(desk).gate.clear()
    desk.commands.export.export_clip()
    qtbot.waitUntil(lambda: desk.state.writing is not None and desk.state.writing.total == COUNT)
    threading.Timer(0.05, reader(desk).gate.set).start()
    desk.commands.close()
    assert not written(desk).exists()


def test_the_video_itself_is_never_written_over(qtbot, desk, monkeypatch):
    monkeypatch.setattr(desk.desktop, "ask_save", lambda kind, suggestion: f"{desk.desktop.chosen}/clip.mp4")
    Path(desk.desktop.chosen, "clip.mp4").write_bytes(b"mine")
    desk.commands.export.export_clip()
    told(qtbot, desk, "would be written over an input")
    assert Path(desk.desktop.chosen, "clip.mp4").read_bytes() == b"mine"


def test_a_photo_is_no_video(qtbot, desk):
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open("photo.png")
    assert clip_of(desk.state) is None
    desk.commands.export.export_clip()
    assert "No video is open" in desk.state.notice.cause


def test_locked_boxes_are_those_of_every_frame(qtbot, desk):
    desk.commands.faces.toggle_lock()
    at_rest(qtbot, desk)
    looked = desk.work.detections
    desk.commands.export.export_clip()
    told(qtbot, desk, "Wrote")
    assert desk.work.detections == looked
