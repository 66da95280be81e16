"""Recordings and cameras: what they deliver, in which order, and how they end."""

from __future__ import annotations

import queue
import threading
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from viewer.sources import open_path, open_paths
from viewer.sources.player import PATIENCE, Player
from viewer.sources.source import Frame, Recording, Source
from viewer.sources.webcam import MISSES, Webcam, why_not_opened

WAIT_S = 20  # until a test gives up; never waited for in full


class Listener:
    """What a source says, in order."""

    def __init__(self) -> None:
        self.said: queue.Queue[Frame | InputError] = queue.Queue()

    def start(self, source: Source) -> None:
        source.start(self.said.put, self.said.put)

    def frame(self) -> Frame:
        said = self.said.get(timeout=WAIT_S)
        assert isinstance(said, Frame), said
        return said

    def error(self) -> str:
        said = self.said.get(timeout=WAIT_S)
        assert isinstance(said, InputError), said
        return str(said)


@pytest.fixture
def heard():
    """Starts sources and stops them whatever happens; afterwards their threads are gone."""
    started: list[Source] = []

    def listen(source: Source) -> Listener:
        listener = Listener()
        started.append(source)
        listener.start(source)
        return listener

    yield listen
    for source in started:
        source.stop()
    names = {source.name for source in started}
    assert not [thread for thread in threading.enumerate() if thread.name.removeprefix("player ") in names]


def picture(path: Path, grey: int = 90) -> Path:
    Image.new("RGB", (12, 8), (grey, grey, grey)).save(path)
    return path


def film(path: Path, times: list[int], time_base: Fraction = Fraction(1, 30), turned_deg: int = 0) -> Path:
    """A video whose frame k is a grey of 20 + 8 k, at the given times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = time_base
        stream.gop_size = 12
        if turned_deg:
            stream.set_display_rotation(turned_deg)
        for k, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 + 8 * k, np.uint8), format="rgb24")
            frame.pts, frame.time_base = time, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def number(frame: Frame) -> int:
    """Which frame of a `film` this picture is, by its grey."""
    return round((float(frame.image.mean()) - 20) / 8)


class Slides:
    """A Reader of nothing but numbers; frame `bad` cannot be read."""

    def __init__(self, count: int, bad: tuple[int, ...] = (), second: float = 0.0) -> None:
        self.count, self.bad, self.second = count, bad, second
        self.reading = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.closed = 0

    def open(self) -> int:
        return self.count

    def read(self, index: int) -> Frame:
        self.reading.set()
        self.go_on.wait(WAIT_S)
        if index in self.bad:
            raise InputError(f"Slide {index} is torn. Mend it.")
        return Frame(np.zeros((1, 1, 3), np.uint8), f"slide {index}", self.due_s(index), index, self.count)

    def due_s(self, index: int) -> float:
        return index * self.second

    def close(self) -> None:
        self.closed += 1


def test_a_still_delivers_itself_once(tmp_path, heard):
    source = open_path(picture(tmp_path / "face.png"))
    assert isinstance(source, Recording)
    assert (source.name, source.live, source.playing) == ("face.png", False, False)
    frame = heard(source).frame()
    assert (frame.name, frame.index, frame.count, frame.image.shape) == ("face.png", 0, 1, (8, 12, 3))


def test_a_damaged_still_is_reported_and_the_source_lives_on(tmp_path, heard):
    path = picture(tmp_path / "face.png")
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    source = open_path(path)
    listener = heard(source)
    assert "damaged" in listener.error()
    path.write_bytes(whole)
    source.seek(0)
    assert listener.frame().name == "face.png"


def test_a_folder_gives_its_pictures_in_the_order_of_their_numbers(tmp_path, heard):
    for name in ("face10.png", "face9.png", "Face1.PNG", ".hidden.png"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    source = open_path(tmp_path)
    assert source.name == tmp_path.name
    listener = heard(source)
    frames = [listener.frame()]
    for _ in range(2):
        source.step(+1)
        frames.append(listener.frame())
    assert [frame.name for frame in frames] == ["Face1.PNG", "face9.png", "face10.png"]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert {frame.count for frame in frames} == {3}


def test_one_bad_picture_of_a_folder_does_not_stop_the_others(tmp_path, heard):
    picture(tmp_path / "1.png")
    (tmp_path / "2.png").write_text("no picture")
    picture(tmp_path / "3.png")
    source = open_path(tmp_path)
    listener = heard(source)
    assert listener.frame().name == "1.png"
    source.seek(1)
    assert "2.png is not a picture" in listener.error()
    source.step(+1)
    assert listener.frame().name == "3.png"


def test_what_cannot_be_opened_says_so_at_once(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear reader")
    with pytest.raises(InputError, match=r"letter\.txt is neither a picture nor a video"):
        open_path(tmp_path / "letter.txt")
    with pytest.raises(InputError, match="There is no file"):
        open_path(tmp_path / "gone.mp4")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="There is no picture in"):
        open_path(tmp_path / "folder")


def test_several_files_become_one_recording(tmp_path, heard):
    paths = [picture(tmp_path / name) for name in ("b.png", "a.png")]
    source = open_paths(paths)
    listener = heard(source)
    assert listener.frame().name == "b.png", "in the order given"
    source.seek(99)
    assert (frame := listener.frame()).name == "a.png"
    assert frame.count == 2
    with pytest.raises(InputError, match="Open it alone"):
        open_paths([paths[0], tmp_path])


def test_of_several_wishes_while_reading_only_the_newest_is_read(heard):
    slides = Slides(100)
    slides.go_on.clear()
    player = Player("slides", slides)
    listener = heard(player)
    assert slides.reading.wait(WAIT_S)
    for index in (20, 40, 60):
        player.seek(index)
    slides.go_on.set()
    assert [listener.frame().index, listener.frame().index] == [0, 60]


def test_steps_add_up_and_stay_within_the_recording(heard):
    slides = Slides(5)
    slides.go_on.clear()
    player = Player("slides", slides)
    listener = heard(player)
    assert slides.reading.wait(WAIT_S)
    player.seek(1)
    player.step(+1)
    player.step(+1)
    slides.go_on.set()
    assert [listener.frame().index, listener.frame().index] == [0, 3]
    player.step(-10)
    assert listener.frame().index == 0


def test_playing_shows_every_frame_then_stops_and_starts_over(heard):
    player = Player("slides", Slides(6))
    listener = heard(player)
    assert listener.frame().index == 0
    player.play()
    assert [listener.frame().index for _ in range(5)] == [1, 2, 3, 4, 5]
    player.play()
    assert [listener.frame().index for _ in range(6)] == [0, 1, 2, 3, 4, 5]


def test_pausing_holds_the_frame(heard):
    player = Player("slides", Slides(3, second=3600))
    listener = heard(player)
    assert listener.frame().index == 0
    player.play()
    assert player.playing
    player.pause()
    assert not player.playing
    player.step(+1)
    assert listener.frame().index == 1


def test_playing_passes_over_a_bad_frame_but_pauses_when_nothing_can_be_read(heard):
    bad = (2, *range(4, 4 + PATIENCE))
    player = Player("slides", Slides(20, bad=bad))
    listener = heard(player)
    player.play()
    assert [listener.frame().index for _ in range(2)] == [0, 1]
    assert "Slide 2" in listener.error()
    assert listener.frame().index == 3
    for index in range(4, 4 + PATIENCE):
        assert f"Slide {index} is torn" in listener.error()
    assert not player.playing
    player.step(+1)
    assert listener.frame().index == 4 + PATIENCE


def test_nothing_is_delivered_after_stopping(heard):
    slides = Slides(3)
    slides.go_on.clear()
    player = Player("slides", slides)
    listener = heard(player)
    assert slides.reading.wait(WAIT_S)
    threading.Timer(0.05, slides.go_on.set).start()
    player.stop()
    assert listener.said.empty()
    assert slides.closed == 1
    player.stop()


def test_a_stopped_recording_can_be_started_again(heard):
    player = Player("slides", Slides(3))
    first = heard(player)
    first.frame()
    player.stop()
    assert heard(player).frame().index == 0


def test_stopping_from_within_a_delivery_does_not_wait_for_itself():
    player = Player("slides", Slides(3))
    stopped = threading.Event()

    def deliver(frame: Frame) -> None:
        player.stop()
        stopped.set()

    player.start(deliver, lambda error: None)
    assert stopped.wait(WAIT_S)


def test_a_video_gives_each_frame_its_place_and_time(tmp_path, heard):
    source = open_path(film(tmp_path / "clip.mp4", times=list(range(25))))
    listener = heard(source)
    frame = listener.frame()
    assert (frame.index, frame.count, number(frame), frame.time_s) == (0, 25, 0, 0.0)
    for index in (7, 8, 24, 3, 13, 12, 0, 23):
        source.seek(index)
        frame = listener.frame()
        assert (frame.index, number(frame)) == (index, index)
        assert frame.time_s == pytest.approx(index / 30, abs=1e-3)


def test_a_video_of_uneven_times_keeps_them(tmp_path, heard):
    times = [0, 1, 2, 10, 11, 40]
    source = open_path(film(tmp_path / "clip.mkv", times))
    listener = heard(source)
    listener.frame()
    source.play()
    frames = [listener.frame() for _ in times[1:]]
    assert [number(frame) for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame.time_s for frame in frames] == pytest.approx([t / 30 for t in times[1:]], abs=2e-3)


@pytest.mark.parametrize(("turned_deg", "shape"), [(90, (64, 48, 3)), (180, (48, 64, 3)), (270, (64, 48, 3))])
def test_a_video_of_a_turned_phone_is_shown_upright(tmp_path, heard, turned_deg, shape):
    path = film(tmp_path / "clip.mp4", [0], turned_deg=turned_deg)
    assert heard(open_path(path)).frame().image.shape == shape


def test_a_file_that_only_calls_itself_a_video_is_reported(tmp_path, heard):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video at all" * 50)
    assert "clip.mp4 is not a video that can be read" in heard(open_path(path)).error()


def test_a_video_cut_off_shows_what_is_left(tmp_path, heard):
    whole = film(tmp_path / "whole.mkv", times=list(range(25))).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: int(len(whole) * 0.6)])
    source = open_path(path)
    listener = heard(source)
    frame = listener.frame()
    assert number(frame) == 0
    assert 1 < frame.count <= 25
    source.seek(5)
    assert number(listener.frame()) == 5


def test_sound_without_picture_is_no_video(tmp_path, heard):
    path = tmp_path / "song.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate, sound.pts = 8000, 0
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    assert "sound but no picture" in heard(open_path(path)).error()


class FakeCapture:
    """A camera that shows the given pictures, then nothing."""

    def __init__(self, pictures: list[np.ndarray | None], opened: bool = True) -> None:
        self.pictures, self.opened = list(pictures), opened
        self.settings: dict[int, float] = {}
        self.released = 0

    def isOpened(self) -> bool:
        return self.opened

    def set(self, prop: int, value: float) -> bool:
        self.settings[prop] = value
        return True

    def read(self) -> tuple[bool, np.ndarray | None]:
        shown = self.pictures.pop(0) if self.pictures else None
        return shown is not None, shown

    def release(self) -> None:
        self.released += 1


def bgr(blue: int, green: int, red: int) -> np.ndarray:
    return np.full((4, 6, 3), (blue, green, red), np.uint8)


def test_a_camera_shows_rgb_and_keeps_no_queue(heard):
    capture = FakeCapture([bgr(1, 2, 3), bgr(4, 5, 6)])
    camera = Webcam(0, lambda index: capture)
    assert (camera.name, camera.live) == ("camera 0", True)
    listener = heard(camera)
    first, second = listener.frame(), listener.frame()
    assert first.image[0, 0].tolist() == [3, 2, 1]
    assert (second.index, second.count) == (1, 0)
    assert second.time_s >= first.time_s
    assert not first.image.flags.writeable
    assert capture.settings[cv2.CAP_PROP_BUFFERSIZE] == 1


def test_a_camera_that_misses_a_picture_goes_on_and_one_unplugged_is_reported(heard):
    capture = FakeCapture([bgr(1, 2, 3), *[None] * (MISSES - 1), bgr(4, 5, 6)])
    listener = heard(Webcam(3, lambda index: capture))
    listener.frame()
    assert listener.frame().index == 1
    text = listener.error()
    assert "Camera 3 delivers no more pictures" in text
    assert "Plug it in" in text


def test_an_absent_camera_is_reported_with_a_remedy(heard):
    capture = FakeCapture([], opened=False)
    camera = Webcam(97, lambda index: capture)
    text = heard(camera).error()
    assert text.startswith(("There is no camera 97", "Camera 97 cannot be opened"))
    camera.stop()
    assert capture.released == 1


def test_what_keeps_a_camera_from_opening_is_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    assert why_not_opened(0, tmp_path).endswith("Plug one in, and try again.")
    (tmp_path / "video2").touch()
    assert "choose one of these: 2" in why_not_opened(0, tmp_path)
    assert "Close other programs" in why_not_opened(2, tmp_path)
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "may not be used by you" in why_not_opened(2, tmp_path)


def test_stopping_a_camera_lets_go_of_it(heard):
    capture = FakeCapture([bgr(1, 2, 3)] * 1_000_000)
    camera = Webcam(0, lambda index: capture)
    listener = heard(camera)
    listener.frame()
    camera.stop()
    assert capture.released == 1
    assert capture.pictures, "it stopped long before the pictures ran out"


class Broken(Slides):
    """A Reader whose file and frames break in ways nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(5)
        self.openings: list[Exception] = [EOFError("end of file"), MemoryError()]
        self.readings: list[Exception] = []

    def open(self) -> int:
        if self.openings:
            raise self.openings.pop(0)
        return super().open()

    def read(self, index: int) -> Frame:
        if self.readings:
            raise self.readings.pop(0)
        return super().read(index)


def test_whatever_a_reader_raises_is_told_and_the_next_wish_works(heard):
    broken = Broken()
    player = Player("slides", broken)
    listener = heard(player)
    assert "slides cannot be read here (end of file)" in listener.error()
    player.seek(3)
    assert "MemoryError" in listener.error()
    player.seek(3)
    assert listener.frame().index == 3
    broken.readings = [ZeroDivisionError("x"), RecursionError("deep"), MemoryError()]
    for index in (1, 2, 4):
        player.seek(index)
        assert "cannot be read here" in listener.error()
    player.step(-3)
    assert listener.frame().index == 1
    player.stop()
    assert broken.closed == 3
