"""A against B: what is compared, how far it lies apart, and who is asked for it (tiers 1 and 2)."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QPushButton, QStyle

from models.reconstruction import MeshLayer, Space, frozen
from models.reconstructor import Face
from tests.fakes.desktop import FakeDesktop
from tests.fakes.panels import stub_panels
from tests.fakes.sources import FakeSource, picture
from tests.fakes.work import FakeWork
from tests.viewer.gl_fixtures import dome
from tests.viewer.gl_fixtures.screen import pixels
from viewer.app.commands import Commands
from viewer.compare import commands
from viewer.compare.bar import CompareBar
from viewer.compare.presenter import ComparePresenter
from viewer.inference.request import others_of
from viewer.inference.session import Session
from viewer.panels.colours import DARK
from viewer.panels.over_button import OverButton
from viewer.panels.photo_view import PhotoView
from viewer.panels.photo_wipe_panel import PhotoWipePanel
from viewer.readouts.difference import choices, compared, described, pinned_of, vertex_on
from viewer.sources.source import Frame
from viewer.state.comparison import A_B, Comparison, Mode, Pinned, Side, without_setting
from viewer.state.layout import panel_row
from viewer.state.setting import Setting
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Look
from viewer.window.action_table import make_actions

USUAL = Setting("fake", "open")


def moved(answer, by):
    return replace(answer, vertices=frozen(answer.vertices + np.array(by, np.float32)))


def branched(by=(3.0, 4.0, 0.0)):
    answer = dome.answer()
    top = answer.topology
    seen = moved(answer, by).vertices
    image = MeshLayer("image space", Space.IMAGE, seen, top.triangles, top.uv)
    return replace(answer, layers=(*answer.layers, image))


def shown(answer, name="photo", others=None, image=None):
    frame = Frame(dome.photo() if image is None else image, name)
    return Shown(frame, (Face(answer.box),), (answer,), others=others or {})


def test_two_branches_of_one_answer_are_compared_in_place_and_in_mm():
    pair = compared(shown(branched()), 0, Side("image space"), Side("model space"))
    assert pair.difference.values == pytest.approx(5.0 * 0.5), "5 px at 0.5 mm per px"
    assert not pair.aligned
    assert pair.summary == "mean 2.5 mm (5.0 px), worst 5 % over 2.5 mm"
    assert pair.marked.scalar("difference").high == 5
    assert pair.marked.vertices is pair.b.answer.vertices


def test_a_head_that_only_moved_between_two_frames_is_no_difference():
    answer = dome.answer()
    angle = np.radians(30)
    turned = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    after = replace(answer, vertices=frozen(1.3 * answer.vertices @ turned.T + (20, -9, 4)))
    kept = Pinned(shown(after, "earlier"), 0, USUAL)
    pair = compared(shown(answer), 0, Side(pinned=kept), Side())
    assert pair.aligned
    assert pair.difference.values.max() < 0.01
    assert "after alignment" in pair.summary
    bent = replace(answer, vertices=frozen(answer.vertices * (1, 1, 1.5)))
    kept = Pinned(shown(bent, "earlier"), 0, USUAL)
    assert compared(shown(answer), 0, Side(pinned=kept), Side()).difference.values.max() > 1


def test_the_last_comparison_is_remembered_so_that_views_may_ask_freely():
    now = shown(branched())
    side = Side("image space")
    assert compared(now, 0, side, Side()) is compared(now, 0, Side("image space"), Side())


@pytest.mark.parametrize(
    ("a", "now", "words"),
    [
        (Side("image space"), shown(dome.answer()), "A: this answer has no image-space branch"),
        (Side(setting=USUAL), shown(dome.answer()), "A: being computed."),
        (Side(), None, "A: no face yet."),
    ],
)
def test_what_is_missing_is_said(a, now, words):
    pair = compared(now, 0, a, Side())
    assert words in pair.trouble
    assert pair.difference is pair.marked is pair.a is None


def test_meshes_of_two_topologies_are_shown_without_a_difference():
    answer = dome.answer()
    other = replace(answer, topology=replace(answer.topology, name="another"))
    setting = Setting("other", "open")
    pair = compared(shown(answer, others={setting: (other,)}), 0, Side(setting=setting), Side())
    assert pair.a.answer is other
    assert "no vertices in common" in pair.trouble
    assert pair.difference is None


def test_two_methods_are_compared_across_their_meshes_without_a_shift_in_depth():
    first, other = dome.on_two_meshes()
    setting = Setting("other", "open")
    pair = compared(shown(first, others={setting: (other,)}), 0, Side(), Side(setting=setting))
    assert pair.level
    assert pair.difference.values[:-1] == pytest.approx(5 * other.mm_per_px, rel=1e-4)
    assert np.isnan(pair.difference.values[-1])
    assert pair.marked.topology is other.topology
    assert pair.summary.endswith("after a shift in depth")
    assert vertex_on(pair.b, 0, first.topology) == len(first.vertices) - 1
    assert vertex_on(pair.a, 0, first.topology) == 0
    beyond = np.arange(len(first.vertices)) < 40
    known = replace(other.topology.open_face, reached=~beyond)
    torn = replace(other, topology=replace(other.topology, open_face=known))
    half = compared(shown(first, others={setting: (torn,)}), 0, Side(setting=setting), Side())
    assert np.isnan(half.difference.values[:40]).all()
    assert half.difference.values[40:] == pytest.approx(5 * first.mm_per_px, rel=1e-4)
    assert half.summary.startswith("mean 2.5 mm")
    back = compared(shown(first, others={setting: (other,)}), 0, Side(setting=setting), Side())
    assert back.difference.values == pytest.approx(5 * first.mm_per_px, rel=1e-4)
    assert len(back.difference.values) == len(first.vertices)


def test_others_are_asked_only_while_they_are_looked_at_and_once_each():
    setting = Setting("fake", "mine")
    state = State(comparison=Comparison(Side(setting=setting), Side("model space", setting=setting)))
    assert others_of(state) == ()
    assert others_of(replace(state, panel_layout=A_B)) == (setting,)
    back = without_setting(state.comparison, setting)
    assert (back.a, back.b) == (Side(), Side("model space"))


def test_a_side_is_told_in_words():
    state = State(method="fake", weights="open", shown=shown(dome.answer()))
    assert described(Side(), state) == "fused"
    without = Setting("fake", "open", frozenset({"confidence"}))
    assert described(Side(setting=without), state) == "fused, without confidence"
    assert (
        described(Side(setting=Setting("fake", "/a/b/mine.safetensors")), state) == "fused, mine.safetensors"
    )
    kept = Side("image space", pinned=pinned_of(state))
    assert described(kept, state) == "image-space branch, pinned: photo, fake · open"
    told = list(choices(replace(state, switches=("mask",), comparison=Comparison(a=kept))))
    assert [text for _, text, _ in told].count("fused") == 2
    assert ("This frame, computed", "without mask") in {(group, text) for group, text, _ in told}


def test_all_of_a_is_left_of_all_of_b():
    assert Comparison(wipe=0.3).share == 0.3
    blinking = Comparison(wipe=0.3, mode=Mode.BLINK)
    assert (blinking.share, replace(blinking, b_in_front=True).share) == (1, 0)


class Desk:
    def __init__(self) -> None:
        self.store, self.work, self.desktop = Store(), FakeWork(), FakeDesktop()
        self.session = Session(self.store, self.work.work())
        self.commands = Commands(self.store, self.session, self.desktop)
        self.verbs = self.commands.compare

    @property
    def state(self):
        return self.store.state


@pytest.fixture
def desk(qtbot):
    made = Desk()
    with qtbot.waitSignal(made.session.answered):
        made.commands.playback.open("photo.png")
    qtbot.waitUntil(lambda: not made.state.busy)
    yield made
    made.work.gate.set()
    assert made.session.close(5)


def test_other_weights_answer_about_the_same_faces_in_the_same_update(qtbot, desk):
    desk.commands.display.set_panel_layout(A_B)
    setting = Setting(desk.state.method, "mine", frozenset({"image space"}))
    with qtbot.waitSignal(desk.session.answered):
        desk.verbs.choose("a", Side(setting=setting))
    assert (desk.state.method, "mine") in desk.work.loaded
    other = desk.state.shown.others[setting][0]
    assert other.left_out == ("image space",)
    assert other.box == desk.state.answer.box
    assert desk.work.detections == 1


def test_nobody_else_is_asked_in_another_panel_layout(qtbot, desk):
    desk.verbs.choose("a", Side(setting=Setting(desk.state.method, "mine")))
    assert not desk.state.busy
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.display.set_panel_layout(A_B)
    assert len(desk.state.shown.others) == 1
    desk.commands.display.set_panel_layout("branches")
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.faces.find_faces()
    assert desk.state.shown.others == {}


def test_weights_that_cannot_answer_are_told_and_given_up_and_the_answer_stays(qtbot, desk):
    desk.commands.display.set_panel_layout(A_B)
    desk.desktop.chosen = "missing"
    desk.verbs.choose_weights("b")
    qtbot.waitUntil(lambda: desk.state.notice is not None)
    assert "missing" in desk.state.notice.cause
    assert desk.state.comparison.b == Side()
    assert desk.state.answer is not None
    assert desk.state.weights == "open"


def test_a_pinned_answer_stays_while_other_frames_come(qtbot, desk):
    before = desk.state.answer
    desk.verbs.pin()
    assert desk.state.panel_layout == A_B
    camera = FakeSource(first=picture("b.png", 120))
    desk.desktop.plugged[0] = camera
    with qtbot.waitSignal(desk.session.answered):
        desk.commands.playback.open_camera(0)
    assert desk.state.answer is not before
    pair = compared(desk.state.shown, 0, desk.state.comparison.a, desk.state.comparison.b)
    assert pair.a.answer is before
    assert pair.b.answer is desk.state.answer
    desk.verbs.swap()
    assert desk.state.comparison.b.pinned.shown.answers[0] is before


def test_pinning_nothing_is_told(qtbot):
    made = Desk()
    made.verbs.pin()
    assert "no face to pin" in made.state.notice.cause
    assert made.session.close(5)


def test_flipping_shows_one_whole_and_dragging_the_line_both_again(qtbot, desk):
    desk.verbs.flip_by_hand()
    assert desk.state.comparison.share == 0
    desk.verbs.flip_by_hand()
    assert desk.state.comparison.share == 1
    desk.verbs.set_wipe(1.7)
    assert desk.state.comparison.share == 1
    desk.verbs.set_wipe(0.25)
    assert desk.state.comparison.share == 0.25


def test_blinking_goes_by_itself_only_while_it_is_seen_and_things_may_move(qtbot, desk, monkeypatch):
    monkeypatch.setattr(commands, "moves", lambda: True)
    desk.commands.display.set_panel_layout(A_B)
    desk.verbs.toggle_blink()
    assert not desk.state.comparison.b_in_front
    qtbot.waitUntil(lambda: desk.state.comparison.b_in_front)
    qtbot.waitUntil(lambda: not desk.state.comparison.b_in_front)
    assert desk.verbs.blinking
    desk.commands.display.set_panel_layout("branches")
    assert not desk.verbs.blinking
    monkeypatch.setattr(commands, "moves", lambda: False)
    desk.commands.display.set_panel_layout(A_B)
    assert not desk.verbs.blinking
    desk.verbs.toggle_blink()
    assert desk.state.comparison.mode is Mode.WIPE


def test_whether_things_may_move_is_asked_of_the_desktop(qapp):
    hint = QStyle.StyleHint.SH_Widget_Animation_Duration
    assert commands.moves() is (QApplication.style().styleHint(hint) > 0)


def test_the_bar_says_what_a_and_b_are_and_lets_one_choose(qtbot, desk):
    actions = make_actions(desk.commands, desk.commands, desk.store)
    bar = CompareBar(desk.store, desk.commands.compare, actions)
    qtbot.addWidget(bar)
    assert bar.isHidden()
    desk.commands.display.set_panel_layout(A_B)
    assert not bar.isHidden()
    a = next(button for button in bar.findChildren(QPushButton) if button.accessibleName() == "What A is")
    assert a.text() == "image-space branch"
    assert bar.summary().startswith("mean ")
    desk.commands.inspector.probe_vertex(40)
    assert "vertex 40: " in bar.summary()
    menu = a.menu()
    menu.aboutToShow.emit()
    fused = next(action for action in menu.actions() if action.text() == "fused")
    fused.trigger()
    assert desk.state.comparison.a == Side()
    assert a.text() == "fused"
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["fused"]


def wiped(panel, ratio):
    picture_ = QImage(
        round(panel.view.width() * ratio), round(panel.view.height() * ratio), QImage.Format.Format_RGB32
    )
    picture_.setDevicePixelRatio(ratio)
    panel.view.render(picture_, QPoint())
    return pixels(picture_)


def photo_pair(qtbot, other_image=None):
    panel = PhotoWipePanel(panel_row("photo-wipe"))
    qtbot.addWidget(panel)
    panel.resize(400, 386)
    panel.grab()
    answer = dome.answer()
    dark = dome.photo() // 3 if other_image is None else other_image
    kept = Pinned(shown(moved(answer, (8, 8, 0)), "earlier", image=dark), 0, USUAL)
    panel.set_overlays(frozenset({"landmarks", "box"}))
    panel.set_pair(compared(shown(answer), 0, Side(pinned=kept), Side()), ("", ""))
    for child in panel.view.children():
        if type(child).__name__ in ("WipeLine", "QLabel"):
            child.setVisible(False)
            child.setParent(None)  # what lies over both is not asked about
    return panel


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_half_a_wipe_over_the_photo_is_half_of_a_and_half_of_b_pixel_by_pixel(qtbot, ratio):
    panel = photo_pair(qtbot)
    pictures = {}
    for share in (1.0, 0.0, 0.5):
        panel.set_share(share)
        pictures[share] = wiped(panel, ratio)
    half = pictures[0.5].shape[1] // 2
    assert (pictures[1.0] != pictures[0.0]).any(-1).mean() > 0.3
    # smooth lines that the wipe cuts may come out a few levels off
    assert np.abs(pictures[0.5][:, :half] - pictures[1.0][:, :half]).max() <= 4
    assert np.abs(pictures[0.5][:, half:] - pictures[0.0][:, half:]).max() <= 4


def test_a_and_b_on_the_photo_show_meshes_mask_and_states_of_each(qtbot):
    panel = photo_pair(qtbot)
    panel.set_share(1.0)
    pictures = {}
    for name, overlays in (("bare", ()), ("mask", ("mask",)), ("mesh", ("mesh",))):
        panel.set_look(LayerStyle(Look.VISIBILITY))
        panel.set_overlays(frozenset(overlays))
        panel.set_share(1.0)
        a = wiped(panel, 1.0)[:-110]  # the legend is below
        panel.set_share(0.0)
        pictures[name] = a, wiped(panel, 1.0)[:-110]
    assert panel.legend_text() == "seen, turned away, covered"
    for name in ("mask", "mesh"):
        for side in (0, 1):
            assert np.abs(pictures[name][side] - pictures["bare"][side]).max() > 40, (name, side)
    assert np.abs(pictures["mesh"][0] - pictures["mesh"][1]).max() > 40, "each side has its own mesh"


def test_what_lies_over_a_and_b_is_chosen_in_the_panel_and_the_truth_about_one_answer_is_not_offered(qtbot):
    panel = photo_pair(qtbot)
    toggled = []
    panel.overlay_toggled.connect(toggled.append)
    (button,) = panel.findChildren(OverButton)
    texts = {action.text(): action for action in button.menu().actions()}
    texts["Visible mask"].trigger()
    assert toggled == ["mask"]
    assert not {"Ground truth", "Errors"} & set(texts)
    assert {"Fused mesh", "Seen or hidden"} <= set(texts)


def test_both_photos_move_under_the_hand_as_one(qtbot):
    panel = photo_pair(qtbot)
    panel.show()
    qtbot.mousePress(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    qtbot.mouseMove(panel.view, QPoint(90, 75))
    qtbot.mouseRelease(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(90, 75))
    panel.set_share(1.0)
    a = wiped(panel, 1.0)
    panel.set_share(0.0)
    b = wiped(panel, 1.0)
    at = panel.view.to_widget(QPointF(100.0, 80.0))  # where the four colours meet, on both
    for picture_ in (a, b):
        x, y = round(at.x()), round(at.y())
        assert picture_[y + 30, x + 30].min() > 1.5 * picture_[y - 30, x - 30].min()


def test_a_vertex_is_picked_on_either_side_and_marked_where_each_has_it(qtbot):
    panel = photo_pair(qtbot)
    panel.show()
    vertex = dome.SIDE * 8 + 7
    positions = {0.0: dome.answer().vertices[vertex, :2], 1.0: dome.answer().vertices[vertex, :2] + 8}
    panel.set_probe(vertex)
    for share, view in ((1.0, panel.view), (0.0, panel.view.findChild(PhotoView))):
        panel.set_share(share)
        at = view.to_widget(QPointF(*map(float, positions[share]))).toPoint()
        with qtbot.waitSignal(panel.vertex_picked) as signal:
            qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
        assert signal.args[1] == vertex
        accent = np.array(QColor(DARK.accent).getRgb()[:3])
        assert np.abs(wiped(panel, 1.0)[at.y(), at.x()] - accent).max() < 60
    panel.set_probe(10**6)
    panel.set_probe(None)


def test_photos_of_two_sizes_are_both_shown(qtbot):
    panel = photo_pair(qtbot, np.full((60, 90, 3), 77, np.uint8))
    panel.set_share(1.0)
    assert (np.abs(wiped(panel, 1.0) - 77).max(-1) < 3).any()
    panel.set_share(0.0)
    assert (np.abs(wiped(panel, 1.0) - 240).max(-1) < 3).any()


def test_a_stale_wipe_over_the_photo_is_dimmed(qtbot):
    panel = photo_pair(qtbot)
    panel.set_share(1.0)
    clear = wiped(panel, 1.0)
    panel.set_stale(True)
    dimmed = wiped(panel, 1.0)
    panel.set_stale(False)
    assert (dimmed != clear).any(-1).mean() > 0.9
    assert (wiped(panel, 1.0) == clear).all()


def test_a_wipe_is_dimmed_while_a_newer_answer_comes_unless_both_sides_are_pinned(qtbot, desk):
    panels = stub_panels()
    commands = desk.commands
    presenter = ComparePresenter(
        *(desk.store, commands.compare, commands.inspector, commands.cameras, commands.display),
        *(panels.photo_wipe, panels.wipe),
    )
    commands.display.set_panel_layout(A_B)
    desk.store.update(stale=True, busy=True)
    assert presenter is not None
    assert panels.wipe.stale
    assert panels.photo_wipe.stale
    kept = Side(pinned=pinned_of(desk.state))
    desk.store.update(comparison=replace(desk.state.comparison, a=kept))
    assert panels.wipe.stale, "B will change"
    desk.store.update(comparison=replace(desk.state.comparison, b=kept))
    assert not panels.wipe.stale
    desk.store.update(comparison=Comparison())
    assert panels.wipe.stale
    desk.store.update(stale=False, busy=False)
    assert not panels.wipe.stale
    assert not panels.photo_wipe.stale
