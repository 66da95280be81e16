from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import current_thread

import numpy as np
import pytest
from PySide6.QtCore import QThreadPool

from models.errors import InputError
from models.reconstruction import Alarm
from tests.fakes.desktop import FakeDesktop
from tests.fakes.reconstructor import SWITCHES
from tests.fakes.sources import FakeRecording, FakeSource, picture
from tests.fakes.work import FakeWork
from viewer.app.commands import Commands
from viewer.display.dock import part_taken
from viewer.inference.session import Session
from viewer.state.camera import Camera
from viewer.state.notice import Notice, Severity
from viewer.state.setting import NO_BRANCH
from viewer.state.shown import FoundBy, Search
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import Look
from viewer.window.status import doing


@dataclass
class Desk:
    """All a commands needs, within reach."""

    store: Store
    session: Session
    commands: Commands
    desktop: FakeDesktop
    work: FakeWork

    @property
    def state(self) -> State:
        return self.store.state


@pytest.fixture
def desk(qtbot) -> Iterator[Desk]:
    work, desktop, store = FakeWork(), FakeDesktop(), Store()
    session = Session(store, work.work())
    commands = Commands(store, session, desktop)
    yield Desk(store, session, commands, desktop, work)
    work.gate.set()
    commands.close()
    assert session.close(5)


def open_and_wait(qtbot, desk: Desk, path: str = "photo.png") -> None:
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open(path)
    qtbot.waitUntil(lambda: not desk.state.busy)


def test_opening_a_picture_answers_about_its_face(qtbot, desk):
    open_and_wait(qtbot, desk)
    assert desk.state.shown.frame.name == "photo.png"
    assert len(desk.state.shown.answers) == 1
    assert desk.state.answer.took_part == ("image space", "model space", "confidence", "visibility mask")
    assert desk.state.recent[0].endswith("photo.png")
    assert desk.state.notice is None


def test_the_picture_is_shown_before_the_answer_is_there(qtbot, desk):
    desk.work.gate.clear()
    desk.commands.playback.open("photo.png")
    qtbot.waitUntil(lambda: desk.state.shown is not None)
    assert desk.state.shown.answers == ()
    assert desk.state.busy
    with qtbot.waitSignal(desk.session.answered):
        desk.work.gate.set()


def test_a_branch_that_is_switched_off_does_not_take_part(qtbot, desk):
    open_and_wait(qtbot, desk)
    before = desk.state.answer.vertices
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("model space")
    assert desk.state.answer.left_out == ("model space",)
    assert not np.array_equal(desk.state.answer.vertices, before)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("model space")
    assert np.array_equal(desk.state.answer.vertices, before)


def test_another_look_at_the_same_picture_does_not_search_for_faces_again(qtbot, desk):
    open_and_wait(qtbot, desk)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    assert desk.work.detections == 1
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.find_faces()
    assert desk.work.detections == 2


def test_another_detector_looks_at_the_same_picture_and_from_then_on(qtbot, desk):
    open_and_wait(qtbot, desk)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.look_at_box((2, 2, 40, 40))
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.choose_detector("haar")
    assert desk.work.detectors == ["finder", "haar"]
    assert desk.state.shown.search == Search(FoundBy.DETECTED)
    open_and_wait(qtbot, desk, "other.png")
    assert desk.work.detectors == ["finder", "haar", "haar"]


def test_another_detector_does_not_wait_until_a_followed_face_is_lost(qtbot, desk):
    frames = [replace(picture(f"frame {index}"), time_s=index / 10) for index in range(3)]
    camera = FakeSource(first=frames[0])
    desk.desktop.plugged[0] = camera
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    desk.store.update(detector="haar")  # the next frame comes before the present one is asked about again
    with qtbot.waitSignal(desk.session.answered):
        camera.send(frames[1])
    with qtbot.waitSignal(desk.session.answered):
        camera.send(frames[2])
    assert desk.work.detectors == ["finder", "haar"]


def test_a_detector_that_is_not_there_says_so_and_the_last_one_stays(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.commands.faces.choose_detector("yunet")
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    assert "YuNet is not there" in desk.state.notice.cause
    assert desk.state.detector == "finder"
    assert desk.state.answer is not None
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.find_faces()
    assert desk.work.detectors == ["finder", "finder"]


def test_with_both_branches_off_nothing_is_drawn_and_the_state_says_why(qtbot, desk):
    open_and_wait(qtbot, desk)
    for branch in ("model space", "image space"):
        with qtbot.waitSignal(desk.session.answered):
            desk.commands.branches.toggle_branch(branch)
    assert desk.state.answer is None
    assert len(desk.state.shown.faces) == 1
    assert "Both branches are switched off" in desk.state.shown.absence
    assert "Both branches are switched off" in part_taken(desk.state)
    assert "both branches are switched off" in doing(desk.state)
    assert (desk.state.notice.cause, desk.state.notice.severity) == (NO_BRANCH, Severity.WARNING)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("model space")
    assert desk.state.answer.took_part[0] == "model space"
    assert desk.state.notice is None
    assert desk.work.detections == 1


def test_a_stale_answer_is_dropped(qtbot, desk):
    desk.work.gate.clear()
    desk.commands.playback.open("first.png")
    qtbot.waitUntil(desk.work.reached.is_set)
    desk.commands.playback.open("second.png")
    qtbot.waitUntil(lambda: desk.state.source_name == "second.png")
    answered: list[str] = []
    desk.session.answered.connect(lambda shown: answered.append(shown.frame.name))
    desk.work.gate.set()
    qtbot.waitUntil(lambda: bool(answered) and not desk.state.busy)
    assert answered == ["second.png"]


def test_what_cannot_be_opened_is_told_and_what_was_open_stays(qtbot, desk):
    open_and_wait(qtbot, desk)
    shown = desk.state.shown
    desk.commands.playback.open("broken.png")
    assert desk.state.notice.severity is Severity.ERROR
    assert desk.state.notice.cause == "broken.png is no picture."
    assert desk.state.notice.remedy == "Open a JPEG or PNG."
    assert desk.state.shown is shown
    assert not any("broken" in path for path in desk.state.recent)


def test_a_file_that_breaks_while_it_is_read_is_told_and_the_last_picture_stays(qtbot, desk):
    open_and_wait(qtbot, desk)
    shown = desk.state.shown
    source = FakeSource("truncated.png", live=False)
    desk.desktop.sources["truncated.png"] = source
    desk.commands.playback.open("truncated.png")
    source.break_down(InputError("truncated.png ends too early. Copy it again."))
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    assert desk.state.notice.cause == "truncated.png ends too early."
    assert desk.state.shown is shown


def test_a_picture_without_a_face_says_what_to_do(qtbot, desk):
    desk.desktop.sources["night.png"] = FakeSource("night.png", False, picture("night.png", value=0))
    open_and_wait(qtbot, desk, "night.png")
    assert desk.state.notice.severity is Severity.WARNING
    assert "Draw a box" in desk.state.notice.remedy
    assert desk.state.shown.answers == ()


def test_a_box_drawn_by_hand_is_reconstructed_and_takes_the_notice_back(qtbot, desk):
    desk.desktop.sources["night.png"] = FakeSource("night.png", False, picture("night.png", value=0))
    open_and_wait(qtbot, desk, "night.png")
    desk.commands.faces.draw_box(True)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.look_at_box((200, 200, 100, 50))
    assert desk.state.answer.box == (100, 50, 200, 200)
    assert desk.state.notice is None
    assert not desk.state.drawing_box


def test_a_drawn_box_keeps_the_other_faces_and_its_own_is_shown(qtbot, desk):
    desk.desktop.sources["two.png"] = FakeSource("two.png", False, picture("two.png", value=210))
    open_and_wait(qtbot, desk, "two.png")
    first, second = (face.box for face in desk.state.shown.faces)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.look_at_box((140, 20, 180, 60))
    assert [face.box for face in desk.state.shown.faces] == [first, second, (140, 20, 180, 60)]
    assert desk.state.answer.box == (140, 20, 180, 60)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.look_at_box((190, 40, 290, 200))  # around the second
    assert [face.box for face in desk.state.shown.faces] == [first, (190, 40, 290, 200), (140, 20, 180, 60)]
    assert desk.state.answer.box == (190, 40, 290, 200)


def test_a_box_is_cut_at_the_border_of_the_picture(qtbot, desk):
    open_and_wait(qtbot, desk)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.look_at_box((-50, -50, 1000, 1000))
    assert desk.state.answer.box == (-0.5, -0.5, 319.5, 239.5)


def test_a_box_no_face_fits_in_is_refused(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.commands.faces.look_at_box((10, 10, 12, 100))
    assert "too small" in desk.state.notice.cause


def test_weights_that_are_missing_are_told_with_their_remedy(qtbot, desk):
    desk.commands.branches.choose_weights("missing")
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    assert desk.state.notice.remedy == "Train it or choose others."
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.choose_weights("open")
        desk.commands.playback.open("photo.png")


def test_weights_that_do_not_fit_leave_those_that_answered_in_use(qtbot, desk):
    open_and_wait(qtbot, desk)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    shown = desk.state.shown
    desk.desktop.chosen = "missing"
    desk.commands.branches.open_weights_dialog()
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    assert desk.state.weights == "open"
    assert desk.state.shown is shown
    assert desk.state.switched_off == {"confidence"}
    desk.commands.branches.choose_method("unknown")
    qtbot.waitUntil(lambda: "unknown" in desk.state.notice.cause)
    assert (desk.state.method, desk.state.weights) == ("dsfnet", "open")
    assert desk.state.switches == answering_switches(shown)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    assert desk.state.answer.method == "dsfnet"


def answering_switches(shown) -> tuple[str, ...]:
    answer = shown.answers[0]
    return tuple(name for name in SWITCHES if name in (*answer.took_part, *answer.left_out))


def test_a_method_is_loaded_once_for_many_questions(qtbot, desk):
    open_and_wait(qtbot, desk)
    open_and_wait(qtbot, desk, "other.png")
    assert desk.work.loaded == [("dsfnet", "open")]


def test_another_method_is_loaded_and_asked_with_nothing_left_out(qtbot, desk):
    open_and_wait(qtbot, desk)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.choose_method("other")
    assert desk.state.answer.method == "other"
    assert desk.state.answer.left_out == ()
    assert desk.work.loaded[-1] == ("other", "open")


def test_a_camera_plays_newest_frame_first_and_tells_its_rate(qtbot, desk):
    camera = FakeSource()
    desk.desktop.plugged[0] = camera
    desk.commands.playback.open_camera(0)
    assert desk.state.live
    for index in range(4):
        with qtbot.waitSignal(desk.session.answered):
            camera.send(picture(f"frame {index}", value=50 + index))
    assert desk.state.shown.frame.name == "frame 3"
    assert desk.state.fps > 0


def test_a_slow_method_skips_frames_and_answers_the_newest(qtbot, desk):
    camera = FakeSource(first=picture("frame 0"))
    desk.desktop.plugged[0] = camera
    answered: list[str] = []
    desk.session.answered.connect(lambda shown: answered.append(shown.frame.name))
    desk.work.gate.clear()
    desk.commands.playback.open_camera(0)
    qtbot.waitUntil(desk.work.reached.is_set)
    for index in range(1, 30):
        camera.send(picture(f"frame {index}"))
    qtbot.wait(0)
    desk.work.gate.set()
    qtbot.waitUntil(lambda: bool(answered) and answered[-1] == "frame 29")
    assert answered == ["frame 0", "frame 29"]


def test_stopping_a_camera_keeps_its_last_picture(qtbot, desk):
    camera = FakeSource(first=picture("frame 0"))
    desk.desktop.plugged[0] = camera
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    desk.commands.playback.stop()
    assert not camera.running
    assert not desk.state.live
    assert desk.state.fps == 0
    assert desk.state.answer is not None


def test_a_camera_that_is_unplugged_is_told_and_the_session_goes_on(qtbot, desk):
    camera = FakeSource(first=picture("frame 0"))
    desk.desktop.plugged[0] = camera
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    camera.break_down(InputError("Camera 0 was unplugged. Plug it in and open it again."))
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    assert not desk.state.live
    open_and_wait(qtbot, desk)


def test_a_camera_that_is_absent_is_told(qtbot, desk):
    desk.commands.playback.open_camera(7)
    assert desk.state.notice.cause == "There is no camera 7."
    assert not desk.state.live


def test_frames_of_a_source_that_was_left_are_not_shown(qtbot, desk):
    camera = FakeSource(first=picture("frame 0"))
    desk.desktop.plugged[0] = camera
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    camera.send(picture("late"))  # waits for the GUI thread when the photo is opened
    open_and_wait(qtbot, desk)
    assert desk.state.shown.frame.name == "photo.png"
    assert not camera.running


def test_one_can_step_through_a_folder(qtbot, desk):
    frames = [picture(f"{index}.png", value=60 + index) for index in range(3)]
    desk.desktop.sources["folder"] = FakeRecording("folder", frames)
    open_and_wait(qtbot, desk, "folder")
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.step(1)
    assert desk.state.shown.frame.name == "1.png"
    assert desk.state.source_name == "folder"
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.seek(2)
    assert desk.state.shown.frame.name == "2.png"
    assert desk.work.detections == 3


def test_a_click_on_the_face_reads_out_a_vertex_near_it(qtbot, desk):
    open_and_wait(qtbot, desk)
    x, y = desk.state.answer.vertices[:, :2].mean(0)
    desk.commands.inspector.pick(float(x), float(y))
    probe = desk.state.probe
    assert probe is not None
    assert abs(probe.position[0] - x) < 5
    assert abs(probe.position[1] - y) < 5
    assert {"state", "disagreement"} <= {name for name, _ in probe.readings}
    assert probe.region in ("forehead", "jaw")


def test_a_click_beside_the_face_picks_nothing(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.commands.inspector.probe_vertex(5)
    desk.commands.inspector.pick(315, 5)
    assert desk.state.probe is None


def test_a_click_on_another_face_selects_it(qtbot, desk):
    desk.desktop.sources["two.png"] = FakeSource("two.png", False, picture("two.png", value=220))
    open_and_wait(qtbot, desk, "two.png")
    x, y = desk.state.shown.answers[1].vertices[:, :2].mean(0)
    desk.commands.inspector.pick(float(x), float(y))
    assert desk.state.selected_face == 1
    desk.commands.faces.next_face()
    assert desk.state.selected_face == 0


def test_the_picked_vertex_is_read_out_anew_when_the_answer_changes(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.commands.inspector.probe_vertex(100)
    before = desk.state.probe
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("image space")
    assert desk.state.probe.vertex == 100
    assert desk.state.probe.position != before.position


def test_all_panels_get_the_same_look_and_can_get_their_own(qtbot, desk):
    desk.commands.display.set_look_everywhere(Look.NORMALS)
    assert {style.look for style in desk.state.styles.values()} == {Look.NORMALS}
    desk.commands.display.set_look("fused", Look.UV)
    assert desk.state.styles["fused"].look is Look.UV
    assert desk.state.styles["model"].look is Look.NORMALS


def test_edges_are_drawn_on_all_panels_or_on_none(qtbot, desk):
    desk.commands.display.toggle_wire()
    assert all(style.wire for style in desk.state.styles.values())
    desk.commands.display.toggle_wire()
    assert not any(style.wire for style in desk.state.styles.values())


def test_resetting_the_view_undoes_a_drag(qtbot, desk):
    desk.commands.cameras.move("fused", Camera(zoom=3, pan=(1, 1)))
    desk.commands.cameras.reset()
    assert desk.state.camera == Camera()


def test_an_export_goes_where_the_user_says(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.desktop.chosen = "/somewhere"
    with qtbot.waitSignal(desk.commands.export.exported) as exported:
        desk.commands.export.export("ply")
    assert exported.args == ["/somewhere/photo.ply"]
    assert desk.desktop.exported == [("ply", "/somewhere/photo.ply")]


def test_an_export_the_user_gave_up_writes_nothing(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.commands.export.export("glb")
    assert desk.desktop.exported == []


def test_an_export_onto_a_full_disk_is_told(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.desktop.chosen = "/full"
    desk.commands.export.export("json")
    qtbot.waitUntil(lambda: "No space left" in desk.state.notice.cause)


def test_a_picture_of_the_window_is_taken_at_once_and_written_on_another_thread(qtbot, desk, monkeypatch):
    open_and_wait(qtbot, desk)
    desk.desktop.chosen = "/somewhere"
    took, wrote = [], []
    monkeypatch.setattr(desk.desktop, "picture", lambda: took.append(current_thread()))
    monkeypatch.setattr(desk.desktop, "write_picture", lambda *_: wrote.append(current_thread()))
    with qtbot.waitSignal(desk.commands.export.exported):
        desk.commands.export.export("png")
        assert took == [current_thread()]
    assert wrote
    assert current_thread() not in wrote


def test_the_window_does_not_wait_for_an_export(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.desktop.chosen = "/somewhere"
    desk.desktop.disk.clear()
    desk.commands.export.export("glb")
    assert desk.state.notice.cause == "Writing /somewhere/photo.glb…"
    assert desk.desktop.exported == []
    with qtbot.waitSignal(desk.commands.export.exported):
        desk.desktop.disk.set()
    assert desk.state.notice.cause == "Wrote /somewhere/photo.glb."


def test_closing_lets_an_export_come_to_its_end(qtbot, desk):
    open_and_wait(qtbot, desk)
    desk.desktop.chosen = "/somewhere"
    desk.commands.export.export("ply")
    desk.commands.close()
    assert desk.desktop.exported == [("ply", "/somewhere/photo.ply")]


def test_there_is_nothing_to_export_without_a_face(qtbot, desk):
    desk.commands.export.export("ply")
    assert "no face to export" in desk.state.notice.cause


def test_closing_while_busy_ends_all_threads(qtbot, desk):
    camera = FakeSource(first=picture("frame 0"))
    desk.desktop.plugged[0] = camera
    desk.work.gate.clear()
    desk.commands.playback.open_camera(0)
    qtbot.waitUntil(desk.work.reached.is_set)
    desk.work.gate.set()
    assert desk.session.close(5)
    assert not camera.running
    assert QThreadPool.globalInstance().activeThreadCount() == 0


def test_while_a_large_file_is_read_the_window_says_so(qtbot, desk):
    open_and_wait(qtbot, desk)
    source = FakeSource("huge.png", live=False)  # delivers when the test sends
    desk.desktop.sources["huge.png"] = source
    desk.commands.playback.open("huge.png")
    assert desk.state.busy
    assert desk.state.doing == "Reading the picture"
    with qtbot.waitSignal(desk.session.answered):
        source.send(picture("huge.png"))
    qtbot.waitUntil(lambda: not desk.state.busy)
    desk.desktop.sources["cut.png"] = broken = FakeSource("cut.png", live=False)
    desk.commands.playback.open("cut.png")
    broken.break_down(InputError("cut.png ends too early. Copy it again."))
    qtbot.waitUntil(lambda: not desk.state.busy)


def test_a_camera_follows_its_face_and_looks_again_when_it_is_lost(qtbot, desk):
    frames = [replace(picture(f"frame {index}"), time_s=index / 10) for index in range(5)]
    camera = FakeSource(first=frames[0])
    desk.desktop.plugged[0] = camera
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    for frame in frames[1:3]:
        with qtbot.waitSignal(desk.session.answered):
            camera.send(frame)
    assert desk.work.detections == 1
    assert desk.state.shown.search == Search(FoundBy.FOLLOWED, "", 2)
    assert desk.state.shown.detection_ms == 0
    desk.work.alarms = (Alarm("empty-mask", "Hardly any face was seen."),)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.choose_weights("mine")  # loads a method that sees no face any more
    for frame in frames[3:]:
        with qtbot.waitSignal(desk.session.answered):
            camera.send(frame)
    assert desk.state.shown.search.reason == "a face was lost"


def test_a_warning_about_the_session_outlives_the_pictures_until_it_is_dismissed(qtbot, desk):
    lasting = Notice(Severity.WARNING, "Weights are gone.", lasts=True)
    desk.store.update(notice=lasting)
    open_and_wait(qtbot, desk)
    assert desk.state.notice == lasting
    desk.commands.window.dismiss_notice()
    desk.store.update(notice=replace(lasting, lasts=False))
    open_and_wait(qtbot, desk, "next.png")
    assert desk.state.notice is None
