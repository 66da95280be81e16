"""Cases in the window: saved, opened again, with files that moved, changed or are gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.occlusion.occluder import Occluder
from tests.fakes.desktop import FakeDesktop
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from tests.viewer.sources.test_video import film
from viewer.app.commands import Commands
from viewer.cases import commands as cases
from viewer.cases.case import Kind
from viewer.cases.case_file import read_file
from viewer.export.clip import clip_of
from viewer.inference.session import Session
from viewer.sources import open_path, open_paths
from viewer.state.camera import Camera
from viewer.state.comparison import Side
from viewer.state.layout import PANELS
from viewer.state.notice import Severity
from viewer.state.occlusion import Layer, Stack
from viewer.state.setting import Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Look
from viewer.tasks.file_writer import Stopped


class RealFiles(FakeDesktop):
    """As FakeDesktop, but what is opened is on the disk."""

    def open_path(self, path):
        return self.sources.get(path) or open_path(path)

    def open_paths(self, paths):
        return open_paths(paths)


@dataclass
class Desk:
    store: Store
    session: Session
    commands: Commands
    desktop: RealFiles
    work: FakeWork

    @property
    def state(self) -> State:
        return self.store.state

    def close(self) -> None:
        self.commands.close()
        assert self.session.close(5)


def fresh() -> Desk:
    work, desktop = FakeWork(), RealFiles()
    store = Store(State(steady=False, styles={row.name: row.style for row in PANELS if row.looks}))
    session = Session(store, work.work())
    return Desk(store, session, Commands(store, session, desktop), desktop, work)


@pytest.fixture
def desk(qtbot) -> Iterator[Desk]:
    made = fresh()
    yield made
    made.close()


@pytest.fixture
def other(qtbot) -> Iterator[Desk]:
    """The window of another day."""
    made = fresh()
    yield made
    made.close()


def photo(path: Path, value: int = 220) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((240, 320, 3), value, np.uint8)).save(path)
    return path


def open_photo(qtbot, desk: Desk, path: Path) -> None:
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open(path)
    qtbot.waitUntil(lambda: not desk.state.busy)


def save(qtbot, desk: Desk, folder: Path) -> Path:
    desk.desktop.chosen = str(folder)
    with qtbot.waitSignal(desk.commands.cases.saved) as saved:
        desk.commands.cases.save()
    desk.desktop.chosen = ""
    return Path(saved.args[0])


def reopen(qtbot, desk: Desk, path: Path) -> None:
    with qtbot.waitSignal(desk.commands.cases.opened):
        desk.commands.playback.open_several([str(path)])
    qtbot.waitUntil(lambda: not desk.state.busy)


def occluded(desk: Desk) -> Layer:
    rgba = np.full((40, 50, 4), (10, 20, 30, 255), np.uint8)
    return Layer("patch", Occluder("patch", rgba, np.array([[1.0, 0, 60], [0, 1, 90], [0, 0, 1]])))


def test_a_case_that_is_opened_shows_again_what_was_saved(qtbot, desk, other, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "a" / "face.png"))
    occlusion = replace(desk.state.occlusion, stack=Stack((occluded(desk),)), selected=0)
    with qtbot.waitSignal(desk.session.answered):
        desk.store.update(
            occlusion=occlusion,
            camera=Camera(zoom=2.5),
            selected_face=1,
            overlays=frozenset({"mask"}),
            styles={**desk.state.styles, "fused": LayerStyle(Look.DEPTH, True, 0.5)},
            panel_layout="x-ray",
            notes="The left eye is made up.",
            switched_off=frozenset({"confidence"}),
        )
    desk.store.update(selected_face=1)
    desk.commands.inspector.probe_vertex(7)
    path = save(qtbot, desk, tmp_path / "b")
    assert path == tmp_path / "b" / "face.case.json"
    assert desk.state.case == str(path)
    assert desk.state.recent[0] == str(path)

    reopen(qtbot, other, path)
    was, now = desk.state, other.state
    for name in ("camera", "overlays", "panel_layout", "notes", "switched_off", "selected_face", "opened"):
        assert getattr(now, name) == getattr(was, name), name
    assert now.styles["fused"] == was.styles["fused"]
    assert now.probe.vertex == 7
    assert now.case == str(path)
    assert now.recent[0] == str(path)
    np.testing.assert_array_equal(now.shown.frame.image, was.shown.frame.image)
    np.testing.assert_array_equal(now.answer.vertices, was.answer.vertices)
    assert now.notice is None, "all is as it was, so there is nothing to say"


def test_what_was_mined_is_there_again_and_its_rows_open(qtbot, desk, other, tmp_path):
    folder = tmp_path / "album"
    for number in range(3):
        photo(folder / f"{number}.png", 60 + 40 * number)
    open_photo(qtbot, desk, folder / "1.png")
    desk.commands.mining.mine([folder])
    qtbot.waitUntil(lambda: desk.state.mining.running is None, timeout=60_000)
    path = save(qtbot, desk, tmp_path)

    reopen(qtbot, other, path)
    assert len(other.state.mining.table) == len(desk.state.mining.table) >= 3
    row = next(r for r in range(9) if other.state.mining.table.texts["input"][r].endswith("2.png"))
    other.commands.mining.open_row(row)
    qtbot.waitUntil(lambda: other.state.shown.frame.path == folder / "2.png", timeout=60_000)
    assert other.state.mining.current == row


def test_a_case_saved_at_an_open_row_rests_on_the_picture_itself_and_shows_it_again(
    qtbot, desk, other, tmp_path
):
    folder = tmp_path / "album"
    for number in range(3):
        photo(folder / f"{number}.png", 60 + 40 * number)
    desk.commands.mining.mine([folder])
    qtbot.waitUntil(lambda: desk.state.mining.running is None, timeout=60_000)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.mining.open_row(
            next(r for r in range(9) if desk.state.mining.table.texts["input"][r].endswith("1.png"))
        )
    qtbot.waitUntil(lambda: not desk.state.busy and desk.state.shown.frame.path == folder / "1.png")
    path = save(qtbot, desk, tmp_path)
    assert sorted(tmp_path.glob("*.png")) == [], "no copy of the picture"

    reopen(qtbot, other, path)
    assert other.state.shown.frame.path == folder / "1.png"
    assert other.state.opened == tuple(str(folder / f"{number}.png") for number in range(3))


def test_a_video_that_was_mined_can_be_exported_from_an_open_row(qtbot, desk, tmp_path):
    video = film(tmp_path / "clip.mp4", count=3)
    desk.commands.mining.mine([video])
    qtbot.waitUntil(lambda: desk.state.mining.running is None, timeout=60_000)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.mining.open_row(0)
    qtbot.waitUntil(lambda: not desk.state.busy)
    assert clip_of(desk.state).video == video


def test_it_is_told_how_much_of_large_media_was_read_and_the_rest_can_be_cancelled(
    qtbot, desk, tmp_path, monkeypatch
):
    monkeypatch.setattr(cases, "LONG_BYTES", 1)
    face, path, told = photo(tmp_path / "face.png"), tmp_path / "face.case.json", []
    open_photo(qtbot, desk, face)

    def step(done: int, total: int) -> None:
        told.append((done, total))
        raise Stopped

    with pytest.raises(Stopped):
        cases.save(desk.state, path, desk.session.asker, step)
    size = face.stat().st_size
    assert told == [(size, size)]
    assert not path.exists()
    monkeypatch.setattr(cases, "LONG_BYTES", size + 1)
    told.clear()
    with pytest.raises(Stopped):
        cases.save(desk.state, path, desk.session.asker, step)
    assert told == [(0, 0)], "what is soon read is never cut off by the end of a session"
    assert not path.exists()


def test_saving_again_writes_to_the_same_file_without_asking(qtbot, desk, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "face.png"))
    path = save(qtbot, desk, tmp_path)
    desk.desktop.typed = "more"
    desk.commands.cases.edit_notes()
    with qtbot.waitSignal(desk.commands.cases.saved):
        desk.commands.cases.save()
    assert read_file(path).notes == "more"


def test_a_case_is_never_written_over_the_picture_it_is_about(qtbot, desk, tmp_path):
    path = photo(tmp_path / "face.png")
    before = path.read_bytes()
    open_photo(qtbot, desk, path)
    desk.commands.cases.save_to(str(path))
    qtbot.waitUntil(lambda: desk.state.notice.severity is Severity.ERROR)
    assert "over an input" in desk.state.notice.cause
    assert path.read_bytes() == before


def test_boxes_drawn_by_hand_are_asked_about_again(qtbot, desk, other, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "face.png"))
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.look_at_box((50.0, 60.0, 150.0, 180.0))
    path = save(qtbot, desk, tmp_path)
    reopen(qtbot, other, path)
    drawn = (50.0, 60.0, 150.0, 180.0)
    assert drawn in [face.box for face in other.state.boxes]
    assert other.state.boxes == desk.state.boxes
    assert [answer.box for answer in other.state.shown.answers] == [face.box for face in other.state.boxes]
    assert other.work.detections <= 1, "at most for the moment before the boxes were known"


def test_the_picture_of_a_folder_is_found_though_others_came_before_it(qtbot, desk, other, tmp_path):
    for number in (2, 3):
        photo(tmp_path / "photos" / f"{number}.png", 60 * number)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open(tmp_path / "photos")
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.step(1)
    assert desk.state.shown.frame.name == "3.png"
    path = save(qtbot, desk, tmp_path)
    assert read_file(path).input.kind is Kind.FOLDER
    photo(tmp_path / "photos" / "1.png", 60)
    other.work.gate.clear()
    other.commands.cases.open(path)
    qtbot.waitUntil(lambda: other.state.frame is not None and other.state.frame.index == 2)
    with qtbot.waitSignal(other.commands.cases.opened):
        other.work.gate.set()  # first to an answer about the first picture, which was on its way
    assert (other.state.frame.name, other.state.frame.index, other.state.frame.count) == ("3.png", 2, 3)


def test_a_frame_of_a_video_is_shown_again_and_its_figures_are_those_of_the_frame_alone(
    qtbot, desk, other, tmp_path
):
    clip = film(tmp_path / "clip.mp4", count=6)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open(clip)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.seek(4)
    shown = desk.state.shown
    moved = tuple(replace(answer, steadied=True, vertices=answer.vertices + 3) for answer in shown.answers)
    desk.store.update(shown=replace(shown, answers=moved))
    path = save(qtbot, desk, tmp_path)
    case = read_file(path)
    assert (case.input.kind, case.input.index) == (Kind.VIDEO, 4)
    (alone,) = {face.landmarks_px[0] for face in case.answers[0].faces[:1]}
    np.testing.assert_allclose(alone, shown.answers[0].landmarks[0], atol=1e-3)
    reopen(qtbot, other, path)
    assert (other.state.frame.index, other.state.frame.count) == (4, 6)
    np.testing.assert_array_equal(other.state.frame.image, shown.frame.image)
    assert other.state.notice is None


def test_a_picture_that_moved_is_found_beside_the_case_by_its_hash(qtbot, desk, other, tmp_path):
    old = photo(tmp_path / "photos" / "face.png")
    open_photo(qtbot, desk, old)
    path = save(qtbot, desk, tmp_path / "cases")
    photo(tmp_path / "cases" / "decoy.png", 30)
    old.rename(tmp_path / "cases" / "renamed.png")
    reopen(qtbot, other, path)
    assert other.state.frame.name == "renamed.png"
    assert other.state.notice is None


def test_case_and_picture_carried_away_together_need_no_search(qtbot, desk, other, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "here" / "face.png"))
    save(qtbot, desk, tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    reopen(qtbot, other, tmp_path / "there" / "face.case.json")
    assert other.state.opened == (str(tmp_path / "there" / "face.png"),)


def test_a_picture_that_is_gone_is_asked_for_and_another_content_is_told(qtbot, desk, other, tmp_path):
    gone = photo(tmp_path / "face.png")
    open_photo(qtbot, desk, gone)
    path = save(qtbot, desk, tmp_path)
    gone.unlink()
    other.commands.cases.open(path)
    qtbot.waitUntil(lambda: other.state.notice is not None)
    assert other.state.notice.cause == "face.case.json is about face.png, which is not there."
    assert other.state.notice.remedy == "Put face.png beside the case file."
    other.desktop.chosen = str(photo(tmp_path / "elsewhere" / "near.png", 221))
    reopen(qtbot, other, path)
    assert other.state.frame.name == "near.png"
    assert "near.png has changed since the case was saved" in other.state.notice.cause
    assert other.state.notice.severity is Severity.WARNING


def test_weights_of_another_hash_answer_all_the_same_and_that_is_told(qtbot, desk, other, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "face.png"))
    path = save(qtbot, desk, tmp_path)
    values = json.loads(path.read_text())
    assert len(values["who"]["sha256"]) == 64
    values["who"]["sha256"] = "ab" * 32
    path.write_text(json.dumps(values))
    reopen(qtbot, other, path)
    assert other.state.answer is not None
    assert "dsfnet answers with other weights open than when the case was saved" in other.state.notice.cause
    assert "then abababababab" in other.state.notice.cause


def test_a_method_that_is_not_installed_here_is_told_and_leaves_who_answers_alone(
    qtbot, desk, other, tmp_path
):
    open_photo(qtbot, desk, photo(tmp_path / "face.png"))
    path = save(qtbot, desk, tmp_path)
    path.write_text(path.read_text().replace('"method": "dsfnet"', '"method": "nobody"'))
    reopen(qtbot, other, path)
    assert other.state.method == "dsfnet"
    assert "method nobody is not installed here" in other.state.notice.cause


def test_answers_that_are_not_as_they_were_are_told(qtbot, desk, other, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "face.png"))
    path = save(qtbot, desk, tmp_path)
    values = json.loads(path.read_text())
    values["answers"][0]["faces"][0]["landmarks_px"][30][0] += 5
    path.write_text(json.dumps(values))
    reopen(qtbot, other, path)
    assert "face 1, landmarks: 1 of 68 differ, the most by 5 px" in other.state.notice.cause


def test_pinned_answers_are_asked_for_again_occluders_included(qtbot, desk, other, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "first.png"))
    with qtbot.waitSignal(desk.session.answered):
        desk.store.update(occlusion=replace(desk.state.occlusion, stack=Stack((occluded(desk),))))
    desk.commands.compare.pin()
    open_photo(qtbot, desk, photo(tmp_path / "second.png", 90))
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.compare.choose("b", Side("", Setting("dsfnet", "open", frozenset({"model space"}))))
    path = save(qtbot, desk, tmp_path)
    assert Path(read_file(path).pinned[0].input.file.path).name == "first.png"

    reopen(qtbot, other, path)
    was, now = desk.state.comparison.a.pinned, other.state.comparison.a.pinned
    np.testing.assert_array_equal(now.shown.frame.image, was.shown.frame.image)
    np.testing.assert_array_equal(now.shown.answers[0].vertices, was.shown.answers[0].vertices)
    assert (now.face, now.setting, now.opened) == (was.face, was.setting, was.opened)
    assert other.state.comparison.b == desk.state.comparison.b
    again = save(qtbot, other, tmp_path / "again")
    assert (
        json.loads(again.read_text())["pinned"][0]["answers"]
        == json.loads(path.read_text())["pinned"][0]["answers"]
    )


def test_the_frame_of_a_camera_is_kept_as_a_picture_beside_the_case(qtbot, desk, other, tmp_path):
    desk.desktop.plugged[0] = FakeSource("camera 0", first=picture("camera 0"))
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    path = save(qtbot, desk, tmp_path)
    assert (tmp_path / f"{path.name.split('.')[0]}-frame-1.png").is_file()
    reopen(qtbot, other, path)
    np.testing.assert_array_equal(other.state.frame.image, desk.state.shown.frame.image)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:200], lambda text: text.replace('"zoom": 1.0', '"zoom": -1')]
)
def test_a_damaged_case_is_told_left_where_it_is_and_what_is_shown_stays(qtbot, desk, tmp_path, damage):
    open_photo(qtbot, desk, photo(tmp_path / "face.png"))
    path = save(qtbot, desk, tmp_path)
    damaged = damage(path.read_text())
    path.write_text(damaged)
    shown = desk.state.shown
    desk.commands.playback.open(path)
    qtbot.waitUntil(lambda: desk.state.notice is not None and desk.state.notice.severity is Severity.ERROR)
    assert desk.state.notice.cause.startswith("face.case.json is damaged")
    assert desk.state.notice.remedy
    assert desk.state.shown is shown
    assert path.read_text() == damaged
    with qtbot.waitSignal(desk.commands.cases.saved):
        desk.commands.cases.save()
    assert (tmp_path / "face.case.json.bad").read_text() == damaged
    assert read_file(path).answers


def test_another_picture_opened_while_a_case_is_read_is_not_changed_by_it(qtbot, desk, other, tmp_path):
    open_photo(qtbot, desk, photo(tmp_path / "face.png"))
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.look_at_box((50.0, 60.0, 150.0, 180.0))
    path = save(qtbot, desk, tmp_path)
    other.desktop.sources[str(tmp_path / "face.png")] = FakeSource("face.png", live=False)  # never delivers
    other.commands.cases.open(path)
    qtbot.waitUntil(lambda: other.state.busy and other.state.method == "dsfnet" and bool(other.state.recent))
    open_photo(qtbot, other, photo(tmp_path / "b.png", 90))
    assert other.state.boxes is None
    assert other.state.case == ""
