"""Files nobody should have to open, opened in the window: a sentence, and the session goes on (tier 2)."""

import struct
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QDockWidget

from tests.fakes.panels import stub_panels
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.app.assembly import Assembly
from viewer.state.notice import Severity
from viewer.state.settings import Settings
from viewer.state.state import State


class Opened:
    """A window that opens real files, on stub panels and a method that answers at once."""

    def __init__(self, path: Path) -> None:
        self.work = FakeWork()
        settings = Settings(QSettings(str(path), QSettings.Format.IniFormat))
        self.assembly = Assembly(settings, State(), self.work.work(), stub_panels)
        self.commands, self.session = self.assembly.commands, self.assembly.session

    @property
    def state(self) -> State:
        return self.assembly.store.state


@pytest.fixture
def opened(qtbot, tmp_path):
    made = Opened(tmp_path / "kept.ini")
    qtbot.addWidget(made.assembly.window)
    made.assembly.show((1000, 700))
    Image.fromarray(photo()).save(tmp_path / "good.png")
    with qtbot.waitSignal(made.session.answered):
        made.commands.playback.open(tmp_path / "good.png")
    yield made
    made.work.gate.set()
    made.assembly.close()


def photo(height: int = 120, width: int = 90) -> np.ndarray:
    ramp = np.linspace(20, 180, width, dtype=np.uint8)
    return np.repeat(np.tile(ramp, (height, 1))[..., None], 3, -1)


def whole_jpeg(folder: Path) -> bytes:
    Image.fromarray(photo(600, 600)).save(folder / "whole.jpg", quality=95)
    return (folder / "whole.jpg").read_bytes()


def endless_png(side_px: int) -> bytes:
    """The beginning of a PNG that says it has that many rows and columns of RGB."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def make_bad(name: str, folder: Path) -> Path:
    """A file, or no file, of that name that cannot be shown."""
    path = folder / name
    match name:
        case "text.jpg" | "text.mp4":
            path.write_text("no picture at all")
        case "empty.jpg":
            path.write_bytes(b"")
        case "cut.jpg":
            jpeg = whole_jpeg(folder)
            path.write_bytes(jpeg[: len(jpeg) // 3])
        case "folder.jpg":
            path.mkdir()
        case "endless.png":
            path.write_bytes(endless_png(30_000))
    return path


BAD = ("text.jpg", "text.mp4", "empty.jpg", "cut.jpg", "folder.jpg", "endless.png", "absent.jpg")


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_shown_is_said_with_a_remedy_and_the_last_photo_stays(qtbot, opened, tmp_path, name):
    kept = opened.state.shown
    opened.commands.playback.open(make_bad(name, tmp_path))
    qtbot.waitUntil(lambda: opened.state.notice is not None, timeout=20_000)
    assert opened.state.notice.severity is Severity.ERROR
    assert name.partition(".")[0] in opened.state.notice.cause
    assert opened.state.notice.remedy
    assert opened.state.shown is kept
    qtbot.waitUntil(lambda: not opened.state.busy)
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.playback.open(tmp_path / "good.png")
    assert opened.state.notice is None


def make_odd(name: str, folder: Path) -> Path:
    """A picture that is unusual, but one."""
    path, plain = folder / name, Image.fromarray(photo())
    match name:
        case "deep.png":
            Image.fromarray(photo()[..., 0].astype(np.uint16) * 257).save(path)
        case "grey.jpg":
            plain.convert("L").save(path)
        case "printed.jpg":
            plain.convert("CMYK").save(path)
        case "clear.png":
            plain.putalpha(90)
            plain.save(path)
        case "moving.gif":
            plain.save(path, save_all=True, append_images=[plain.rotate(20), plain.rotate(40)])
        case "turned.jpg":
            exif = Image.Exif()
            exif[0x0112] = 6
            plain.save(path, exif=exif)
        case "dot.png":
            plain.resize((1, 1)).save(path)
    return path


SIZES = {"turned.jpg": (90, 120, 3), "dot.png": (1, 1, 3)}
ODD = ("deep.png", "grey.jpg", "printed.jpg", "clear.png", "moving.gif", "turned.jpg", "dot.png")


@pytest.mark.parametrize("name", ODD)
def test_an_unusual_picture_is_shown_upright_and_in_colour(qtbot, opened, tmp_path, name):
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.playback.open(make_odd(name, tmp_path))
    assert opened.state.source_name == name
    assert opened.state.shown.frame.image.shape == SIZES.get(name, (120, 90, 3))
    assert opened.state.notice is None or opened.state.notice.severity is Severity.INFO


def drop(opened, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    opened.assembly.window.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))


def choose(what: str) -> None:
    """Pick from the menu that asks what to do with a folder that was dropped."""
    menu = QApplication.activePopupWidget()
    next(action for action in menu.actions() if what in action.text()).trigger()
    menu.close()


def test_several_dropped_files_can_be_gone_through_past_a_bad_one(qtbot, opened, tmp_path):
    paths = [make_odd("grey.jpg", tmp_path), make_bad("text.jpg", tmp_path), make_odd("deep.png", tmp_path)]
    with qtbot.waitSignal(opened.session.answered):
        drop(opened, *paths)
    assert opened.state.shown.frame.count == 3
    opened.assembly.actions["next"].trigger()
    qtbot.waitUntil(lambda: opened.state.notice is not None)
    assert "text.jpg" in opened.state.notice.cause
    with qtbot.waitSignal(opened.session.answered):
        opened.assembly.actions["next"].trigger()
    assert opened.state.shown.frame.name == "deep.png"


def test_a_dropped_folder_is_gone_through(qtbot, opened, tmp_path):
    (tmp_path / "album").mkdir()
    for name in ("grey.jpg", "deep.png"):
        make_odd(name, tmp_path / "album")
    with qtbot.waitSignal(opened.session.answered):
        drop(opened, tmp_path / "album")
        choose("Go through")
    assert opened.state.source_name == "album"
    assert opened.state.shown.frame.count == 2


def test_failures_are_found_in_a_dropped_folder(qtbot, opened, tmp_path):
    (tmp_path / "album").mkdir()
    for name in ("grey.jpg", "deep.png"):
        make_odd(name, tmp_path / "album")
    drop(opened, tmp_path / "album")
    choose("Find failures")
    qtbot.waitUntil(lambda: opened.state.mining.running is None and len(opened.state.mining.table) > 0)
    found = {Path(name).name for name in opened.state.mining.table.texts["input"]}
    assert found == {"grey.jpg", "deep.png"}
    assert opened.assembly.window.findChild(QDockWidget, "mining").isVisible()


def test_a_dropped_folder_without_pictures_is_told(qtbot, opened, tmp_path):
    (tmp_path / "void").mkdir()
    drop(opened, tmp_path / "void")
    choose("Go through")
    assert "no picture" in opened.state.notice.cause


def test_an_absent_camera_is_told_and_a_photo_can_be_opened_after_it(qtbot, opened, tmp_path):
    opened.commands.playback.open_camera(97)
    qtbot.waitUntil(lambda: opened.state.notice is not None, timeout=20_000)
    assert "97" in opened.state.notice.cause
    assert not opened.state.live
    with qtbot.waitSignal(opened.session.answered):
        opened.commands.playback.open(tmp_path / "good.png")


def test_the_window_closes_while_the_method_is_at_work(qtbot, opened):
    opened.work.gate.clear()
    opened.work.reached.clear()
    opened.session.begin(FakeSource("slow.png", live=False, first=picture("slow.png")))
    qtbot.waitUntil(opened.work.reached.is_set)
    threading.Timer(0.05, opened.work.gate.set).start()
    assert opened.assembly.window.close()
    assert not any(thread.name == "unmask worker" for thread in threading.enumerate())
