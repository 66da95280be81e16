"""What is told about a picked vertex, and that one place is marked everywhere (tiers 1 and 2)."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel

from models.reconstruction import Alarm, MapLayer, MeshLayer, Scalar, Space, frozen
from models.reconstructor import Face
from tests.viewer.gl_fixtures import dome
from tests.viewer.gl_fixtures.screen import near, pixels
from viewer.panels.colours import DARK, shares
from viewer.panels.photo_view import PhotoView
from viewer.panels.title_strip import TitleStrip
from viewer.readouts.answer import alarms_of, nearest_vertex
from viewer.readouts.vertex import Picked, map_value, rows
from viewer.sources.source import Frame
from viewer.state.layout import PANELS, alarms_on, panel_row
from viewer.state.shown import LOST, FoundBy, Search, Shown

CENTRE = dome.SIDE * (dome.SIDE // 2) + dome.SIDE // 2


def told(answer, vertex):
    return dict(rows(Picked(answer, vertex)))


def with_branches(answer):
    seen = frozen(answer.vertices + np.array([3, 4, 0], np.float32))
    layers = tuple(layer for layer in answer.layers if layer.name != "model space")
    top = answer.topology
    branches = [
        MeshLayer(name, Space.IMAGE, vertices, top.triangles, top.uv)
        for name, vertices in (("image space", seen), ("model space", answer.vertices))
    ]
    return replace(answer, layers=(*layers, *branches))


def test_a_vertex_is_told_with_both_branches_and_what_lies_between_them():
    answer = with_branches(dome.answer())
    x, y, z = answer.vertices[CENTRE]
    reading = told(answer, CENTRE)
    assert reading["model-space branch"] == f"{x:.1f}, {y:.1f}, {z:+.1f} px"
    assert reading["image-space branch"] == f"{x + 3:.1f}, {y + 4:.1f}, {z:+.1f} px"
    assert reading["disagreement"] == "4.0 px (2.0 mm)"
    assert reading["followed"] == "50 % image-space branch"
    assert reading["nearness"] == "20.0 px (10.0 mm)", "the dome is 40 px high"


def test_whom_the_fusion_followed_is_told_with_what_it_added_itself():
    answer = dome.answer()
    seen, hidden = told(answer, CENTRE - 6), told(answer, CENTRE + 6)
    assert seen["image-space share"] == "80%"
    assert seen["own correction"] == "5.0 px (2.5 mm)"
    assert seen["followed"] == "20 % image-space branch"
    assert hidden["followed"] == "80 % image-space branch, itself completed there"
    own, apart = (answer.scalar(name) for name in ("own correction", "disagreement"))
    rest = tuple(s for s in answer.scalars if s.name not in ("followed", "own correction"))
    lost = replace(answer.scalar("followed"), values=frozen(np.full(len(own.values), np.nan)))
    for scale, words in ((2.0, "neither: mostly its own correction"), (0.5, "undefined: the branches agree")):
        mine = replace(own, values=frozen(scale * apart.values))
        assert told(replace(answer, scalars=(*rest, lost, mine)), CENTRE)["followed"] == words


@pytest.mark.parametrize(
    ("value", "words"), [(1.84, "beyond the image-space branch"), (-0.45, "beyond the model-space branch")]
)
def test_a_fused_vertex_past_a_branch_is_no_share_of_over_100_percent(value, words):
    answer = dome.answer()
    rest = tuple(scalar for scalar in answer.scalars if scalar.name != "followed")
    past = replace(answer.scalar("followed"), values=frozen(np.full(len(answer.vertices), value, np.float32)))
    assert told(replace(answer, scalars=(*rest, past)), CENTRE)["followed"] == words


def test_a_vertex_outside_the_picture_is_said_to_be():
    answer = dome.answer()
    beyond = Scalar("outside the picture", frozen(np.ones(len(answer.vertices))), 0, 1)
    assert told(replace(answer, scalars=(*answer.scalars, beyond)), CENTRE)["lies"] == "outside the picture"


def test_confidence_is_read_off_the_pixel_under_a_visible_vertex_and_nowhere_else():
    answer = dome.answer()
    assert told(answer, CENTRE - 6)["confidence"] == "1.00"
    assert told(answer, CENTRE + 6)["confidence"] == "no visible pixel here"
    assert told(answer, CENTRE + 6)["state"] == "covered, completed"
    assert told(answer, CENTRE + 6)["probabilities"] == "seen 0%, turned away 0%, covered 100%"
    assert told(answer, CENTRE - 6)["state"] == "seen"


def test_what_an_answer_does_not_hold_is_not_told():
    bare = replace(dome.answer(), layers=(), scalars=(Scalar("error", frozen(np.ones(441)), 0, 1, "mm"),))
    assert told(bare, 0) == {"nearness": told(bare, 0)["nearness"], "error": "2.0 px (1.0 mm)"}


def test_a_map_is_read_in_the_space_it_was_laid_into():
    place = np.array([[0, -2, 50], [2, 0, 10], [0, 0, 1.0]])  # turned by 90 degrees, doubled
    layer = MapLayer("m", frozen(np.arange(12).reshape(3, 4)), place, Space.IMAGE)
    x, y, _ = place @ (3, 1, 1)
    assert map_value(layer, x, y) == 7
    assert np.isnan(map_value(layer, 0, 0))


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_picked_place_is_marked_where_it_lies_on_any_screen(qtbot, ratio):
    view = PhotoView()
    qtbot.addWidget(view)
    view.resize(600, 480)
    view.set_photo(np.full((160, 200, 3), 128, np.uint8))
    view.set_probe((57.0, 101.0))
    picture = QImage(round(600 * ratio), round(480 * ratio), QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    view.render(picture, QPoint())
    accent = np.array(shares(DARK.accent)) * 255
    rows_, columns = np.nonzero(np.abs(pixels(picture) - accent).max(-1) < 12)
    at = view.to_widget(QPointF(57, 101)) * ratio
    assert columns.mean() + 0.5 == pytest.approx(at.x(), abs=1)
    assert rows_.mean() + 0.5 == pytest.approx(at.y(), abs=1)


@pytest.mark.parametrize("size", [(400, 320), (333, 517)])
def test_clicking_where_a_vertex_lies_on_the_photo_finds_that_vertex(qtbot, size):
    answer = dome.answer()
    view = PhotoView()
    qtbot.addWidget(view)
    view.resize(*size)
    view.set_photo(dome.photo())
    view.show()
    for vertex in (CENTRE, CENTRE + 5, 7 * dome.SIDE + 3):
        at = view.to_widget(QPointF(*map(float, answer.vertices[vertex, :2])))
        with qtbot.waitSignal(view.picked) as signal:
            qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
        assert nearest_vertex(answer.vertices, *signal.args) == vertex


def shown(search=None, alarms=()):
    answer = replace(dome.answer(), alarms=alarms)
    return Shown(Frame(dome.photo(), "dome"), (Face(answer.box),), (answer,), search=search)


def test_a_lost_face_is_an_alarm_of_its_own_and_a_changed_scene_is_none():
    lost = shown(Search(FoundBy.DETECTED, LOST))
    assert [alarm.code for alarm in alarms_of(lost, lost.answers[0])] == ["tracker-lost"]
    assert alarms_of(shown(Search(FoundBy.DETECTED, "the scene changed")), None) == ()
    assert alarms_of(None, None) == ()


def test_every_alarm_is_shown_on_some_panel_also_one_nobody_has_heard_of():
    alarms = [
        Alarm(code, code) for code in ("empty-mask", "uv-collisions", "little-seen", "tracker-lost", "x")
    ]
    on = {row.name: alarms_on(row, alarms) for row in PANELS}
    assert {text for texts in on.values() for text in texts} == {alarm.text for alarm in alarms}
    assert on["photo"] == ("tracker-lost",)
    assert on["image"] == ("empty-mask", "uv-collisions")
    assert "x" in on["fused"]
    assert on["apart"] == ()


def test_an_alarm_about_the_box_stands_on_the_photo_and_on_the_fused_face():
    for code in ("no-face", "box-misplaced", "crop-border"):
        on = {row.name for row in PANELS if alarms_on(row, [Alarm(code, code)])}
        assert on == {"photo", "fused"}
    assert alarms_on(panel_row("apart"), [Alarm("branches-apart", "far")]) == ("far",)


def test_the_strip_warns_and_takes_it_back(qtbot):
    strip = TitleStrip(panel_row("image"))
    qtbot.addWidget(strip)
    before = strip.subtitle()
    strip.set_alarms(("Nothing was seen.", "Pixels collide."))
    assert strip.subtitle() == "⚠ Nothing was seen. (and 1 more)"
    assert near(np.array(shares(DARK.warning)) * 255, (255, 123, 114), 1)
    assert DARK.warning in strip.styleSheet()
    strip.set_alarms(())
    assert strip.subtitle() == before
    assert DARK.warning not in strip.styleSheet()


def test_a_narrow_panel_tells_a_warning_in_two_lines_and_no_answer_changes_its_height(qtbot):
    strip = TitleStrip(panel_row("fused"))
    qtbot.addWidget(strip)
    before = strip.heightForWidth(300)
    strip.resize(300, before)
    strip.show()
    strip.set_alarms(("The head is turned so far that half of it is hidden.",))
    lines = strip.findChild(QLabel, "panelSubtitle").shown_lines()
    assert len(lines) == 2
    assert " ".join(lines) == strip.subtitle()
    assert strip.heightForWidth(300) == before
    assert strip.heightForWidth(900) < before
    strip.resize(900, strip.heightForWidth(900))
    assert strip.findChild(QLabel, "panelSubtitle").shown_lines() == [strip.subtitle()]


def test_the_likely_error_stands_first_where_nothing_cuts_it_off(qtbot):
    strip = TitleStrip(panel_row("fused"))
    qtbot.addWidget(strip)
    strip.set_trust("likely error 9–14 %", "Mean distance of the landmarks.")
    assert strip.subtitle() == "likely error 9–14 % · both together"
    strip.set_alarms(("Little was seen.",))
    assert strip.subtitle() == "⚠ likely error 9–14 % · Little was seen."
    strip.set_trust("", "")
    assert strip.subtitle() == "⚠ Little was seen."


def test_figures_stand_before_a_warning_and_are_not_taken_for_what_is_warned_of(qtbot):
    strip = TitleStrip(panel_row("image"))
    qtbot.addWidget(strip)
    strip.set_note("5.6 mm", "Mean distance.")
    strip.set_alarms(("Pixels collide.",))
    assert strip.subtitle() == "⚠ 5.6 mm · Pixels collide."
    assert strip.findChild(QLabel, "panelSubtitle").toolTip() == "Pixels collide.\nMean distance."
