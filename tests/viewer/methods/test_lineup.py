"""Methods side by side: who stands in line, who is asked when, and what is said of them (tiers 1 and 2)."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QMenu

from models.reconstruction import Timing, frozen
from models.reconstructor import Face
from resources import needs
from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import StubSurface, stub_panels
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from tests.viewer.gl_fixtures import dome
from viewer.app.commands import Commands
from viewer.inference.request import others_of
from viewer.inference.session import Session
from viewer.methods import available as offered
from viewer.methods.available import Offer
from viewer.methods.presenter import MethodsPresenter, titled
from viewer.methods.table import rows_of
from viewer.panels.placement import framing
from viewer.readouts.difference import TO_FIRST, against_first
from viewer.readouts.lineup import figures_of, mean_to_first, standing, with_setting, without_slot
from viewer.sources.source import Frame
from viewer.state.layout import PANELS, panels_shown
from viewer.state.setting import METHODS, MOST_METHODS, Setting
from viewer.state.shown import Shown
from viewer.state.state import State, line
from viewer.state.store import Store
from viewer.window.panel_presenter import PanelPresenter

OTHER, THIRD = Setting("other", "open"), Setting("third", "mine")


def shown(**more):
    answer = dome.answer()
    return Shown(Frame(dome.photo(), "photo"), (Face(answer.box),), (answer,), **more)


def moved(answer, by):
    return replace(answer, vertices=frozen(answer.vertices + np.array(by, np.float32)))


def test_the_others_are_asked_only_where_they_are_seen_and_never_the_first_again():
    first = Setting("dsfnet", "open")
    state = State(lineup=(OTHER, first, OTHER))
    assert others_of(state) == ()
    assert others_of(replace(state, panel_layout=METHODS)) == (OTHER,)
    assert line(state) == (first, OTHER, first, OTHER)
    assert [row.slot for row in panels_shown(replace(state, panel_layout=METHODS))] == [None, 0, 1, 2, 3]


def test_places_are_filled_replaced_and_closed_up_and_there_are_no_more_than_fit():
    assert with_setting((OTHER,), 1, THIRD) == (THIRD,)
    assert with_setting((OTHER,), 2, THIRD) == (OTHER, THIRD)
    assert without_slot((OTHER, THIRD), 1) == (THIRD,)
    full = (OTHER,) * (MOST_METHODS - 1)
    assert len(with_setting(full, MOST_METHODS, THIRD)) == MOST_METHODS - 1


def test_the_difference_is_in_mm_of_the_first_without_a_shift_in_depth():
    first = dome.answer()
    told = against_first(moved(first, (3, 4, 70)), first)
    assert told.scalar(TO_FIRST).values == pytest.approx(5 * first.mm_per_px)
    assert mean_to_first(told, first) == (pytest.approx(5 * first.mm_per_px), "all vertices")


def test_another_mesh_is_held_against_the_first_where_both_have_a_face():
    first, other = dome.on_two_meshes()
    values = against_first(other, first).scalar(TO_FIRST).values
    assert values[:-1] == pytest.approx(5 * first.mm_per_px, rel=1e-4)
    assert np.isnan(values[-1])
    back = against_first(first, other).scalar(TO_FIRST).values
    assert back == pytest.approx(5 * other.mm_per_px, rel=1e-4)


def test_meshes_nobody_knows_to_correspond_are_compared_by_their_landmarks():
    first = dome.answer()
    strange = moved(replace(first, topology=replace(first.topology, name="strange")), (3, 4, 70))
    assert against_first(strange, first) is strange
    state = State(lineup=(OTHER,), shown=shown(others={OTHER: (strange,)}))
    ((told, meaning),) = figures_of(state, standing(state, 1))
    assert told == "~2.5 mm from the first"
    assert "68 landmarks" in meaning


def test_what_is_said_of_a_method_names_difference_and_time():
    first = dome.answer()
    told = replace(against_first(moved(first, (4, 0, 0)), first), timing=Timing(1.2, 30.4, 33.0))
    state = State(lineup=(OTHER,), shown=shown(others={OTHER: (told,)}))
    assert list(figures_of(state, standing(state, 1))) == [
        ("33 ms", "33.0 ms: crop 1.2, network 30.4, back into the picture 1.4"),
        ("2.0 mm from the first", "2.0 mm from the first, mean over all vertices"),
    ]


def test_the_time_of_several_faces_is_told_per_face_as_the_status_bar_tells_it():
    told = replace(dome.answer(), timing=Timing(2.0, 60.0, 66.0, faces=3))
    state = State(panel_layout=METHODS, lineup=(OTHER,), shown=shown(others={OTHER: (told,)}))
    time, meaning = next(figures_of(state, standing(state, 1)))
    assert time == "22 ms per face"
    assert meaning.startswith("66.0 ms for 3 faces")
    assert rows_of(state)[1][3][0] == "22"


def test_all_are_drawn_where_the_first_lies_but_each_at_its_own_depth():
    first = dome.answer()
    other = moved(first, (30, 0, 500))
    mine, theirs = framing(first, first), framing(first, other)
    assert theirs.radius == mine.radius
    assert theirs.centre[:2] == mine.centre[:2]
    assert theirs.centre[2] == pytest.approx(mine.centre[2] + 500)


class Desk:
    def __init__(self) -> None:
        self.store, self.work, self.desktop = Store(State(lineup=(OTHER, THIRD))), FakeWork(), FakeDesktop()
        self.session = Session(self.store, self.work.work())
        self.commands = Commands(self.store, self.session, self.desktop)
        self.verbs = self.commands.methods

    @property
    def state(self):
        return self.store.state

    @property
    def asked(self):
        return tuple(self.state.shown.others)


@pytest.fixture
def desk(qtbot):
    made = Desk()
    with qtbot.waitSignal(made.session.answered):
        made.commands.playback.open("photo.png")
    qtbot.waitUntil(lambda: not made.state.busy)
    yield made
    made.work.gate.set()
    assert made.session.close(5)


def look_at_methods(qtbot, desk):
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.display.set_panel_layout(METHODS)
    qtbot.waitUntil(lambda: not desk.state.busy)


def test_the_first_answer_is_shown_at_once_and_the_others_as_they_come(qtbot, desk):
    seen = []
    desk.store.changed.connect(
        lambda new, old: new.shown is not old.shown and seen.append((new.answer is not None, desk.asked))
    )
    desk.commands.display.set_panel_layout(METHODS)
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.branches.toggle_branch("confidence")
    qtbot.waitUntil(lambda: not desk.state.busy)
    assert seen[-3:] == [(True, ()), (True, (OTHER,)), (True, (OTHER, THIRD))]
    assert desk.work.detections == 1


def test_the_answer_that_is_there_is_not_asked_for_again(qtbot, desk):
    before = desk.state.answer
    look_at_methods(qtbot, desk)
    assert desk.state.answer is before
    assert desk.asked == (OTHER, THIRD)
    other = desk.state.shown.others[OTHER]
    with qtbot.waitSignal(desk.session.answered):
        desk.verbs.put(2, Setting("fourth", "open"))
    assert desk.state.shown.others[OTHER] is other
    assert desk.state.shown.others[OTHER][0].scalar(TO_FIRST).values.max() == 0


def test_one_that_cannot_answer_says_why_and_the_next_is_asked(qtbot, desk):
    broken = Setting("other", "missing")
    desk.store.update(lineup=(broken, THIRD))
    look_at_methods(qtbot, desk)
    assert "Train it or choose others" in standing(desk.state, 1).trouble
    assert standing(desk.state, 2).answer is not None
    assert desk.state.notice is None
    desk.verbs.put(1, OTHER)
    qtbot.waitUntil(lambda: standing(desk.state, 1).answer is not None)


def test_a_new_picture_drops_whom_the_old_one_waits_for(qtbot, desk):
    desk.commands.display.set_panel_layout(METHODS)
    qtbot.waitUntil(lambda: not desk.state.busy)
    desk.work.gate.clear()
    desk.work.reached.clear()
    desk.commands.faces.find_faces()
    assert desk.work.reached.wait(5)
    desk.commands.playback.open("next.png")
    desk.work.gate.set()
    qtbot.waitUntil(lambda: desk.state.shown.frame.name == "next.png" and len(desk.asked) == 2)
    qtbot.waitUntil(lambda: not desk.state.busy)
    boxes = {answers[0].box for answers in desk.state.shown.others.values()}
    assert boxes == {desk.state.answer.box}


def test_while_it_plays_a_frame_waits_for_all_and_none_is_shown_in_part(qtbot, desk):
    look_at_methods(qtbot, desk)
    camera = FakeSource(first=picture("0.png"))
    desk.desktop.plugged[0] = camera
    parts = []
    desk.store.changed.connect(
        lambda new, old: new.live and new.answer is not None and parts.append(desk.asked)
    )
    desk.commands.playback.open_camera(0)
    qtbot.waitUntil(lambda: desk.state.shown.frame.name == "0.png" and len(desk.asked) == 2)
    for number in range(1, 12):
        camera.send(picture(f"{number}.png"))
        qtbot.waitUntil(lambda name=f"{number}.png": desk.state.frame.name == name)
    qtbot.waitUntil(lambda: desk.state.shown.frame.name == "11.png")
    assert {len(part) for part in parts} == {2}


def test_at_the_first_place_one_chooses_who_answers_everywhere(qtbot, desk):
    with qtbot.waitSignal(desk.session.answered):
        desk.verbs.put(0, THIRD)
    assert (desk.state.method, desk.state.weights) == ("third", "mine")
    desk.desktop.chosen = "/a/weights.safetensors"
    desk.verbs.put_file(1)
    assert desk.state.lineup[0] == Setting("other", "/a/weights.safetensors")
    desk.verbs.remove(1)
    assert desk.state.lineup == (THIRD,)
    desk.verbs.remove(0)
    desk.verbs.add(OTHER)
    assert desk.state.lineup == (THIRD, OTHER)
    assert desk.state.panel_layout == METHODS


def test_a_panel_names_its_method_and_its_title_lets_one_choose_another(qtbot, desk, monkeypatch):
    lacking = Offer(Setting("lacking", "official"), ("net.pth is not there: the weights. Fetch it.", "More."))
    monkeypatch.setattr("viewer.methods.offers_menu.offers", lambda: (Offer(OTHER), lacking))
    panels = {row.name: StubSurface() for row in PANELS if row.slot is not None}
    linked = MethodsPresenter(desk.store, desk.commands.methods, panels)
    look_at_methods(qtbot, desk)
    second = panels["method-2"]
    assert second.caption == "other · open"
    assert second.note.startswith("0.0 mm")
    assert titled(Setting("other", "/very_long_name_of_weights.safetensors")) == "other · very_…me_of_weights"
    menu: QMenu = second.menu
    menu.aboutToShow.emit()
    rows = {action.text().strip(): action for action in menu.actions()}
    assert rows["other · open"].isEnabled()
    assert rows["other · open"].isChecked()
    assert not rows["lacking · official"].isEnabled()
    assert rows["lacking · official"].toolTip() == "\n".join(lacking.missing)
    assert not rows["net.pth is not there: the weights (and 1 more)"].isEnabled()
    rows["Remove panel"].trigger()
    assert desk.state.lineup == (THIRD,)
    linked.deleteLater()


def test_offers_name_ours_first_and_what_they_lack(monkeypatch):
    monkeypatch.setattr(offered, "methods", lambda: dict.fromkeys(("zoo", "prnet", "dsfnet")))
    monkeypatch.setattr(needs, "weights_for", lambda name, root: ("open",) if name == "dsfnet" else ())
    monkeypatch.setattr(offered, "missing", lambda name, _: ["It is not there."] if name == "prnet" else [])
    rows = [(offer.setting.method, offer.setting.weights, offer.ready) for offer in offered.offers()]
    assert rows == [("dsfnet", "open", True), ("prnet", "official", False), ("zoo", "open", True)]
    assert offered.first_lineup() == (Setting("zoo", "open"),)
    assert not offered.usable(Setting("prnet", "official"))
    assert not offered.usable(Setting("gone", "open"))


def test_a_vertex_picked_on_one_method_is_marked_at_the_same_place_on_all(qtbot, desk):
    first, other = dome.on_two_meshes()
    both = replace(shown(others={OTHER: (other,)}), answers=(first,))
    desk.store.update(shown=both, lineup=(OTHER,), panel_layout=METHODS)
    panels = stub_panels()
    linked = PanelPresenter(
        desk.store,
        desk.commands.faces,
        desk.commands.inspector,
        desk.commands.cameras,
        desk.commands.display,
        panels.photo,
        panels.surfaces,
    )
    count = len(first.vertices)
    panels.surfaces["method-2"].vertex_picked.emit(10)
    assert desk.state.probe.vertex == count - 1 - 10
    assert panels.surfaces["method-1"].probe == count - 1 - 10
    assert panels.surfaces["method-2"].probe == 10
    panels.surfaces["method-2"].vertex_picked.emit(count)
    assert desk.state.probe.vertex == count - 1 - 10, "the first has no such place"
    panels.surfaces["method-1"].vertex_picked.emit(0)
    assert panels.surfaces["method-2"].probe == count - 1
    linked.deleteLater()
