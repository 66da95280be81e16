"""The fused meshes over the photo: their colours, how much they hide, and where one says so (tier 2)."""

from dataclasses import replace
from threading import Event, Thread, current_thread
from threading import enumerate as enumerate_threads

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QColor, QImage

from models.reconstruction import frozen
from models.reconstructor import Face
from tests.viewer.gl_fixtures import dome
from tests.viewer.gl_fixtures.screen import pixels
from viewer.panels import photo_mesh
from viewer.panels.colours import DARK
from viewer.panels.over_button import OverButton
from viewer.panels.photo_panel import PhotoPanel
from viewer.sources.source import Frame
from viewer.state.layout import MESH_LOOKS, panel_row
from viewer.state.shown import Shown
from viewer.state.style import LayerStyle, Look

MESH = frozenset({"mesh"})
PLACES = {"seen": (75, 80), "turned": (125, 60), "covered": (125, 100)}  # on the dome, image px


def panel_of(qtbot, *answers):
    panel = PhotoPanel(panel_row("photo"))
    qtbot.addWidget(panel)
    panel.resize(400, 376)
    panel.grab()
    answers = answers or (dome.answer(),)
    panel.set_shown(Shown(Frame(dome.photo(), "dome"), tuple(Face(a.box) for a in answers), answers))
    panel.set_whole(True)
    return panel


def painted(panel):
    picture = QImage(panel.view.size(), QImage.Format.Format_RGB32)
    panel.view.render(picture, QPoint())
    return pixels(picture)


def at(panel, picture, place):
    point = panel.view.to_widget(QPointF(*place))
    return picture[round(point.y()), round(point.x())]


def hue_is(pixel, colour):
    """Whether a pixel has a colour, however dark it is shaded."""
    wanted = np.array(QColor(colour).getRgb()[:3], float)
    share = pixel / max(float(pixel.max()), 1.0)
    return bool(np.abs(share - wanted / wanted.max()).max() < 0.06)


def test_the_mesh_over_the_photo_has_the_colours_of_the_three_states(qtbot):
    panel = panel_of(qtbot)
    panel.set_overlays(MESH)
    panel.set_look(LayerStyle(Look.VISIBILITY))
    picture = painted(panel)
    for state, place in PLACES.items():
        assert hue_is(at(panel, picture, place), getattr(DARK, state)), state
    assert panel.legend_text() == "seen, turned away, covered"


def test_opacity_says_how_much_the_mesh_hides_of_the_photo(qtbot):
    panel = panel_of(qtbot)
    bare = painted(panel)
    panel.set_overlays(MESH)
    pictures = []
    for opacity in (0.0, 0.5, 1.0):
        panel.set_look(LayerStyle(Look.SHADED, opacity=opacity))
        pictures.append(at(panel, painted(panel), PLACES["seen"]))
    assert (pictures[0] == at(panel, bare, PLACES["seen"])).all()
    assert pictures[1] == pytest.approx((pictures[0] + pictures[2]) / 2, abs=2)
    assert np.abs(pictures[2] - pictures[0]).max() > 60


def test_the_meshes_of_all_faces_are_drawn_at_once(qtbot):
    one = dome.answer()
    shrunk = frozen(one.vertices * (0.3, 0.3, 0.3) + np.array([5, 100, 0], np.float32))
    other = replace(one, vertices=shrunk, box=(20.0, 109.0, 50.0, 139.0))
    panel = panel_of(qtbot, one, other)
    bare = painted(panel)
    panel.set_overlays(MESH)
    changed = np.abs(painted(panel) - bare).max(-1) > 20
    for place in (PLACES["seen"], (28, 124)):
        assert at(panel, changed, place), place
    assert not at(panel, changed, (10, 60))


def shifted(by=20):
    """The next frame of a video: its face lies elsewhere."""
    old = dome.answer()
    answer = replace(old, vertices=frozen(old.vertices + np.float32([by, 0, 0])))
    return Shown(Frame(dome.photo()[::-1].copy(), "dome", 0.04), (Face(old.box),), (answer,))


def test_what_another_thread_made_ready_is_drawn_with_its_answer_and_nothing_is_rasterised_again(
    qtbot, monkeypatch
):
    panel = panel_of(qtbot)
    panel.set_overlays(MESH)
    panel.set_look(LayerStyle(Look.VISIBILITY))
    before, following = painted(panel), shifted()
    maker = Thread(target=panel.prepare, args=(following,))
    maker.start()
    maker.join()
    assert (painted(panel) == before).all(), "never over an older picture"
    with monkeypatch.context() as patched:
        patched.setattr(photo_mesh, "fragments", lambda *_args: pytest.fail("rasterised on the GUI thread"))
        panel.set_shown(following)
        quick = painted(panel)
    panel.set_shown(replace(following, answers=(replace(following.answers[0]),)))
    assert (painted(panel) == quick).all()
    assert (quick != before).any()


def test_what_was_made_ready_for_an_answer_that_is_never_shown_is_forgotten(qtbot):
    panel = panel_of(qtbot)
    panel.set_overlays(MESH)
    painted(panel)
    panel.prepare(shifted(40))
    panel.set_shown(shifted(0))
    picture = painted(panel)
    panel.set_shown(shifted(0))
    assert (painted(panel) == picture).all()


@pytest.mark.parametrize("why", ["no mesh", "edges alone", "out of sight"])
def test_where_no_mesh_is_filled_none_is_made_ready(qtbot, monkeypatch, why):
    panel = panel_of(qtbot)
    panel.show()
    panel.set_overlays(MESH)
    painted(panel)
    if why == "no mesh":
        panel.set_overlays(frozenset())
    if why == "edges alone":
        panel.set_look(LayerStyle(Look.WIRE))
        painted(panel)
    if why == "out of sight":
        panel.hide()
    monkeypatch.setattr(photo_mesh, "fragments", lambda *_args: pytest.fail("nobody sees it"))
    panel.prepare(shifted())


def test_a_number_of_the_mesh_has_its_colour_bar_and_the_photo_can_be_moved_under_it(qtbot):
    panel = panel_of(qtbot)
    panel.set_overlays(MESH)
    panel.set_look(LayerStyle(Look.DISAGREEMENT, span=(0.0, 2.0)))
    assert panel.legend_text() == "disagreement (mm), 0.0 to 2.0"
    before = at(panel, painted(panel), PLACES["seen"])
    panel.set_whole(False)
    moved = at(panel, painted(panel), PLACES["seen"])
    assert moved == pytest.approx(before, abs=12)
    panel.set_overlays(frozenset())
    assert panel.legend_text() == ""


def test_each_look_of_the_mesh_draws_something_of_its_own(qtbot):
    panel = panel_of(qtbot)
    panel.set_overlays(MESH)
    pictures = []
    for look in MESH_LOOKS:
        panel.set_look(LayerStyle(look))
        pictures.append(painted(panel))
    for index, one in enumerate(pictures):
        assert all(np.abs(one - other).max() > 10 for other in pictures[:index]), MESH_LOOKS[index]


def test_an_answer_that_knows_no_place_has_no_mesh(qtbot):
    lost = replace(dome.answer(), vertices=frozen(np.full_like(dome.answer().vertices, np.nan)))
    panel = panel_of(qtbot, lost)
    bare = painted(panel)
    panel.set_overlays(MESH)
    assert np.array_equal(painted(panel), bare)


def test_the_button_over_the_photo_switches_overlays_and_whoever_chooses_a_look_sees_it(qtbot):
    button = OverButton()
    qtbot.addWidget(button)
    toggled, styles = [], []
    button.overlay_toggled.connect(toggled.append)
    button.style_chosen.connect(styles.append)
    actions = {action.text(): action for action in button.menu().actions()}
    actions["Visible mask"].trigger()
    actions["Seen or hidden"].trigger()
    assert toggled == ["mask", "mesh"]
    assert styles[-1].look is Look.VISIBILITY
    button.set_overlays(MESH)
    button.set_style(LayerStyle(Look.WIRE, opacity=0.25))
    assert toggled == ["mask", "mesh"], "being told is no choice"
    assert actions["Wire"].isChecked()
    actions["Shaded"].trigger()
    assert toggled == ["mask", "mesh"]
    assert styles[-1] == LayerStyle(Look.SHADED, opacity=0.25)


@pytest.fixture
def rasterisers(monkeypatch):
    """The threads that rasterised, in their order."""
    threads, fragments = [], photo_mesh.fragments

    def noted(*args):
        threads.append(current_thread())
        return fragments(*args)

    monkeypatch.setattr(photo_mesh, "fragments", noted)
    return threads


def on_screen(qtbot, look=Look.VISIBILITY):
    panel = panel_of(qtbot)
    panel.show()
    panel.set_look(LayerStyle(look))
    return panel


def shown_as_ready(qtbot, panel, change):
    with qtbot.waitSignal(panel.view.mesh.ready):
        change()
        painted(panel)
    return painted(panel)


def test_on_the_screen_meshes_are_rasterised_elsewhere_and_legend_and_colours_come_together(
    qtbot, rasterisers
):
    panel = on_screen(qtbot)
    bare = painted(panel)
    panel.set_overlays(MESH)
    assert (painted(panel) == bare).all()
    assert panel.legend_text() == ""
    qtbot.waitUntil(lambda: panel.legend_text() == "seen, turned away, covered")
    assert hue_is(at(panel, painted(panel), PLACES["seen"]), DARK.seen)
    assert rasterisers
    assert current_thread() not in rasterisers


def test_while_another_look_is_made_the_colours_of_the_one_before_are_not_shown_in_its_name(
    qtbot, rasterisers
):
    panel = on_screen(qtbot)
    bare = painted(panel)
    states = shown_as_ready(qtbot, panel, lambda: panel.set_overlays(MESH))
    assert (states != bare).any()
    panel.set_look(LayerStyle(Look.SHADED))
    assert (painted(panel) == bare).all()
    assert (shown_as_ready(qtbot, panel, lambda: None) != bare).any()


def test_an_enlarged_mesh_stays_until_the_finer_one_is_there(qtbot, rasterisers):
    panel = on_screen(qtbot)
    shown_as_ready(qtbot, panel, lambda: panel.set_overlays(MESH))
    sight = QRectF(PLACES["seen"][0] - 20, PLACES["seen"][1] - 20, 40, 40)
    panel.view.show_area(sight)
    coarse = painted(panel)
    assert hue_is(at(panel, coarse, PLACES["seen"]), DARK.seen)
    fine = shown_as_ready(qtbot, panel, lambda: None)
    assert hue_is(at(panel, fine, PLACES["seen"]), DARK.seen)
    assert len(rasterisers) == 2


def test_meshes_made_for_an_answer_that_was_replaced_meanwhile_are_not_drawn_over_the_next(
    qtbot, monkeypatch
):
    panel = on_screen(qtbot)
    made, go_on, fragments = Event(), Event(), photo_mesh.fragments

    def held(*args):
        made.set()
        go_on.wait(10)
        return fragments(*args)

    with monkeypatch.context() as patched:
        patched.setattr(photo_mesh, "fragments", held)
        panel.set_overlays(MESH)
        painted(panel)
        assert made.wait(10)
        panel.set_shown(shifted(60))
        bare = painted(panel)
        panel.view.set_overlays(frozenset({"mesh", "no such"}))
        go_on.set()
        with qtbot.waitSignal(panel.view.mesh.ready):
            painted(panel)
    late = painted(panel)
    assert hue_is(at(panel, late, (PLACES["seen"][0] + 60, PLACES["seen"][1])), DARK.seen)
    assert (at(panel, late, (45, 80)) == at(panel, bare, (45, 80))).all(), "where the face was before"


def test_a_picture_taken_while_meshes_are_made_has_them(qtbot):
    panel = on_screen(qtbot)
    bare = painted(panel)
    panel.set_overlays(MESH)
    assert (painted(panel) == bare).all()
    panel.complete()
    assert (painted(panel) != bare).any()


def test_out_of_sight_no_thread_is_kept(qtbot):
    panel = on_screen(qtbot)
    shown_as_ready(qtbot, panel, lambda: panel.set_overlays(MESH))
    assert "unmask meshes" in {thread.name for thread in enumerate_threads()}
    panel.hide()
    assert "unmask meshes" not in {thread.name for thread in enumerate_threads()}
    panel.show()
    panel.set_look(LayerStyle(Look.SHADED))
    bare = painted(panel)
    assert (shown_as_ready(qtbot, panel, lambda: None) != bare).any()
