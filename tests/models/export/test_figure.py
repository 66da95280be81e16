"""Faces drawn without a graphics card, and the figures and videos made of them."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import replace

import av
import numpy as np
import pytest

from models.errors import InputError
from models.export import drawing
from models.export.drawing import Pose, draw_surface
from models.export.figure import Row, Series, cumulative, curves_figure, faces_figure, turn_table
from models.export.overlay import STATE_COLOURS
from models.export.sheet import Line, Picture, Sheet, Text, as_pixels, as_svg
from models.export.surface import HATCH_GREYS, UNSEEN_GREY, surface_of
from models.export.video import VIDEO_SUFFIXES, video_bytes
from models.export.wish import Wish
from models.reconstruction import State, most_likely
from tests.fakes.answers import answer, photo
from tests.fakes.reconstructor import face_topology

SVG = "{http://www.w3.org/2000/svg}"
SMALL = Wish(width=480, height=160)


def places(told, pose: Pose, width: int, height: int, most: float = 0.6) -> np.ndarray:
    """Where inner vertices whose state is sure are drawn: [K, 3] x, y, vertex."""
    placed = pose.place(told.vertices, width, height)
    uv = face_topology().uv
    sure = (np.abs(uv - 0.5) < 0.3).all(1) & (told.states.max(1) > most)
    return np.column_stack([np.rint(placed[sure, :2]), np.flatnonzero(sure)]).astype(int)


def test_a_drawn_face_has_the_photo_where_it_was_seen_and_greys_elsewhere():
    told = answer()
    pose = Pose.of(told.vertices)
    drawn = draw_surface(surface_of(told), photo(), pose, 200, 200).astype(int)
    found = set()
    for x, y, vertex in places(told, pose, 200, 200):
        state = State(int(most_likely(told.states[vertex])))
        found.add(state)
        colour = drawn[y, x, :3]
        if state is State.SEEN:
            assert np.abs(colour[:2] - told.vertices[vertex, :2]).max() < 4
        elif state is State.TURNED_AWAY:
            assert (colour == UNSEEN_GREY).all()
        else:
            assert min(HATCH_GREYS) <= colour.min() <= colour.max() <= max(HATCH_GREYS)
    assert found == set(State)
    assert drawn[0, 0, 3] == 0, "nothing around it"
    assert drawn[100, 100, 3] == 255


def test_states_have_their_colours_and_a_scalar_its_range():
    told = answer()
    pose = Pose.of(told.vertices)
    drawn = draw_surface(surface_of(told), photo(), pose, 200, 200, "states")
    for x, y, vertex in places(told, pose, 200, 200):
        state = State(int(most_likely(told.states[vertex])))
        assert state is State.TURNED_AWAY or np.argmax(drawn[y, x, :3]) == np.argmax(STATE_COLOURS[state])
    assert (draw_surface(surface_of(told), photo(), pose, 60, 60, "disagreement")[..., 3] > 0).any()
    with pytest.raises(ValueError, match=r"no look 'nose'; there are photo, states, shape, .*\w\.$"):
        draw_surface(surface_of(told), photo(), pose, 60, 60, "nose")


def test_bands_leave_no_seam(monkeypatch):
    told = answer()
    whole = draw_surface(surface_of(told), photo(), Pose.of(told.vertices), 90, 101)
    monkeypatch.setattr(drawing, "BAND", 13)
    np.testing.assert_array_equal(
        draw_surface(surface_of(told), photo(), Pose.of(told.vertices), 90, 101), whole
    )


def test_a_turned_face_stays_in_the_picture_and_shows_its_side():
    told = answer()
    nose = int(np.argmax(told.vertices[:, 2]))
    front = Pose.of(told.vertices)
    middle = front.place(told.vertices, 100, 100)[nose, 0]
    for yaw in (-60.0, 60.0):
        placed = front.turned(yaw).place(told.vertices, 100, 100)
        assert (placed[:, :2] > -1).all()
        assert (placed[:, :2] < 100).all()
        assert np.sign(placed[nose, 0] - middle) == np.sign(yaw), "a positive angle turns to the right"


def texts(sheet: Sheet) -> list[str]:
    return [item.text for item in sheet.items if isinstance(item, Text)]


def pictures(sheet: Sheet) -> list[Picture]:
    return [item for item in sheet.items if isinstance(item, Picture)]


HEADINGS = ("input", "image-space branch", "model-space branch", "fused")


def test_a_figure_has_a_row_a_face_and_a_column_a_panel():
    peer = replace(answer(), method="tddfa", scalars=(), landmark_states=None)
    rows = [Row("ann", photo(), [answer(), peer]), Row("bob", photo(), [answer()])]
    sheet = faces_figure(rows, replace(SMALL, caption="Two <faces>", height=260))
    assert [text for text in texts(sheet) if text in HEADINGS] == list(HEADINGS)
    assert "tddfa *" in texts(sheet)
    assert "* does not say what was seen" in texts(sheet)
    assert {"ann", "bob", "seen", "turned away", "covered", "Two <faces>"} <= set(texts(sheet))
    assert len(pictures(sheet)) == 5 + 4
    assert all(p.x + p.width <= sheet.width and p.y + p.height <= sheet.height for p in pictures(sheet))


def test_views_a_single_panel_and_a_scalar_with_one_bar():
    rows = [Row("", photo(), [answer()])]
    views = faces_figure(rows, replace(SMALL, layout="views"))
    assert {"-45°", "0°", "+45°"} <= set(texts(views))
    left, front, right = (picture.pixels for picture in pictures(views)[1:])
    assert (left != front).any()
    assert (right != front).any()
    alone = faces_figure(rows, replace(SMALL, only="fused", legend=False))
    assert (texts(alone), len(pictures(alone))) == (["fused"], 1)
    bar = faces_figure(rows, replace(SMALL, look="disagreement"))
    assert any(text.endswith("disagreement") for text in texts(bar))
    assert len(pictures(bar)) == 4 + 1
    with pytest.raises(ValueError, match=r"no panel 'nose'; there are input, .*\w\.$"):
        faces_figure(rows, replace(SMALL, only="nose"))
    with pytest.raises(ValueError, match="too few"):
        faces_figure(rows * 40, SMALL)


def test_a_sheet_is_the_size_that_was_asked_for_and_may_have_no_paper():
    rows = [Row("", photo(), [answer()])]
    clear = as_pixels(faces_figure(rows, replace(SMALL, transparent=True, legend=False)))
    assert clear.shape == (160, 480, 4)
    assert clear[0, 0, 3] == 0
    assert (as_pixels(faces_figure(rows, SMALL))[..., 3] == 255).all()


def test_an_svg_keeps_text_as_text_and_lines_as_lines():
    sheet = Sheet(
        90, 60, [Text(5, 20, "a < b & c", 10), Line(((0, 0), (9, 9))), Picture(1, 2, 3, 4, photo())], None
    )
    root = ET.fromstring(as_svg(sheet))
    (text,) = root.iter(f"{SVG}text")
    assert (text.text, text.get("x")) == ("a < b & c", "5")
    assert len(list(root.iter(f"{SVG}polyline"))) == 1
    (image,) = root.iter(f"{SVG}image")
    assert image.get("{http://www.w3.org/1999/xlink}href", "").startswith("data:image/png;base64,")
    assert not list(root.iter(f"{SVG}rect")), "no paper"


def test_a_cumulative_curve_counts_faces_without_an_answer_as_never_right():
    curve = cumulative(np.array([4.0, 2.0, np.nan, 20.0]), 10.0)
    np.testing.assert_array_equal(curve, [(0, 0), (2, 0.25), (4, 0.5), (10, 0.5)])


def test_curves_lie_where_their_numbers_are():
    points = np.array([(0.0, 0.0), (5.0, 1.0), (np.nan, 3.0), (10.0, 2.0)])
    sheet = curves_figure([Series("one", points)], "x", "y", diagonal=True)
    curve = next(i for i in sheet.items if isinstance(i, Line) and len(i.points) == 3 and i.colour[2] > 100)
    (x0, y0), (x1, y1), (x2, y2) = curve.points
    assert x1 - x0 == pytest.approx(x2 - x1)
    assert y0 - y1 == pytest.approx(y1 - y2)
    assert {"x", "y", "one", "10", "2"} <= set(texts(sheet))
    with pytest.raises(ValueError, match="no points"):
        curves_figure([Series("none", np.zeros((0, 2)))], "x", "y")


@pytest.mark.parametrize(("middle", "low"), [((1.0, 9.0), True), ((9.0, 1.0), False)])
def test_the_names_of_curves_stand_where_the_curves_do_not(middle, low):
    points = np.array([(0.0, 0.0), middle, (10.0, 10.0)])
    sheet = curves_figure([Series("one", points), Series("two", points / 2)], "x", "y")
    (one,) = [item for item in sheet.items if isinstance(item, Text) and item.text == "one"]
    assert (one.y > sheet.height / 2) is low
    assert (one.x > sheet.width / 2) is low


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_a_video_is_read_back_frame_by_frame(suffix):
    frames = [np.full((65, 80, 3), 40 * k + 20, np.uint8) for k in range(5)]
    data = video_bytes(iter(frames), suffix, 10.0)
    with av.open(io.BytesIO(data)) as container:
        read = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 10
    assert len(read) == len(frames)
    assert read[0].shape == (64, 80, 3), "codecs want even sides"
    for got, sent in zip(read, frames, strict=True):
        assert abs(float(got.mean()) - float(sent.mean())) < 4


def test_nothing_and_unknown_endings_are_no_videos():
    with pytest.raises(InputError, match="no frames"):
        video_bytes(iter(()), ".mp4")
    with pytest.raises(InputError, match=r"'\.avi'"):
        video_bytes(iter(()), ".avi")


def test_a_turn_table_begins_in_front_and_turns_to_both_sides():
    yaws = list(turn_table(0.0, 8))
    assert yaws[0] == 0
    assert (max(yaws), min(yaws)) == pytest.approx((60, -60))
