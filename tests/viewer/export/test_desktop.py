"""What the menu Export writes, on real files (tier 1: the desktop without its dialogs)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trimesh
from PySide6.QtGui import QImage, QPixmap

from models.errors import InputError
from models.export import figure
from models.export.kinds import KINDS as WRITTEN
from models.reconstructor import Face
from tests.fakes.answers import HEIGHT, WIDTH, answer, photo
from tests.fakes.desk import a_desk
from viewer.export.actions import ACTIONS
from viewer.readouts.progress import Kind, task_of
from viewer.sources.source import Frame
from viewer.state.setting import Setting
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.tasks.file_writer import Stopped
from viewer.widgets import dialogs
from viewer.widgets.dialogs import BRANCH, KINDS, OF_SEVERAL_FILES, Desktop, ending_of


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    monkeypatch.setattr(figure, "TURN_FRAMES", 2)


def state(**frame) -> State:
    told = answer()
    shown = Shown(Frame(photo(), "ann.jpg", **frame), (Face(told.box),), (told,))
    return State(shown=shown, frame=shown.frame)


def export(kind: str, path: Path, now: State | None = None) -> None:
    Desktop(lambda: QPixmap()).export(kind, str(path), now or state())


class Asked:
    """Commands that only remember what kind a row asks for."""

    kinds: list[str]

    def __init__(self) -> None:
        self.kinds = []

    def export(self, kind: str) -> None:
        self.kinds.append(kind)

    def export_branch(self) -> None:
        self.kinds.append("branch")

    def export_clip(self) -> None:
        """Of a whole video: not an answer's, see test_clip."""

    def export_toggling(self) -> None:
        """Asks again, see test_toggled."""

    def export_sized(self) -> None:
        """Asks how large, see test_figures."""

    def export_covered(self) -> None:
        """Asks again, see test_figures."""

    def cancel(self) -> None:
        """Writes nothing."""


def test_every_row_of_the_menu_writes_the_file_it_is_named_after(tmp_path):
    asked = Asked()
    for row in ACTIONS:
        row.verb(asked)
    kinds = set(asked.kinds) - {"branch", "png"}
    assert set(KINDS) - kinds == {"png", "csv", "case.json", "parquet", "pdf", "clip", "toggle", "occluders"}
    for kind in kinds:
        path = tmp_path / kind / f"ann{ending_of(kind)}"
        if kind.startswith("head."):
            with pytest.raises(InputError, match="has no head"):
                export(kind, path)
        else:
            export(kind, path)
            assert path.stat().st_size > 100


def test_a_branch_is_written_as_the_file_is_called(tmp_path):
    for suffix in (".glb", ".obj", ".ply"):
        path = tmp_path / f"a{suffix}"
        export(f"{BRANCH}visible surface", path)
        mesh = trimesh.load(path, process=False, force="mesh")
        assert len(mesh.faces) == len(answer().layer("visible surface").triangles)
    assert ending_of(f"{BRANCH}image space") == "-image-space.glb"


def test_files_that_belong_to_the_one_the_user_named_replace_nothing(tmp_path):
    (tmp_path / "a.mtl").write_text("mine")
    with pytest.raises(InputError, match=r"a\.mtl is there already"):
        export("obj", tmp_path / "a.obj")
    assert {path.name for path in tmp_path.iterdir()} == {"a.mtl"}
    assert (tmp_path / "a.mtl").read_text() == "mine"


@pytest.mark.parametrize(
    ("kind", "named"),
    [("obj", "a.obj"), ("landmarks", "a-landmarks.pts"), ("uv", "a-uv.png"), ("maps", "a-depth.png"),
     (f"{BRANCH}visible surface", "a.obj"), ("ply", "a.ply")],
)  # fmt: skip
def test_an_export_of_several_files_replaces_its_last_one_once_the_user_agreed(
    tmp_path, monkeypatch, kind, named
):
    monkeypatch.chdir(tmp_path)
    desktop = saving(monkeypatch, named)
    says, asked = agreeing(monkeypatch)
    desktop.export(kind, desktop.ask_save(kind, ""), state())
    files = sorted(path.name for path in tmp_path.iterdir())
    assert asked == [], "nothing was there"
    for path in tmp_path.iterdir():
        path.write_text("old")
    assert desktop.ask_save(kind, "") == named
    desktop.export(kind, named, state())
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    assert all(path.read_bytes() != b"old" for path in tmp_path.iterdir())
    if len(files) > 1:
        (question,) = asked
        assert all(name in question for name in files), "one question names all that is replaced"
        with pytest.raises(InputError, match="is there already"):
            desktop.export(kind, named, state())
        says.append("No")
        assert desktop.ask_save(kind, "") == ""


def test_a_file_beside_the_named_one_is_asked_about_though_the_named_one_is_new(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.mtl").write_text("mine")
    desktop = saving(monkeypatch, "a")
    says, asked = agreeing(monkeypatch)
    says.append("No")
    assert desktop.ask_save("obj", "") == ""
    assert asked == ["a.mtl already exists. Replace it?"]


def test_an_input_beside_the_named_file_is_never_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo_there = tmp_path / "a-texture.png"
    photo_there.write_bytes(b"a photo")
    desktop = saving(monkeypatch, str(tmp_path / "a.obj"))
    agreeing(monkeypatch)
    with pytest.raises(InputError, match=r"a-texture\.png"):
        desktop.export("obj", desktop.ask_save("obj", ""), state(path=photo_there))
    assert [path.name for path in tmp_path.iterdir()] == ["a-texture.png"]
    assert photo_there.read_bytes() == b"a photo"


def test_the_window_knows_which_kinds_are_of_several_files():
    assert {name for name, kind in WRITTEN.items() if len(kind.endings) > 1} == set(OF_SEVERAL_FILES)


def test_the_picture_that_is_open_is_never_written_over(tmp_path):
    path = tmp_path / "ann.png"
    path.write_bytes(b"a photo")
    with pytest.raises(InputError, match="over an input"):
        export("overlay", path, state(path=path))
    assert path.read_bytes() == b"a photo"


def test_the_answer_is_in_px_of_the_pictures_file(tmp_path):
    export("json", tmp_path / "a.json", state(file_size=(2 * WIDTH, 2 * HEIGHT)))
    assert f'"width_px": {2 * WIDTH}' in (tmp_path / "a.json").read_text()


def agreeing(monkeypatch):
    """What the user says to questions, one after the other, then "Yes"; and what they were asked."""
    says, asked = [], []

    def question(_parent, _title, text):
        asked.append(text)
        return dialogs.QMessageBox.StandardButton[says.pop() if says else "Yes"]

    monkeypatch.setattr(dialogs.QMessageBox, "question", question)
    return says, asked


def saving(monkeypatch, typed, chosen=""):
    """A dialog in which the user types that, under the filter they chose."""
    monkeypatch.setattr(dialogs.QFileDialog, "getSaveFileName", lambda *_: (typed, chosen))
    return Desktop(QPixmap)


@pytest.mark.parametrize(
    ("kind", "typed", "chosen", "path"),
    [
        ("case.json", "ann.case.json", "", "ann.case.json"),
        ("case.json", "ann", "", "ann.case.json"),
        ("case.json", "ann.json", "", "ann.case.json"),
        ("figure", "ann.PDF", "", "ann.PDF"),
        ("figure", "ann.v2", "", "ann.v2.svg"),
        (f"{BRANCH}fused", "ann", "Mesh with every number (*.ply)", "ann.ply"),
        ("ply", "", "", ""),
    ],
)
def test_a_file_gets_the_ending_of_its_kind_where_the_user_left_it_out(
    tmp_path, monkeypatch, kind, typed, chosen, path
):
    monkeypatch.chdir(tmp_path)
    assert saving(monkeypatch, typed, chosen).ask_save(kind, "photo") == path


@pytest.mark.parametrize(("says", "path"), [("Yes", "ann.ply"), ("No", "")])
def test_a_file_that_is_there_under_the_ending_that_was_added_is_replaced_on_demand_only(
    tmp_path, monkeypatch, says, path
):
    monkeypatch.chdir(tmp_path)
    Path("ann.ply").write_text("mine")
    answers, asked = agreeing(monkeypatch)
    answers.append(says)
    assert saving(monkeypatch, "ann").ask_save("ply", "photo.ply") == path
    assert asked == ["ann.ply already exists. Replace it?"]


@pytest.mark.parametrize(("suffix", "begins"), [(".svg", b"<svg"), (".pdf", b"%PDF"), (".png", b"\x89PNG")])
def test_a_figure_is_what_its_ending_says_and_shows_who_else_answered(tmp_path, qapp, suffix, begins):
    peer = replace(answer(), method="tddfa")
    now = state()
    shown = replace(now.shown, others={Setting("tddfa", "open"): (peer,)})
    path = tmp_path / f"a{suffix}"
    export("figure", path, replace(now, shown=shown))
    assert path.read_bytes().startswith(begins)
    if suffix == ".svg":
        assert ">tddfa" in path.read_text()


@pytest.mark.parametrize(
    "kind", ["ply", "glb", "obj", "json", "landmarks", "uv", "maps", "figure", "html", "overlay"]
)
def test_an_export_that_is_cancelled_leaves_no_file_at_all(tmp_path, kind):
    def stop(done: int, total: int) -> None:
        if not total:  # all is made, nothing written yet
            raise Stopped

    path = tmp_path / f"ann{ending_of(kind)}"
    with pytest.raises(Stopped):
        Desktop(QPixmap).export(kind, str(path), state(), stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        ({"path": Path("/album/ann.jpg"), "name": "ann.jpg", "index": 3, "count": 9}, "ann.ply"),
        ({"name": "clip.mp4", "index": 41, "count": 90}, "clip-frame-42.ply"),
        ({"name": "Camera 0", "index": 7, "count": 0}, "Camera 0-frame-8.ply"),
        ({"name": "pasted"}, "pasted.ply"),
    ],
)
def test_a_file_is_called_after_the_frame_it_is_about(qtbot, frame, name):
    with a_desk(qtbot) as desk:
        shown = desk.state.shown
        desk.store.update(shown=replace(shown, frame=Frame(shown.frame.image, **frame)))
        desk.desktop.chosen = "/somewhere"
        with qtbot.waitSignal(desk.commands.export.exported) as told:
            desk.commands.export.export("ply")
    assert told.args == [f"/somewhere/{name}"]


def test_three_views_are_a_figure_of_their_own(tmp_path, qapp):
    pictures = []
    for kind in ("figure", "views"):
        path = tmp_path / f"{kind}.svg"
        export(kind, path)
        pictures.append(path.read_text())
    assert [">+45°<" in picture for picture in pictures] == [False, True]
    assert [">fused<" in picture for picture in pictures] == [True, False]


def test_a_figure_tells_how_many_of_its_faces_are_drawn(tmp_path, qapp):
    told = []
    path = tmp_path / "a.png"
    Desktop(QPixmap).export("figure", str(path), state(), lambda *how_far: told.append(how_far))
    drawn = [done for done, total in told if total]
    assert drawn == list(range(len(drawn)))
    assert {total for _, total in told} == {0, len(drawn)}


def test_any_export_can_be_cancelled_while_it_is_made(qtbot):
    with a_desk(qtbot) as desk:
        desk.desktop.chosen = "somewhere"
        desk.desktop.disk.clear()
        desk.commands.export.export("glb")
        qtbot.waitUntil(lambda: desk.state.writing is not None)
        assert task_of(desk.state).can_stop
        desk.commands.stop(Kind.FILE)
        assert desk.state.writing.title.startswith("Cancelling")
        assert not task_of(desk.state).can_stop, "it is done already"
        desk.desktop.disk.set()
        qtbot.waitUntil(lambda: desk.state.writing is None)
        assert "was not written: it was cancelled" in desk.state.notice.cause
        assert desk.desktop.exported == []
        desk.commands.export.export("glb")
        qtbot.waitUntil(lambda: desk.desktop.exported != [])


def test_a_picture_of_the_window_is_written_as_png_and_none_as_nothing(tmp_path):
    desktop = Desktop(lambda: QPixmap())
    picture = QImage(3, 2, QImage.Format.Format_RGB32)
    picture.fill(0xFF336699)
    desktop.write_picture(picture, str(tmp_path / "window.png"), State())
    assert QImage(str(tmp_path / "window.png")).pixel(2, 1) == 0xFF336699
    with pytest.raises(InputError, match="could not be drawn"):
        desktop.write_picture(QImage(), str(tmp_path / "none.png"), State())
    assert not (tmp_path / "none.png").exists()
