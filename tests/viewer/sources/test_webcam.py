import threading

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QSettings

from tests.fakes.desk import a_desk, at_rest
from tests.fakes.sources import FakeSource, picture
from tests.viewer.sources.test_sources import FakeCapture, bgr, heard  # noqa: F401
from viewer.app.startup import first_state
from viewer.cli.options import Launch
from viewer.sources import webcam as webcams
from viewer.sources.cameras import cameras
from viewer.sources.source import PausedError
from viewer.sources.webcam import Webcam
from viewer.state import webcam as chosen
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.window.menus import NO_CAMERA, FileMenus


class Socket:
    """Where a camera is plugged in: each time it is opened, the next of these."""

    def __init__(self, *captures):
        self.captures, self.opened = list(captures), 0
        self.empty = threading.Event()

    def __call__(self, index):
        self.opened += 1
        if self.captures:
            return self.captures.pop(0)
        self.empty.set()
        return FakeCapture([], opened=False)


def test_a_camera_goes_on_by_itself_when_it_is_plugged_in_again(heard):  # noqa: F811
    gone = [FakeCapture([], opened=False) for _ in range(3)]
    socket = Socket(FakeCapture([bgr(1, 2, 3)]), *gone, FakeCapture([bgr(4, 5, 6)]))
    listener = heard(Webcam(3, socket, retry_s=0.0))
    first = listener.frame()
    said = listener.said.get(timeout=10)
    assert isinstance(said, PausedError)
    assert "Camera 3 delivers no more pictures" in str(said)
    assert "goes on by itself" in str(said)
    again = listener.frame()
    assert again.image[0, 0].tolist() == [6, 5, 4]
    assert again.index == first.index + 1
    assert again.time_s >= first.time_s
    assert all(capture.released == 1 for capture in gone)


def test_while_it_is_away_it_is_told_once(heard):  # noqa: F811
    socket = Socket(FakeCapture([bgr(1, 2, 3)]))
    camera = Webcam(3, socket, retry_s=0.0)
    listener = heard(camera)
    listener.frame()
    listener.error()
    assert socket.empty.wait(10)
    camera.stop()
    assert listener.said.empty()
    assert socket.opened > 1


def test_a_camera_is_asked_for_the_size_and_says_if_it_gives_another(heard):  # noqa: F811
    capture = FakeCapture([np.zeros((480, 640, 3), np.uint8), np.zeros((720, 1280, 3), np.uint8)])
    listener = heard(Webcam(0, lambda index: capture, size=(1280, 720)))
    assert listener.frame().notices == ("Camera 0 gives 640 × 480 px, not 1280 × 720.",)
    assert listener.frame().notices == ()
    assert capture.settings[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert capture.settings[cv2.CAP_PROP_FRAME_HEIGHT] == 720


def test_a_camera_that_is_not_there_is_not_even_tried(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: pytest.fail("OpenCV complains on the terminal"))
    assert not webcams.open_device(61).isOpened()


def test_the_system_names_its_cameras_and_only_those_that_deliver_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for name, title, index in (("video10", "Desk", "0"), ("video2", "Lid", "0"), ("video3", "Lid", "1")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(f"{title}\n")
        (tmp_path / name / "index").write_text(f"{index}\n")
    assert [(camera.index, camera.title) for camera in cameras(tmp_path)] == [(2, "Lid"), (10, "Desk")]
    assert cameras(tmp_path / "nothing") == ()
    monkeypatch.setattr("sys.platform", "darwin")
    assert len(cameras(tmp_path)) > 1


# -- the session -----------------------------------------------------------------------------------------


@pytest.fixture
def desk(qtbot):
    with a_desk(qtbot) as made:
        for index in (0, 2):
            made.desktop.plugged[index] = FakeSource(f"camera {index}", first=picture("camera"))
        yield made


def test_a_camera_that_was_unplugged_is_said_and_the_banner_goes_when_it_is_back(qtbot, desk):
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    camera = desk.desktop.plugged[0]
    camera.break_down(PausedError("Camera 0 delivers no more pictures. Plug it in again."))
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    assert "no more pictures" in desk.state.notice.cause
    assert camera.running
    assert desk.state.live
    with qtbot.waitSignal(desk.session.answered):
        camera.send(picture("camera", 120))
    assert desk.state.notice is None


def test_stopping_ends_the_wait_for_a_camera(qtbot, desk):
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    desk.desktop.plugged[0].break_down(PausedError("Gone. Plug it in."))
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    desk.commands.playback.stop()
    assert not desk.desktop.plugged[0].running
    assert not desk.state.live


def test_another_size_opens_the_camera_anew_but_nothing_else(qtbot, desk):
    desk.commands.playback.choose_camera_size((1280, 720))
    assert desk.desktop.webcams == [], "a photo is open"
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(2)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.choose_camera_size((640, 480))
    asked = [(webcam.index, webcam.size) for webcam in desk.desktop.webcams]
    assert asked == [(2, (1280, 720)), (2, (640, 480))]
    at_rest(qtbot, desk)


def test_the_menu_lists_cameras_and_sizes_and_ticks_what_is_chosen(qtbot, desk):
    commands = desk.commands
    menus = FileMenus(desk.store, commands.playback, commands.branches, commands.faces, commands.mining)
    with qtbot.waitSignal(desk.session.answered):
        next(action for action in menus.camera.actions() if action.text() == "camera 2").trigger()
    next(action for action in menus.camera.actions() if action.text() == "1280 × 720").trigger()
    menus.camera.aboutToShow.emit()
    ticked = [action.text() for action in menus.camera.actions() if action.isChecked()]
    assert ticked == ["camera 2", "1280 × 720"]
    desk.desktop.plugged.clear()
    menus.camera.aboutToShow.emit()
    assert menus.camera.actions()[0].text().strip() == NO_CAMERA


def test_the_choice_outlives_the_session(tmp_path):
    def settings():
        return Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))

    kept = settings()
    kept.keep(State(webcam=chosen.Webcam(2, (1280, 720))))
    kept.sync()
    assert first_state(settings(), Launch()).webcam == chosen.Webcam(2, (1280, 720))


@pytest.mark.parametrize("text", ["", "x", "-1", "0 7x7", "99999", "0 1280", "٣"])
def test_what_is_no_choice_of_a_camera_is_not_taken(text):
    assert chosen.from_text(text) is None
