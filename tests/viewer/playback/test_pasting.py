import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QImage

from models.errors import InputError
from tests.fakes.desk import a_desk, at_rest
from viewer.sources.pasted import NAME
from viewer.widgets import dialogs
from viewer.widgets.dialogs import Pasted, openable, pasted_of
from viewer.window.menus import FileMenus


def mime(text="", urls=(), image=None):
    data = QMimeData()
    if text:
        data.setText(text)
    if urls:
        data.setUrls([QUrl(url) for url in urls])
    if image is not None:
        data.setImageData(image)
    return data


def photo(width=5, height=3):
    image = QImage(width, height, QImage.Format.Format_ARGB32)
    image.fill(QColor(10, 20, 30))
    image.setPixelColor(1, 2, QColor(200, 100, 50))
    image.setPixelColor(0, 0, QColor(0, 0, 0, 0))
    return image


def test_a_picture_is_taken_in_rgb_and_what_is_clear_is_white(qapp):
    rgb = pasted_of(mime(image=photo())).image
    assert rgb.shape == (3, 5, 3)
    assert rgb[2, 1].tolist() == [200, 100, 50]
    assert rgb[0, 0].tolist() == [255, 255, 255]
    assert not rgb.flags.writeable


def test_files_come_before_the_picture_of_their_icon(tmp_path, qapp):
    url = QUrl.fromLocalFile(str(tmp_path / "a b.png")).toString()
    found = pasted_of(mime(urls=[url], image=photo()))
    assert found.paths == (str(tmp_path / "a b.png"),)
    assert found.image is None


@pytest.mark.parametrize("form", ["{}", " '{}' ", "file://{}", '"{}"\n'])
def test_the_path_of_a_file_is_taken_as_text(tmp_path, form):
    path = tmp_path / "a.png"
    path.touch()
    assert pasted_of(mime(form.format(path))).paths == (str(path),)


@pytest.mark.parametrize(
    "text", ["", "hello", "/no/such/file.png", "https://example.org/a.png", "\0", "x" * 9999]
)
def test_other_text_names_no_file(text):
    assert pasted_of(mime(text)).paths == ()


def test_a_picture_that_is_too_large_is_refused(monkeypatch, qapp):
    monkeypatch.setattr(dialogs, "SHOWN_SIDE_PX", 4)
    with pytest.raises(InputError, match="too large"):
        pasted_of(mime(image=photo()))


def test_a_pasted_picture_is_answered_and_has_no_file(qtbot):
    with a_desk(qtbot) as desk:
        desk.desktop.clipboard = Pasted(np.full((240, 320, 3), 90, np.uint8))
        with qtbot.waitSignal(desk.session.answered):
            desk.commands.playback.paste()
        at_rest(qtbot, desk)
        assert desk.state.source_name == NAME
        assert desk.state.answer is not None
        assert desk.state.opened == ()
        assert desk.state.frame.path is None
        assert NAME not in desk.state.recent


def test_a_pasted_path_is_opened_and_recent(qtbot, tmp_path):
    with a_desk(qtbot) as desk:
        desk.desktop.clipboard = Pasted(paths=(str(tmp_path / "a.png"),))
        with qtbot.waitSignal(desk.session.answered):
            desk.commands.playback.paste()
        at_rest(qtbot, desk)
        assert desk.state.source_name == "a.png"
        assert desk.state.recent[0] == str(tmp_path / "a.png")


def test_an_empty_clipboard_is_said(qtbot):
    with a_desk(qtbot) as desk:
        desk.commands.playback.paste()
        assert "no picture on the clipboard" in desk.state.notice.cause
        assert desk.state.source_name == "photo.png"


def test_the_dialog_lists_what_can_be_opened_by_kind():
    rows = openable().split(";;")
    assert [row.partition(" (")[0] for row in rows] == [
        *("Pictures, videos and cases", "Pictures", "Videos", "Cases", "All files")
    ]
    for suffix in ("*.jpg", "*.mp4", "*.case.json"):
        assert suffix in rows[0]
    assert "*.mp4" not in rows[1]


def test_the_list_of_recent_files_can_be_cleared(qtbot):
    with a_desk(qtbot) as desk:
        commands = desk.commands
        menus = FileMenus(desk.store, commands.playback, commands.branches, commands.faces, commands.mining)
        assert menus.recent.isEnabled()
        next(action for action in menus.recent.actions() if action.text() == "Clear this list").trigger()
        assert desk.state.recent == ()
        assert not menus.recent.isEnabled()
